"""Lay a transcript out as subtitles: what is on the screen when, and in which lines.

Called by `rendering`, for SubRip and WebVTT alike. Pure. Must not know either.

A segment becomes one cue or more, never part of one with another; its text is cut where `rendering.breaks` allows it.
The cuts are those of least cost, and so is the way that a cue's text is put in lines::

    cue   100, + 40 x (share of its room left empty)², + the break that ends it
    line  300 x (share of its room taken)², + the break that ends it

so that there are as few cues, and as few lines, as can be, of about equal length, ended by punctuation where that is
near. A speaker's name before the text takes its room, and has part of the time of the first word.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Final

from steno_worker.rendering.breaks import FORBIDDEN_BREAK, SENTENCE_BREAK, Piece, pieces
from steno_worker.rendering.clock import milliseconds
from steno_worker.rendering.speakers import introduced, speaker_of
from steno_worker.rendering.spelling import one_line
from steno_worker.transcript import Segment

_CUE_COST: Final = 100.0
_EMPTINESS_COST: Final = 40.0
_LINE_COST: Final = 1e9
"""More than any other costs of a cue's lines together: their number comes first."""
_FULLNESS_COST: Final = 300.0
"""Lets a line end with its sentence where it and the next then differ by up to 0.45 of a line's room (18 of 42
columns), with a comma up to 0.37 (15), and not where they differ by more."""

_PAUSE_SECONDS: Final = 1.0
"""A silence between words after which a cue may end as well as after a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CueLayout:
    """Limits of a cue: those of Netflix's Timed Text Style Guide, whose second line the BBC's guidelines share."""

    max_chars_per_line: int = 42
    """Columns of a line, at least 1 (Netflix, English Template, 5); wide East Asian characters are 2. A word longer
    than that has a line to itself."""
    max_lines: int = 2
    """Lines of a cue, at least 1 (Netflix, General Requirements, 4; BBC Subtitle Guidelines, 3.3)."""
    max_seconds: float = 7.0
    """Longest that a cue stays (Netflix, General Requirements, 1), above 0. Two stay longer: a single word, and what
    fits in one line while the times of its words are unknown, as cutting it would be a guess."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """What is on the screen for a while."""

    start_ms: int
    end_ms: int
    """Above `start_ms`, and at most the next cue's `start_ms`."""
    lines: tuple[str, ...]
    """From top to bottom; none is empty or holds white space other than single spaces."""
    speaker: str | None = None
    """Who says all of it, on one line; None where that is not told."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """A cue whose times may still run into its neighbours'."""

    start_seconds: float
    end_seconds: float
    lines: tuple[str, ...]
    speaker: str | None


@dataclass(frozen=True, slots=True)
class _Timing:
    """When the pieces of one segment are said."""

    starts: Sequence[float]
    ends: Sequence[float]
    known: bool
    """By the times of words; else by their share of the segment's letters."""
    inseparable: int = 1
    """Pieces from the first that are one for the limit of time: the first of the text, and a name before it."""


def lay_out(segments: Iterable[Segment], layout: CueLayout, *, names: bool = False) -> Iterator[Cue]:
    """Give the cues of `segments`, which are in the order of their start; one without text has none.

    Parameters
    ----------
    names
        Whether the first cue of a speaker who takes over begins with the name, for a format that has no other place.

    Notes
    -----
    A cue that runs into the next one ends where that begins. One that would begin before an earlier one, which
    segments in order never ask for, begins 1 ms after it.
    """
    pending: Cue | None = None
    named = ((segment, name if names else None) for segment, name in introduced(segments))
    for draft in (draft for segment, name in named for draft in _drafts(segment, name, layout)):
        start_ms = milliseconds(draft.start_seconds)
        if pending is not None:
            start_ms = max(start_ms, pending.start_ms + 1)
            yield replace(pending, end_ms=min(pending.end_ms, start_ms))
        end_ms = max(milliseconds(draft.end_seconds), start_ms + 1)
        pending = Cue(start_ms=start_ms, end_ms=end_ms, lines=draft.lines, speaker=draft.speaker)
    if pending is not None:
        yield pending


def _drafts(segment: Segment, name: str | None, layout: CueLayout) -> Iterator[_Draft]:
    text = one_line(segment.text)
    if not text:
        return
    parts = pieces(text)
    timing = _timing(parts, segment)
    parts = _with_pauses(parts, timing)
    if name is not None:
        parts, timing = _named(name, parts, timing)
    speaker = speaker_of(segment)
    for first, end in _least_cost(len(parts), lambda first: _cues_from(first, parts, timing, layout)):
        lines = _lines(parts[first:end], layout)
        yield _Draft(timing.starts[first], timing.ends[end - 1], lines, speaker)


def _named(name: str, parts: Sequence[Piece], timing: _Timing) -> tuple[list[Piece], _Timing]:
    """Put a name and a colon before `parts`; the first of these shares its time with it, and its cue if it can."""
    label = pieces(f"{name}:")
    opening = [label[0], *(part._replace(cost=FORBIDDEN_BREAK) for part in label[1:])]
    opening.append(parts[0]._replace(spaced=True, cost=FORBIDDEN_BREAK))
    bounds = [0, *accumulate(len(part.text) for part in opening)]
    moments = [_moment(bound, (0, bounds[-1], timing.starts[0], timing.ends[0])) for bound in bounds]
    shared = replace(
        timing,
        starts=[*moments[:-1], *timing.starts[1:]],
        ends=[*moments[1:], *timing.ends[1:]],
        inseparable=len(opening),
    )
    return [*opening, *parts[1:]], shared


