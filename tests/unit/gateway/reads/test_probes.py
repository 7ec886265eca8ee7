"""The probes: alive always, ready while the API server and the bucket answer."""

import pytest

from steno_gateway.readiness import KEPT_SECONDS, Readiness
from steno_kube import KubeForbiddenError, KubeUnavailableError
from steno_store import StoreUnavailableError
from support.gateway import NAMESPACE, Gateway, kind_of, problem_of
from support.object_store import InMemoryObjectStore
from support.transcription_jobs import InMemoryTranscriptionJobs


async def test_an_outage_elsewhere_does_not_end_the_gateway(gateway: Gateway) -> None:
    """The liveness probe asks nobody."""
    gateway.jobs.failing, gateway.store.failing = KubeUnavailableError("gone"), StoreUnavailableError("gone")

    response = await gateway.client.get("/healthz")

    assert (200, {"status": "ok"}) == (response.status_code, response.json())


async def test_a_gateway_whose_neighbours_answer_is_ready(gateway: Gateway) -> None:
    """A job that is not there is an answer too."""
    response = await gateway.client.get("/readyz")

    assert (200, {"status": "ok"}) == (response.status_code, response.json())


@pytest.mark.parametrize(
    ("api_server", "store", "detail"),
    [
        pytest.param(KubeUnavailableError("x"), None, "No answer from the Kubernetes API server.", id="API server"),
        pytest.param(KubeForbiddenError("x"), None, "No answer from the Kubernetes API server.", id="permission"),
        pytest.param(None, StoreUnavailableError("x"), "No answer from the object store.", id="store"),
        pytest.param(
            KubeUnavailableError("x"),
            StoreUnavailableError("x"),
            "No answer from the Kubernetes API server and from the object store.",
            id="both",
        ),
    ],
)
async def test_what_is_away_is_named(
    gateway: Gateway, api_server: KubeUnavailableError | None, store: StoreUnavailableError | None, detail: str
) -> None:
    """A gateway that cannot work says what it misses."""
    gateway.jobs.failing, gateway.store.failing = api_server, store

    response = await gateway.client.get("/readyz")

    assert (503, "not-ready", None) == kind_of(response)
    assert detail == problem_of(response)["detail"]


async def test_an_answer_is_kept_for_a_moment() -> None:
    """Many probes cost one question; after the moment the next one asks again."""
    now = 0.0
    jobs, store = InMemoryTranscriptionJobs(), InMemoryObjectStore()
    readiness = Readiness(jobs, store, namespace=NAMESPACE, clock=lambda: now)
    first = await readiness.away()
    store.failing = StoreUnavailableError("gone")
    soon = await readiness.away()
    now = KEPT_SECONDS + 0.1

    later = await readiness.away()

    assert ((), (), ("the object store",)) == (first, soon, later)
    assert ["get", "get"] == jobs.calls
