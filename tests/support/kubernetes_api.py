"""A Kubernetes API server as tests speak to it: the official client, and waiting that ends.

Used by the control plane and cluster tiers, which give it a kubeconfig of their own; never the user's. `Api` is bound
to one namespace.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from kubernetes import client, config
from kubernetes.watch import Watch

from steno_types import API_VERSION, GROUP, JOB_LABEL, KIND, PLURAL, VERSION

Raw = dict[str, Any]
T = TypeVar("T")

POLL_SECONDS = 0.1


def wait_for(look: Callable[[], T | None], what: str, *, timeout_seconds: float = 30) -> T:
    """Look again and again until there is something to see; `AssertionError` names `what` never came."""
    deadline = time.monotonic() + timeout_seconds
    while (seen := look()) is None:
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout_seconds} s in vain for {what}")
        time.sleep(POLL_SECONDS)
    return seen


class Api:
    """One namespace of one API server."""

    refusal = client.ApiException
    """What every call raises that the server refuses."""

    def __init__(self, kubeconfig: Path, namespace: str = "default", *, context: str | None = None) -> None:
        new_client: Any = config.new_client_from_config
        self.connection = new_client(str(kubeconfig), context=context)
        self.kubeconfig = kubeconfig
        self.namespace = namespace
        # The client's own annotations want its models where it takes plain dictionaries too.
        self.core: Any = client.CoreV1Api(self.connection)
        self.batch: Any = client.BatchV1Api(self.connection)
        self.custom: Any = client.CustomObjectsApi(self.connection)
        self.extensions: Any = client.ApiextensionsV1Api(self.connection)

    def create_namespace(self, labels: Mapping[str, str] | None = None) -> None:
        """Create the namespace this is bound to."""
        self.core.create_namespace({"metadata": {"name": self.namespace, "labels": dict(labels or {})}})

    def wait_for_quota(self, name: str) -> None:
        """Wait until a ResourceQuota is enforced: its controller has counted what is there."""

        def counted() -> bool | None:
            quota = self.core.read_namespaced_resource_quota(name, self.namespace)
            return (quota.status.hard or {}) == quota.spec.hard or None

        wait_for(counted, f"the quota {name} to be in force")

    # TranscriptionJobs

    def submit(self, name: str, spec: Raw, **metadata: Any) -> Raw:
        """Create a TranscriptionJob."""
        body = {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": name, **metadata}, "spec": spec}
        created: Raw = self.custom.create_namespaced_custom_object(GROUP, VERSION, self.namespace, PLURAL, body)
        return created

    def job(self, name: str) -> Raw | None:
        """Read a TranscriptionJob; None when there is none."""
        try:
            found: Raw = self.custom.get_namespaced_custom_object(GROUP, VERSION, self.namespace, PLURAL, name)
        except client.ApiException as error:
            if error.status == 404:
                return None
            raise
        return found

    def jobs(self) -> list[Raw]:
        """Read the TranscriptionJobs of the namespace."""
        found: list[Raw] = self.custom.list_namespaced_custom_object(GROUP, VERSION, self.namespace, PLURAL)["items"]
        return found

    def patch(self, name: str, change: Raw) -> Raw:
        """Merge `change` into a TranscriptionJob."""
        changed: Raw = self.custom.patch_namespaced_custom_object(
            GROUP, VERSION, self.namespace, PLURAL, name, change
        )
        return changed

    def patch_status(self, name: str, status: Raw | None) -> Raw:
        """Merge `status` into a TranscriptionJob's, as only the operator otherwise does; None removes it."""
        changed: Raw = self.custom.patch_namespaced_custom_object_status(
            GROUP, VERSION, self.namespace, PLURAL, name, {"status": status}
        )
        return changed

    def delete(self, name: str) -> None:
        """Ask for a TranscriptionJob's deletion."""
        self.custom.delete_namespaced_custom_object(GROUP, VERSION, self.namespace, PLURAL, name)

    def wait_for_phase(self, name: str, phase: str, *, timeout_seconds: float = 30) -> Raw:
        """Wait until the job's phase is `phase`."""
        return self.wait_for(
            name, lambda job: job.get("status", {}).get("phase") == phase, f"be {phase}", timeout_seconds
        )

    def wait_for(self, name: str, holds: Callable[[Raw], bool], what: str, timeout_seconds: float = 30) -> Raw:
        """Wait until something holds of a job that is there; gives the job."""

        def look() -> Raw | None:
            job = self.job(name)
            return job if job is not None and holds(job) else None

        return wait_for(look, f"{name} to {what}", timeout_seconds=timeout_seconds)

    def watch_until_gone(self, job: Raw, *, timeout_seconds: int = 30) -> list[Raw]:
        """Watch a job on from how it was read; gives it as each event had it, the last as it was deleted."""
        name = job["metadata"]["name"]
        new_watch: Any = Watch
        stream = new_watch().stream
        events = stream(
            self.custom.list_namespaced_custom_object,
            *(GROUP, VERSION, self.namespace, PLURAL),
            field_selector=f"metadata.name={name}",
            resource_version=job["metadata"]["resourceVersion"],
            timeout_seconds=timeout_seconds,
        )
        seen = []
        for event in events:
            seen.append(event["object"])
            if event["type"] == "DELETED":
                return seen
        raise AssertionError(f"waited {timeout_seconds} s in vain for {name} to go")

    def wait_until_gone(self, name: str, *, timeout_seconds: float = 30) -> None:
        """Wait until there is no such TranscriptionJob any more."""
        wait_for(lambda: True if self.job(name) is None else None, f"{name} to go", timeout_seconds=timeout_seconds)

    # Their Jobs and pods

    def batch_jobs(self, name: str) -> list[Any]:
        """Read the batch/v1 Jobs that carry the job's label."""
        listing = self.batch.list_namespaced_job(self.namespace, label_selector=f"{JOB_LABEL}={name}")
        return list(listing.items)

    def pods(self, name: str) -> list[Any]:
        """Read the pods that carry the job's label."""
        listing = self.core.list_namespaced_pod(self.namespace, label_selector=f"{JOB_LABEL}={name}")
        return list(listing.items)

    def wait_for_pod(self, name: str, *, timeout_seconds: float = 30) -> Any:
        """Wait for a pod of the job that has not ended yet."""

        def look() -> Any:
            return next((pod for pod in self.pods(name) if pod.status.phase in {"Pending", "Running"}), None)

        return wait_for(look, f"a pod of {name}", timeout_seconds=timeout_seconds)
