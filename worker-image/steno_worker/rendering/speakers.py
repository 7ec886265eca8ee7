"""Who speaks, as readers are told.

Called by the formats that name speakers. Must not know any of them.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from steno_worker.rendering.spelling import one_line
from steno_worker.transcript import Segment

UNKNOWN: Final = "?"
"""Stands for a speaker whom nobody knows, where a reader would take the words for those of the one before."""


def speaker_of(segment: Segment) -> str | None:
    """Give who speaks, on one line; None where that is not told."""
    return one_line(segment.speaker or "") or None


def introduced(segments: Iterable[Segment]) -> Iterator[tuple[Segment, str | None]]:
    """Give each segment, and the name that belongs before its text: None while the speaker stays the same.

    A segment without text is nobody's, and changes nothing. Nor does a transcript without speakers ever have a name.
    """
    before: str | None = None
    for segment in segments:
        speaker = speaker_of(segment) if one_line(segment.text) else before
        yield segment, None if speaker == before else speaker or UNKNOWN
        before = speaker
