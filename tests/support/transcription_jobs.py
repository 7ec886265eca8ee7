"""TranscriptionJobs in memory: `steno_kube.TranscriptionJobs` method by method, for tests of what stands above it.

Keeps the API server's promises: every change takes the next resourceVersion; a change that changes nothing takes
none; writes with an old resourceVersion or another uid conflict; a merge patch replaces lists and drops what is null;
the status subresource leaves the rest alone and a terminal condition never turns back; a deleted job with finalizers
stays, with its deletionTimestamp, until the last finalizer is gone; a watch replays what happened since the
resourceVersion it is given.

It derives from the real class only so that both fit the same annotations and mypy compares the signatures; nothing of
it is inherited at run time.
"""

import asyncio
import copy
import itertools
import uuid
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pydantic.alias_generators import to_camel

from steno_kube import (
    AlreadyExistsError,
    ConflictError,
    InvalidResourceError,
    JobEvent,
    JobEventKind,
    JobPage,
    KubeError,
    KubeUnavailableError,
    ResourceNotFoundError,
    TranscriptionJobs,
    VersionExpiredError,
)
from steno_kube.transcription_jobs import merge_patch
from steno_types import (
    API_VERSION,
    KIND,
    Progress,
    TranscriptionJob,
    TranscriptionJobSpec,
    TranscriptionJobStatus,
    to_rfc3339,
)
from steno_types.spec import MUTABLE_FIELDS

Raw = dict[str, Any]

_FINAL: Final = frozenset({"Complete", "Failed"})
_REFLECTOR_CALLS: Final = frozenset({"list_page", "watch_all"})
_MUTABLE: Final = frozenset(map(to_camel, MUTABLE_FIELDS))


@dataclass(frozen=True, slots=True)
class _Event:
    version: int
    kind: str
    raw: Raw


