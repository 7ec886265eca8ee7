"""Every format is rendered, once, one at a time."""

from collections.abc import Iterator

import pytest

from steno_types import TranscriptFormat
from steno_worker.rendering import file_suffix, render_all
from unit.worker.rendering.transcripts import HOSTILE_TEXTS, REPORT, a_segment, a_transcript, bodies

TRANSCRIPT = a_transcript(a_segment("One."), a_segment("Two.", start=4, end=5))


def test_each_format_is_rendered_once() -> None:
    """All formats that a job can ask for are there, in the order in which the type names them."""
    formats = [rendering.format for rendering in render_all(TRANSCRIPT, REPORT)]

    assert list(TranscriptFormat) == formats


def test_a_rendering_is_made_when_it_is_asked_for() -> None:
    """A report that cannot be spelled does not keep the transcript's renderings from coming."""
    renderings = render_all(TRANSCRIPT, None)  # type: ignore[arg-type]

    assert isinstance(renderings, Iterator)
    assert TranscriptFormat.JSON is next(renderings).format
    with pytest.raises(AttributeError):
        list(renderings)


@pytest.mark.parametrize(
    ("transcript_format", "suffix", "content_type"),
    [
        pytest.param("json", "json", "application/json", id="json"),
        pytest.param("verbose_json", "verbose.json", "application/json", id="verbose_json"),
        pytest.param("md", "md", "text/markdown; charset=utf-8", id="md"),
        pytest.param("srt", "srt", "application/x-subrip; charset=utf-8", id="srt"),
        pytest.param("vtt", "vtt", "text/vtt; charset=utf-8", id="vtt"),
        pytest.param("txt", "txt", "text/plain; charset=utf-8", id="txt"),
        pytest.param("tsv", "tsv", "text/tab-separated-values; charset=utf-8", id="tsv"),
        pytest.param("report", "report.json", "application/json", id="report"),
    ],
)
def test_a_format_lies_in_a_file_of_its_own(transcript_format: str, suffix: str, content_type: str) -> None:
    """Each format has a name and a media type."""
    wanted = TranscriptFormat(transcript_format)
    (rendering,) = (rendering for rendering in render_all(TRANSCRIPT, REPORT) if rendering.format is wanted)

    assert suffix == file_suffix(wanted)
    assert content_type == rendering.content_type


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in HOSTILE_TEXTS.items()])
def test_every_body_ends_its_last_line(text: str) -> None:
    """A body is empty or ends with one LF, and holds no other line end than LF and no control character."""
    for transcript_format, body in bodies(a_transcript(a_segment(text))).items():
        assert not body or (body.endswith("\n") and not body.endswith("\n\n")), transcript_format
        if transcript_format not in {"json", "verbose_json"}:
            assert [] == [c for c in body if (ord(c) < 32 or 0x7F <= ord(c) < 0xA0) and c not in "\n\t"]


def test_half_a_character_is_spelled_as_such() -> None:
    """A lone surrogate, which UTF-8 cannot hold, is U+FFFD in every format; a pair is its character."""
    every = bodies(a_transcript(a_segment("lone \ud83d, pair \ud83d\ude00.")))

    del every["report"]
    assert {} == {name: body for name, body in every.items() if "lone \ufffd, pair 😀." not in body}


def test_half_a_character_of_a_word_is_spelled_as_such() -> None:
    """Words are mended like their segment."""
    word = {"word": "a\udc00", "start": 0, "end": 1, "probability": 0.5}

    every = bodies(a_transcript(a_segment("a\udc00", words=[word])))

    assert '"word": "a\ufffd"' in every["json"]
    assert '"word":"a\ufffd"' in every["verbose_json"]
