"""A store that fails in the middle of an upload is the cluster's fault, and nothing of the upload stays."""

import pytest

from steno_gateway.uploads.memory import PART_BYTES
from steno_store import StoreError, StoreForbiddenError, StoreUnavailableError
from support.gateway import FORM_TYPE, NAMESPACE, Gateway, a_file, a_form, kind_of

SMALL = b"sound"
LARGE = b"\0" * (PART_BYTES + 1)
HEADERS = {"Content-Type": FORM_TYPE}
FAILURES = [
    pytest.param(StoreUnavailableError("no route"), (503, "store-unavailable", None), id="away"),
    pytest.param(StoreForbiddenError("secret-key is wrong"), (503, "store-refuses", None), id="forbidden"),
]
CALLS = [
    pytest.param("put", SMALL, id="put"),
    pytest.param("start_upload", LARGE, id="start"),
    pytest.param("send", LARGE, id="send"),
    pytest.param("complete", LARGE, id="complete"),
]


@pytest.mark.parametrize(("failure", "problem"), FAILURES)
@pytest.mark.parametrize(("call", "recording"), CALLS)
@pytest.mark.parametrize("by_form", [True, False], ids=["form", "raw"])
async def test_a_failing_store_is_the_clusters_fault(
    gateway: Gateway,
    failure: StoreError,
    problem: tuple[int, str, str | None],
    *,
    call: str,
    recording: bytes,
    by_form: bool,
) -> None:
    """The client is told to come back, not what the store said; nothing is left of the upload."""
    gateway.store.failing, gateway.store.failing_calls = failure, frozenset({call})

    if by_form:
        response = await gateway.client.post("/transcribe", headers=HEADERS, content=a_form(a_file(recording)))
    else:
        response = await gateway.client.put("/uploads/talk.wav", content=recording)

    assert problem == kind_of(response)
    assert str(failure) not in response.text
    assert response.headers["Retry-After"].isdecimal()
    assert ({}, ()) == (gateway.uploads(), gateway.jobs.jobs)
    assert gateway.context.upload_slots.limit_bytes == gateway.context.upload_slots.free_bytes


async def test_a_store_that_cannot_even_forget_is_survived(gateway: Gateway) -> None:
    """With the store gone in mid-upload the answer is the first failure, and the log has the rest."""
    gateway.store.failing = StoreUnavailableError("no route")
    gateway.store.failing_calls = frozenset({"send", "abort"})

    response = await gateway.client.post("/transcribe", headers=HEADERS, content=a_form(a_file(LARGE)))

    assert (503, "store-unavailable", None) == kind_of(response)
    assert () == gateway.jobs.jobs
    assert gateway.context.layout.upload(NAMESPACE, "")[:-1] in gateway.store.unfinished[0]


async def test_an_upload_whose_plan_cannot_be_kept_is_given_up(gateway: Gateway) -> None:
    """Nobody could go on with it."""
    gateway.store.failing, gateway.store.failing_calls = StoreUnavailableError("no route"), frozenset({"put"})

    response = await gateway.client.post("/uploads", json={"bytes": 9})

    assert (503, "store-unavailable", None) == kind_of(response)
    assert {} == gateway.uploads()
