"""Whoever kills the operator at each new step of its jobs' lives, before the step is done or after.

For the control plane tier. A step is a write for one job, to the API server or to the store. Steps of several jobs
that come within a moment share a death: so many lives at once take hardly more deaths than the longest of them.
"""

import os
import re
import signal
from collections import Counter
from threading import Event, Lock, Timer
from typing import Final

from support.api_proxy import ApiProxy, Write
from support.operator_process import OperatorProcess
from support.store_proxy import StoreProxy, StoreRequest

GATHER_SECONDS: Final = 0.3
"""For which a step waits for others' before the operator dies: reconciles of many jobs take turns within it."""

_JOB: Final = re.compile(r"[a-z0-9]+")
"""What the names of a job, of its Jobs and of its Events begin with, where jobs' names hold no dash."""


class Killer:
    """Kills an operator; whoever watches it starts it again.

    Parameters
    ----------
    proxy, store_proxy
        The operator's ways to the API server and to the store.
    before
        Whether it dies before each step is done, or after.
    """

    def __init__(self, proxy: ApiProxy, store_proxy: StoreProxy, *, before: bool) -> None:
        self._operator: OperatorProcess | None = None
        self._killed_at: dict[str, list[str]] = {}
        self._survived: Counter[tuple[str, str]] = Counter()
        self._volley: Event | None = None
        self._lock = Lock()
        self.deaths = 0
        if before:
            proxy.before = lambda write: self._before(_job_of(write), write.what)
            store_proxy.before = lambda request: not request.writes or self._before(request.name, request.what)
        else:
            proxy.after = lambda write: write.status >= 300 or self._die(_job_of(write), write.what)
            store_proxy.after = self._after_store

    def watch(self, operator: OperatorProcess) -> None:
        """Take an operator on."""
        self._operator = operator

    def killed_at(self, job: str) -> list[str]:
        """Give the steps of a job's life at which the operator died, in order."""
        return [*self._killed_at.get(job, [])]

    def _after_store(self, request: StoreRequest) -> bool:
        return not request.writes or self._die(request.name, request.what)

    def _before(self, job: str | None, what: str) -> bool:
        if job is None:
            return True
        with self._lock:
            # The step that a killed operator repeats is done, and the next one of its kind is a new one.
            if self._survived[job, what] < self._killed_at.get(job, []).count(what):
                self._survived[job, what] += 1
                return True
        return self._die(job, what)

    def _die(self, job: str | None, what: str) -> bool:
        """Let the operator die of this step, and others' that come within a moment; False: nobody hears of it."""
        if job is None:
            return True
        with self._lock:
            self._killed_at.setdefault(job, []).append(what)
            if self._volley is None:
                self._volley = Event()
                Timer(GATHER_SECONDS, self._kill).start()
            volley = self._volley
        volley.wait()
        return False

    def _kill(self) -> None:
        with self._lock:
            volley, self._volley = self._volley, None
            if self._operator is not None and self._operator.alive:
                self.deaths += 1
                os.kill(self._operator.pid, signal.SIGKILL)
        if volley is not None:
            volley.set()


def _job_of(write: Write) -> str | None:
    """Name the job that a write is for; None: it is of the process."""
    found = _JOB.match(write.name)
    return found[0] if found is not None and "/leases" not in write.path else None
