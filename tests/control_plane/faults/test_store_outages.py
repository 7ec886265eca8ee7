"""A store that is away, or hangs, at every moment of a life: nothing is lost, no GPU is held, and all ends after it.

All moments share one outage: each job is brought to where the outage finds it, then what happens to it happens.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from typing import Final

import pytest

from control_plane.conftest import MakeOperator, account_of, new_namespace
from control_plane.faults.lives import PATIENCE_SECONDS, PatientApi
from control_plane.operator_loop.attempts import SOURCE, Attempts, condition, ended_attempts
from local_cluster.control_plane import ControlPlane
from local_cluster.object_stores import MinioServer
from steno_store import ObjectStore
from steno_types import FINALIZER, Reason
from support import kubelet
from support.kubernetes_api import Raw, wait_for

RUNNING: Final = ("claims", "fails", "retries", "overdue", "cancelled", "suspended")
"""Jobs that the outage finds running."""

ENDED: Final = ("deleted", "expires")
"""Jobs that it finds completed."""

AT_ONCE: Final = 2
"""Jobs that the operator looks at at a time: fewer than wait for the store."""

DEADLINE_SECONDS: Final = 1800
"""Of the job that is overdue, from its second attempt on."""


@contextmanager
def stopped(server: MinioServer) -> Iterator[None]:
    """Let the server refuse every connection."""
    server.stop()
    try:
        yield
    finally:
        server.start()


@contextmanager
def hanging(server: MinioServer) -> Iterator[None]:
    """Let the server take every request and answer none."""
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)


@dataclass
class Outage:
    """What was seen."""

    during: dict[str, Raw] = field(default_factory=dict)
    """Each job when all that needs no store had happened."""
    after: dict[str, Raw] = field(default_factory=dict)
    """Each job at its end."""
    receipts: dict[str, Raw] = field(default_factory=dict)
    """Of those that were released."""
    log: str = ""
    """What the operator said while the store was away."""


def prepare(attempts: Attempts) -> None:
    """Bring each job to where the outage finds it."""
    for name in (*RUNNING, *ENDED):
        limits = {"activeDeadlineSeconds": DEADLINE_SECONDS} if name == "overdue" else {}
        attempts.api.submit(name, {**SOURCE, "backoffLimit": int(name in {"retries", "overdue"}), **limits})
    for name in RUNNING:
        pod = attempts.run(name)
        if name == "claims":
            attempts.claim(name, pod)
    for name in ENDED:
        attempts.complete(name)


def live_on(attempts: Attempts) -> None:
    """Let happen to each job what happens to it, and wait for all that needs no store."""
    api = attempts.api
    kubelet.end(api, api.wait_for_pod("claims"), exit_code=0)
    attempts.end("fails", api.wait_for_pod("fails"), 69, said=Reason.STORAGE_UNAVAILABLE)
    attempts.end("retries", api.wait_for_pod("retries"), 69, said=Reason.STORAGE_UNAVAILABLE)
    first = api.wait_for_pod("overdue")
    attempts.end("overdue", first, 69, said=Reason.STORAGE_UNAVAILABLE)
    api.delete("deleted")
    attempts.wants("expires", ttlSecondsAfterFinished=0)
    for name in ENDED:
        api.wait_for(name, _is_held, "say that it is held")
    # All that wait for the store do so by now; what needs none has its turn all the same.
    second = attempts.next_pod("overdue", than=first)
    kubelet.start(api, second, ago_seconds=2 * DEADLINE_SECONDS)
    attempts.wants("cancelled", cancel=True)
    attempts.wants("suspended", suspend=True)
    api.submit("new", SOURCE)

    api.wait_for_phase("new", "Queued")
    for name in ("overdue", "cancelled", "suspended"):
        wait_for(lambda name=name: not api.pods(name) or None, f"no pod of {name}", timeout_seconds=PATIENCE_SECONDS)  # type: ignore[misc]
    attempts.wait_for_condition("suspended", "Suspended")
    # Resumed while nobody knows whether it has won.
    attempts.wants("suspended", suspend=False)


def _is_held(job: Raw) -> bool:
    return any(said["reason"] == "StoreUnavailable" for said in job["status"]["conditions"])


def come_to_rest(attempts: Attempts, outage: Outage) -> None:
    """Let each job end, now that the store is back."""
    api = attempts.api
    for name, job in outage.during.items():
        if name in ENDED:
            outage.receipts[name] = api.watch_until_gone(job, timeout_seconds=PATIENCE_SECONDS)[-1]["status"][
                "release"
            ]
        elif name in {"new", "suspended", "retries"}:
            attempts.start(name)
            outage.after[name] = attempts.complete(name)
        else:
            phase = "Completed" if name == "claims" else "Failed"
            outage.after[name] = api.wait_for_phase(name, phase)


@pytest.fixture(scope="module", params=[stopped, hanging], ids=["stopped", "hanging"])
def outage(
    request: pytest.FixtureRequest, *, control_plane: ControlPlane, make_operator: MakeOperator, store: ObjectStore
) -> Iterator[Outage]:
    """One outage, and what becomes of everybody."""
    out: Callable[[MinioServer], AbstractContextManager[None]] = request.param
    api = PatientApi(control_plane.kubeconfig, new_namespace(control_plane).namespace)
    with MinioServer() as server, closing(account_of(server)) as account:
        account.client.create_bucket(Bucket=store.bucket)
        with closing(account.store(store.bucket)) as own:
            operator = make_operator(api, server=server, STENO_CONCURRENT_RECONCILES=str(AT_ONCE))
            attempts, seen = Attempts(api, own), Outage()
            prepare(attempts)
            with out(server):
                live_on(attempts)
                seen.log = operator.log.read_text()
                names = ("new", *RUNNING, *ENDED)
                seen.during.update({name: job for name in names if (job := api.job(name)) is not None})
            come_to_rest(attempts, seen)
            yield seen
            operator.kill()


def test_no_gpu_is_held(outage: Outage) -> None:
    """What is cancelled, suspended or overdue lost its worker during the outage; the claim alone waits."""
    overdue = outage.during["overdue"]
    assert "DeadlineExceeded" == overdue["status"]["stopping"]["reason"]
    assert "DeadlineExceeded" == condition(outage.after["overdue"], "Failed")["reason"]
    cancelled, suspended = outage.during["cancelled"], outage.during["suspended"]

    assert "Cancelled" == cancelled["status"]["stopping"]["reason"]
    assert "Cancelled" == condition(outage.after["cancelled"], "Failed")["reason"]
    assert "jobRef" not in suspended["status"]
    assert [("Suspended", False), (None, False)] == ended_attempts(outage.after["suspended"])


def test_a_job_that_needs_the_store_does_not_wait_for_it(outage: Outage) -> None:
    """Once it is known to be away, whoever needs it hears so at once, and holds no place of the operator's."""
    assert "the object store has not answered since" in outage.log


