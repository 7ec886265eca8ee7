"""What the watches showed last: hints of where to look, and of what is worth looking at.

Fed by `handlers` with raw objects and at the start by `process`, asked by `observe` and `controller`. A hint is never
evidence: what it names is read before anything is done about it, and one that leads nowhere is forgotten. Two things
rest on it: that a job's pods are found without listing a namespace, and that an event which says nothing new costs
next to nothing. Single event loop; memory is a few hundred bytes an object.

An event is asked about twice. `passes`, as it arrives, before kopf knows of it: what can say nothing new goes no
further. `saw`, when kopf's handler is called with it, which may be some events later: what it says is taken in. So
that neither forgets what the other has still to hear, an event is held back only while its object is *at rest*: all
that was let through of it has been taken in (docs/adr/0014).
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import msgspec

from steno_types import JOB_LABEL, RESULTS_PREFIX_ANNOTATION, TranscriptionJob

Raw = Mapping[str, Any]

Kind = Literal["transcriptionjobs", "jobs", "pods"]

Id = tuple[Kind, str, str]
"""An object: its kind, its namespace, its name."""

ON_THE_WAY: Final = frozenset({None, "ContainerCreating", "PodInitializing"})
"""Why a container waits whose pod is all right."""

OWN_WRITES: Final = 8
"""Resource versions of own writes that are remembered for a job; their events follow within a second."""


def key_of(kind: Kind, raw: Raw) -> str:
    """Give the key of the job that an object is, or belongs to."""
    metadata = raw["metadata"]
    name = metadata["name"] if kind == "transcriptionjobs" else metadata["labels"][JOB_LABEL]
    return f"{metadata['namespace']}/{name}"


@dataclass(slots=True)
class Children:
    """Names of what a job has, or had."""

    batch_jobs: set[str] = field(default_factory=set)
    pods: set[str] = field(default_factory=set)


class Sightings:
    """The last sight of each object that the operator watches."""

    def __init__(self) -> None:
        self._children: defaultdict[str, Children] = defaultdict(Children)
        self._digests: dict[Id, int] = {}
        self._at_rest: dict[Id, int] = {}
        """What its events said last, of objects of which none is on its way through kopf."""
        self._let_through: dict[Id, str] = {}
        """Version of the last event of an object that was let through and not yet taken in."""
        self._new: dict[str, Raw] = {}
        self._created: set[tuple[str, str]] = set()
        self._own: defaultdict[str, list[str]] = defaultdict(list)

    def passes(self, kind: Kind, raw: Raw, *, gone: bool = False) -> bool:
        """Whether an event of a watch, as it arrives, can say anything new; what does not is thereby taken in."""
        metadata = raw["metadata"]
        version = metadata.get("resourceVersion", "")
        own = kind, metadata["namespace"], metadata["name"]
        if not gone:
            digest, gist = _summed_up(kind, raw)
            if self._says_nothing(own, raw, version, gist):
                self._digests[own] = digest
                self._at_rest[own] = gist
                return False
        self._at_rest.pop(own, None)
        self._let_through[own] = version
        return True

    def listed(self, kind: str, namespace: str | None) -> None:
        """Take note that a watch begins anew with a list: its objects are told of from there, at rest or not."""
        for known in (self._at_rest, self._let_through):
            for own in [own for own in known if own[0] == kind and namespace in {None, own[1]}]:
                del known[own]

    def saw(self, kind: Kind, raw: Raw, *, gone: bool = False) -> str | None:
        """Take an object in; gives the key of its job where something about it is new, and None otherwise."""
        metadata = raw["metadata"]
        namespace, name = metadata["namespace"], metadata["name"]
        key = key_of(kind, raw)
        if gone:
            self._forget(kind, namespace, name, key)
            return key
        if kind != "transcriptionjobs":
            self._names(kind, key).add(name)
        own = kind, namespace, name
        digest, gist = _summed_up(kind, raw)
        if self._let_through.get(own) == metadata.get("resourceVersion", ""):
            del self._let_through[own]
            self._at_rest[own] = gist
        else:
            # Of a list, or not the last one: there is more to come, in its turn.
            self._at_rest.pop(own, None)
        before = self._digests.get(own)
        self._digests[own] = digest
        if kind == "transcriptionjobs":
            if self._is_own_write(key, metadata.get("resourceVersion", "")):
                return None
            if _is_new(raw):
                self._new[key] = raw
            else:
                self._new.pop(key, None)
        if before is None and self._is_expected(kind, namespace, name, raw):
            return None
        return None if digest == before else key

    def children(self, key: str) -> Children:
        """Give the names of a job's Jobs and pods as last heard of; both sets may be stale either way."""
        return self._children.get(key) or Children()

    def lost(self, kind: Kind, key: str, name: str) -> None:
        """Forget what is not there: its deletion went unheard."""
        self._forget(kind, key.partition("/")[0], name, key)

    def created(self, key: str, batch_job: str) -> None:
        """Remember a Job that was just created, before its event comes."""
        self._children[key].batch_jobs.add(batch_job)
        self._created.add((key.partition("/")[0], batch_job))

    def wrote(self, job: TranscriptionJob) -> None:
        """Remember the version of a job that the operator itself wrote: its event says nothing new."""
        own = self._own[job.key]
        own.append(job.metadata.resource_version)
        del own[:-OWN_WRITES]

    def take_new(self, key: str) -> TranscriptionJob | None:
        """Give a job that nobody has touched since its creation, once: there is nothing beside it to be read.

        Its first write carries its resourceVersion, so one that has changed meanwhile is read like any other.
        """
        raw = self._new.pop(key, None)
        return TranscriptionJob.model_validate(raw) if raw is not None else None

    def _says_nothing(self, own: Id, raw: Raw, version: str, gist: int) -> bool:
        kind, namespace, name = own
        resting = self._at_rest.get(own)
        if resting is None:
            # A Job that was just created, as it was created: what else kopf has of it would have left a digest.
            unheard_of = kind == "jobs" and own not in self._digests and own not in self._let_through
            return unheard_of and self._is_expected(kind, namespace, name, raw)
        if kind != "transcriptionjobs":
            return resting == gist
        key = f"{namespace}/{name}"
        # One that is new is given to its first decision as it is by then.
        return key not in self._new and (self._is_own_write(key, version) or resting == gist)

    def _is_own_write(self, key: str, version: str) -> bool:
        own = self._own.get(key, [])
        if version not in own:
            return False
        del own[: own.index(version) + 1]
        return True

    def _is_expected(self, kind: Kind, namespace: str, name: str, raw: Raw) -> bool:
        """Whether a Job or pod that is seen for the first time is as its job's status says already."""
        if kind == "jobs":
            known = (namespace, name) in self._created
            self._created.discard((namespace, name))
            suspended = raw.get("spec", {}).get("suspend")
            return known and not (suspended or raw.get("status", {}).get("conditions"))
        return kind == "pods" and is_on_its_way(raw)

    def _names(self, kind: Kind, key: str) -> set[str]:
        children = self._children[key]
        return children.pods if kind == "pods" else children.batch_jobs

    def _forget(self, kind: Kind, namespace: str, name: str, key: str) -> None:
        for known in (self._digests, self._at_rest, self._let_through):
            known.pop((kind, namespace, name), None)
        self._created.discard((namespace, name))
        if kind == "transcriptionjobs":
            self._new.pop(key, None)
            self._own.pop(key, None)
            return
        self._names(kind, key).discard(name)
        children = self._children[key]
        if not (children.pods or children.batch_jobs):
            del self._children[key]


