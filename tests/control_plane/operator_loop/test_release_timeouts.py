"""Releases that something holds up, on a real control plane: said in a condition, and given up in the end."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from control_plane.conftest import MakeOperator, account_of, new_namespace
from control_plane.operator_loop.attempts import SOURCE, Attempts, condition
from local_cluster.control_plane import ControlPlane
from local_cluster.object_stores import MinioServer
from steno_store import ObjectStore
from support import kubelet
from support.kubernetes_api import Api, wait_for

RELEASE_TIMEOUT_SECONDS = "3"


@dataclass(frozen=True)
class Impatient:
    """Namespaces whose operator gives a release up soon, and whose store is away once `cut_off` says so."""

    home: Attempts
    """Where the operator's Lease lies, which a test must not delete."""
    away: Attempts
    """Another namespace that it serves."""
    server: MinioServer


@pytest.fixture
def impatient(control_plane: ControlPlane, make_operator: MakeOperator, store: ObjectStore) -> Iterator[Impatient]:
    """An operator with a store of its own, which the test may stop."""
    home, away = new_namespace(control_plane), new_namespace(control_plane)
    with MinioServer() as server:
        account = account_of(server)
        account.client.create_bucket(Bucket=store.bucket)
        own = account.store(store.bucket)
        operator = make_operator(
            home,
            server=server,
            STENO_WATCH_NAMESPACES=f"{home.namespace},{away.namespace}",
            STENO_RELEASE_TIMEOUT_SECONDS=RELEASE_TIMEOUT_SECONDS,
        )
        yield Impatient(Attempts(home, own), Attempts(away, own), server)
        operator.kill()
        own.close()
        account.close()


@pytest.fixture(scope="module", autouse=True)
def leaving(control_plane: ControlPlane, make_operator: MakeOperator, store: ObjectStore) -> Attempts:
    """A namespace that is deleted before the module's other tests: its controller takes half a minute."""
    home, away = new_namespace(control_plane), new_namespace(control_plane)
    make_operator(home, STENO_WATCH_NAMESPACES=f"{home.namespace},{away.namespace}")
    attempts = Attempts(away, store)
    for name in ("waits", "runs", "done"):
        attempts.submit(name)
    attempts.run("runs")
    attempts.complete("done")
    away.submit("suspended", {**SOURCE, "suspend": True})
    attempts.wait_for_condition("suspended", "Suspended")
    away.core.delete_namespace(away.namespace)
    return attempts


def gone(api: Api) -> bool | None:
    """Say whether a namespace is gone."""
    names = {namespace.metadata.name for namespace in api.core.list_namespace().items}
    return True if api.namespace not in names else None


def test_a_store_that_stays_away_does_not_hold_a_job_for_ever(impatient: Impatient) -> None:
    """The job says what it waits for, then goes with a receipt that promises nothing, and so does a namespace."""
    home, away = impatient.home, impatient.away
    for attempts in (home, away):
        attempts.submit("talk")
        attempts.complete("talk")
    job, prefix = home.api.job("talk"), home.prefix("talk")
    assert job is not None
    impatient.server.stop()

    home.api.delete("talk")
    away.api.core.delete_namespace(away.api.namespace)
    held = home.wait_for_condition("talk", "Releasing", reason="StoreUnavailable")
    last = home.api.watch_until_gone(job, timeout_seconds=60)[-1]
    wait_for(lambda: gone(away.api), "the namespace to go", timeout_seconds=60)

    assert "Completed" == held["status"]["phase"]
    assert condition(held, "Releasing")["message"].startswith("The object store does not let go of the job's objects")
    release = last["status"]["release"]
    assert (0, 0, False, True) == (
        release["objects"],
        release["bytes"],
        release["verifiedEmpty"],
        release["gaveUp"],
    )
    event = home.wait_for_event("talk", "ReleaseTimedOut")
    assert "Warning" == event.type
    assert event.message.endswith("The sweep deletes what is in the store.")
    impatient.server.start()
    # The sweep's from here on.
    assert 4 == len(list(home.store.list(prefix)))


def test_a_pod_that_stays_does_not_hold_a_job_for_ever(impatient: Impatient) -> None:
    """A worker on a node that is lost keeps its job no longer than the timeout; its objects may come after it."""
    home = impatient.home
    node = f"node-{secrets.token_hex(4)}"
    kubelet.add_node(home.api, node, gpus=64)
    home.submit("talk", profile="gpu")
    pod = home.run("talk")
    job = home.api.job("talk")
    assert job is not None

    home.api.delete("talk")

    release = home.api.watch_until_gone(job, timeout_seconds=60)[-1]["status"]["release"]
    assert (False, True) == (release["verifiedEmpty"], release["gaveUp"])
    assert [pod.metadata.uid] == [left.metadata.uid for left in home.api.pods("talk")]
    assert home.api.pods("talk")[0].metadata.deletion_timestamp is not None
    kubelet.let_go(home.api, pod)
    kubelet.remove_node(home.api, node)


def test_a_namespace_goes_with_its_jobs(leaving: Attempts) -> None:
    """Deleted with jobs that wait, run, are done and are suspended in it, a namespace goes; the store is empty."""
    wait_for(lambda: gone(leaving.api), "the namespace to go", timeout_seconds=60)

    assert leaving.store.is_empty(f"steno/{leaving.api.namespace}/")
