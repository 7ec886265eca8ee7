"""What comes down from an OpenAI server becomes segments, whatever of it the server leaves out."""

import math
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from steno_types import Task
from steno_worker.engines import HeardChunk, SpeechRequest
from steno_worker.errors import EngineFailedError, OptionUnsupportedError
from unit.worker.engines.openai.audio_api import AudioAPI, Reply, serving, tone


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[AudioAPI]:
    """Run a server."""
    with serving(monkeypatch) as api:
        yield api


def hear(api: AudioAPI, answer: Any, request: SpeechRequest | None = None, *, model: str = "whisper-1") -> HeardChunk:
    """Decode four seconds that the server answers with `answer`."""
    api.answer = lambda _: answer
    (heard,) = api.connect(model).decode([tone(4)], request or SpeechRequest())
    return heard


def a_segment(text: str, start: float = 0.0, end: float = 1.0, **more: Any) -> dict[str, Any]:
    """Give one of an answer's segments, with as little as a server may give."""
    return {"text": text, "start": start, "end": end} | more


def words(*spoken: tuple[str, float, float]) -> list[dict[str, Any]]:
    """Give words as OpenAI does."""
    return [{"word": word, "start": start, "end": end} for word, start, end in spoken]


def test_whispers_numbers_are_kept(api: AudioAPI) -> None:
    """What OpenAI tells of a segment is what the transcript says of it."""
    numbers = {"avg_logprob": -0.31, "compression_ratio": 1.62, "no_speech_prob": 0.02, "temperature": 0.4}
    said = a_segment(" Good morning.", 0.5, 2.25, tokens=[50364, 2205], **numbers)

    heard = hear(api, {"text": "Good morning.", "language": "english", "segments": [said]})

    (segment,) = heard.segments
    assert ("en", False) == (heard.language, heard.no_speech)
    assert (0, 0.5, 2.25, "Good morning.") == (segment.id, segment.start, segment.end, segment.text)
    assert (-0.31, 1.62, 0.02, 0.4) == (
        segment.avg_log_prob,
        segment.compression_ratio,
        segment.no_speech_prob,
        segment.temperature,
    )
    assert ((50364, 2205), None) == (segment.tokens, segment.words)


@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param({}, id="absent"),
        pytest.param({"avg_logprob": None, "compression_ratio": None, "no_speech_prob": None}, id="null"),
        pytest.param({"avg_logprob": math.nan, "compression_ratio": math.inf}, id="not finite"),
        pytest.param({"avg_logprob": -1.0, "compression_ratio": -1.0, "no_speech_prob": -1.0}, id="vLLM's"),
    ],
)
def test_missing_numbers_speak_against_nothing(api: AudioAPI, numbers: dict[str, Any]) -> None:
    """A server that computes no probabilities does not make its text look doubtful."""
    heard = hear(api, {"text": "no no no no", "segments": [a_segment("no no no no", **numbers)]})

    (segment,) = heard.segments
    own_ratio = round(11 / len(zlib.compress(b"no no no no")), 4)
    assert (0.0, 0.0, 0.0, own_ratio) == (
        segment.avg_log_prob,
        segment.no_speech_prob,
        segment.temperature,
        segment.compression_ratio,
    )


def test_text_alone_is_one_segment(api: AudioAPI) -> None:
    """A model that gives no times says when as exactly as its chunk is long, and how sure it is by its tokens."""
    answer = {"text": " Good morning. ", "logprobs": [{"token": "Good", "logprob": -0.5}, {"logprob": -0.1}]}

    heard = hear(api, answer, model="gpt-4o-transcribe")

    (segment,) = heard.segments
    assert (0.0, 4.0, "Good morning.", -0.3) == (segment.start, segment.end, segment.text, segment.avg_log_prob)
    assert heard.language is None


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"text": ""}, id="no text"),
        pytest.param({"text": "  ", "segments": [a_segment(" ")], "language": "english"}, id="blank segments"),
        pytest.param({"text": "", "segments": None, "words": None}, id="nulls"),
    ],
)
def test_silence_is_believed_the_second_time(api: AudioAPI, answer: Any) -> None:
    """An answer without text may be an oversight; twice it is how a server says that nobody speaks."""
    first = hear(api, answer)
    second = api.connect().decode_again(tone(4), SpeechRequest())

    assert second is not None
    assert ((), False) == (first.segments, first.no_speech)
    assert ((), True) == (second.segments, second.no_speech)


