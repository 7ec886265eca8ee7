"""What holds for the cues of any transcript."""

import itertools
import unicodedata

import pytest

from steno_worker.rendering.cues import Cue, CueLayout, lay_out
from steno_worker.transcript import Segment
from unit.worker.rendering.transcripts import VOCABULARIES, random_segments, without_spaces

LAYOUTS = {
    "default": CueLayout(),
    "one short line": CueLayout(max_chars_per_line=12, max_lines=1, max_seconds=3),
    "three lines": CueLayout(max_chars_per_line=20, max_lines=3, max_seconds=10),
    "one column": CueLayout(max_chars_per_line=1, max_lines=1, max_seconds=0.001),
}

Case = tuple[list[Segment], CueLayout, list[Cue]]


@pytest.fixture(scope="module", params=itertools.product(VOCABULARIES, LAYOUTS, (True, False)), ids=str)
def case(request: pytest.FixtureRequest) -> Case:
    """Lay 5 x 40 random segments out."""
    vocabulary, layout, with_words = request.param
    segments = [s for seed in range(5) for s in random_segments(vocabulary, seed, with_words=with_words)]
    segments.sort(key=lambda segment: segment.start)
    return segments, LAYOUTS[layout], list(lay_out(segments, LAYOUTS[layout]))


def width(text: str) -> int:
    """Count columns, marks of a character as part of it."""
    return sum(
        0 if unicodedata.category(c) in {"Mn", "Me", "Cf"} else 1 + (unicodedata.east_asian_width(c) in {"W", "F"})
        for c in text
    )


def test_nothing_is_lost_and_order_is_kept(case: Case) -> None:
    """The cues' text is the segments' text, character by character."""
    segments, _, cues = case

    assert without_spaces(s.text for s in segments) == without_spaces(line for cue in cues for line in cue.lines)


def test_words_stay_apart_and_whole(case: Case) -> None:
    """Where a script has spaces, the words of the cues are those of the segments."""
    segments, _, cues = case
    if any(unicodedata.east_asian_width(c) == "W" or "\u0e00" <= c < "\u0f00" for s in segments for c in s.text):
        segments, cues = [], []

    assert [word for s in segments for word in s.text.split()] == [
        word for cue in cues for line in cue.lines for word in line.split(" ")
    ]


def test_lines_are_within_the_limits(case: Case) -> None:
    """No cue has too many lines, and no line is empty or, unless it is one unbreakable word, too wide."""
    _, layout, cues = case
    lines = [line for cue in cues for line in cue.lines]

    assert layout.max_lines >= max(len(cue.lines) for cue in cues)
    assert [] == [line for line in lines if not line.strip() or line != " ".join(line.split())]
    wide = [line for line in lines if width(line) > layout.max_chars_per_line]
    assert [] == [line for line in wide if " " in line]
    if layout.max_chars_per_line > 12:
        assert [] == [line for line in wide if "Donau" not in line and "https" not in line]


def test_time_runs_forward(case: Case) -> None:
    """Every cue lasts, and ends before the next begins."""
    _, _, cues = case

    assert [] == [cue for cue in cues if cue.end_ms <= cue.start_ms]
    assert [] == [(a, b) for a, b in itertools.pairwise(cues) if a.end_ms > b.start_ms]


def test_no_cue_stays_too_long(case: Case) -> None:
    """Where times of words are known, only a cue of one word may be longer than the limit."""
    segments, layout, cues = case
    if segments[0].words is None:
        cues = [cue for cue in cues if width(" ".join(cue.lines)) > layout.max_chars_per_line]

    long = [cue for cue in cues if cue.end_ms - cue.start_ms > layout.max_seconds * 1000 + 1]

    assert [] == [cue for cue in long if len(cue.lines) > 1 or " " in cue.lines[0]]
