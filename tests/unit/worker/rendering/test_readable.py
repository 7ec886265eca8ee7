"""Markdown, plain text and tables, letter by letter."""

import pytest

from steno_worker.rendering.clock import clock_time
from unit.worker.rendering.transcripts import a_segment, a_transcript, bodies

TRANSCRIPT = a_transcript(
    a_segment("Grüße, 世界 👋", start=0.5, end=1.74),
    a_segment("Use <b>, *stars* & [brackets],\nplease.\x1b[2J", start=3661.99, end=3663.0004),
    a_segment("tab\tbed", start=359999.9996, end=360000),
)

GOLDEN_MARKDOWN = r"""# Transcript of talk

de · 01:02:05 · faster-whisper 1.2.1, large-v3 (float16, cuda)

[00:00:00] Grüße, 世界 👋

[01:01:01] Use \<b\>, \*stars\* \& \[brackets\], please.\[2J

[99:59:59] tab bed
"""

GOLDEN_TEXT = """\
Grüße, 世界 👋
Use <b>, *stars* & [brackets], please.[2J
tab bed
"""

GOLDEN_TABLE = """\
start\tend\ttext
500\t1740\tGrüße, 世界 👋
3661990\t3663000\tUse <b>, *stars* & [brackets], please.[2J
360000000\t360000000\ttab bed
"""


@pytest.mark.parametrize(
    ("transcript_format", "golden"),
    [
        pytest.param("md", GOLDEN_MARKDOWN, id="md"),
        pytest.param("txt", GOLDEN_TEXT, id="txt"),
        pytest.param("tsv", GOLDEN_TABLE, id="tsv"),
    ],
)
def test_a_rendering_is_its_golden_text(transcript_format: str, golden: str) -> None:
    """Each format spells the same transcript its own way: Unicode whole, one line or paragraph a segment."""
    assert golden == bodies(TRANSCRIPT)[transcript_format]


def test_silence_is_rendered_as_such() -> None:
    """Without speech the Markdown says so, the text is empty, and the table has its header alone."""
    silence = bodies(a_transcript(language=None))

    assert silence["md"].endswith("cuda)\n\nNo speech was found in the recording.\n")
    assert not silence["txt"]
    assert "start\tend\ttext\n" == silence["tsv"]


@pytest.mark.parametrize(
    ("seconds", "spelled"),
    [
        pytest.param(0.0, "00:00:00", id="start"),
        pytest.param(59.999, "00:00:59", id="rounded down"),
        pytest.param(3600.0, "01:00:00", id="an hour"),
        pytest.param(360_000.0, "100:00:00", id="a hundred hours"),
    ],
)
def test_clock_times(seconds: float, spelled: str) -> None:
    """Offsets are spelled as hours, minutes and seconds."""
    assert spelled == clock_time(seconds)