def is_on_its_way(raw: Raw) -> bool:
    """Whether a pod is on its way from the scheduler to its container, as pods are for seconds."""
    metadata, status = raw["metadata"], raw.get("status", {})
    conditions = {c["type"]: c["status"] for c in status.get("conditions", [])}
    waiting = [container.get("state", {}).get("waiting") for container in status.get("containerStatuses", [])]
    return (
        status.get("phase", "Pending") == "Pending"
        and "deletionTimestamp" not in metadata
        and conditions.get("DisruptionTarget") != "True"
        and conditions.get("PodScheduled") != "False"
        and all(state is not None and state.get("reason") in ON_THE_WAY for state in waiting)
    )


def _is_new(raw: Raw) -> bool:
    metadata = raw["metadata"]
    annotated = RESULTS_PREFIX_ANNOTATION in metadata.get("annotations", {})
    return not (annotated or raw.get("status") or "deletionTimestamp" in metadata)


def _summed_up(kind: Kind, raw: Raw) -> tuple[int, int]:
    """Give a digest of what a decision could turn on, and one of all that any handler looks at."""
    digest = hash(_RELEVANT[kind](raw))
    # Which pods have a node is the roster's business alone.
    return digest, hash((digest, bool(raw.get("spec", {}).get("nodeName")))) if kind == "pods" else digest


def _encoded(value: Any) -> bytes:
    return msgspec.json.encode(value, order="deterministic")


def _of_job(raw: Raw) -> bytes:
    """All of a job but its progress: that is told by those who make it."""
    metadata = raw["metadata"]
    identity = [
        metadata.get(name) for name in ("uid", "generation", "deletionTimestamp", "finalizers", "annotations")
    ]
    status = {name: value for name, value in raw.get("status", {}).items() if name != "progress"}
    return _encoded([identity, status])


def _of_batch_job(raw: Raw) -> bytes:
    metadata, status = raw["metadata"], raw.get("status", {})
    conditions = [(c["type"], c["status"]) for c in status.get("conditions", [])]
    identity = [metadata.get(name) for name in ("uid", "deletionTimestamp", "labels")]
    return _encoded([identity, raw.get("spec", {}).get("suspend"), conditions])


def _of_pod(raw: Raw) -> bytes:
    metadata, status = raw["metadata"], raw.get("status", {})
    if is_on_its_way(raw):
        return _encoded([metadata.get("uid"), "on its way"])
    conditions = [
        (c["type"], c["status"], c.get("reason"))
        for c in status.get("conditions", [])
        if c["type"] in {"PodScheduled", "DisruptionTarget"}
    ]
    states = [container.get("state") for container in status.get("containerStatuses", [])]
    return _encoded([metadata.get("uid"), metadata.get("deletionTimestamp"), status.get("phase"), conditions, states])


_RELEVANT: Final = {"transcriptionjobs": _of_job, "jobs": _of_batch_job, "pods": _of_pod}