@pytest.mark.parametrize(
    ("told", "tag"),
    [
        pytest.param({"language": "english"}, "en", id="OpenAI's name"),
        pytest.param({"language": "Haitian Creole"}, "ht", id="two words"),
        pytest.param({"language": "javanese"}, "jv", id="Whisper's own code"),
        pytest.param({"language": "flemish"}, "nl", id="another name"),
        pytest.param({"language": "pt"}, "pt", id="vLLM's code"),
        pytest.param({"languages": [{"code": "de"}]}, "de", id="gpt-transcribe's"),
        pytest.param({"languages": [{"code": "de"}, {"code": "en"}]}, None, id="two"),
        pytest.param({"language": ""}, None, id="nothing"),
        pytest.param({"language": "klingonese"}, None, id="no language"),
    ],
)
def test_the_language_is_read_from_the_answer(api: AudioAPI, told: dict[str, Any], tag: str | None) -> None:
    """Servers spell it by name or code; the transcript has BCP 47."""
    assert tag == hear(api, {"text": "x"} | told, SpeechRequest(language="mixed")).language


def test_the_language_asked_for_is_kept(api: AudioAPI) -> None:
    """A tag with its region says more than the server's answer."""
    assert "pt-BR" == hear(api, {"text": "x", "language": "portuguese"}, SpeechRequest(language="pt-BR")).language


def test_a_translations_language_is_not_what_was_spoken(api: AudioAPI) -> None:
    """The answer says English, as that is what it is translated to."""
    request = SpeechRequest(task=Task.TRANSLATE)

    assert hear(api, {"text": "x", "language": "english"}, request).language is None


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(
            {
                "text": "Well, good morning. It's 9 o'clock.",
                "segments": [a_segment(" Well, good morning.", 0, 2), a_segment(" It's 9 o'clock.", 2, 4)],
                "words": words(
                    ("Well", 0, 0.5),
                    ("good", 0.6, 1),
                    ("morning", 1, 2),
                    ("It's", 2.1, 2.5),
                    ("9", 2.5, 3),
                    ("o'clock", 3, 4),
                ),
            },
            id="OpenAI's, bare and in one list",
        ),
        pytest.param(
            {
                "text": "Well, good morning. It's 9 o'clock.",
                "segments": [
                    a_segment(
                        " Well, good morning.",
                        0,
                        2,
                        words=words((" Well,", 0, 0.5), (" good", 0.6, 1), (" morning.", 1, 2)),
                    ),
                    a_segment(
                        " It's 9 o'clock.",
                        2,
                        4,
                        words=words((" It's", 2.1, 2.5), (" 9", 2.5, 3), (" o'clock.", 3, 4)),
                    ),
                ],
            },
            id="whisper.cpp's, spaced and by segment",
        ),
    ],
)
def test_words_joined_are_their_segments_text(api: AudioAPI, answer: dict[str, Any]) -> None:
    """Each word is spelled as in the text, with its punctuation, and stands in its own segment."""
    heard = hear(api, answer, SpeechRequest(word_timestamps=True))

    spelled = [[(word.word, word.start) for word in segment.words or ()] for segment in heard.segments]
    assert [
        [("Well,", 0.0), (" good", 0.6), (" morning.", 1.0)],
        [("It's", 2.1), (" 9", 2.5), (" o'clock.", 3.0)],
    ] == spelled


def test_words_of_a_language_without_spaces(api: AudioAPI) -> None:
    """Where the text has no spaces, the words have none either."""
    answer = {
        "text": "早上好,大家。",
        "segments": [a_segment("早上好,大家。", 0, 2)],
        "words": words(("早上", 0, 0.5), ("好", 0.5, 1), ("大家", 1, 2)),
    }

    (segment,) = hear(api, answer, SpeechRequest(word_timestamps=True)).segments

    assert ["早上", "好,", "大家。"] == [word.word for word in segment.words or ()]


