"""The jobs of one namespace, as last seen. No I/O, and no doubt about what is newer.

Fed and read by `cache.JobCache`, followed by `changes.Changes`.

Resource versions are compared as decimal integers. Kubernetes says since 1.35 that clients may, for objects of one
type (KEP-5504), and any API server that keeps custom resources in etcd, or in what stands in for etcd, has always
numbered them so. That makes all of this simple: what has the higher version is newer, whoever brought it.
"""

import time
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from weakref import WeakSet

from steno_gateway.reads.changes import Change, Changes
from steno_types import Phase, TranscriptionJob, TranscriptionJobStatus, derive_phase

TOMBSTONE_SECONDS: Final = 600.0
"""For which a deletion is remembered: longer than any answer is under way that could bring the job back."""

TOMBSTONES_MOST: Final = 5_000
"""Deletions remembered in one namespace, with some 4 kB each."""

_CREATED_UNKNOWN: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Record:
    """One job, and what is asked of it most."""

    job: TranscriptionJob
    version: int
    """Its resourceVersion."""
    sequence: int
    """The gateway's own count of changes."""
    phase: Phase

    @classmethod
    def of(cls, job: TranscriptionJob, sequence: int = 0) -> "Record":
        """Make one of a job."""
        return cls(job, version_of(job), sequence, derive_phase(job.status.conditions))

    @property
    def gone(self) -> bool:
        """Whether the job is being deleted: to clients it does not exist any more."""
        return self.job.metadata.deletion_timestamp is not None

    @property
    def rank(self) -> tuple[datetime, str]:
        """Creation time and name: the order of lists, and what a page's cursor holds."""
        return self.job.metadata.creation_timestamp or _CREATED_UNKNOWN, self.job.metadata.name


@dataclass(frozen=True, slots=True)
class _Tombstone:
    job: TranscriptionJob
    version: int
    sequence: int
    at: float


def version_of(job: TranscriptionJob) -> int:
    """Give the job's resourceVersion as what it is: a number."""
    return int(job.metadata.resource_version)


