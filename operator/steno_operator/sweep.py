"""The sweep: delete what lies in the store and no job names, such as uploads that were abandoned (DESIGN, section 4).

Run by `process` in the leader. For each namespace that it watches, and only while this installation owns the prefix::

    list uploads and results ─ list the jobs ─ unnamed: put a marker; named: take it away
                                               marker older than the grace ─ list the jobs again
                                                                             still unnamed: delete it, then its marker

The store is listed before the jobs: results come after their job, so a job that the list does not show is gone. What
could not be listed to its end is not acted upon. An upload is condemned before the second list (`condemnation`), as a
job that does not exist yet may come to name it; results belong to a job from the start, and a restored one is found
by the second list.

Names that neither the gateway nor the operator could have made are left alone, and so is all beside ``uploads/`` and
``jobs/``. Job lists include jobs that are being deleted: their release is under way.
"""

import asyncio
import logging
import random
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, NoReturn

from steno_kube import KubeError
from steno_operator.client import JobReferences, Namespaces
from steno_operator.condemnation import delete_unless_named
from steno_operator.keyed_locks import KeyedLocks
from steno_operator.leadership import LeadershipLostError
from steno_operator.names import Names, is_directory, is_upload_id
from steno_operator.unnamed import Markers
from steno_store import Deleted, Layout, ObjectStore, Owner, StoreError, claim_prefix
from steno_store.keys import without_marker

GRACE_SECONDS: Final = 86_400.0
"""For which something must have been unnamed before it is deleted: a day for whoever uploads first and submits later,
or restores jobs from a backup."""

EVERY_SECONDS: Final = 3600.0
"""Between two sweeps; far below the grace, and a few lists for each namespace."""

FIRST_SECONDS: Final = 60.0
"""Within which a new leader sweeps for the first time, so that leaders that do not last sweep too."""

JITTER: Final = 0.1
"""By which share of its pause a sweep comes sooner or later, so that many installations do not sweep in step."""

UPLOADS_BATCH: Final = 50
"""Uploads that are condemned together, for one list of the jobs."""

RESULTS_BATCH: Final = 10
"""Results that are deleted after one list of the jobs: few, as a job restored after it is not seen."""

_NAMESPACE: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")

logger = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Sweep:
    """What one sweep did and left, for the metrics."""

    owned: bool
    """Whether the prefix is this installation's; nothing is done otherwise."""
    uploads: int = 0
    """Uploads that were deleted."""
    results: int = 0
    """Jobs' results that were deleted."""
    objects: int = 0
    """Objects in them: versions, delete markers and unfinished uploads counted too."""
    size_bytes: int = 0
    """Bytes of the objects and versions."""
    pending: int = 0
    """Uploads and results that nobody names and that are still there."""
    failed: list[str] = field(default_factory=list)
    """Namespaces that something went wrong with; what was not done there is done by a later sweep."""

    def add(self, deleted: Deleted) -> None:
        """Count what a deletion took along."""
        self.objects += deleted.objects
        self.size_bytes += deleted.size_bytes


