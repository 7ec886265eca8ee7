"""Attempts, played: a job is submitted, its pod starts, says something or nothing, claims its outcome or not, ends.

Used by the tests of this folder. The pods are real, created by the real Job controller; their kubelet is
`support.kubelet`, and what their worker leaves in the store is `support.manifests`'.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from kubernetes.client.exceptions import NotFoundException

from steno_store import ObjectStore, claim_outcome, keys
from steno_types import RESULTS_PREFIX_ANNOTATION, Reason, TerminationMessage
from support import kubelet
from support.kubernetes_api import Api, wait_for
from support.manifests import a_complete_manifest, a_delivery, a_failed_manifest

Raw = dict[str, Any]

SOURCE: Raw = {"source": {"s3": {"key": "recordings/talk.wav"}}}


def conditions(job: Raw) -> dict[str, str]:
    """Give each condition's status by its type."""
    return {condition["type"]: condition["status"] for condition in job["status"]["conditions"]}


def condition(job: Raw, kind: str) -> Raw:
    """Find one condition."""
    found: Raw = next(condition for condition in job["status"]["conditions"] if condition["type"] == kind)
    return found


def ended_attempts(job: Raw) -> list[tuple[str | None, bool]]:
    """Give, for each attempt that is over, the reason that the status has for it, and whether it counts."""
    attempts = job.get("status", {}).get("attempts", [])
    return [(attempt.get("reason"), attempt["counted"]) for attempt in attempts if "end" in attempt]


