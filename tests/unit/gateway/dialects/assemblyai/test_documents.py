"""What was said is spelled in AssemblyAI's JSON."""

import json
from typing import Any

import pytest

from steno_gateway.dialects.assemblyai.documents import CHUNK_CHARACTERS, in_chunks, passages, transcript
from steno_gateway.dialects.assemblyai.sentences import sentences
from support.spoken import a_told_segment, said, words_of


def spelled(*texts: str | tuple[str, str]) -> dict[str, Any]:
    """Spell a transcript of what is said."""
    document = transcript(said(*texts), lambda: said(*texts), {"id": "tsj-1"})
    whole: dict[str, Any] = json.loads(b"".join(in_chunks(document)))
    return whole


def test_a_transcript_has_its_words_and_text() -> None:
    """The text is the words joined, the confidence their mean; without speakers there are no utterances."""
    document = spelled("Good morning.", "Größe 今日は 👍🏽")

    assert ("tsj-1", "Good morning. Größe 今日は 👍🏽", 0.5, None) == (
        document["id"],
        document["text"],
        document["confidence"],
        document["utterances"],
    )
    assert {"text": "morning.", "start": 400, "end": 800, "confidence": 0.5, "speaker": None} == document["words"][1]


def test_an_utterance_is_what_one_speaker_says_in_a_row() -> None:
    """Over sentences and segments; what nobody is known to say stands by itself."""
    document = spelled(("A", "One."), ("A", "Two"), "Three.", ("A", "Four."))

    assert [("A", "One. Two", 0, 800), (None, "Three.", 800, 1200), ("A", "Four.", 1200, 1600)] == [
        (each["speaker"], each["text"], each["start"], each["end"]) for each in document["utterances"]
    ]
    assert document["words"] == [word for each in document["utterances"] for word in each["words"]]


def test_scripts_without_spaces_stay_without() -> None:
    """In the text as in an utterance's."""
    words = words_of(a_told_segment("今日は。", words=["今日", "は。"], speaker="A"))
    document = json.loads("".join(transcript(words, lambda: words, {"id": "tsj-1"})))

    assert ("今日は。", "今日は。") == (document["text"], document["utterances"][0]["text"])


def test_silence_is_an_empty_transcript() -> None:
    """Text without letters, no words; how sure one is of nothing is not said."""
    assert {"id": "tsj-1", "words": [], "text": "", "confidence": None, "utterances": None} == spelled()


@pytest.mark.parametrize(("texts", "confidence"), [((), 0.0), (("One. Two.",), 0.5)], ids=["silence", "speech"])
def test_passages_come_with_the_confidence_of_all(texts: tuple[str, ...], confidence: float) -> None:
    """A number in any case: the SDK takes no null."""
    document = json.loads("".join(passages("sentences", sentences(said(*texts)), {"id": "tsj-1"})))

    assert confidence == document["confidence"]
    assert " ".join(texts) == " ".join(each["text"] for each in document["sentences"])


def test_small_pieces_are_sent_together() -> None:
    """Each piece that is sent but the last has a certain length, and nothing is lost."""
    pieces = ["x" * 1000, "é" * 1000] * 200
    chunks = [*in_chunks(pieces)]

    assert "".join(pieces).encode() == b"".join(chunks)
    assert all(CHUNK_CHARACTERS <= len(chunk.decode()) < CHUNK_CHARACTERS + 1000 for chunk in chunks[:-1])
