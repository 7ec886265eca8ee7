"""An upload goes to the store in parts, a few at once, and leaves nothing when it is given up."""

import asyncio
import hashlib
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from steno_gateway.uploads.memory import UploadMemory
from steno_gateway.uploads.streaming import PARTS_IN_FLIGHT, DigestMismatchError, Upload
from steno_store import MultipartUpload, StoreUnavailableError
from support.object_store import InMemoryObjectStore

KEY = "steno/speech/uploads/u"


class _Gated(InMemoryObjectStore):
    """A store whose parts arrive only when they may."""

    def __init__(self) -> None:
        super().__init__()
        self.may_arrive = threading.Event()
        self.under_way = 0
        self.most_under_way = 0
        self.calls: list[str] = []

    def start_upload(  # type: ignore[override]  # gives the real one's type, as the methods are replaced
        self,
        key: str,
        *,
        content_type: str = "application/octet-stream",
        metadata: Mapping[str, str] | None = None,
    ) -> MultipartUpload:
        upload = super().start_upload(key, content_type=content_type, metadata=metadata)
        send, abort = upload.send, upload.abort

        def gated(number: int, body: bytes | bytearray) -> None:
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
            self.may_arrive.wait(timeout=30)
            send(number, body)
            self.under_way -= 1
            self.calls.append("sent")

        def noted() -> None:
            self.calls.append("aborted")
            abort()

        upload.send, upload.abort = gated, noted  # type: ignore[method-assign]
        return upload


@pytest.mark.parametrize("size", [1, 9, 10, 11, 20, 95], ids=lambda size: f"{size} bytes")
@pytest.mark.parametrize("chunk", [1, 10, 33, 200], ids=lambda size: f"{size} at once")
async def test_parts_make_the_object_whole(size: int, chunk: int) -> None:
    """However the bytes arrive, the object is what was written."""
    store, body = InMemoryObjectStore(), bytes(range(size))

    async with Upload(store, KEY, part_bytes=10, spare=UploadMemory(100, part_bytes=10)) as upload:
        for start in range(0, size, chunk):
            await upload.write(body[start : start + chunk])
        await upload.complete()

    assert {KEY: body} == store.objects
    assert size == upload.size_bytes


async def test_a_slow_store_slows_the_client() -> None:
    """While as many parts as allowed are under way, writing waits: nothing piles up in memory."""
    store = _Gated()
    async with Upload(store, KEY, part_bytes=10, spare=UploadMemory(100, part_bytes=10)) as upload:
        for _ in range(PARTS_IN_FLIGHT):
            await upload.write(b"0123456789")
        blocked = asyncio.ensure_future(upload.write(b"0123456789"))

        done, _ = await asyncio.wait({blocked}, timeout=0.05)

        assert set() == done
        store.may_arrive.set()
        await blocked
        await upload.complete()
    assert PARTS_IN_FLIGHT == store.most_under_way
    assert 30 == len(store.objects[KEY])


async def test_an_upload_that_is_given_up_waits_for_its_parts() -> None:
    """A part that landed after the abort would stay in the store for ever."""
    store = _Gated()
    given_up = asyncio.Event()

    async def give_up() -> None:
        async with Upload(store, KEY, part_bytes=10, spare=UploadMemory(100, part_bytes=10)) as upload:
            await upload.write(b"0123456789" * PARTS_IN_FLIGHT)
            given_up.set()

    task = asyncio.ensure_future(give_up())
    await given_up.wait()
    store.may_arrive.set()
    await task

    assert ["sent"] * PARTS_IN_FLIGHT + ["aborted"] == store.calls
    assert () == store.unfinished


async def test_a_failed_part_is_raised_at_the_next_chance() -> None:
    """What a thread met reaches the request."""
    store = InMemoryObjectStore()
    store.failing, store.failing_calls = StoreUnavailableError("gone"), frozenset({"send"})

    with pytest.raises(StoreUnavailableError, match="gone"):
        async with Upload(store, KEY, part_bytes=10, spare=UploadMemory(100, part_bytes=10)) as upload:
            await upload.write(b"0" * 10 * (PARTS_IN_FLIGHT + 1))

    assert () == store.unfinished


async def test_an_object_that_was_finished_behind_a_lost_answer_goes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the store completes an upload but says otherwise, giving up deletes the object."""
    store = InMemoryObjectStore()
    start = store.start_upload

    def answer_lost(key: str, **options: Any) -> MultipartUpload:
        upload = start(key, **options)
        complete = upload.complete

        def completed_in_silence() -> None:
            complete()
            raise StoreUnavailableError("the connection broke")

        upload.complete = completed_in_silence  # type: ignore[method-assign]
        return upload

    monkeypatch.setattr(store, "start_upload", answer_lost)

    async def request() -> None:
        async with Upload(store, KEY, part_bytes=1) as upload:
            await upload.write(b"01")
            await upload.complete()

    with pytest.raises(StoreUnavailableError):
        await request()

    assert {} == store.objects


async def test_a_cancelled_request_takes_its_upload_back() -> None:
    """A gateway that is told to stop leaves no parts behind."""
    store = InMemoryObjectStore()
    begun = asyncio.Event()

    async def request() -> None:
        async with Upload(store, KEY, part_bytes=1, spare=UploadMemory(100, part_bytes=1)) as upload:
            await upload.write(b"01")
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.ensure_future(request())
    await begun.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert () == store.unfinished


async def test_without_memory_to_spare_an_upload_fills_and_sends_by_turns() -> None:
    """Each upload holds the one part it was let in with, and goes on only once that has landed."""
    store = _Gated()
    memory = UploadMemory(10, part_bytes=10)
    async with memory, Upload(store, KEY, part_bytes=10, spare=memory) as upload:
        await upload.write(b"0123456789")
        blocked = asyncio.ensure_future(upload.write(b"0"))

        done, _ = await asyncio.wait({blocked}, timeout=0.05)

        assert set() == done
        store.may_arrive.set()
        await blocked
        await upload.complete()
    assert 1 == store.most_under_way
    assert b"01234567890" == store.objects[KEY]


async def test_what_was_lent_is_given_back(gateway_memory: UploadMemory) -> None:
    """Whether it ends well or not, an upload leaves the memory as it found it."""
    store = InMemoryObjectStore()
    async with gateway_memory, Upload(store, KEY, part_bytes=10, spare=gateway_memory) as upload:
        await upload.write(b"0" * 95)
        await upload.complete()
    async with gateway_memory, Upload(store, KEY, part_bytes=10, spare=gateway_memory) as upload:
        await upload.write(b"0" * 95)

    assert gateway_memory.limit_bytes == gateway_memory.free_bytes


@pytest.fixture
def gateway_memory() -> UploadMemory:
    """Memory for four parts."""
    return UploadMemory(40, part_bytes=10)


@pytest.mark.parametrize("size", [0, 1, 10, 25], ids=lambda size: f"{size} bytes")
async def test_another_digest_than_announced_keeps_the_object_from_being_made(size: int) -> None:
    """What came is compared before the object can be seen."""
    store = InMemoryObjectStore()

    async def request() -> None:
        async with Upload(store, KEY, part_bytes=10, digest=True) as upload:
            await upload.write(b"0" * size)
            await upload.complete(sha256="ab" * 32)

    with pytest.raises(DigestMismatchError, match=hashlib.sha256(b"0" * size).hexdigest()):
        await request()

    assert ({}, ()) == (store.objects, store.unfinished)