def test_a_new_job_needs_no_store(outage: Outage) -> None:
    """It waited for its worker during the outage, and completed after it."""
    assert "Queued" == outage.during["new"]["status"]["phase"]
    assert [(None, False)] == ended_attempts(outage.after["new"])


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        pytest.param("claims", [None], id="it had claimed"),
        pytest.param("fails", ["StorageUnavailable"], id="it failed"),
        pytest.param("retries", ["StorageUnavailable", None], id="it failed, and has a retry"),
    ],
)
def test_nobody_guesses_how_an_attempt_ended(outage: Outage, name: str, reasons: list[str | None]) -> None:
    """While the manifest cannot be read there is no outcome; the right one follows."""
    assert {"Complete", "Failed"}.isdisjoint(said["type"] for said in outage.during[name]["status"]["conditions"])
    assert reasons == [reason for reason, _ in ended_attempts(outage.after[name])]


@pytest.mark.parametrize("name", ENDED)
def test_a_release_waits_and_leaves_its_receipt(outage: Outage, name: str) -> None:
    """It is held by its finalizer, says so, and tells afterwards of all that was deleted."""
    assert [FINALIZER] == outage.during[name]["metadata"]["finalizers"]
    assert "True" == condition(outage.during[name], "Releasing")["status"]
    assert (4, True) == (outage.receipts[name]["objects"], outage.receipts[name]["verifiedEmpty"])