class InMemoryTranscriptionJobs(TranscriptionJobs):
    """The TranscriptionJobs of a cluster that exists in this process alone; may be told to fail."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.failing: KubeError | None = None
        """Raised by every call while it is set."""
        self.failing_calls: frozenset[str] = frozenset()
        """Names of the methods that `failing` is about; empty: all of them."""
        self.calls: list[str] = []
        """Names of the methods called, in order; without those of a reflector."""
        self.reflector_calls: list[str] = []
        """Names of the methods that a reflector called, in order."""
        self.now = now
        """Clock of creation and deletion times."""
        self._versions = itertools.count(1)
        self._version = 0
        self._raws: dict[tuple[str, str], Raw] = {}
        self._events: list[_Event] = []
        self._forgotten = 0
        self._changed = asyncio.Event()
        self._called = asyncio.Event()
        self._watches: dict[object, int] = {}
        self._told = asyncio.Event()

    @property
    def jobs(self) -> tuple[TranscriptionJob, ...]:
        """All jobs of all namespaces, by namespace and name."""
        return tuple(_parse(self._raws[key]) for key in sorted(self._raws))

    async def until_called(self, call: str, *, times: int = 1) -> None:
        """Wait until the method `call` has been called as often as that."""
        while (self.calls + self.reflector_calls).count(call) < times:
            await self._called.wait()

    async def until_told(self) -> None:
        """Wait until every open watch of many jobs has told all that happened; at once where none is open."""
        while any(version < self._version for version in self._watches.values()):
            await self._told.wait()

    def break_watches(self) -> None:
        """Let whoever watches notice `failing` now."""
        self._wake()

    def forget_history(self) -> None:
        """Compact the event log, so that a watch from before now is told that its resourceVersion is too old."""
        self._forgotten = self._version
        self._events.clear()

    async def get(self, namespace: str, name: str) -> TranscriptionJob:
        """Read one job."""
        self._meet("get")
        return _parse(self._find(namespace, name))

    async def list(self, namespace: str) -> tuple[TranscriptionJob, ...]:
        """Read all jobs of a namespace."""
        self._meet("list")
        return tuple(job for job in self.jobs if job.metadata.namespace == namespace)

    async def list_page(self, namespace: str | None, *, following: str = "", limit: int = 500) -> JobPage:
        """Read one page of the jobs of a namespace, or of all; the pages of one list are of one moment."""
        self._meet("list_page")
        version, _, skipped = (following or f"{self._version}:0").partition(":")
        if int(version) < self._forgotten:
            raise VersionExpiredError("The provided continue parameter is too old")
        found = [job for job in self._at(int(version)) if namespace in {None, job.metadata.namespace}]
        end = int(skipped) + limit
        return JobPage(
            jobs=tuple(found[int(skipped) : end]),
            resource_version=version,
            following=f"{version}:{end}" if end < len(found) else "",
        )

    async def watch_all(
        self, namespace: str | None, *, resource_version: str, timeout_seconds: int, patience_seconds: float
    ) -> AsyncGenerator[JobEvent, None]:
        """Follow all jobs of a namespace, or of all, from `resource_version` on; never ends by itself."""
        del timeout_seconds, patience_seconds  # the server's
        self._meet("watch_all")
        own, version = object(), int(resource_version)
        self._watches[own] = version
        try:
            yield JobEvent(kind=JobEventKind.BEGUN, resource_version=resource_version)
            while True:
                self._fail("watch_all")
                if version < self._forgotten:
                    raise VersionExpiredError(f"too old resource version: {version} ({self._forgotten})")
                for event in [event for event in self._events if event.version > version]:
                    version = event.version
                    metadata = event.raw["metadata"]
                    if namespace in {None, metadata["namespace"]}:
                        yield JobEvent(
                            kind=JobEventKind(event.kind),
                            resource_version=str(version),
                            namespace=metadata["namespace"],
                            name=metadata["name"],
                            job=_parse(event.raw),
                        )
                self._watches[own] = version
                self._tell()
                await self._changed.wait()
        finally:
            self._watches.pop(own, None)
            self._tell()

    async def create(
        self,
        namespace: str,
        name: str,
        spec: TranscriptionJobSpec,
        *,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        finalizers: Sequence[str] = (),
    ) -> TranscriptionJob:
        """Create a job; `AlreadyExistsError` when the name is taken."""
        self._meet("create")
        if (namespace, name) in self._raws:
            raise AlreadyExistsError(f'transcriptionjobs.steno.dev "{name}" already exists')
        metadata = {
            "name": name,
            "namespace": namespace,
            "uid": str(uuid.uuid4()),
            "generation": 1,
            "creationTimestamp": to_rfc3339(self.now()),
            "labels": dict(labels or {}),
            "annotations": dict(annotations or {}),
            "finalizers": [*finalizers],
        }
        raw: Raw = {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": spec.to_wire()}
        return self._write("ADDED", raw)

    async def delete(self, namespace: str, name: str, *, uid: str | None = None) -> TranscriptionJob | None:
        """Ask for a job's deletion; one without finalizers is gone at once."""
        self._meet("delete")
        raw = copy.deepcopy(self._find(namespace, name))
        metadata = raw["metadata"]
        if uid not in {None, metadata["uid"]}:
            raise ConflictError(f"Precondition failed: UID in precondition: {uid}, UID in object meta: another")
        if not metadata.get("finalizers"):
            self._write("DELETED", raw)
            return None
        if "deletionTimestamp" not in metadata:
            metadata["deletionTimestamp"] = to_rfc3339(self.now())
            metadata["generation"] += 1
            self._write("MODIFIED", raw)
        return _parse(raw)

    async def patch_spec(self, job: TranscriptionJob, changes: Mapping[str, Any]) -> TranscriptionJob:
        """Merge `changes` into the spec of `job`; what the CRD's rules forbid is refused."""
        self._meet("patch_spec")
        old = self._current(job)
        new = copy.deepcopy(old)
        new["spec"] = _merged(old["spec"], changes)
        if new == old:
            return _parse(old)
        if fixed := {f for f in {*old["spec"], *new["spec"]} - _MUTABLE if old["spec"].get(f) != new["spec"].get(f)}:
            raise InvalidResourceError(f"spec.{min(fixed)} is immutable", (f"spec.{min(fixed)}",))
        if old["spec"].get("cancel") and not new["spec"].get("cancel"):
            raise InvalidResourceError("spec.cancel is final once it is true", ("spec.cancel",))
        new["metadata"]["generation"] += 1
        return self._write("MODIFIED", new)

    async def patch_metadata(self, job: TranscriptionJob, metadata: Mapping[str, Any]) -> TranscriptionJob:
        """Merge `metadata` into that of `job`; `ConflictError` when the job changed since it was read."""
        self._meet("patch_metadata")
        old = self._current(job)
        new = copy.deepcopy(old)
        new["metadata"] = _merged(old["metadata"], metadata)
        dying = "deletionTimestamp" in new["metadata"]
        finalizers = new["metadata"].get("finalizers", [])
        if dying and set(finalizers) - set(old["metadata"].get("finalizers", [])):
            raise InvalidResourceError(
                "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted",
                ("metadata.finalizers",),
            )
        if new == old:
            return _parse(old)
        return self._write("DELETED" if dying and not finalizers else "MODIFIED", new)

    async def patch_status(self, job: TranscriptionJob, status: TranscriptionJobStatus) -> TranscriptionJob:
        """Make the status of `job` be `status`; `ConflictError` when the job changed since it was read."""
        self._meet("patch_status")
        old = self._current(job)
        new = copy.deepcopy(old)
        new["status"] = _merged(old.get("status", {}), merge_patch(job.status.to_wire(), status.to_wire()))
        if turned_back := _true_and_final(old) - _true_and_final(new):
            raise InvalidResourceError(f"the condition {min(turned_back)} is final once it is True", ("<nil>",))
        if _true_and_final(new) == _FINAL:
            raise InvalidResourceError("a job is Complete or Failed, never both", ("<nil>",))
        return _parse(old) if new == old else self._write("MODIFIED", new)

    async def patch_progress(self, job: TranscriptionJob, progress: Progress) -> TranscriptionJob:
        """Make the progress of `job` be `progress`; `ConflictError` when the job changed since it was read."""
        self._meet("patch_progress")
        old = self._current(job)
        standing = job.status.progress
        patch = merge_patch(standing.to_wire() if standing else {}, progress.to_wire())
        new = copy.deepcopy(old)
        new["status"] = _merged(old.get("status", {}), {"progress": patch})
        return _parse(old) if new == old else self._write("MODIFIED", new)

    async def watch(
        self, namespace: str, name: str, *, resource_version: str, timeout_seconds: int
    ) -> AsyncGenerator[tuple[str, TranscriptionJob], None]:
        """Follow one job from `resource_version` on, until it is deleted; never ends by itself before."""
        del timeout_seconds  # the server's; the client begins another request, unseen by whoever iterates
        self._meet("watch")
        version = int(resource_version)
        while True:
            if version < self._forgotten:
                raise KubeUnavailableError(f"too old resource version: {version} ({self._forgotten})")
            missed = [event for event in self._events if event.version > version]
            if not missed:
                await self._changed.wait()
                self._fail("watch")
            for event in missed:
                version = event.version
                metadata = event.raw["metadata"]
                if (metadata["namespace"], metadata["name"]) != (namespace, name):
                    continue
                yield event.kind, _parse(event.raw)
                if event.kind == "DELETED":
                    return

    def _meet(self, call: str) -> None:
        (self.reflector_calls if call in _REFLECTOR_CALLS else self.calls).append(call)
        self._called.set()
        self._called = asyncio.Event()
        self._fail(call)

    def _fail(self, call: str) -> None:
        if self.failing is not None and (not self.failing_calls or call in self.failing_calls):
            # A new one each time: a raised exception keeps its traceback.
            raise copy.copy(self.failing)

    def _find(self, namespace: str, name: str) -> Raw:
        try:
            return self._raws[namespace, name]
        except KeyError:
            raise ResourceNotFoundError(f'transcriptionjobs.steno.dev "{name}" not found') from None

    def _current(self, job: TranscriptionJob) -> Raw:
        """Find what `job` is now, unless it is another one or has changed."""
        raw = self._find(job.metadata.namespace, job.metadata.name)
        if raw["metadata"]["uid"] != job.metadata.uid:
            raise ConflictError(f"the uid {job.metadata.uid} is not that of {job.key}")
        if raw["metadata"]["resourceVersion"] != job.metadata.resource_version:
            raise ConflictError(f"{job.key} has been modified")
        return raw

    def _write(self, kind: str, raw: Raw) -> TranscriptionJob:
        self._version = next(self._versions)
        raw["metadata"]["resourceVersion"] = str(self._version)
        key = raw["metadata"]["namespace"], raw["metadata"]["name"]
        if kind == "DELETED":
            del self._raws[key]
        else:
            self._raws[key] = raw
        self._events.append(_Event(self._version, kind, raw))
        self._wake()
        return _parse(raw)

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _tell(self) -> None:
        self._told.set()
        # One that stays set would keep the loop from those who are to set it.
        self._told = asyncio.Event()

    def _at(self, version: int) -> Sequence[TranscriptionJob]:
        """Give all jobs as they were at a version: as they are, and what happened since undone."""
        if version == self._version:
            return self.jobs
        then: dict[tuple[str, str], Raw] = {}
        for event in (event for event in self._events if event.version <= version):
            key = event.raw["metadata"]["namespace"], event.raw["metadata"]["name"]
            if event.kind == "DELETED":
                then.pop(key, None)
            else:
                then[key] = event.raw
        return tuple(_parse(then[key]) for key in sorted(then))


def _parse(raw: Raw) -> TranscriptionJob:
    return TranscriptionJob.model_validate(raw)


def _merged(old: Mapping[str, Any], patch: Mapping[str, Any]) -> Raw:
    """Apply a JSON merge patch (RFC 7396)."""
    new = dict(copy.deepcopy(old))
    for name, value in patch.items():
        if value is None:
            new.pop(name, None)
        elif isinstance(value, Mapping):
            inner = new.get(name)
            new[name] = _merged(inner if isinstance(inner, Mapping) else {}, value)
        else:
            new[name] = _plain(value)
    return new


def _plain(value: Any) -> Any:
    return [*value] if isinstance(value, tuple) else copy.deepcopy(value)


def _true_and_final(raw: Raw) -> set[str]:
    conditions = raw.get("status", {}).get("conditions", [])
    return {c["type"] for c in conditions if c["type"] in _FINAL and c["status"] == "True"}
