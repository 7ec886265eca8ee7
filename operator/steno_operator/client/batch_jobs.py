"""Jobs and their pods at the API server. Gives plain values (`observed`), takes plain manifests."""

from dataclasses import replace
from typing import Any, Final, cast

from lightkube import AsyncClient
from lightkube.models.core_v1 import ContainerStatus
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import Pod
from lightkube.types import CascadeType, PatchType
from pydantic import ValidationError

from steno_kube import ResourceNotFoundError, translated
from steno_operator.batch_job import CONTAINER, QUEUE_PRIORITY_LABEL, batch_job_number
from steno_operator.observed import BatchJob, WorkerPod
from steno_types import JOB_LABEL, TerminationMessage, TranscriptionJob

JOB_NAME_LABEL: Final = "batch.kubernetes.io/job-name"
"""On every pod of a Job, by the Job controller (since Kubernetes 1.27): the Job's name."""

LIST_CHUNK: Final = 500
"""Objects per page of a list; client-go's default."""


class BatchJobs:
    """Jobs and their pods."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def get(self, namespace: str, name: str) -> BatchJob | None:
        """Read a Job, fresh from the server; None when there is none of that name."""
        try:
            with translated():
                return _batch_job(await self._client.get(Job, name, namespace=namespace))
        except ResourceNotFoundError:
            return None

    async def pod(self, namespace: str, name: str) -> WorkerPod | None:
        """Read a pod, fresh from the server; None when there is none of that name."""
        try:
            with translated():
                return _worker_pod(await self._client.get(Pod, name, namespace=namespace))
        except ResourceNotFoundError:
            return None

    async def pods_of(self, job: TranscriptionJob) -> tuple[WorkerPod, ...]:
        """List the pods of all Jobs of `job`, fresh from the server; oldest first.

        The Jobs' names tell them from those of an earlier TranscriptionJob of the same name.
        """
        with translated():
            listing = self._client.list(
                Pod,
                namespace=job.metadata.namespace,
                labels={JOB_LABEL: job.metadata.name},
                chunk_size=LIST_CHUNK,
            )
            pods = [_worker_pod(pod) async for pod in listing]
        own = [pod for pod in pods if batch_job_number(job, pod.batch_job) is not None]
        return tuple(sorted(own, key=lambda pod: pod.created.timestamp() if pod.created else 0.0))

    async def create(self, manifest: dict[str, Any]) -> BatchJob:
        """Create a Job, and give it; `AlreadyExistsError` when the name is taken."""
        batch_job = cast("Job", Job.from_dict(manifest))
        with translated():
            return _batch_job(await self._client.create(batch_job))

    async def delete(self, namespace: str, name: str, *, waits_for_pods: bool = True) -> None:
        """Delete a Job and its pods; one that is gone already is no error.

        Where it waits for its pods, it stays to be seen until they are gone.
        """
        cascade = CascadeType.FOREGROUND if waits_for_pods else CascadeType.BACKGROUND
        try:
            with translated():
                await self._client.delete(Job, name, namespace=namespace, cascade=cascade)
        except ResourceNotFoundError:
            return

    async def delete_pod(self, namespace: str, name: str) -> None:
        """Delete a pod; one that is gone already is no error."""
        try:
            with translated():
                await self._client.delete(Pod, name, namespace=namespace)
        except ResourceNotFoundError:
            return

    async def set_queue_priority(self, namespace: str, name: str, priority: str | None) -> None:
        """Change Kueue's priority class of a Job; None: take it away."""
        patch = {"metadata": {"labels": {QUEUE_PRIORITY_LABEL: priority}}}
        with translated():
            await self._client.patch(Job, name, patch, namespace=namespace, patch_type=PatchType.MERGE)


def _batch_job(raw: Job) -> BatchJob:
    if raw.metadata is None or raw.metadata.name is None or raw.metadata.uid is None:
        raise ValueError("the API server sent a Job without name or uid")
    owner = next((o for o in raw.metadata.ownerReferences or [] if o.controller), None)
    conditions = {c.type: c for c in (raw.status.conditions if raw.status else None) or [] if c.status == "True"}
    failed = conditions.get("Failed")
    return BatchJob(
        name=raw.metadata.name,
        uid=raw.metadata.uid,
        owner_uid=owner.uid if owner else None,
        created=raw.metadata.creationTimestamp,
        complete="Complete" in conditions,
        failed=failed is not None,
        failure_message=(failed.message or "") if failed else "",
        deleting=raw.metadata.deletionTimestamp is not None,
        suspended=bool(raw.spec and raw.spec.suspend),
        queue_priority=(raw.metadata.labels or {}).get(QUEUE_PRIORITY_LABEL),
    )


def _worker_pod(raw: Pod) -> WorkerPod:
    if raw.metadata is None or raw.metadata.name is None:
        raise ValueError("the API server sent a pod without a name")
    metadata, status = raw.metadata, raw.status
    conditions = {c.type: c for c in (status.conditions if status else None) or []}
    scheduled, disruption = conditions.get("PodScheduled"), conditions.get("DisruptionTarget")
    has_node = scheduled is not None and scheduled.status == "True"
    containers = (status.containerStatuses if status else None) or []
    # By name: whatever a cluster injects beside it says nothing about the work.
    worker = next((container for container in containers if container.name == CONTAINER), None)
    pod = WorkerPod(
        name=raw.metadata.name,
        batch_job=(metadata.labels or {}).get(JOB_NAME_LABEL, ""),
        created=metadata.creationTimestamp,
        scheduled=scheduled.lastTransitionTime if scheduled is not None and has_node else None,
        failed=status is not None and status.phase == "Failed",
        failure_reason=(status.reason if status else None) or "",
        failure_message=(status.message if status else None) or "",
        disruption=(disruption.reason or "Unknown") if disruption is not None and disruption.status == "True" else "",
        deletion=metadata.deletionTimestamp,
    )
    if worker is not None:
        return replace(pod, **_of_container(worker))
    if scheduled is not None and not has_node:
        return replace(
            pod, waiting_reason=scheduled.reason or "Unschedulable", waiting_message=scheduled.message or ""
        )
    return pod


def _of_container(container: ContainerStatus) -> dict[str, Any]:
    """Give what the worker's container says of its pod."""
    state = container.state
    if state is not None and state.terminated is not None:
        ended = state.terminated
        return {
            "started": ended.startedAt,
            "finished": ended.finishedAt,
            "exit_code": ended.exitCode,
            "termination": _termination(ended.message),
            "out_of_memory": ended.reason == "OOMKilled",
        }
    if state is not None and state.running is not None:
        return {"started": state.running.startedAt}
    waiting = state.waiting if state else None
    return {
        "waiting_reason": (waiting.reason or "") if waiting else "",
        "waiting_message": (waiting.message or "") if waiting else "",
    }


def _termination(message: str | None) -> TerminationMessage | None:
    """Read the worker's last word; what is not its JSON (the runtime's own words) is none."""
    try:
        return TerminationMessage.model_validate_json(message) if message else None
    except ValidationError:
        return None
