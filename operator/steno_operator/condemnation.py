"""Delete uploads so that no job that comes to use one is left without it (DESIGN, section 4).

Called by `release`, for the upload of a job that goes, and by `sweep`, for uploads that nobody named for long. An
upload may feed several jobs, and a new one may name it at any moment. So it is condemned before the jobs are listed::

    deleter:   put <upload>.condemned ── list the jobs ── named: leave it ─────── delete the marker
                                                       └─ not named: delete it ── delete the marker
    new job:   create the job ── look for upload and marker: gone, or condemned, and the job is taken back

Whichever job the list does not show was created after it, and so sees the marker or finds the upload gone.

An upload has one marker, whoever condemns it. So in one process only one does at a time, or one's pardon would take
away the marker that another still counts on; and only the leader's process does at all.

Knows uploads and their markers; must not know which jobs count, nor why an upload is to go.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable

from steno_kube import KubeError
from steno_operator.keyed_locks import KeyedLocks
from steno_store import Deleted, Layout, ObjectStore, keys


async def delete_unless_named(
    store: ObjectStore,
    layout: Layout,
    namespace: str,
    upload_ids: Collection[str],
    named: Callable[[], Awaitable[Collection[str]]],
    *,
    locks: KeyedLocks,
) -> dict[str, Deleted]:
    """Condemn the uploads, ask who is named, delete the others; waits while another condemns one of them.

    Parameters
    ----------
    named
        Lists the jobs afresh and gives the ids of the uploads that are to stay; called once, after the last marker
        is put.
    locks
        The process's own, of uploads by their keys.

    Returns
    -------
    dict
        What was deleted, by upload id, for each upload that nobody named; versions and unfinished multipart uploads
        count too.

    Raises
    ------
    StoreError
        Some uploads may be deleted, and others condemned still; all of it may be repeated.
    KubeError
        The jobs could not be listed: nothing is deleted, and no marker stays.
    """
    async with locks.hold([layout.upload(namespace, upload_id) for upload_id in upload_ids]):
        return await _delete_unless_named(store, layout, namespace, upload_ids, named)


async def _delete_unless_named(
    store: ObjectStore,
    layout: Layout,
    namespace: str,
    upload_ids: Collection[str],
    named: Callable[[], Awaitable[Collection[str]]],
) -> dict[str, Deleted]:
    for upload_id in upload_ids:
        await asyncio.to_thread(store.put, layout.condemned(namespace, upload_id), b"")
    try:
        stay = await named()
    except KubeError:
        await _pardon(store, layout, namespace, upload_ids)
        raise
    await _pardon(store, layout, namespace, [upload_id for upload_id in upload_ids if upload_id in stay])
    deleted = {}
    for upload_id in upload_ids:
        if upload_id not in stay:
            deleted[upload_id] = await asyncio.to_thread(store.delete, layout.upload(namespace, upload_id))
            await asyncio.to_thread(_clear, store, layout, namespace, upload_id)
    return deleted


def _clear(store: ObjectStore, layout: Layout, namespace: str, upload_id: str) -> None:
    """Take all markers of a deleted upload away, those too of gateways that did not get further; blocks."""
    for found in [*store.list(layout.markers(namespace, upload_id))]:
        if keys.is_marker(found.key):
            store.delete(found.key)


async def _pardon(store: ObjectStore, layout: Layout, namespace: str, upload_ids: Iterable[str]) -> None:
    """Take the markers away."""
    for upload_id in upload_ids:
        await asyncio.to_thread(store.delete, layout.condemned(namespace, upload_id))
