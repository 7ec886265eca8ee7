"""The worker's part that counts for the operator: a manifest in the store before the pod ends.

Called by `life`, `ends` and `finished`, beside kwok, whose pods do nothing. Must not know how the operator works.
"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Final, Self

from benchmarks.api_server import Raw
from benchmarks.operator.objects import job_of
from steno_store import Layout, ObjectStore, claim_outcome
from support.manifests import a_complete_manifest

WRITERS: Final = 8
"""Manifests written at once."""


class Workers:
    """Writes the manifest of a job as soon as its pod runs; fed by a watch of pods.

    A context manager: at its end all that was begun is written.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._layout = Layout("steno")
        self._threads = ThreadPoolExecutor(WRITERS, "worker")
        self._jobs: dict[str, Raw] = {}
        self._pods: dict[str, str] = {}
        self._writing: dict[str, asyncio.Future[float]] = {}

    def know(self, job: Raw) -> None:
        """Take note of a TranscriptionJob as the API server answered its creation."""
        self._jobs[job["metadata"]["name"]] = job
        self._work(job["metadata"]["name"])

    def saw(self, pod: Raw) -> None:
        """Look at a pod, and play its worker if it runs."""
        if pod.get("status", {}).get("phase") == "Running":
            self._pods[job_of(pod)] = pod["metadata"]["name"]
            self._work(job_of(pod))

    async def late(self, ended: dict[str, float]) -> list[str]:
        """Name the jobs whose pods ended before their manifests were written; `ended` says when, by job."""
        written = {name: await writing for name, writing in self._writing.items()}
        return [name for name, at in ended.items() if name not in written or written[name] > at]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._threads.shutdown()

    def _work(self, name: str) -> None:
        """Begin to write a job's manifest once job and pod are known: on a busy machine either may come first."""
        if name in self._jobs and name in self._pods and name not in self._writing:
            loop = asyncio.get_running_loop()
            self._writing[name] = loop.run_in_executor(self._threads, self._write, self._jobs[name], self._pods[name])

    async def write(self, job: Raw, attempt: str) -> None:
        """Write a job's manifest now, in the name of an attempt."""
        await asyncio.get_running_loop().run_in_executor(self._threads, self._write, job, attempt)

    def _write(self, job: Raw, attempt: str) -> float:
        metadata = job["metadata"]
        prefix = self._layout.results(metadata["namespace"], metadata["name"], metadata["uid"])
        claim_outcome(self._store, prefix, a_complete_manifest(job, attempt=attempt, prefix=prefix))
        return time.monotonic()