@dataclass
class Attempts:
    """The worker's part in one namespace."""

    api: Api
    store: ObjectStore

    def submit(self, name: str, **spec: Any) -> Raw:
        """Create a job and wait for its Job."""
        self.api.submit(name, {**SOURCE, **spec})
        return self.api.wait_for_phase(name, "Queued")

    def wants(self, name: str, **spec: Any) -> None:
        """Change what may be changed of a job's spec."""
        self.api.patch(name, {"spec": spec})

    def prefix(self, name: str) -> str:
        """Say where the job's results lie."""
        job = self.api.job(name)
        assert job is not None
        found: str = job["metadata"]["annotations"][RESULTS_PREFIX_ANNOTATION]
        return found

    def start(self, name: str, *, ago_seconds: float = 0) -> Any:
        """Let the next pod of the job run, and give it."""
        pod = self.api.wait_for_pod(name)
        kubelet.start(self.api, pod, ago_seconds=ago_seconds)
        return pod

    def placed(self, name: str) -> Any:
        """Wait until a pod of the job has a node, and give it."""
        return wait_for(
            lambda: next((pod for pod in self.api.pods(name) if pod.spec.node_name), None), f"{name} to have a node"
        )

    def run(self, name: str, *, ago_seconds: float = 0) -> Any:
        """Let the next pod of the job run, wait until the operator has seen it, and give it."""
        pod = self.start(name, ago_seconds=ago_seconds)
        self.api.wait_for_phase(name, "Processing")
        return pod

    def claim(self, name: str, pod: Any, *, failed: Reason | None = None) -> None:
        """Write what the pod's attempt came to."""
        job, prefix = self.api.job(name), self.prefix(name)
        assert job is not None
        attempt = pod.metadata.name
        if failed is None:
            manifest = a_complete_manifest(job, attempt=attempt, prefix=prefix)
            for output in manifest.outputs:
                self.store.put(output.key, b"abc")
        else:
            manifest = a_failed_manifest(job, failed, attempt=attempt)
        claim_outcome(self.store, prefix, manifest)

    def deliver(self, name: str, pod: Any) -> None:
        """Record that the pod's attempt has copied the results."""
        record = a_delivery(attempt=pod.metadata.name).model_dump_json(by_alias=True)
        self.store.put(keys.delivery(self.prefix(name)), record.encode())

    def complete(self, name: str) -> Raw:
        """Let the next attempt succeed, and wait until the job says so."""
        pod = self.start(name)
        self.claim(name, pod)
        kubelet.end(self.api, pod, exit_code=0)
        return self.api.wait_for_phase(name, "Completed")

    def end(
        self, name: str, pod: Any, exit_code: int, *, said: Reason | None = None, reason: str | None = None
    ) -> None:
        """End a pod without a manifest, with a termination message where the worker had time for one."""
        message = TerminationMessage(reason=said, message=f"It went wrong in {name}.") if said else None
        kubelet.end(self.api, pod, exit_code=exit_code, said=message, reason=reason)

    def next_pod(self, name: str, *, than: Any, timeout_seconds: float = 60) -> Any:
        """Wait for another pod of the job than one there was."""

        def look() -> Any:
            live = (pod for pod in self.api.pods(name) if pod.status.phase in {"Pending", "Running"})
            return next((pod for pod in live if pod.metadata.uid != than.metadata.uid), None)

        return wait_for(look, f"another pod of {name}", timeout_seconds=timeout_seconds)

    def wait_for_condition(self, name: str, kind: str, status: str = "True", *, reason: str | None = None) -> Raw:
        """Wait until a condition of the job is so; gives the job."""

        def holds(job: Raw) -> bool:
            found = (c for c in job.get("status", {}).get("conditions", []) if c["type"] == kind)
            return any(c["status"] == status and reason in {None, c["reason"]} for c in found)

        return self.api.wait_for(name, holds, f"be {kind}={status} {reason or ''}".rstrip())

    def wait_for_ended(self, name: str, count: int = 1) -> Raw:
        """Wait until so many attempts of the job are over; gives the job."""
        return self.api.wait_for(name, lambda job: len(ended_attempts(job)) >= count, f"have ended {count} attempts")

    def wait_for_batch_job(self, name: str, number: int) -> Any:
        """Wait for the Job that follows after so many others; gives it."""
        job = self.api.job(name)
        assert job is not None
        own = f"{name}-{job['metadata']['uid'][:8]}"
        wanted = own if number == 0 else f"{own}-{number}"
        return wait_for(
            lambda: next((found for found in self.api.batch_jobs(name) if found.metadata.name == wanted), None),
            f"the Job {wanted}",
        )

    def wait_for_no_batch_job(self, name: str) -> None:
        """Wait until neither a Job nor a pod of the job is left."""
        wait_for(
            lambda: None if self.api.batch_jobs(name) or self.api.pods(name) else True, f"nothing of {name} to run"
        )

    def told(self, name: str) -> list[tuple[str, str]]:
        """Give kind and reason of the Events that are about the job, in the order in which they were told."""
        events = sorted(self.events(name), key=lambda event: event.metadata.resource_version.rjust(20))
        return [(event.type, event.reason) for event in events]

    def events(self, name: str) -> list[Any]:
        """Read the Events that are about the job."""
        selector = f"involvedObject.kind=TranscriptionJob,involvedObject.name={name}"
        return list(self.api.core.list_namespaced_event(self.api.namespace, field_selector=selector).items)

    def wait_for_event(self, name: str, reason: str) -> Any:
        """Wait for an Event about the job; gives it."""
        return wait_for(
            lambda: next((event for event in self.events(name) if event.reason == reason), None),
            f"the Event {reason} on {name}",
        )

    def remove(self, jobs: list[Raw]) -> None:
        """Delete jobs, confirm of their pods that they are gone, and wait until the jobs are."""
        names = [job["metadata"]["name"] for job in jobs]
        for name in names:
            # One may have been on its way out.
            with suppress(NotFoundException):
                self.api.delete(name)

        def gone() -> bool | None:
            for pod in (pod for name in names for pod in self.api.pods(name)):
                if pod.metadata.deletion_timestamp is not None:
                    kubelet.let_go(self.api, pod)
            return True if not {job["metadata"]["name"] for job in self.api.jobs()} & {*names} else None

        wait_for(gone, f"{', '.join(names)} to go")
