"""Jobs and their pods at the API server. Gives plain values (`observed`), takes plain manifests."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from steno_kube import ApiServer, Resource, ResourceNotFoundError
from steno_operator.batch_job import CONTAINER, QUEUE_PRIORITY_LABEL, batch_job_number
from steno_operator.observed import BatchJob, WorkerPod
from steno_types import JOB_LABEL, TerminationMessage, TranscriptionJob

JOBS: Final = Resource("batch/v1", "jobs")
PODS: Final = Resource("v1", "pods")

JOB_NAME_LABEL: Final = "batch.kubernetes.io/job-name"
"""On every pod of a Job, by the Job controller (since Kubernetes 1.27): the Job's name."""

Raw = dict[str, Any]


class BatchJobs:
    """Jobs and their pods."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server

    async def get(self, namespace: str, name: str) -> BatchJob | None:
        """Read a Job, fresh from the server; None when there is none of that name."""
        try:
            return _batch_job(await self._server.get(JOBS.one(namespace, name)))
        except ResourceNotFoundError:
            return None

    async def pod(self, namespace: str, name: str) -> WorkerPod | None:
        """Read a pod, fresh from the server; None when there is none of that name."""
        try:
            return _worker_pod(await self._server.get(PODS.one(namespace, name)))
        except ResourceNotFoundError:
            return None

    async def pods_of(self, job: TranscriptionJob) -> tuple[WorkerPod, ...]:
        """List the pods of all Jobs of `job`, fresh from the server; oldest first.

        The Jobs' names tell them from those of an earlier TranscriptionJob of the same name.
        """
        listing = self._server.list(PODS.all(job.metadata.namespace), labels=f"{JOB_LABEL}={job.metadata.name}")
        pods = [_worker_pod(raw) async for raw in listing]
        own = [pod for pod in pods if batch_job_number(job, pod.batch_job) is not None]
        return tuple(sorted(own, key=lambda pod: pod.created.timestamp() if pod.created else 0.0))

    async def create(self, manifest: Raw) -> BatchJob:
        """Create a Job, and give it; `AlreadyExistsError` when the name is taken."""
        return _batch_job(await self._server.create(JOBS.all(manifest["metadata"]["namespace"]), manifest))

    async def delete(self, namespace: str, name: str, *, waits_for_pods: bool = True) -> None:
        """Delete a Job and its pods; one that is gone already is no error.

        Where it waits for its pods, it stays to be seen until they are gone.
        """
        propagation = "Foreground" if waits_for_pods else "Background"
        try:
            await self._server.delete(JOBS.one(namespace, name), propagation=propagation)
        except ResourceNotFoundError:
            return

    async def delete_pod(self, namespace: str, name: str) -> None:
        """Delete a pod; one that is gone already is no error."""
        try:
            await self._server.delete(PODS.one(namespace, name))
        except ResourceNotFoundError:
            return

    async def set_queue_priority(self, namespace: str, name: str, priority: str | None) -> None:
        """Change Kueue's priority class of a Job; None: take it away."""
        patch = {"metadata": {"labels": {QUEUE_PRIORITY_LABEL: priority}}}
        await self._server.patch(JOBS.one(namespace, name), patch)


def _batch_job(raw: Raw) -> BatchJob:
    metadata, status = raw["metadata"], raw.get("status") or {}
    owner = next((o for o in metadata.get("ownerReferences") or () if o.get("controller")), None)
    conditions = {c["type"]: c for c in status.get("conditions") or () if c["status"] == "True"}
    failed = conditions.get("Failed")
    return BatchJob(
        name=metadata["name"],
        uid=metadata["uid"],
        owner_uid=owner["uid"] if owner else None,
        created=_moment(metadata.get("creationTimestamp")),
        complete="Complete" in conditions,
        failed=failed is not None,
        failure_message=(failed.get("message") or "") if failed else "",
        deleting="deletionTimestamp" in metadata,
        suspended=bool((raw.get("spec") or {}).get("suspend")),
        queue_priority=(metadata.get("labels") or {}).get(QUEUE_PRIORITY_LABEL),
    )


def _worker_pod(raw: Raw) -> WorkerPod:
    metadata, status = raw["metadata"], raw.get("status") or {}
    conditions = {c["type"]: c for c in status.get("conditions") or ()}
    scheduled, disruption = conditions.get("PodScheduled"), conditions.get("DisruptionTarget")
    has_node = scheduled is not None and scheduled["status"] == "True"
    # By name: whatever a cluster injects beside it says nothing about the work.
    containers = status.get("containerStatuses") or ()
    worker = next((container for container in containers if container["name"] == CONTAINER), None)
    disrupted = disruption is not None and disruption["status"] == "True"
    pod = WorkerPod(
        name=metadata["name"],
        batch_job=(metadata.get("labels") or {}).get(JOB_NAME_LABEL, ""),
        created=_moment(metadata.get("creationTimestamp")),
        scheduled=_moment(scheduled.get("lastTransitionTime")) if scheduled is not None and has_node else None,
        failed=status.get("phase") == "Failed",
        failure_reason=status.get("reason") or "",
        failure_message=status.get("message") or "",
        disruption=(disruption.get("reason") or "Unknown") if disruption is not None and disrupted else "",
        deletion=_moment(metadata.get("deletionTimestamp")),
    )
    if worker is not None:
        return replace(pod, **_of_container(worker))
    if scheduled is not None and not has_node:
        reason, message = scheduled.get("reason") or "Unschedulable", scheduled.get("message") or ""
        return replace(pod, waiting_reason=reason, waiting_message=message)
    return pod


def _of_container(container: Raw) -> Raw:
    """Give what the worker's container says of its pod."""
    state = container.get("state") or {}
    if (ended := state.get("terminated")) is not None:
        return {
            "started": _moment(ended.get("startedAt")),
            "finished": _moment(ended.get("finishedAt")),
            "exit_code": ended["exitCode"],
            "termination": _termination(ended.get("message")),
            "out_of_memory": ended.get("reason") == "OOMKilled",
        }
    if (running := state.get("running")) is not None:
        return {"started": _moment(running.get("startedAt"))}
    waiting = state.get("waiting") or {}
    return {"waiting_reason": waiting.get("reason") or "", "waiting_message": waiting.get("message") or ""}


def _moment(spelled: str | None) -> datetime | None:
    """Read a ``metav1.Time``; the server spells one that is not set as null, or not at all."""
    return datetime.fromisoformat(spelled) if spelled else None


def _termination(message: str | None) -> TerminationMessage | None:
    """Read the worker's last word; what is not its JSON (the runtime's own words) is none."""
    try:
        return TerminationMessage.model_validate_json(message) if message else None
    except ValidationError:
        return None
