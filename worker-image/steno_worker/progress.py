"""Say how far the attempt is, in the log and to whoever listens: as each stage begins, then every 2 s at most.

Driven by `pipeline`. Must not know what the stages do.
"""

import logging
import time
from collections.abc import Callable
from typing import Final

from steno_types import ProgressReport, Stage
from steno_worker.logs import fields

REPORT_INTERVAL_SECONDS: Final = 2.0
"""Often enough for a person who watches, rare enough for a log that is kept."""

logger = logging.getLogger(__name__)


class ProgressLog:
    """Where one attempt stands."""

    def __init__(
        self,
        *,
        post: Callable[[ProgressReport], None] = lambda _: None,
        entered: Callable[[Stage], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._post = post
        self._entered = entered
        self._clock = clock
        self._stage = Stage.FETCH
        self._stage_began = self._reported = clock()
        self._processed_seconds = 0.0
        self._first: tuple[float, float] | None = None  # when the first segment came, and how far it reached
        self.total_seconds = 0.0
        """Seconds of audio in all; 0 while unknown."""
        self._stage_seconds: dict[Stage, float] = {}

    def enter(self, stage: Stage) -> None:
        """Begin `stage` and say so."""
        self._stage_seconds = self.stage_seconds
        self._stage, self._stage_began = stage, self._clock()
        self._entered(stage)
        self._report()

    @property
    def stage_seconds(self) -> dict[Stage, float]:
        """Wall seconds spent in each stage so far."""
        spent = self._stage_seconds.get(self._stage, 0.0) + self._clock() - self._stage_began
        return {**self._stage_seconds, self._stage: spent}

    def advance(self, processed_seconds: float) -> None:
        """Take note that the audio is transcribed up to here; say so if the last word is old enough."""
        self._processed_seconds = min(processed_seconds, self.total_seconds)
        self._first = self._first or (self._clock(), self._processed_seconds)
        if self._clock() - self._reported >= REPORT_INTERVAL_SECONDS:
            self._report()

    def report(self) -> ProgressReport:
        """Say where the attempt stands."""
        processed, total = self._processed_seconds, self.total_seconds
        return ProgressReport(
            stage=self._stage,
            percent=int(100 * processed / total) if total else 0,
            processed_seconds=round(processed, 3),
            total_seconds=round(total, 3),
            estimated_seconds_left=self._seconds_left(),
        )

    def _seconds_left(self) -> float | None:
        """Estimate by the pace since the first segment: what comes before it, finding speech, is done only once."""
        if self._stage is not Stage.TRANSCRIBE or self._first is None:
            return None
        since, offset = self._first
        processed = self._processed_seconds - offset
        if processed <= 0:
            return None
        return round((self._clock() - since) * (self.total_seconds - self._processed_seconds) / processed, 1)

    def _report(self) -> None:
        self._reported = self._clock()
        report = self.report()
        logger.info("progress", extra=fields(**report.model_dump(mode="json")))
        self._post(report)
