"""Everybody who has to do with one job: its user, its worker, its node, and whoever is careless.

Used by ``test_histories.py``. Knows what a step of a history does; must not know what is right.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from control_plane.faults.histories import History, Step
from control_plane.faults.stage import Stage
from steno_store import Layout, StoreError
from steno_types import FINALIZER, Reason
from support import kubelet
from support.kubernetes_api import Api, Raw, wait_for

LAYOUT: Final = Layout("steno")

A_MOMENT_SECONDS: Final = 2.5
"""For which a step waits to become possible, before it is left out."""

TROUBLES: Final = frozenset({"kill the operator", "store away", "burst of faults"})
"""Steps that strike everybody."""


class Actor:
    """Everybody who has to do with one job: its user, its worker, its node."""

    def __init__(self, stage: Stage, history: History) -> None:
        self.history = history
        self.log: list[str] = []
        """What happened, and what could not."""
        self.together: list[str] = []
        """Workers that ran beside another of the job's."""
        self._stage = stage
        self._attempts = stage.attempts
        self._seen = stage.seen
        self._name = history.name

    def play(self) -> None:
        """Create the job, and let happen to it what happens."""
        api, spec, metadata = self._stage.api, self.history.spec, {}
        if self.history.from_upload:
            upload = f"{self.history.seed:032x}"
            key = LAYOUT.upload(api.namespace, upload)
            self._insist(lambda: self._attempts.store.put(key, b"12345"))
            spec = {**spec, "source": {"upload": {"id": upload}}}
            # As the gateway does, so that the upload goes with the job, however soon.
            metadata = {"finalizers": [FINALIZER]}
        api.submit(self._name, spec, **metadata)
        for step in self.history.steps:
            try:
                done = self._do(step)
            except Api.refusal as error:
                done = False  # gone, or over, in this very moment
                self.log.append(f"{step}: {error.status}")
            else:
                self.log.append(str(step) if done else f"({step})")

    def rest(self, seconds: float) -> None:
        """Let the job come to rest: its workers succeed, and whoever suspended it may resume it."""
        deadline = time.monotonic() + seconds
        # Looked at afresh: what was done last may not have been seen yet.
        while not self._is_at_rest(self._stage.api.job(self._name)) and time.monotonic() < deadline:
            with suppress(Api.refusal):
                job = self._seen.job(self._name)
                if job is not None and job["spec"].get("suspend") and not self.history.stays_suspended:
                    self._attempts.wants(self._name, suspend=False)
                if (pod := self._pod()) is not None:
                    with self._stage.at_work[self._name]:
                        if pod.status.phase == "Pending":
                            self._start(pod)
                        self._win(pod)
            time.sleep(0.3)  # until what was done is seen
            self._seen.wait(lambda: True if self._is_over() or self._pod() is not None else None, 2)

    def _is_over(self) -> bool:
        return self._is_at_rest(self._seen.job(self._name))

    def _is_at_rest(self, job: Raw | None) -> bool:
        if job is None:
            return True
        true = {c["type"] for c in job.get("status", {}).get("conditions", []) if c["status"] == "True"}
        waits = self.history.stays_suspended and job["spec"].get("suspend") and "Suspended" in true
        return bool({"Complete", "Failed"} & true) or bool(waits)

    def _pod(self, *phases: str) -> Any:
        """Find the job's youngest live pod; None: there is none."""
        wanted = phases or ("Pending", "Running")
        live = (pod for pod in self._seen.pods(self._name) if pod.metadata.deletion_timestamp is None)
        return next((pod for pod in reversed([*live]) if pod.status.phase in wanted), None)

    def _wait_for_pod(self, *phases: str) -> Any:
        return self._seen.wait(lambda: self._pod(*phases), A_MOMENT_SECONDS)

    def _do(self, step: Step) -> bool:
        """Do a step; False: there is nothing to do it with."""
        match step.what:
            case what if what in TROUBLES:
                self._stage.strike(what)
            case "suspend" | "resume":
                self._attempts.wants(self._name, suspend=step.what == "suspend")
            case "cancel":
                self._attempts.wants(self._name, cancel=True)
            case "ttl":
                self._attempts.wants(self._name, ttlSecondsAfterFinished=step.value)
            case "release":
                self._stage.api.delete(self._name)
            case _:
                return self._do_to_children(step)
        return True

    def _do_to_children(self, step: Step) -> bool:
        if step.what in {"delete batch job", "orphan"}:
            return self._delete_batch_job(step.value or "Orphan")
        return self._is_seen() if step.what == "seen" else self._do_to_pod(step)

    def _do_to_pod(self, step: Step) -> bool:
        phases = {"start": ("Pending",), "evict": ("Pending",), "delete pod": ("Pending", "Running")}
        pod = self._wait_for_pod(*phases.get(step.what, ("Running",)))
        if pod is None:
            return False
        with self._stage.at_work[self._name]:
            self._do_with(pod, step)
        return True

    def _do_with(self, pod: Any, step: Step) -> None:
        api = self._stage.api
        match step.what:
            case "start":
                self._start(pod)
            case "evict":
                kubelet.turn_away(api, pod, "Evicted", "The node was low on resource: memory.")
            case "delete pod":
                grace = {} if step.value is None else {"grace_period_seconds": step.value}
                api.core.delete_namespaced_pod(pod.metadata.name, api.namespace, **grace)
            case "disrupt":
                kubelet.disrupt(api, pod, step.value)
                self._attempts.end(self._name, pod, 137)
            case "win":
                self._win(pod)
            case "claim":
                self._claim(pod)
            case "end":
                self._end(pod, step)

    def _start(self, pod: Any) -> None:
        running = [
            other.metadata.name
            for other in self._stage.api.pods(self._name)
            if other.status.phase == "Running" and other.metadata.deletion_timestamp is None
        ]
        self._stage.start(pod)
        if running:
            self.together.append(f"{pod.metadata.name} beside {running}")

    def _end(self, pod: Any, step: Step) -> None:
        if step.claimed:
            self._claim(pod, failed=step.said or Reason.AUDIO_UNDECODABLE)
        self._attempts.end(self._name, pod, step.exit_code, said=step.said)

    def _win(self, pod: Any) -> None:
        self._claim(pod)
        if "outputs" in self.history.spec and self._runs(pod):
            self._insist(lambda: self._attempts.deliver(self._name, pod))
        kubelet.end(self._stage.api, pod, exit_code=0)

    def _claim(self, pod: Any, *, failed: Reason | None = None) -> None:
        if self._runs(pod):
            self._insist(lambda: self._attempts.claim(self._name, pod, failed=failed))

    def _runs(self, pod: Any) -> bool:
        """Whether the worker is there to write anything; as long as it is, so is its job."""
        api = self._stage.api
        fresh = api.core.read_namespaced_pod(pod.metadata.name, api.namespace)
        return bool(fresh.metadata.uid == pod.metadata.uid and fresh.status.phase == "Running")

    def _delete_batch_job(self, propagation: str) -> bool:
        api = self._stage.api
        batch_jobs = api.batch_jobs(self._name)
        for batch_job in batch_jobs:
            api.batch.delete_namespaced_job(batch_job.metadata.name, api.namespace, propagation_policy=propagation)
        return bool(batch_jobs)

    def _is_seen(self) -> bool:
        """Wait until the operator has seen that a worker runs."""

        def running() -> bool | None:
            job = self._seen.job(self._name)
            return True if job is not None and job.get("status", {}).get("phase") == "Processing" else None

        return bool(self._seen.wait(running, A_MOMENT_SECONDS))

    def _insist(self, call: Callable[[], object]) -> None:
        """Speak to the store until it answers."""

        def answered() -> bool | None:
            try:
                call()
            except StoreError:
                return None
            return True

        wait_for(answered, "the store to answer")
