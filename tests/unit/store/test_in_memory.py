"""The store in memory mirrors the real one, and fails when told to."""

import inspect
from collections.abc import Callable

import pytest

from steno_store import MultipartUpload, ObjectStore, StoreForbiddenError, StoreUnavailableError
from support.object_store import InMemoryObjectStore, InMemoryUpload


def own_methods(real: type) -> list[str]:
    """Names of the public methods of a class, but for its constructors."""
    return [name for name, member in vars(real).items() if not name.startswith("_") and inspect.isfunction(member)]


@pytest.mark.parametrize(
    ("real", "fake", "name"),
    [
        pytest.param(real, fake, name, id=f"{real.__name__}.{name}")
        for real, fake in ((ObjectStore, InMemoryObjectStore), (MultipartUpload, InMemoryUpload))
        for name in own_methods(real)
    ],
)
def test_every_method_is_its_own(real: type, fake: type, name: str) -> None:
    """No call falls through to the real class, and each takes the same arguments."""
    assert name in vars(fake)
    assert inspect.signature(getattr(real, name)).parameters == inspect.signature(getattr(fake, name)).parameters


CALLS: list[tuple[str, Callable[[InMemoryObjectStore], object]]] = [
    ("check", lambda store: store.check()),
    ("head", lambda store: store.head("a/k")),
    ("exists", lambda store: store.exists("a/k")),
    ("get", lambda store: store.get("a/k")),
    ("stream", lambda store: store.stream("a/k")),
    ("put", lambda store: store.put("a/k", b"")),
    ("put_if_absent", lambda store: store.put_if_absent("a/k", b"")),
    ("start_upload", lambda store: store.start_upload("a/k")),
    ("presigned_url", lambda store: store.presigned_url("a/k", expires_seconds=1)),
    ("list", lambda store: list(store.list("a/"))),
    ("list_directories", lambda store: list(store.list_directories("a/"))),
    ("unfinished_keys", lambda store: store.unfinished_keys("a/")),
    ("delete", lambda store: store.delete("a/k")),
    ("delete_prefix", lambda store: store.delete_prefix("a/")),
    ("is_empty", lambda store: store.is_empty("a/")),
]


@pytest.mark.parametrize(("name", "call"), CALLS, ids=[name for name, _ in CALLS])
def test_every_call_fails_when_told_to(name: str, call: Callable[[InMemoryObjectStore], object]) -> None:
    """The given error is raised again and again, until it is taken back; or by the named calls alone."""
    store = InMemoryObjectStore()
    store.put("a/k", b"1")
    store.failing = StoreUnavailableError("the store is down")
    for _ in range(2):
        with pytest.raises(StoreUnavailableError, match="the store is down"):
            call(store)

    store.failing_calls = frozenset({"another"})
    call(store)
    store.failing_calls = frozenset({name})
    with pytest.raises(StoreUnavailableError):
        call(store)
    store.failing = None
    call(store)


@pytest.mark.parametrize(("name", "call"), CALLS[1:], ids=[name for name, _ in CALLS[1:]])
def test_every_call_about_a_forbidden_key_is_refused(
    name: str, call: Callable[[InMemoryObjectStore], object]
) -> None:
    """Keys under a forbidden prefix are refused, others are not."""
    store = InMemoryObjectStore()
    store.put("a/k", b"1")
    store.forbidden_prefixes = ("b/", "a/")
    with pytest.raises(StoreForbiddenError, match=name):
        call(store)

    store.forbidden_prefixes = ("b/",)
    call(store)


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda upload: upload.send(2, b""), id="send"),
        pytest.param(lambda upload: upload.complete(), id="complete"),
        pytest.param(lambda upload: upload.received(), id="received"),
        pytest.param(lambda upload: upload.sign(1, size_bytes=5, expires_seconds=1), id="sign"),
        pytest.param(lambda upload: upload.abort(), id="abort"),
    ],
)
def test_an_upload_fails_with_its_store(call: Callable[[InMemoryUpload], object]) -> None:
    """Parts, completion and abort meet the same outage, and the upload outlives it."""
    store = InMemoryObjectStore()
    upload = store.start_upload("u/ab")
    upload.send(1, b"words")
    store.failing = StoreUnavailableError("the store is down")
    with pytest.raises(StoreUnavailableError):
        call(upload)
    assert ("u/ab",) == store.unfinished

    store.failing = None
    upload.complete()

    assert {"u/ab": b"words"} == store.objects
    assert not store.unfinished