def _with_pauses(parts: Sequence[Piece], timing: _Timing) -> list[Piece]:
    """Let a pause in speaking end a cue or a line as well as a sentence does."""
    return [
        part._replace(cost=SENTENCE_BREAK)
        if number > 0
        and timing.starts[number] - timing.ends[number - 1] >= _PAUSE_SECONDS
        and part.cost < FORBIDDEN_BREAK
        else part
        for number, part in enumerate(parts)
    ]


def _cues_from(first: int, parts: Sequence[Piece], timing: _Timing, layout: CueLayout) -> Iterator[tuple[int, float]]:
    """Give each possible end of a cue that begins with the piece `first`, and what the cue costs."""
    widest, capacity = layout.max_chars_per_line, layout.max_chars_per_line * layout.max_lines
    latest = timing.starts[first] + layout.max_seconds
    lines, line, tail, total = 1, 0, 0, 0
    for end in range(first + 1, len(parts) + 1):
        part = parts[end - 1]
        width = part.columns + part.spaced if line else part.columns
        # Columns since the last place where the line may end well; they go to the next line where it must end here.
        tail = part.columns if part.cost < FORBIDDEN_BREAK else tail + width
        if line and line + width > widest:
            lines, line = lines + 1, tail if tail <= widest else part.columns
        else:
            line += width
        total += width
        too_long = end > timing.inseparable and timing.ends[end - 1] > latest and (timing.known or total > widest)
        if end > first + 1 and (lines > layout.max_lines or too_long):
            return
        emptiness = 1 - total / capacity if total < capacity else 0.0
        yield end, _CUE_COST + _EMPTINESS_COST * emptiness**2 + _break_cost(parts, end)


def _break_cost(parts: Sequence[Piece], end: int) -> int:
    return parts[end].cost if end < len(parts) else SENTENCE_BREAK


def _lines(parts: Sequence[Piece], layout: CueLayout) -> tuple[str, ...]:
    return tuple(
        _joined(parts[first:end])
        for first, end in _least_cost(len(parts), lambda first: _lines_from(first, parts, layout))
    )


def _lines_from(first: int, parts: Sequence[Piece], layout: CueLayout) -> Iterator[tuple[int, float]]:
    """Give each possible end of a line that begins with the piece `first`, and what the line costs."""
    line, widest = 0, layout.max_chars_per_line
    for end in range(first + 1, len(parts) + 1):
        part = parts[end - 1]
        line += part.columns + part.spaced if line else part.columns
        if line > widest and end > first + 1:
            return
        yield end, _LINE_COST + _FULLNESS_COST * (line / widest) ** 2 + _break_cost(parts, end)


def _joined(parts: Sequence[Piece]) -> str:
    return parts[0].text + "".join(f" {part.text}" if part.spaced else part.text for part in parts[1:])


def _least_cost(count: int, runs_from: Callable[[int], Iterable[tuple[int, float]]]) -> list[tuple[int, int]]:
    """Cut ``range(count)`` into the runs, [first, end), that cost least together.

    `runs_from` gives, for a first, each possible end and the run's cost; the end after the first is always possible,
    and one run for all costs less than any two.
    """
    cost = [0.0] + [float("inf")] * count
    came_from = [0] * (count + 1)
    for first in range(count):
        for end, run_cost in runs_from(first):
            if cost[first] + run_cost < cost[end]:
                cost[end], came_from[end] = cost[first] + run_cost, first
        if came_from[count] == 0 and cost[count] < float("inf"):
            break
    bounds = [count]
    while bounds[-1] > 0:
        bounds.append(came_from[bounds[-1]])
    return list(pairwise(reversed(bounds)))


def _timing(parts: Sequence[Piece], segment: Segment) -> _Timing:
    lengths = [len(part.text) for part in parts]
    bounds = [0, *accumulate(lengths)]
    spans = _spoken(segment, letters=bounds[-1])
    known = spans is not None
    return _times(bounds, spans or [(0, bounds[-1], segment.start, segment.end)], known=known)


def _spoken(segment: Segment, *, letters: int) -> list[tuple[int, int, float, float]] | None:
    """Say which of the segment's letters its words are, and when; None where words are unknown or other than it.

    Letters here are all characters that are no white space.
    """
    if not segment.words:
        return None
    spans: list[tuple[int, int, float, float]] = []
    first = 0
    for word in segment.words:
        end = first + len(one_line(word.word).replace(" ", ""))
        if end > first:
            spans.append((first, end, word.start, word.end))
        first = end
    return spans if first == letters else None


def _times(bounds: Sequence[int], spans: Sequence[tuple[int, int, float, float]], *, known: bool) -> _Timing:
    """Read off `spans` when each piece, whose letters lie between two of `bounds`, begins and ends."""
    starts: list[float] = []
    ends: list[float] = []
    at = 0
    for first, end in pairwise(bounds):
        while spans[at][1] <= first:
            at += 1
        starts.append(_moment(first, spans[at]))
        while spans[at][1] < end:
            at += 1
        ends.append(_moment(end, spans[at]))
    return _Timing(starts, ends, known)


def _moment(letter: int, span: tuple[int, int, float, float]) -> float:
    first, end, start_seconds, end_seconds = span
    if letter == end:  # exactly, where the sum below may be off by a rounding
        return end_seconds
    return start_seconds + (end_seconds - start_seconds) * (letter - first) / (end - first)
