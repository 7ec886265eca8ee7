"""OpenAI's own client reads ``verbose_json``."""

import json
from typing import Any

import pytest
from openai.types.audio import TranscriptionVerbose, TranslationVerbose

from steno_types import Task
from unit.worker.rendering.transcripts import HOSTILE_TEXTS, a_segment, a_spoken_segment, a_transcript, bodies

TRANSCRIPT = a_transcript(
    a_segment("Hello there.", start=0.5, end=1.748, tokens=(50364, 440), temperature=0.2),
    a_segment("日本語です。", start=2, end=3),
    language="en-GB",
)

GOLDEN = (
    '{"task":"transcribe","language":"english","duration":3725.5,"text":"Hello there.日本語です。",'
    '"segments":[{"id":0,"seek":50,"start":0.5,"end":1.748,"text":" Hello there.","tokens":[50364,440],'
    '"temperature":0.2,"avg_logprob":-0.2,"compression_ratio":1.5,"no_speech_prob":0.01},'
    '{"id":1,"seek":200,"start":2.0,"end":3.0,"text":"日本語です。","tokens":[],'
    '"temperature":0.0,"avg_logprob":-0.2,"compression_ratio":1.5,"no_speech_prob":0.01}]}\n'
)


def answer(*segments: Any, **more: Any) -> dict[str, Any]:
    """Render a transcript and parse the answer."""
    parsed: dict[str, Any] = json.loads(bodies(a_transcript(*segments, **more))["verbose_json"])
    return parsed


def test_it_is_its_golden_text() -> None:
    """Fields and their order are OpenAI's, and so is the space before a segment where the script has spaces."""
    assert GOLDEN == bodies(TRANSCRIPT)["verbose_json"]


def test_openais_type_reads_every_field() -> None:
    """Read strictly, by OpenAI's own type, no field is missing, of another type, or unknown but ``task``."""
    spoken = a_spoken_segment([(" Hello", 0, 0.5), (" there.", 0.5, 1)])
    body = bodies(a_transcript(spoken))["verbose_json"]

    read = TranscriptionVerbose.model_validate_json(body, strict=True)

    assert {"task": "transcribe"} == read.model_extra
    assert json.loads(body) == read.model_dump(exclude_unset=True)
    assert [("Hello", 0.0, 0.5), ("there.", 0.5, 1.0)] == [(w.word, w.start, w.end) for w in read.words or []]


def test_a_translation_is_english() -> None:
    """Of a translation, the language is that of the text, and OpenAI's type for translations reads it."""
    translated = answer(a_segment("Hello."), task=Task.TRANSLATE)

    assert ("translate", "english") == (translated["task"], translated["language"])
    assert "Hello." == TranslationVerbose.model_validate(translated, strict=True).text


def test_words_are_there_only_where_they_are_known() -> None:
    """Without word timestamps there is no ``words``; with them, segments without words add none."""
    spoken = a_spoken_segment([(" Hello.", 0, 1)])

    assert "words" not in answer(a_segment("Hello."))
    assert ["Hello."] == [word["word"] for word in answer(spoken, a_segment("", start=1, words=()))["words"]]


def test_silence_is_an_empty_answer() -> None:
    """Without speech the text is empty, there are no segments, and the language is undetermined."""
    silence = answer(language=None)

    assert ("", [], "und") == (silence["text"], silence["segments"], silence["language"])
    assert [] == TranscriptionVerbose.model_validate(silence, strict=True).segments


def test_mixed_languages_are_told_by_the_one_spoken_longest() -> None:
    """Where segments have languages of their own, that of most seconds counts, not that of most segments."""
    segments = [
        a_segment("Ja.", start=0, end=1, language="de"),
        a_segment("Well, yes.", start=1, end=9, language="en"),
        a_segment("Nein.", start=9, end=10, language="de"),
    ]

    assert "english" == answer(*segments, language=None)["language"]


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in HOSTILE_TEXTS.items()])
def test_any_text_is_whole(text: str) -> None:
    """A segment's text comes back as it was, but for the space before it."""
    segments = TranscriptionVerbose.model_validate(answer(a_segment(text)), strict=True).segments

    assert [text.lstrip()] == [segment.text.lstrip() for segment in segments or []]
