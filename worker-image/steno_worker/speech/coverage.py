"""Account for every second of speech: it has text, or a reason why not.

Called by `engines.chunked` with what was heard, and by `pipeline`, which fails the job when too much is missing.
Pure.
"""

from collections.abc import Iterable
from typing import Final

from steno_worker.report import Coverage, Drop, DroppedSpan
from steno_worker.samples import SAMPLE_RATE_HZ
from steno_worker.speech.spans import Span

MIN_DROPPED_SECONDS: Final = 1.0
"""Shorter stretches without words are pauses in speaking, breath and laughter, and are not told."""

TOLERATED_SECONDS: Final = 10.0
"""Speech without text that a job survives whatever its length."""

TOLERATED_SHARE: Final = 0.1
"""Share of the speech without text that a longer job survives, as Silero takes some noise for speech."""


def dropped_span(span: Span, reason: Drop) -> DroppedSpan | None:
    """Make the record of a stretch without text; None when it is too short to be told."""
    if span.seconds < MIN_DROPPED_SECONDS:
        return None
    return DroppedSpan(
        start=round(span.start / SAMPLE_RATE_HZ, 3), end=round(span.end / SAMPLE_RATE_HZ, 3), reason=reason
    )


def seconds_dropped(dropped: Iterable[DroppedSpan], *reasons: Drop) -> float:
    """Add up the stretches that were dropped for one of `reasons`."""
    return sum(span.end - span.start for span in dropped if span.reason in reasons)


def missing_seconds(coverage: Coverage) -> float | None:
    """Give the seconds of speech without text when they are more than is tolerated.

    What the model itself takes for something other than speech is not missing.
    """
    missing = seconds_dropped(coverage.dropped, Drop.GAP, Drop.UNINTELLIGIBLE)
    tolerated = max(TOLERATED_SECONDS, TOLERATED_SHARE * coverage.speech_seconds)
    return missing if missing > tolerated else None