def test_words_that_the_text_lacks_keep_their_own_spelling(api: AudioAPI) -> None:
    """A server may spell a number in one place and write digits in the other; no word is lost."""
    answer = {
        "text": "Room 9 is free. Go.",
        "segments": [a_segment("Room 9 is free.", 0, 2), a_segment("Go.", 2, 3)],
        "words": words(("Room", 0, 0.5), ("nine", 0.5, 1), ("is", 1, 1.5), ("free", 1.5, 2), ("Go", 2, 3)),
    }

    heard = hear(api, answer, SpeechRequest(word_timestamps=True))

    assert [["Room", " nine", " is", " free"], ["Go."]] == [
        [word.word for word in segment.words or ()] for segment in heard.segments
    ]


@pytest.mark.parametrize(
    ("own", "segment", "probability"),
    [
        pytest.param({"probability": 0.75}, {"avg_logprob": -2.0}, 0.75, id="the word's own"),
        pytest.param({}, {"avg_logprob": math.log(0.5)}, 0.5, id="the segment's mean"),
        pytest.param({}, {}, 1.0, id="none at all"),
    ],
)
def test_a_words_probability(
    api: AudioAPI, own: dict[str, float], segment: dict[str, float], probability: float
) -> None:
    """OpenAI gives none by word, so its segment's stands in."""
    spoken = [{"word": "Yes", "start": 0, "end": 1} | own]
    answer = {"text": "Yes.", "segments": [a_segment("Yes.", **segment)], "words": spoken}

    (heard,) = hear(api, answer, SpeechRequest(word_timestamps=True)).segments

    assert [probability] == [word.probability for word in heard.words or ()]


def test_a_server_without_words_times_is_found_out(api: AudioAPI) -> None:
    """Times of words that a job asked for are never left out in silence."""
    with pytest.raises(OptionUnsupportedError, match="wordTimestamps is set; the server gives no words' times"):
        hear(
            api, {"text": "Yes.", "segments": [a_segment("Yes.")], "words": None}, SpeechRequest(word_timestamps=True)
        )


@pytest.mark.parametrize(
    ("answer", "place"),
    [
        pytest.param("<html>A page.</html>", "its beginning", id="a page"),
        pytest.param({"transcript": "secret"}, "text", id="another form"),
        pytest.param({"text": "x", "segments": [{"text": "x"}]}, "segments.0.end, segments.0.start", id="no times"),
        pytest.param({"text": "x", "segments": [a_segment("x", math.nan)]}, "segments.0.start", id="no number"),
    ],
)
def test_what_is_no_transcription_is_said_to_be_none(api: AudioAPI, answer: Any, place: str) -> None:
    """A wrong address often leads to a page; the message says where to look and quotes nothing."""
    api.will(Reply(body=answer))

    with pytest.raises(
        EngineFailedError, match=rf"\(at {place}\); check that OPENAI_BASE_URL ends with /v1"
    ) as raised:
        api.connect().decode([tone(1)], SpeechRequest())

    assert "secret" not in str(raised.value)


def test_an_unsound_text_is_heard_again_at_other_temperatures(api: AudioAPI) -> None:
    """Each of Whisper's temperatures is tried until the text is sound, and the segment tells which it was."""
    loop = {"text": "", "segments": [a_segment("thank you " * 40)]}
    api.will(Reply(body=loop), Reply(body=loop))

    heard = api.connect().decode_again(tone(4), SpeechRequest())

    assert heard is not None
    assert [["0.2"], ["0.4"], ["0.6"]] == [upload.fields["temperature"] for upload in api.uploads]
    assert [("4.0 seconds.", 0.6)] == [(segment.text, segment.temperature) for segment in heard.segments]


def test_the_least_unsound_text_is_kept(api: AudioAPI) -> None:
    """Where no temperature helps, the decoding with the fewest faults is the best that there is."""
    loop = {"text": "", "segments": [a_segment("thank you " * 40, avg_logprob=-2)]}
    doubtful = {"text": "", "segments": [a_segment("Perhaps.", avg_logprob=-2)]}
    api.will(*(Reply(body=body) for body in (loop, loop, doubtful, loop, loop)))

    heard = api.connect().decode_again(tone(4), SpeechRequest())

    assert heard is not None
    assert [("Perhaps.", 0.6)] == [(segment.text, segment.temperature) for segment in heard.segments]
