"""Lives of jobs, as scripts: what people, the cluster and the worker do, one thing after the other.

Used by the tests in which an operator dies all the time: each script waits for what it needs, patiently, and knows
nothing of deaths. A job is named after its life.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from control_plane.operator_loop.attempts import Attempts, ended_attempts
from steno_types import Reason
from support import kubelet
from support.kubernetes_api import Api, Raw, T, wait_for

PATIENCE_SECONDS: Final = 150
"""For anything a script waits for."""

BUCKET: Final = "talks"
"""Of copies."""


class PatientApi(Api):
    """An API server whose clients are used to waiting."""

    def wait_for(self, name: str, holds: Callable[[Raw], bool], what: str, timeout_seconds: float = 0) -> Raw:
        """Wait until something holds of a job that is there; gives the job."""
        return super().wait_for(name, holds, what, max(timeout_seconds, PATIENCE_SECONDS))

    def wait_for_pod(self, name: str, *, timeout_seconds: float = 0) -> Any:
        """Wait for a pod of the job that has not ended yet."""
        return super().wait_for_pod(name, timeout_seconds=max(timeout_seconds, PATIENCE_SECONDS))


def patiently(look: Callable[[], T | None], what: str) -> T:
    """Look until there is something to see."""
    return wait_for(look, what, timeout_seconds=PATIENCE_SECONDS)


def completes(attempts: Attempts, name: str) -> Raw:
    """Run and succeed."""
    attempts.submit(name, backoffLimit=0)
    attempts.run(name)
    return attempts.complete(name)


def fails(attempts: Attempts, name: str) -> Raw:
    """Run and fail, with no retry left."""
    attempts.submit(name, backoffLimit=0)
    pod = attempts.run(name)
    attempts.end(name, pod, 75, said=Reason.DEVICE_OUT_OF_MEMORY)
    return attempts.api.wait_for_phase(name, "Failed")


def suspends(attempts: Attempts, name: str) -> Raw:
    """Be suspended while running, resumed, and succeed."""
    attempts.submit(name, backoffLimit=0)
    first = attempts.run(name)
    attempts.wants(name, suspend=True)
    attempts.wait_for_condition(name, "Suspended")
    patiently(lambda: not attempts.api.batch_jobs(name) or None, f"no Job of {name}")
    attempts.wants(name, suspend=False)
    return _wins(attempts, name, _run_another(attempts, name, first))


def cancels(attempts: Attempts, name: str) -> Raw:
    """Be cancelled while running."""
    attempts.submit(name)
    attempts.run(name)
    attempts.wants(name, cancel=True)
    return attempts.api.wait_for_phase(name, "Failed")


def loses(attempts: Attempts, name: str) -> Raw:
    """Have a Job deleted by hand while it runs, and succeed with the next."""
    attempts.submit(name, backoffLimit=1)
    first = attempts.run(name)
    _delete_batch_job(attempts, name)
    return _wins(attempts, name, _run_another(attempts, name, first))


def stalls(attempts: Attempts, name: str) -> Raw:
    """Stand still, and succeed with the next Job."""
    attempts.submit(name, stallSeconds=30, backoffLimit=1)
    first = attempts.start(name, ago_seconds=60)
    return _wins(attempts, name, _run_another(attempts, name, first))


def delivers(attempts: Attempts, name: str) -> Raw:
    """Publish, lose the Job before the copy, and have another attempt make it."""
    copy = {"destination": {"s3": {"bucket": BUCKET, "prefix": "transcripts"}}}
    attempts.submit(name, outputs=copy, backoffLimit=2)
    first = attempts.run(name)
    attempts.claim(name, first)
    _delete_batch_job(attempts, name)
    second = _run_another(attempts, name, first)
    attempts.deliver(name, second)
    kubelet.end(attempts.api, second, exit_code=0)
    return attempts.api.wait_for_phase(name, "Completed")


def _delete_batch_job(attempts: Attempts, name: str) -> None:
    (batch_job,) = attempts.api.batch_jobs(name)
    attempts.api.batch.delete_namespaced_job(
        batch_job.metadata.name, attempts.api.namespace, propagation_policy="Background"
    )


def _run_another(attempts: Attempts, name: str, than: Any) -> Any:
    """Wait for the end of an attempt, let the next one run until the operator has seen it, and give its pod."""
    attempts.api.wait_for(name, lambda job: bool(ended_attempts(job)), "have ended an attempt")
    pod = patiently(lambda: _other_pod(attempts, name, than), f"the next pod of {name}")
    kubelet.start(attempts.api, pod)
    attempts.api.wait_for_phase(name, "Processing")
    attempts.api.wait_for(name, lambda job: _begun(job) == 2, "have begun two attempts")
    return pod


def _other_pod(attempts: Attempts, name: str, than: Any) -> Any:
    live = (pod for pod in attempts.api.pods(name) if pod.status.phase in {"Pending", "Running"})
    return next((pod for pod in live if pod.metadata.uid != than.metadata.uid), None)


def _begun(job: Raw) -> int:
    return len(job["status"]["attempts"])


def _wins(attempts: Attempts, name: str, pod: Any) -> Raw:
    attempts.claim(name, pod)
    kubelet.end(attempts.api, pod, exit_code=0)
    return attempts.api.wait_for_phase(name, "Completed")


@dataclass(frozen=True)
class Life:
    """What becomes of a job."""

    play: Callable[[Attempts, str], Raw]
    """Plays it to its end; gives the job then."""
    phase: str
    reasons: list[str | None]
    """Of its attempts; None: it won."""
    launches: int
    steps: list[str]
    """Writes of the operator's that it takes for sure, its release included; others depend on what is seen when."""


