"""Jobs and pods in memory: `steno_operator.client` class by class, for tests of what stands above it.

Each derives from the real class only so that mypy compares the signatures; nothing of it is inherited at run time.
"""

from typing import Any

from steno_kube import AlreadyExistsError, KubeError, TranscriptionJobs
from steno_operator.client import BatchJobs, UploadReaders
from steno_operator.observed import BatchJob, WorkerPod


class InMemoryBatchJobs(BatchJobs):
    """The Jobs and pods of a namespace, as a test lays them out; may be told to fail."""

    def __init__(self, batch_job: BatchJob | None = None, pods: tuple[WorkerPod, ...] = ()) -> None:
        self.batch_job = batch_job
        self.worker_pods = pods
        self.failing: KubeError | None = None
        """Raised by every call while it is set."""
        self.calls: list[str] = []
        """Names of the methods called, in order."""
        self.created: list[dict[str, Any]] = []
        """Manifests of the Jobs that were created."""

    async def get(self, namespace: str, name: str) -> BatchJob | None:
        """Read the Job."""
        del namespace  # there is one
        self._meet("get")
        return self.batch_job if self.batch_job is not None and self.batch_job.name == name else None

    async def pods(self, namespace: str, job_name: str, batch_job_name: str) -> tuple[WorkerPod, ...]:
        """Read the pods."""
        del namespace, job_name
        self._meet("pods")
        return tuple(pod for pod in self.worker_pods if pod.name.startswith(f"{batch_job_name}-"))

    async def create(self, manifest: dict[str, Any]) -> None:
        """Create the Job; `AlreadyExistsError` when there is one."""
        self._meet("create")
        if self.batch_job is not None:
            raise AlreadyExistsError(f'jobs.batch "{self.batch_job.name}" already exists')
        metadata = manifest["metadata"]
        (owner,) = metadata["ownerReferences"]
        self.batch_job = BatchJob(name=metadata["name"], uid=f"uid-{len(self.created)}", owner_uid=owner["uid"])
        self.created.append(manifest)

    async def delete(self, namespace: str, name: str) -> None:
        """Delete the Job and its pods; nothing there is no error."""
        del namespace, name
        self._meet("delete")
        self.batch_job, self.worker_pods = None, ()

    def _meet(self, call: str) -> None:
        self.calls.append(call)
        if self.failing is not None:
            raise self.failing


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
