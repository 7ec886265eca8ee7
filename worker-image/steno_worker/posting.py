"""Post progress to the operator, where it takes any, from a thread that disturbs no work.

Started by `worker` when the pod's environment names an address; fed by `progress`. Only the newest report counts:
while one is under way, those in between are forgotten, and it is repeated while there is nothing newer, so that the
answer is heard while a model loads. What fails is said once in the log and tried again with the
next report; the log has the progress in any case. Must not know what the stages do.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

import httpx

from steno_types import ProgressAnswer, ProgressReport

POST_SECONDS: Final = 5.0
"""For which the operator may take to answer; the next report is due after two."""

REPEAT_SECONDS: Final = 5.0
"""After which the last report is posted again; one that changes nothing is not written anywhere."""

logger = logging.getLogger(__name__)


def end_this_process() -> None:
    """Ask the process to end as the cluster would: it exits 143, and leaves nothing behind."""
    os.kill(os.getpid(), signal.SIGTERM)


class ProgressPoster:
    """A context manager: posts while it is open."""

    def __init__(
        self,
        url: str,
        token: Path,
        *,
        stop: Callable[[], None] = end_this_process,
        transport: httpx.BaseTransport | None = None,
        repeat_seconds: float = REPEAT_SECONDS,
    ) -> None:
        self._repeat_seconds = repeat_seconds
        self._url = url
        self._token = token
        self._stop = stop
        # No proxy of the environment stands between a pod and its operator.
        self._client = httpx.Client(timeout=POST_SECONDS, trust_env=False, transport=transport)
        self._newest: ProgressReport | None = None
        self._changed = threading.Condition()
        self._open = True
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._open = False
            self._changed.notify()
        self._thread.join(timeout=POST_SECONDS)
        self._client.close()

    def post(self, report: ProgressReport) -> None:
        """Post `report` as soon as the one before is through; does not wait."""
        with self._changed:
            self._newest = report
            self._changed.notify()

    def _run(self) -> None:
        last: ProgressReport | None = None
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._newest is not None or not self._open, self._pause(last))
                report, self._newest = self._newest or last, None
                if report is None or (report is last and not self._open):
                    return
            last = report
            self._post(report)

    def _pause(self, last: ProgressReport | None) -> float | None:
        """Give the seconds until there is something to post again; None: nothing was posted yet."""
        return None if last is None else self._repeat_seconds

    def _post(self, report: ProgressReport) -> None:
        try:
            # Read each time: the kubelet renews a projected token long before it expires.
            token = self._token.read_text().strip()
            answer = self._client.post(
                self._url,
                content=report.model_dump_json(by_alias=True),
                headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            ).raise_for_status()
            told = ProgressAnswer.model_validate_json(answer.content)
        except (OSError, ValueError, httpx.HTTPError, httpx.InvalidURL) as error:
            if not self._failing:
                logger.warning("progress cannot be posted: %s", type(error).__name__)
            self._failing = True
            return
        self._failing = False
        if told.stop:
            logger.warning("the operator asks this attempt to stop")
            self._stop()
