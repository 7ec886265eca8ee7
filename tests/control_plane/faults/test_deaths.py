"""An operator that dies at every write of every kind of life: each life ends as it would have, with as many Jobs.

Writes to the store count: a claim and a deletion are steps like others. The lives go on at the same time, so that one
death serves several.
"""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from control_plane.conftest import MakeOperator, new_namespace
from control_plane.faults.lives import BUCKET, LIVES, PATIENCE_SECONDS, PatientApi
from control_plane.operator_loop.attempts import Attempts, condition, ended_attempts
from local_cluster.control_plane import ControlPlane
from local_cluster.object_stores import MinioServer
from steno_store import ObjectStore
from support.api_proxy import ApiProxy
from support.killer import Killer
from support.kubernetes_api import Raw
from support.operator_process import OperatorProcess
from support.store_proxy import StoreProxy, StoreRequest

AWAY: Final = "away"
"""Of the job that is cancelled while the store does not answer for it."""

CLAIMED_WITHOUT_STORE: Final = ["PATCH transcriptionjobs/status", "DELETE jobs"]
"""Steps of its stop that need no store."""


@dataclass
class Deaths:
    """What became of all the lives under one killer."""

    killer: Killer
    proxy: ApiProxy
    store: ObjectStore
    namespace: str
    ended: dict[str, Raw] = field(default_factory=dict)
    last: dict[str, Raw] = field(default_factory=dict)
    """Each job as it was deleted."""
    errors: dict[str, BaseException | None] = field(default_factory=dict)

    def of(self, life: str) -> Raw:
        """Give a job as it ended; raises what went wrong."""
        error = self.errors[life]
        if error is not None:
            raise error
        return self.ended[life]


class Outage:
    """The store, away for one job while a test says so."""

    def __init__(self, store_proxy: StoreProxy) -> None:
        self.lasts = False
        self._next = store_proxy.before
        store_proxy.before = self._before

    def _before(self, request: StoreRequest) -> bool:
        return not (self.lasts and request.name == AWAY) and self._next(request)


def away(attempts: Attempts, outage: Outage) -> Raw:
    """Be cancelled while the store is away; it comes back when the worker is gone."""
    attempts.submit(AWAY)
    attempts.run(AWAY)
    outage.lasts = True
    attempts.wants(AWAY, cancel=True)
    attempts.api.wait_for(AWAY, lambda job: "stopping" in job["status"], "be stopped")
    attempts.wait_for_no_batch_job(AWAY)
    outage.lasts = False
    return attempts.api.wait_for_phase(AWAY, "Failed")


def keep_alive(operator: OperatorProcess, lives: list[Future[None]]) -> None:
    """Start the operator whenever it is dead, until all lives are over."""
    while wait(lives, timeout=0.2).not_done:
        if not operator.alive:
            try:
                operator.start()
            except AssertionError:
                continue  # dead before it could answer: by a step that its predecessor had begun


@pytest.fixture(scope="module", params=[True, False], ids=["before", "after"])
def deaths(
    request: pytest.FixtureRequest,
    *,
    control_plane: ControlPlane,
    minio: MinioServer,
    make_operator: MakeOperator,
    store: ObjectStore,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deaths]:
    """All lives, under an operator that dies before each step, or after it."""
    path: Path = tmp_path_factory.mktemp("way") / "kubeconfig"
    api = PatientApi(control_plane.kubeconfig, new_namespace(control_plane).namespace)
    with ApiProxy(control_plane, path) as proxy, StoreProxy(minio.endpoint) as store_proxy:
        killer = Killer(proxy, store_proxy, before=request.param)
        outage = Outage(store_proxy)
        operator = make_operator(api, kubeconfig=path, STENO_STORE_ENDPOINT=store_proxy.url, S3_STORAGE_BUCKET=BUCKET)
        killer.watch(operator)
        attempts = Attempts(api, store)
        result = Deaths(killer, proxy, store, api.namespace)

        def live(name: str) -> None:
            ended = away(attempts, outage) if name == AWAY else LIVES[name].play(attempts, name)
            result.ended[name] = ended
            api.delete(name)
            result.last[name] = api.watch_until_gone(ended, timeout_seconds=PATIENCE_SECONDS)[-1]

        names = [*LIVES, AWAY]
        with ThreadPoolExecutor(len(names)) as at_once:
            lives = {name: at_once.submit(live, name) for name in names}
            keep_alive(operator, [*lives.values()])
        result.errors.update({name: life.exception() for name, life in lives.items()})
        yield result
        operator.kill()


@pytest.mark.parametrize("name", LIVES)
def test_a_life_ends_as_it_would_have(deaths: Deaths, name: str) -> None:
    """Its phase, the reasons of its attempts, and how many Jobs it had do not tell of the deaths."""
    job, life = deaths.of(name), LIVES[name]

    assert life.phase == job["status"]["phase"]
    assert life.reasons == [reason for reason, _ in ended_attempts(job)]
    assert life.launches == job["status"]["launches"]
    created = [write for write in deaths.proxy.writes if write.what == "POST jobs" and write.name.startswith(name)]
    assert life.launches == sum(write.status == 201 for write in created)


@pytest.mark.parametrize("name", [*LIVES, AWAY])
def test_nothing_is_left_of_it(deaths: Deaths, name: str) -> None:
    """It was released with a receipt that says so, and the store agrees."""
    assert deaths.of(name)["metadata"]["name"] == name
    assert deaths.last[name]["status"]["release"]["verifiedEmpty"]
    assert deaths.store.is_empty(f"steno/{deaths.namespace}/jobs/{name}-")


@pytest.mark.parametrize("name", LIVES)
def test_it_died_at_every_step(deaths: Deaths, name: str) -> None:
    """Every write that such a life takes was one that the operator did not survive."""
    assert deaths.of(name)
    assert [] == [*(Counter(LIVES[name].steps) - Counter(deaths.killer.killed_at(name))).elements()]


def test_a_store_that_is_away_during_the_claim(deaths: Deaths) -> None:
    """The worker is gone before the store is back, the claim follows, and the operator has died at either."""
    job = deaths.of(AWAY)

    assert "Cancelled" == condition(job, "Failed")["reason"]
    assert [("Cancelled", True)] == ended_attempts(job)
    died_at = deaths.killer.killed_at(AWAY)
    assert [] == [*(Counter([*CLAIMED_WITHOUT_STORE, "PUT manifest.json"]) - Counter(died_at)).elements()]
