"""TranscriptionJobs at the API server: the calls that operator and gateway share.

Every method makes one request and raises `KubeError`. Gives and takes the models of `steno_types`; must not know
what a job means.
"""

import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgspec
from pydantic import ValidationError

from steno_kube.api_server import LIST_CHUNK, ApiServer
from steno_kube.errors import KubeUnavailableError, VersionExpiredError, refusal
from steno_kube.resource import Resource
from steno_types import (
    API_VERSION,
    KIND,
    PLURAL,
    Progress,
    TranscriptionJob,
    TranscriptionJobSpec,
    TranscriptionJobStatus,
)

TRANSCRIPTION_JOBS: Final = Resource(API_VERSION, PLURAL)

logger = logging.getLogger(__name__)


def merge_patch(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Give the JSON merge patch (RFC 7386) that makes `old` be `new`, and leaves alone what neither knows."""
    patch: dict[str, Any] = dict.fromkeys(old.keys() - new.keys())
    for field, value in new.items():
        before = old.get(field)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            patch[field] = merge_patch(before, value)
        else:
            patch[field] = value
    return patch


def _parse(raw: Mapping[str, Any]) -> TranscriptionJob:
    return TranscriptionJob.model_validate(raw)


class JobEventKind(StrEnum):
    """What a watch has to say."""

    BEGUN = "BEGUN"
    """The server consents to the watch: it lives. Our own word, not the server's."""
    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"
    BOOKMARK = "BOOKMARK"
    """Nothing more happened up to this version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvent:
    """One event of a watch over many jobs."""

    kind: JobEventKind
    resource_version: str
    """Up to which all has been told."""
    namespace: str = ""
    """Of the job; empty where the event is about none."""
    name: str = ""
    """Of the job; empty where the event is about none."""
    job: TranscriptionJob | None = None
    """The job; None where the event is about none, or about one that this version cannot read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPage:
    """A part of the list of all jobs."""

    jobs: tuple[TranscriptionJob, ...]
    """Those that this version can read."""
    resource_version: str
    """Of the whole list, the same on each page: from where to watch."""
    following: str = ""
    """What the request for the next page has to name; empty: this is the last one."""


class _Metadata(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    namespace: str = ""
    name: str = ""
    following: str = msgspec.field(default="", name="continue")


class _Head(msgspec.Struct):
    """What must be known of an object before it is read in whole."""

    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


class _List(msgspec.Struct):
    metadata: _Metadata
    items: list[msgspec.Raw] | None = None


class _Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


_list_of: Final = msgspec.json.Decoder(_List).decode
_event_of: Final = msgspec.json.Decoder(_Event).decode
_head_of: Final = msgspec.json.Decoder(_Head).decode


def _readable(raw: msgspec.Raw, metadata: _Metadata) -> TranscriptionJob | None:
    """Read a job straight from its JSON, of which most, the managed fields, is nobody's business here."""
    try:
        return TranscriptionJob.model_validate_json(bytes(raw))
    except ValidationError as error:
        key = f"{metadata.namespace}/{metadata.name}"
        logger.warning("%s is no TranscriptionJob this version can read: %s", key, error)
        return None


def _path(job: TranscriptionJob, subresource: str = "") -> str:
    return TRANSCRIPTION_JOBS.one(job.metadata.namespace, job.metadata.name, subresource)


class TranscriptionJobs:
    """The TranscriptionJobs of a cluster."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server

    async def get(self, namespace: str, name: str) -> TranscriptionJob:
        """Read one job, fresh from the server."""
        return _parse(await self._server.get(TRANSCRIPTION_JOBS.one(namespace, name)))

    async def list(self, namespace: str) -> tuple[TranscriptionJob, ...]:
        """Read all jobs of a namespace; one that this version cannot read, a newer one's, is logged and left out."""
        jobs = []
        async for raw in self._server.list(TRANSCRIPTION_JOBS.all(namespace)):
            try:
                jobs.append(_parse(raw))
            except ValidationError as error:
                name = raw.get("metadata", {}).get("name")
                logger.warning("%s/%s is no TranscriptionJob this version can read: %s", namespace, name, error)
        return tuple(jobs)

    async def list_page(self, namespace: str | None, *, following: str = "", limit: int = LIST_CHUNK) -> JobPage:
        """Read one page of the jobs of a namespace, or of all namespaces; the first page is of this very moment.

        Parameters
        ----------
        namespace
            None: all of them.
        following
            Of the page before; empty: the first page.
        limit
            How many jobs it may hold.

        Raises
        ------
        VersionExpiredError
            The pages took so long that the server does not remember that moment any more.
        """
        body = await self._server.page(TRANSCRIPTION_JOBS.all(namespace), limit=limit, following=following)
        try:
            page = _list_of(body)
            jobs = [_readable(raw, _head_of(raw).metadata) for raw in page.items or ()]
        except msgspec.DecodeError as error:
            raise KubeUnavailableError(f"the API server's answer is no list: {error}") from error
        return JobPage(
            jobs=tuple(job for job in jobs if job is not None),
            resource_version=page.metadata.resource_version,
            following=page.metadata.following,
        )

    async def watch_all(
        self, namespace: str | None, *, resource_version: str, timeout_seconds: int, patience_seconds: float
    ) -> AsyncGenerator[JobEvent, None]:
        """Follow the jobs of a namespace, or of all namespaces, from a version on, for one request.

        Parameters
        ----------
        namespace
            None: all of them.
        resource_version
            Of the list, or of the last event.
        timeout_seconds
            After which the server ends the request.
        patience_seconds
            After which it is given up if the server has not; longer than `timeout_seconds`.

        Raises
        ------
        VersionExpiredError
            The server does not remember what happened since, or cannot go on for another reason: list anew.
        """
        path = TRANSCRIPTION_JOBS.all(namespace)
        async with self._server.events(
            path,
            resource_version=resource_version,
            timeout_seconds=timeout_seconds,
            patience_seconds=patience_seconds,
        ) as lines:
            yield JobEvent(kind=JobEventKind.BEGUN, resource_version=resource_version)
            async for line in lines:
                yield _event(line)

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
        raw = {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": {
                "name": name,
                "namespace": namespace,
                "labels": dict(labels or {}),
                "annotations": dict(annotations or {}),
                "finalizers": [*finalizers],
            },
            "spec": spec.to_wire(),
        }
        return _parse(await self._server.create(TRANSCRIPTION_JOBS.all(namespace), raw))

    async def delete(self, namespace: str, name: str, *, uid: str | None = None) -> TranscriptionJob | None:
        """Ask for a job's deletion; its finalizer does the rest.

        Gives the job with its deletion time, or None when it went at once. With `uid` no other job of that name is
        ever deleted: `ConflictError` when there is one.
        """
        raw = await self._server.delete(TRANSCRIPTION_JOBS.one(namespace, name), uid=uid)
        return _parse(raw) if raw.get("kind") == KIND else None

    async def patch_spec(self, job: TranscriptionJob, changes: Mapping[str, Any]) -> TranscriptionJob:
        """Merge `changes`, in the wire's spelling, into the spec of `job`; None takes a field away.

        Raises
        ------
        ConflictError
            The job changed since it was read.
        InvalidResourceError
            A field may not change, or not like that.
        """
        body = {
            "metadata": {"resourceVersion": job.metadata.resource_version, "uid": job.metadata.uid},
            "spec": dict(changes),
        }
        return _parse(await self._server.patch(_path(job), body))

    async def patch_metadata(self, job: TranscriptionJob, metadata: Mapping[str, Any]) -> TranscriptionJob:
        """Merge `metadata` into that of `job`; `ConflictError` when the job changed since it was read."""
        body = {"metadata": {**metadata, "resourceVersion": job.metadata.resource_version, "uid": job.metadata.uid}}
        return _parse(await self._server.patch(_path(job), body))

    async def patch_status(self, job: TranscriptionJob, status: TranscriptionJobStatus) -> TranscriptionJob:
        """Make the status of `job` be `status`; `ConflictError` when the job changed since it was read.

        A field that `status` leaves unset is removed; one that this version does not know is left alone.
        """
        body = {
            "metadata": {"resourceVersion": job.metadata.resource_version, "uid": job.metadata.uid},
            "status": merge_patch(job.status.to_wire(), status.to_wire()),
        }
        return _parse(await self._server.patch(_path(job, "status"), body))

    async def patch_progress(self, job: TranscriptionJob, progress: Progress) -> TranscriptionJob:
        """Make the progress in the status of `job` be `progress`, and nothing else.

        `ConflictError` when the job changed since it was read.
        """
        standing = job.status.progress
        body = {
            "metadata": {"resourceVersion": job.metadata.resource_version, "uid": job.metadata.uid},
            "status": {"progress": merge_patch(standing.to_wire() if standing else {}, progress.to_wire())},
        }
        return _parse(await self._server.patch(_path(job, "status"), body))

    async def watch(
        self, namespace: str, name: str, *, resource_version: str, timeout_seconds: int
    ) -> AsyncGenerator[tuple[str, TranscriptionJob], None]:
        """Follow one job from `resource_version` on: ``(event type, job)`` until it is deleted.

        The server ends each request after `timeout_seconds` and another begins: whoever iterates sets the limit in
        time.
        """
        events = self._server.watch(
            TRANSCRIPTION_JOBS.all(namespace),
            fields=f"metadata.name={name}",
            resource_version=resource_version,
            timeout_seconds=timeout_seconds,
        )
        async with aclosing(events):
            async for kind, raw in events:
                yield kind, _parse(raw)
                if kind == "DELETED":
                    return


def _event(line: bytes) -> JobEvent:
    event = _event_of(line)
    if event.type == "ERROR":
        status = msgspec.json.decode(event.object)
        # Whatever is wrong, this watch has come to its end, and nothing says from where another one could go on.
        raise VersionExpiredError(str(refusal(status.get("code") or 0, status)))
    metadata = _head_of(event.object).metadata
    kind = JobEventKind(event.type)
    if kind is JobEventKind.BOOKMARK:
        return JobEvent(kind=kind, resource_version=metadata.resource_version)
    return JobEvent(
        kind=kind,
        resource_version=metadata.resource_version,
        namespace=metadata.namespace,
        name=metadata.name,
        job=_readable(event.object, metadata),
    )
