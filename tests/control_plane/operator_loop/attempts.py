"""Attempts, played: a job is submitted, its pod starts, says something or nothing, claims its outcome or not, ends.

Used by the tests of this folder. The pods are real, created by the real Job controller; their kubelet is
`support.kubelet`, and what their worker leaves in the store is `support.manifests`'.
"""

from dataclasses import dataclass
from typing import Any

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


@dataclass
class Attempts:
    """The worker's part in one namespace."""

    api: Api
    store: ObjectStore

    def submit(self, name: str, **spec: Any) -> Raw:
        """Create a job and wait for its Job."""
        self.api.submit(name, {**SOURCE, **spec})
        return self.api.wait_for_phase(name, "Queued")

    def prefix(self, name: str) -> str:
        """Say where the job's results lie."""
        job = self.api.job(name)
        assert job is not None
        found: str = job["metadata"]["annotations"][RESULTS_PREFIX_ANNOTATION]
        return found

    def start(self, name: str) -> Any:
        """Let the next pod of the job run, and give it."""
        pod = self.api.wait_for_pod(name)
        kubelet.start(self.api, pod)
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