class Sweeper:
    """Sweeps, again and again.

    Parameters
    ----------
    store, layout
        What is swept.
    references
        What the jobs of a namespace name.
    cluster, own_namespace
        Where the operator runs: the uid of its own namespace is the installation's id.
    watched
        The namespaces whose jobs this operator serves; None: all of the cluster, and then those are swept that occur
        in the store.
    still_leader
        Whether this process may act; asked before every deletion.
    condemning
        The process's own locks of uploads, by key.
    grace_seconds
        For which something must have been unnamed.
    now
        Wall clock; its times are compared with those of earlier sweeps, in markers, and so are the store's own: one
        of the two may be wrong (`unnamed`).
    pause
        Waits for as many seconds.
    """

    def __init__(
        self,
        *,
        store: ObjectStore,
        layout: Layout,
        references: JobReferences,
        cluster: Namespaces,
        own_namespace: str,
        watched: Sequence[str] | None,
        still_leader: Callable[[], bool],
        condemning: KeyedLocks,
        grace_seconds: float = GRACE_SECONDS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._layout = layout
        self._references = references
        self._cluster = cluster
        self._own_namespace = own_namespace
        self._watched = watched
        self._still_leader = still_leader
        self._condemning = condemning
        self._grace_seconds = grace_seconds
        self._now = now
        self._pause = pause
        self._said: Owner | None = None

    async def run(
        self, *, every_seconds: float = EVERY_SECONDS, swept: Callable[[Sweep], None] = lambda _: None
    ) -> NoReturn:
        """Sweep until cancelled; `swept` is told of each sweep that came to its end. Errors are logged."""
        await self._pause(random.uniform(0, min(FIRST_SECONDS, every_seconds)))  # noqa: S311 -- jitter, not a secret
        while True:
            try:
                swept(await self.sweep())
            except (KubeError, StoreError, LeadershipLostError) as error:
                logger.warning("the sweep did not come to its end, and is repeated: %s", error)
            except Exception:
                # Whatever is wrong with the sweep, jobs are served all the same.
                logger.exception("the sweep failed, and is repeated")
            await self._pause(every_seconds * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311 -- the same

    async def sweep(self) -> Sweep:
        """Sweep every namespace once; one that fails is logged and does not keep the others from it.

        Raises
        ------
        LeadershipLostError
            Another may act now.
        KubeError, StoreError
            Nobody knows who owns the prefix, or which namespaces are in it; nothing is done.
        """
        self._insist()
        if not await self._owns():
            return Sweep(owned=False)
        done = Sweep(owned=True)
        for namespace in await self._namespaces():
            try:
                await self._sweep_namespace(namespace, done)
            except (KubeError, StoreError) as error:
                done.failed.append(namespace)
                logger.warning("the sweep of the namespace %s ended early, and is repeated: %s", namespace, error)
        if done.objects:
            logger.info(
                "swept %d uploads and the results of %d jobs: %d objects, %d bytes",
                done.uploads,
                done.results,
                done.objects,
                done.size_bytes,
            )
        return done

    def _insist(self) -> None:
        if not self._still_leader():
            raise LeadershipLostError("another may act now, so this process sweeps no more")

    async def _owns(self) -> bool:
        installation = await self._cluster.uid(self._own_namespace)
        owner = await asyncio.to_thread(
            claim_prefix,
            self._store,
            self._layout,
            installation=installation,
            namespace=self._own_namespace,
            now=self._now(),
        )
        owned = owner.installation == installation
        if self._said is None or self._said.installation != owner.installation:
            self._say(owner, owned=owned)
        self._said = owner
        return owned

    def _say(self, owner: Owner, *, owned: bool) -> None:
        where = self._store.uri(self._layout.root)
        if owned:
            logger.info("%s is this installation's, and is swept", where)
            return
        logger.warning(
            "%s belongs to another installation (of the namespace %s with the uid %s, since %s), and is not swept. "
            "Give each installation its own STENO_STORE_PREFIX; if that one is gone for good, delete the object %s",
            where,
            owner.namespace,
            owner.installation,
            owner.claimed.isoformat(),
            self._store.uri(self._layout.owner),
        )

    async def _namespaces(self) -> tuple[str, ...]:
        """Give the watched namespaces; where that is all of them, those that occur in the store."""
        if self._watched is not None:
            return tuple(self._watched)
        root = self._layout.root
        listed = await asyncio.to_thread(lambda: [*self._store.list_directories(root)])
        names = (directory.removeprefix(root).removesuffix("/") for directory in listed)
        return tuple(name for name in names if _NAMESPACE.fullmatch(name))

    async def _sweep_namespace(self, namespace: str, done: Sweep) -> None:
        # In this order; the module's docstring says why.
        found = await asyncio.to_thread(self._found, namespace)
        unnamed = found - await self._references.of(namespace)
        self._insist()
        markers = Markers(self._store, self._layout, namespace)
        due = await asyncio.to_thread(markers.settle, unnamed, self._now(), self._grace_seconds)
        done.pending += len(unnamed)
        for uploads in _batches(due.uploads, UPLOADS_BATCH):
            await self._delete_uploads(namespace, uploads, done)
            await asyncio.to_thread(markers.remove, Names(uploads=frozenset(uploads)))
            done.pending -= len(uploads)
        for results in _batches(due.results, RESULTS_BATCH):
            await self._delete_results(namespace, results, done)
            await asyncio.to_thread(markers.remove, Names(results=frozenset(results)))
            done.pending -= len(results)

    def _found(self, namespace: str) -> Names:
        """Read what there is, whole or unfinished, or condemned by whoever did not get further; blocks."""
        uploads, results = self._layout.uploads(namespace), self._layout.all_results(namespace)
        unfinished = self._store.unfinished_keys(self._layout.namespace(namespace))
        keys = {found.key for found in self._store.list(uploads)} | unfinished
        ids = {without_marker(key.removeprefix(uploads)) for key in keys if key.startswith(uploads)}
        below = {*self._store.list_directories(results), *(key for key in unfinished if key.startswith(results))}
        directories = {key.removeprefix(results).partition("/")[0] for key in below}
        return Names(
            uploads=frozenset(filter(is_upload_id, ids)), results=frozenset(filter(is_directory, directories))
        )

    async def _delete_uploads(self, namespace: str, upload_ids: Sequence[str], done: Sweep) -> None:
        self._insist()

        async def named() -> frozenset[str]:
            names = await self._references.of(namespace)
            self._insist()
            return names.uploads

        deleted = await delete_unless_named(
            self._store, self._layout, namespace, upload_ids, named, locks=self._condemning
        )
        for upload in deleted.values():
            done.uploads += 1
            done.add(upload)

    async def _delete_results(self, namespace: str, directories: Sequence[str], done: Sweep) -> None:
        named = (await self._references.of(namespace)).results
        for directory in directories:
            if directory in named:
                continue
            self._insist()
            prefix = f"{self._layout.all_results(namespace)}{directory}/"
            deleted = await asyncio.to_thread(self._store.delete_prefix, prefix)
            logger.info("%s: no job names it: %d objects deleted", self._store.uri(prefix), deleted.objects)
            done.results += 1
            done.add(deleted)


def _batches(names: frozenset[str], size: int) -> Iterator[Sequence[str]]:
    """Give the names in order, a few at a time."""
    ordered = sorted(names)
    return (ordered[start : start + size] for start in range(0, len(ordered), size))