BEGINNING: Final = ["PATCH transcriptionjobs", "POST jobs", "PATCH transcriptionjobs/status"]
"""Adopted, launched, Queued."""

RUN: Final = [*BEGINNING, "PATCH transcriptionjobs/status"]
"""The same, and Running."""

STATUS: Final = "PATCH transcriptionjobs/status"

RELEASE: Final = ["POST objects", STATUS, "PATCH transcriptionjobs"]
"""The objects, the receipt, the finalizer."""

LIVES: Final = {
    "completes": Life(completes, "Completed", [None], 1, [*RUN, STATUS, "DELETE jobs", *RELEASE]),
    "fails": Life(
        fails, "Failed", ["DeviceOutOfMemory"], 1, [*RUN, "PUT manifest.json", STATUS, "DELETE jobs", *RELEASE]
    ),
    # Suspended, its Job gone, resumed, the next Job and its status, the end.
    "suspends": Life(
        suspends,
        "Completed",
        ["Suspended", None],
        2,
        [*RUN, STATUS, "DELETE jobs", STATUS, "POST jobs", STATUS, STATUS, "DELETE jobs", *RELEASE],
    ),
    # Why it stops, its Job gone, the claim, the end.
    "cancels": Life(
        cancels, "Failed", ["Cancelled"], 1, [*RUN, STATUS, "DELETE jobs", "PUT manifest.json", STATUS, *RELEASE]
    ),
    "loses": Life(
        loses, "Completed", ["JobLost", None], 2, [*RUN, "POST jobs", STATUS, STATUS, "DELETE jobs", *RELEASE]
    ),
    # Its Job is let go, and gone; the next Job and its status, the end.
    "stalls": Life(
        stalls,
        "Completed",
        ["WorkerStalled", None],
        2,
        [*BEGINNING, STATUS, "DELETE jobs", "POST jobs", STATUS, STATUS, "DELETE jobs", *RELEASE],
    ),
    "delivers": Life(
        delivers, "Completed", [None, None], 2, [*RUN, "POST jobs", STATUS, STATUS, "DELETE jobs", *RELEASE]
    ),
}
