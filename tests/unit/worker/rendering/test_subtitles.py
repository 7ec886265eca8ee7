"""Independent readers of SubRip and WebVTT get back what was put in."""

import html
from datetime import timedelta

import pytest
import srt  # type: ignore[import-untyped]  # it has no stubs
import webvtt

from steno_worker.rendering.cues import Cue, CueLayout, lay_out
from steno_worker.rendering.subtitles import to_srt, to_vtt
from unit.worker.rendering.transcripts import (
    HOSTILE_TEXTS,
    VOCABULARIES,
    a_segment,
    a_transcript,
    bodies,
    random_segments,
    without_spaces,
)

TRANSCRIPT = a_transcript(
    a_segment("Grüße, <b>世界</b> & 👋", start=0.5, end=1.7405),
    a_segment("A sentence that is too long for one line, though not at all for any two.", start=59.9996, end=63),
    a_segment("Late.", start=360_000, end=360_001.001),
)

GOLDEN_SRT = """\
1
00:00:00,500 --> 00:00:01,740
Grüße, <b>世界</b> & 👋

2
00:01:00,000 --> 00:01:03,000
A sentence that is too long for one line,
though not at all for any two.

3
100:00:00,000 --> 100:00:01,001
Late.
"""

GOLDEN_VTT = """\
WEBVTT

00:00:00.500 --> 00:00:01.740
Grüße, &lt;b&gt;世界&lt;/b&gt; &amp; 👋

00:01:00.000 --> 00:01:03.000
A sentence that is too long for one line,
though not at all for any two.

100:00:00.000 --> 100:00:01.001
Late.
"""

Read = list[tuple[int, int, str]]
"""Start, end (both in milliseconds) and text of each cue."""


def read_srt(body: str) -> Read:
    """Read SubRip with the package ``srt``, strictly, and check the numbers."""
    cues = list(srt.parse(body, ignore_errors=False))
    assert list(range(1, len(cues) + 1)) == [cue.index for cue in cues]
    return [
        (cue.start // timedelta(milliseconds=1), cue.end // timedelta(milliseconds=1), cue.content) for cue in cues
    ]


def read_vtt(body: str) -> Read:
    """Read WebVTT with the package ``webvtt-py``, strictly, and resolve the escapes."""
    read = webvtt.from_string(body, strict=True)
    assert ([], [], [], []) == (read.styles, read.header_comments, read.footer_comments, read.regions)
    return [
        (cue.start_time.in_milliseconds(), cue.end_time.in_milliseconds(), html.unescape(cue.raw_text))
        for cue in read.captions
    ]


def laid_out(cues: list[Cue]) -> Read:
    """Say what a reader should read."""
    return [(cue.start_ms, cue.end_ms, "\n".join(cue.lines)) for cue in cues]


def test_subrip_is_its_golden_text() -> None:
    """Cues are numbered from 1, with a comma before the milliseconds and an empty line between them."""
    assert GOLDEN_SRT == bodies(TRANSCRIPT)["srt"]


def test_webvtt_is_its_golden_text() -> None:
    """Cues follow the header, with a point before the milliseconds and nothing left that is markup."""
    assert GOLDEN_VTT == bodies(TRANSCRIPT)["vtt"]


def test_silence_has_no_cues() -> None:
    """Without speech SubRip is empty, and WebVTT its header alone; readers take both."""
    silence = bodies(a_transcript(language=None))

    assert ("", "WEBVTT\n") == (silence["srt"], silence["vtt"])
    assert ([], []) == (read_srt(silence["srt"]), read_vtt(silence["vtt"]))


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in HOSTILE_TEXTS.items()])
def test_hostile_text_stays_text(text: str) -> None:
    """No text makes or ends a cue, and all of it is read back, but for controls and SubRip's arrows."""
    segments = [a_segment("Before."), a_segment(text, start=3, end=6), a_segment("After.", start=6, end=9)]
    cues = list(lay_out(segments, CueLayout()))

    every = bodies(a_transcript(*segments))

    assert laid_out(cues) == read_vtt(every["vtt"])
    assert [(start, end) for start, end, _ in laid_out(cues)] == [
        (start, end) for start, end, _ in read_srt(every["srt"])
    ]
    assert "-->" not in "".join(line for _, _, line in read_srt(every["srt"]))
    spoken = "".join(c for c in f"Before.{text}After." if c not in "\x07\x1b\x7f\x01")
    assert without_spaces([spoken]) == without_spaces(line for _, _, line in read_vtt(every["vtt"]))


def test_an_arrow_loses_its_dashes_in_subrip() -> None:
    """What a reader of SubRip would take for its own sign is ``->``, however many dashes it had."""
    assert "-> -> <!->" == read_srt(bodies(a_transcript(a_segment("--> ----> <!-->")))["srt"])[0][2]


def test_an_entity_that_was_said_is_no_markup() -> None:
    """An entity that was said is spelled so that it is read as said."""
    assert "\n&amp;amp; &amp;lt;c&amp;gt; --&gt;\n" in bodies(a_transcript(a_segment("&amp; &lt;c&gt; -->")))["vtt"]


@pytest.mark.parametrize("with_words", [pytest.param(True, id="words"), pytest.param(False, id="no words")])
@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_readers_get_back_every_cue(vocabulary: str, *, with_words: bool) -> None:
    """Times and texts of all cues survive both formats."""
    cues = list(lay_out(random_segments(vocabulary, seed=7, with_words=with_words), CueLayout()))

    assert laid_out(cues) == read_srt(to_srt(cues))
    assert laid_out(cues) == read_vtt(to_vtt(cues))
