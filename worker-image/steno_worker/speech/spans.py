"""Stretches of audio, as half-open intervals of samples.

Used by everything in this package and by the chunk plan that is kept between attempts, which is why they count in
samples: a whole number survives JSON and arithmetic exactly. Knows nothing of what a stretch holds.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Self

from pydantic import Field

from steno_types.base import WireModel
from steno_worker.samples import SAMPLE_RATE_HZ

Offset = Annotated[int, Field(ge=0)]
"""Samples at `SAMPLE_RATE_HZ` from the start of the recording's audio."""


class Span(WireModel):
    """[start, end) of the audio."""

    start: Offset
    end: Offset

    @property
    def seconds(self) -> float:
        """Its duration."""
        return (self.end - self.start) / SAMPLE_RATE_HZ

    def shifted(self, by: int) -> Self:
        """The same stretch, seen from an origin that lies `by` samples earlier."""
        return self.model_copy(update={"start": self.start + by, "end": self.end + by})


def to_samples(seconds: float) -> int:
    """Give the number of samples in `seconds`, to the nearest one."""
    return round(seconds * SAMPLE_RATE_HZ)


def total_seconds(spans: Iterable[Span]) -> float:
    """Add up spans that do not overlap."""
    return sum(span.end - span.start for span in spans) / SAMPLE_RATE_HZ


def without(spans: Sequence[Span], cover: Iterable[Span]) -> list[Span]:
    """Give what of `spans` no stretch of `cover` touches, in order; neither need be sorted among themselves."""
    left = sorted(spans, key=lambda span: span.start)
    for taken in cover:
        rest: list[Span] = []
        for span in left:
            if taken.end <= span.start or span.end <= taken.start:
                rest.append(span)
                continue
            if span.start < taken.start:
                rest.append(Span(start=span.start, end=taken.start))
            if taken.end < span.end:
                rest.append(Span(start=taken.end, end=span.end))
        left = rest
    return left
