"""One upload that two condemn at once: they take turns, so that neither takes the other's marker away."""

import asyncio
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor

import pytest

from steno_operator.condemnation import delete_unless_named
from steno_operator.keyed_locks import KeyedLocks
from steno_store import Deleted
from support.builders import LAYOUT, NAMESPACE, UPLOAD_ID
from support.object_store import InMemoryObjectStore
from unit.sweeping.broom import CONDEMNED, GRACE, UPLOAD, Broom

OTHER_ID = "cd" * 16
OTHER = LAYOUT.upload(NAMESPACE, OTHER_ID)


async def let_others_go_on() -> None:
    """Let every other task do what it can; the store is asked in one thread, so in turn."""
    for _ in range(20):
        await asyncio.to_thread(lambda: None)


@pytest.fixture(autouse=True)
async def _one_thread() -> None:
    """One thread for all that blocks."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))


class Looking(InMemoryObjectStore):
    """Sees whether an upload is condemned when it is deleted."""

    condemned: list[bool]

    def delete(self, key: str) -> Deleted:
        """Delete one object."""
        if key == UPLOAD:
            self.condemned.append(self.exists(CONDEMNED))
        return super().delete(key)


async def test_a_pardon_is_never_the_others() -> None:
    """One finds the upload named and pardons it; the other, who finds it unnamed after that, deletes it condemned."""
    store, locks = Looking(), KeyedLocks()
    store.condemned = []
    store.put(UPLOAD, b"12345")
    pardoned = asyncio.Event()

    async def still_named() -> Collection[str]:
        await let_others_go_on()
        return (UPLOAD_ID,)

    async def named_no_more() -> Collection[str]:
        await pardoned.wait()
        return ()

    async def pardon() -> None:
        await delete_unless_named(store, LAYOUT, NAMESPACE, (UPLOAD_ID,), still_named, locks=locks)
        pardoned.set()

    deleting = delete_unless_named(store, LAYOUT, NAMESPACE, (UPLOAD_ID,), named_no_more, locks=locks)
    _, deleted = await asyncio.gather(pardon(), deleting)

    assert [True] == store.condemned
    assert {UPLOAD_ID: Deleted(objects=1, size_bytes=5)} == deleted
    assert ({}, 0) == (store.objects, len(locks))


async def test_whoever_wants_several_waits_for_each() -> None:
    """Two who want the same uploads, in other orders, both come to their end."""
    store, locks = InMemoryObjectStore(), KeyedLocks()
    store.put(UPLOAD, b"12345")
    store.put(OTHER, b"12345")

    async def nobody() -> Collection[str]:
        await let_others_go_on()
        return ()

    orders = ((UPLOAD_ID, OTHER_ID), (OTHER_ID, UPLOAD_ID), (OTHER_ID,))
    calls = (delete_unless_named(store, LAYOUT, NAMESPACE, ids, nobody, locks=locks) for ids in orders)
    deleted = await asyncio.gather(*calls)

    assert 2 == sum(one.objects for each in deleted for one in each.values())
    assert ({}, 0) == (store.objects, len(locks))


async def test_another_upload_is_not_waited_for() -> None:
    """Only who wants the same waits."""
    store, locks = InMemoryObjectStore(), KeyedLocks()
    store.put(OTHER, b"12345")

    async def nobody() -> Collection[str]:
        return ()

    async with locks.hold([UPLOAD]):
        deleted = await delete_unless_named(store, LAYOUT, NAMESPACE, (OTHER_ID,), nobody, locks=locks)

    assert [OTHER_ID] == [*deleted]


async def test_the_sweep_waits_while_a_release_condemns() -> None:
    """It shares the locks that it is given with the releases of its process."""
    locks = KeyedLocks()
    broom = Broom(condemning=locks)
    broom.store.put(UPLOAD, b"12345")
    await broom.sweep()

    async with locks.hold([UPLOAD]):
        sweeping = asyncio.create_task(broom.sweep(after=GRACE))
        await let_others_go_on()
        assert (False, True) == (broom.store.exists(CONDEMNED), broom.store.exists(UPLOAD))

    assert 1 == (await sweeping).uploads


async def test_who_gives_up_lets_go() -> None:
    """A failure, or the end of the task, frees the upload."""
    locks = KeyedLocks()
    for error in (RuntimeError("no"), asyncio.CancelledError()):
        with pytest.raises(type(error)):
            async with locks.hold([UPLOAD, OTHER]):
                raise error

    assert 0 == len(locks)
