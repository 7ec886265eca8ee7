"""Jobs and pods in memory: `steno_operator.client` class by class, for tests of what stands above it.

Each derives from the real class only so that mypy compares the signatures; nothing of it is inherited at run time.
"""

from typing import Any

from steno_kube import AlreadyExistsError, KubeError, TranscriptionJobs
from steno_operator.batch_job import batch_job_number
from steno_operator.client import BatchJobs, Events, UploadReaders
from steno_operator.observed import BatchJob, WorkerPod
from steno_operator.plan import Announcement
from steno_types import TranscriptionJob


class InMemoryBatchJobs(BatchJobs):
    """The Jobs and pods of a namespace, as a test lays them out; may be told to fail."""

    def __init__(self, *batch_jobs: BatchJob, pods: tuple[WorkerPod, ...] = ()) -> None:
        self.batch_jobs = {batch_job.name: batch_job for batch_job in batch_jobs}
        self.worker_pods = {pod.name: pod for pod in pods}
        self.failing: KubeError | None = None
        """Raised by every call while it is set, or by those that `failing_calls` names."""
        self.failing_calls: frozenset[str] = frozenset()
        self.calls: list[str] = []
        """Names of the methods called, in order."""
        self.created: list[dict[str, Any]] = []
        """Manifests of the Jobs that were created."""
        self.deleted: list[tuple[str, bool]] = []
        """Names of the Jobs that were deleted, and whether each was to wait for its pods."""
        self.priorities: dict[str, str | None] = {}
        """Priority classes that were set, by Job."""

    async def get(self, namespace: str, name: str) -> BatchJob | None:
        """Read a Job."""
        del namespace  # there is one
        self._meet("get")
        return self.batch_jobs.get(name)

    async def pod(self, namespace: str, name: str) -> WorkerPod | None:
        """Read a pod."""
        del namespace
        self._meet("pod")
        return self.worker_pods.get(name)

    async def pods_of(self, job: TranscriptionJob) -> tuple[WorkerPod, ...]:
        """List the pods of all Jobs of `job`."""
        self._meet("pods_of")
        own = (pod for pod in self.worker_pods.values() if batch_job_number(job, pod.batch_job) is not None)
        return tuple(own)

    async def create(self, manifest: dict[str, Any]) -> BatchJob:
        """Create a Job; `AlreadyExistsError` when there is one of that name."""
        self._meet("create")
        metadata = manifest["metadata"]
        name = metadata["name"]
        if name in self.batch_jobs:
            raise AlreadyExistsError(f'jobs.batch "{name}" already exists')
        (owner,) = metadata["ownerReferences"]
        self.batch_jobs[name] = BatchJob(
            name=name,
            uid=f"uid-{len(self.created)}",
            owner_uid=owner["uid"],
            suspended=manifest["spec"].get("suspend", False),
        )
        self.created.append(manifest)
        return self.batch_jobs[name]

    async def delete(self, namespace: str, name: str, *, waits_for_pods: bool = True) -> None:
        """Delete a Job and its pods; nothing there is no error."""
        del namespace
        self._meet("delete")
        self.deleted.append((name, waits_for_pods))
        self.batch_jobs.pop(name, None)
        self.worker_pods = {pod.name: pod for pod in self.worker_pods.values() if pod.batch_job != name}

    async def delete_pod(self, namespace: str, name: str) -> None:
        """Delete a pod; nothing there is no error."""
        del namespace
        self._meet("delete_pod")
        self.worker_pods.pop(name, None)

    async def set_queue_priority(self, namespace: str, name: str, priority: str | None) -> None:
        """Change a Job's priority class."""
        del namespace
        self._meet("set_queue_priority")
        self.priorities[name] = priority

    def _meet(self, call: str) -> None:
        self.calls.append(call)
        if self.failing is not None and (not self.failing_calls or call in self.failing_calls):
            raise self.failing


class InMemoryEvents(Events):
    """What was told of jobs."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Announcement]] = []
        """Name of the job and what was told of it, in order."""
        self.failing: KubeError | None = None
        """Raised by every call while it is set."""

    async def announce(self, job: TranscriptionJob, announcement: Announcement) -> None:
        """Remember it."""
        if self.failing is not None:
            raise self.failing
        self.told.append((job.metadata.name, announcement))


class InMemoryUploadReaders(UploadReaders):
    """Who reads an upload, of the TranscriptionJobs in memory."""

    def __init__(self, jobs: TranscriptionJobs) -> None:
        self._jobs = jobs

    async def of(self, namespace: str, upload_id: str) -> tuple[str, ...]:
        """Give the uids of the jobs that name the upload and are to stay."""
        return tuple(
            job.metadata.uid
            for job in await self._jobs.list(namespace)
            if job.spec.source.upload is not None
            and job.spec.source.upload.id == upload_id
            and job.metadata.deletion_timestamp is None
        )