class Room:
    """The jobs of one namespace.

    Parameters
    ----------
    clock
        Monotonic seconds.
    since
        resourceVersion of the list before which nothing is known of the namespace; 0: of the first that comes.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, since: int = 0) -> None:
        self._clock = clock
        self._records: dict[str, Record] = {}
        """By name, in the order of their changes."""
        self._tombstones: dict[str, _Tombstone] = {}
        """By name, in the order of the deletions."""
        self._dead: dict[str, float] = {}
        """By uid: when the deletion was heard of. A uid is given once; whatever brings it again is late."""
        self._ranks: list[tuple[datetime, str]] = []
        self._readers: dict[str | None, WeakSet[Changes]] = {}
        self.sequence = 0
        """Of the last change."""
        self.unfinished: dict[str, TranscriptionJob] = {}
        """Those that wait or run, by name."""
        self.forgotten_sequence = 0
        """Deletions up to this one are not remembered."""
        self.forgotten_version = since
        """The same as a resourceVersion."""
        self.ending = False
        """Whether readers are to stop."""

    def find(self, name: str) -> Record | None:
        """Give what is known of a job."""
        return self._records.get(name)

    def newest_first(self) -> list[Record]:
        """Give all, by creation time, then name, backwards."""
        return [self._records[name] for _, name in reversed(self._ranks)]

    def jobs(self) -> list[TranscriptionJob]:
        """Give all, in no order."""
        return [record.job for record in self._records.values()]

    def __len__(self) -> int:
        return len(self._records)

    def put(self, job: TranscriptionJob) -> bool:
        """Take a job in, unless something newer is known; says whether it was news."""
        metadata = job.metadata
        old = self._records.get(metadata.name)
        version = version_of(job)
        if metadata.uid in self._dead or (old is not None and version <= old.version):
            return False
        if old is not None and old.job.metadata.uid != metadata.uid:
            self.bury(old.job, version)
            old = None
        self.sequence += 1
        record = Record.of(job, self.sequence)
        if old is None:
            insort(self._ranks, record.rank)
            self._tombstones.pop(metadata.name, None)
        else:
            # So that it goes to the end: dicts keep the place of what they have.
            del self._records[metadata.name]
        self._records[metadata.name] = record
        if job.status.terminal is None and not record.gone:
            self.unfinished[metadata.name] = job
        else:
            self.unfinished.pop(metadata.name, None)
        self._wake(metadata.name)
        return True

    def bury(self, job: TranscriptionJob, version: int) -> None:
        """Take note that a job was deleted, `version` being that of the deletion."""
        metadata = job.metadata
        self._dead[metadata.uid] = self._clock()
        record = self._records.get(metadata.name)
        if record is not None and record.job.metadata.uid == metadata.uid:
            self._remove(record)
            self.sequence += 1
            end = TranscriptionJobStatus(conditions=job.status.conditions, release=job.status.release)
            self._tombstones[metadata.name] = _Tombstone(
                job.model_copy(update={"status": end}), version, self.sequence, self._clock()
            )
            self._wake(metadata.name)
        self._prune()

    def lose(self, name: str) -> None:
        """Forget a job that can no longer be read: neither as it was, nor as if it were deleted."""
        if (record := self._records.get(name)) is not None:
            self._remove(record)

    def replace(self, jobs: Iterable[TranscriptionJob], version: int, *, history_is_other: bool) -> None:
        """Take in the list of all jobs: what it lacks is gone, unless it came later than the list.

        Parameters
        ----------
        jobs, version
            The list, and its resourceVersion.
        history_is_other
            Whether versions went backwards, as after etcd was restored from a backup: then the list alone counts.
        """
        if history_is_other:
            self._dead.clear()
            self._tombstones.clear()
            self.sequence += 1
            self.forgotten_sequence = self.sequence
            for record in [*self._records.values()]:
                self._remove(record)
        present = set()
        for job in jobs:
            present.add(job.metadata.name)
            self.put(job)
        for record in [*self._records.values()]:
            if record.job.metadata.name not in present and record.version <= version:
                self.bury(record.job, version)
        if history_is_other or self.forgotten_version == 0:
            self.forgotten_version = version

    def change(self, name: str) -> Change | None:
        """Give the last change of a job."""
        if (record := self._records.get(name)) is not None:
            return Change(job=record.job, gone=record.gone, sequence=record.sequence)
        if (stone := self._tombstones.get(name)) is not None:
            return Change(job=stone.job, gone=True, deleted=True, sequence=stone.sequence)
        return None

    def present(self) -> list[tuple[int, str]]:
        """Name the jobs that there are to clients, with their last change."""
        return [(record.sequence, name) for name, record in self._records.items() if not record.gone]

    def changed_after(self, sequence: int) -> list[tuple[int, str]]:
        """Name the jobs that changed after one change, those that were deleted among them, in that order."""
        found: list[tuple[int, str]] = []
        every: tuple[dict[str, Record] | dict[str, _Tombstone], ...] = (self._records, self._tombstones)
        for changed in every:
            for name in reversed(changed):
                at = changed[name].sequence
                if at <= sequence:
                    break
                found.append((at, name))
        return sorted(found)

    def sequence_at(self, version: int) -> int | None:
        """Say after which change somebody goes on who knows all up to a resourceVersion; None: that is forgotten."""
        if version < self.forgotten_version:
            return None
        later: list[Record | _Tombstone] = [*self._records.values(), *self._tombstones.values()]
        return min((entry.sequence for entry in later if entry.version > version), default=self.sequence + 1) - 1

    def follow(self, name: str | None, after: int | None = None) -> Changes:
        """Give a reader of one job, or of all; of what comes after a change, or of how they are and what comes."""
        reader = Changes(self, name, after)
        # Weak, so that a reader that is dropped needs no farewell.
        self._readers.setdefault(name, WeakSet()).add(reader)
        return reader

    def end(self) -> None:
        """Let all readers stop."""
        self.ending = True
        for readers in self._readers.values():
            for reader in readers:
                reader.wake()

    def _wake(self, name: str) -> None:
        for key in (name, None):
            readers = self._readers.get(key)
            if readers is None:
                continue
            if not readers:
                del self._readers[key]
            for reader in readers:
                reader.wake()

    def _remove(self, record: Record) -> None:
        name = record.job.metadata.name
        del self._records[name]
        self.unfinished.pop(name, None)
        at = bisect_left(self._ranks, record.rank)
        if at < len(self._ranks) and self._ranks[at] == record.rank:
            del self._ranks[at]

    def _prune(self) -> None:
        """Forget deletions that are long ago, or too many."""
        oldest_kept = self._clock() - TOMBSTONE_SECONDS
        while self._tombstones:
            name, stone = next(iter(self._tombstones.items()))
            if stone.at >= oldest_kept and len(self._tombstones) <= TOMBSTONES_MOST:
                break
            del self._tombstones[name]
            self.forgotten_sequence = max(self.forgotten_sequence, stone.sequence)
            self.forgotten_version = max(self.forgotten_version, stone.version)
        while self._dead:
            uid, at = next(iter(self._dead.items()))
            if at >= oldest_kept:
                break
            del self._dead[uid]
