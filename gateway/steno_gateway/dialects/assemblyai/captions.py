"""Captions of at most so many characters, as SubRip and WebVTT.

Called by `documents` where a client asks for ``chars_per_caption``; without it the worker's own subtitles are handed
out, which are laid out with more care. Pure, and lazy.

A caption is one line. It takes words as long as there is room, and ends early where the speaker changes, and at a
pause of `PAUSE_MS`. A word longer than the room is a caption of its own: no word is cut.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from steno_gateway.dialects.assemblyai.words import Word, spelled

PAUSE_MS: Final = 1000
"""Silence over which no caption stays on the screen."""

_ARROW: Final = re.compile(r"--+>")
"""What a reader of SubRip takes for the sign between two times; the format knows no escapes."""

_VTT_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
"""Characters that WebVTT acts on (W3C WebVTT, "cue text span")."""


@dataclass(frozen=True, slots=True)
class Caption:
    """What is on the screen for a while."""

    start_ms: int
    end_ms: int
    """Above `start_ms`, and at most the next caption's `start_ms`."""
    text: str


def captions(words: Iterable[Word], *, max_characters: int) -> Iterator[Caption]:
    """Lay `words` out; times are theirs, moved by a millisecond where two captions would begin at once."""
    pending: Caption | None = None
    for run in _runs(words, max_characters):
        start_ms = run[0].start_ms
        if pending is not None:
            start_ms = max(start_ms, pending.start_ms + 1)
            yield replace(pending, end_ms=min(pending.end_ms, start_ms))
        end_ms = max(start_ms + 1, *(word.end_ms for word in run))
        pending = Caption(start_ms, end_ms, spelled(run))
    if pending is not None:
        yield pending


def to_srt(laid_out: Iterable[Caption]) -> Iterator[str]:
    """Spell captions as SubRip, numbered from 1, piece by piece; nothing without captions."""
    for number, caption in enumerate(laid_out, 1):
        gap = "\n" if number > 1 else ""
        yield f"{gap}{number}\n{_times(caption, point=',')}\n{_ARROW.sub('->', caption.text)}\n"


def to_vtt(laid_out: Iterable[Caption]) -> Iterator[str]:
    """Spell captions as WebVTT, piece by piece; the header alone without captions."""
    yield "WEBVTT\n"
    for caption in laid_out:
        yield f"\n{_times(caption, point='.')}\n{caption.text.translate(_VTT_ESCAPES)}\n"


def _runs(words: Iterable[Word], max_characters: int) -> Iterator[list[Word]]:
    run: list[Word] = []
    taken = 0
    for word in words:
        width = len(word.text) + word.spaced
        if run and (
            taken + width > max_characters
            or word.speaker != run[-1].speaker
            or word.start_ms - run[-1].end_ms >= PAUSE_MS
        ):
            yield run
            run, taken = [], 0
        taken += width if run else len(word.text)
        run.append(word)
    if run:
        yield run


def _times(caption: Caption, *, point: str) -> str:
    return f"{_timestamp(caption.start_ms, point)} --> {_timestamp(caption.end_ms, point)}"


def _timestamp(offset_ms: int, point: str) -> str:
    seconds, thousandths = divmod(offset_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{point}{thousandths:03d}"
