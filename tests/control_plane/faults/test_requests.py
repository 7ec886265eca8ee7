"""Requests that fail on their way: whatever becomes of each kind of request, a job's life goes on and ends right.

Each job below has a fault of its own, which strikes every kind of read or of write of its life; all of them live at
the same time, behind one proxy. The operator's own backoff spaces the tries, 1 s, 2 s, 4 s, up to a minute: the
client tries nothing again, and reads no Retry-After.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from control_plane.conftest import MakeOperator, new_namespace
from control_plane.faults.conftest import Faulty
from control_plane.operator_loop.attempts import SOURCE, Attempts, ended_attempts
from local_cluster.control_plane import ControlPlane
from steno_kube.api_server import REQUEST_TIMEOUT_SECONDS
from steno_store import ObjectStore
from support import kubelet
from support.faulty_proxy import CutInHalf, Delay, Drop, Fault, FaultyProxy, Refuse, Rule
from support.kubernetes_api import Raw

PATIENCE_SECONDS: Final = 120
"""For a life in which a dozen requests fail."""

REQUESTS: Final = {
    "reads": ("GET transcriptionjobs", "GET jobs", "GET pods"),
    "writes": ("PATCH transcriptionjobs", "POST jobs", "PATCH transcriptionjobs/status", "DELETE jobs"),
}
"""Of a life, which reconciles make for one job."""

RECONCILE_REQUESTS: Final = 8
"""At most, of one reconcile of a job that has one Job and one pod: the job, two Jobs' names, a pod, two writes, an
event, and one to spare."""

FAULTS: Final[dict[str, Fault]] = {
    "dropped": Drop(after=False),
    "unanswered": Drop(after=True),
    "halved": CutInHalf(),
    "slow": Delay(seconds=0.3),
    "conflict": Refuse(code=409),
    "throttled": Refuse(code=429, retry_after_seconds=1),
    "broken": Refuse(code=500),
    "away": Refuse(code=503),
}

UNHEARD: Final = [name for name, fault in FAULTS.items() if isinstance(fault, Refuse) or fault == Drop(after=False)]
"""Those of them of which the server does not hear, so that nothing comes of a try."""

UNDISTURBED: Final = "undisturbed"

LATE: Final = "late"
"""Of a job whose writes arrive when their client has given them up, and has written again."""

NAMES: Final = [*(f"{fault}-{what}" for fault in FAULTS for what in REQUESTS), LATE]
"""Of the jobs that have faults."""

STANDING_TRIES: Final = 14
"""At most, of a request that fails for as long as PATIENCE_SECONDS: each pause is twice the one before it, and the
shortest, after a conflict, is 0.05 s, so that two minutes are over with the twelfth; a loop would try a thousand
times."""


@dataclass(frozen=True)
class Life:
    """What became of a job."""

    ended: Raw
    last: Raw
    batch_jobs: int
    """How many Jobs it had."""
    rules: list[Rule]


@pytest.fixture(scope="module")
def faulty(
    control_plane: ControlPlane,
    make_operator: MakeOperator,
    store: ObjectStore,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Faulty]:
    """One operator for the module."""
    path: Path = tmp_path_factory.mktemp("way") / "kubeconfig"
    with FaultyProxy(control_plane, path) as proxy:
        api = new_namespace(control_plane)
        operator = make_operator(api, kubeconfig=path)
        yield Faulty(proxy, operator, Attempts(api, store))
        operator.kill()


def live(faulty: Faulty, name: str, rules: list[Rule]) -> Life:
    """Let a job be created, run, complete, and be released."""
    api, attempts = faulty.api, faulty.attempts
    api.submit(name, {**SOURCE, "backoffLimit": 0})
    api.wait_for_phase(name, "Queued", timeout_seconds=PATIENCE_SECONDS)
    pod = attempts.start(name)
    api.wait_for_phase(name, "Processing", timeout_seconds=PATIENCE_SECONDS)
    attempts.claim(name, pod)
    kubelet.end(api, pod, exit_code=0)
    ended = api.wait_for_phase(name, "Completed", timeout_seconds=PATIENCE_SECONDS)
    batch_jobs = len(api.batch_jobs(name))
    api.delete(name)
    last = api.watch_until_gone(ended, timeout_seconds=PATIENCE_SECONDS)[-1]
    return Life(ended, last, batch_jobs, rules)


def rules_for(name: str) -> list[Rule]:
    """Give what strikes a job's requests: each kind once."""
    if name == UNDISTURBED:
        return []
    if name == LATE:
        given_up = Delay(seconds=REQUEST_TIMEOUT_SECONDS + 2)
        late = ("POST jobs", "PATCH transcriptionjobs/status")
        return [Rule(fault=given_up, what=what, name=f"{LATE}*", times=1) for what in late]
    fault, _, what = name.partition("-")
    return [Rule(fault=FAULTS[fault], what=request, name=f"{name}*", times=1) for request in REQUESTS[what]]


@pytest.fixture(scope="module")
def standing(faulty: Faulty) -> Iterator[dict[str, Rule]]:
    """Faults that stay for the length of the module, each on the first write of a job of its own."""
    rules = {
        name: Rule(fault=fault, what="PATCH transcriptionjobs", name=f"standing-{name}")
        for name, fault in FAULTS.items()
        if name in UNHEARD
    }
    with faulty.proxy.under(*rules.values()):
        for name in rules:
            faulty.api.submit(f"standing-{name}", SOURCE)
        yield rules


@pytest.fixture(scope="module")
def lives(faulty: Faulty, standing: dict[str, Rule]) -> dict[str, Future[Life]]:
    """All of them, at the same time."""
    assert standing
    rules = {name: rules_for(name) for name in (UNDISTURBED, *NAMES)}
    with (
        faulty.proxy.under(*(rule for own in rules.values() for rule in own)),
        ThreadPoolExecutor(len(rules)) as at_once,
    ):
        return {name: at_once.submit(live, faulty, name, own) for name, own in rules.items()}


@pytest.mark.parametrize("name", NAMES)
def test_a_life_ends_right(faulty: Faulty, lives: dict[str, Future[Life]], name: str) -> None:
    """One Job, one attempt, one outcome, and nothing left: as if nothing had happened."""
    life = lives[name].result()

    assert [(None, False)] == ended_attempts(life.ended)
    assert (1, 1) == (life.batch_jobs, life.ended["status"]["launches"])
    created = [write for write in faulty.proxy.writes if write.what == "POST jobs" and write.name.startswith(name)]
    assert 1 == sum(write.status == 201 for write in created)
    assert life.last["status"]["release"]["verifiedEmpty"]
    assert faulty.attempts.store.is_empty(f"steno/{faulty.api.namespace}/jobs/{name}-")
    assert [] == [rule.what for rule in life.rules if rule.struck == 0]


@pytest.mark.parametrize("name", NAMES)
def test_a_failed_request_costs_one_more_reconcile(faulty: Faulty, lives: dict[str, Future[Life]], name: str) -> None:
    """No request is made again in a loop of its own: each fault costs the requests of one reconcile at most."""
    struck = sum(rule.struck for rule in lives[name].result().rules)
    undisturbed = faulty.proxy.asked("*", f"{UNDISTURBED}*")

    assert undisturbed > 0
    assert faulty.proxy.asked("*", f"{name}*") <= undisturbed + RECONCILE_REQUESTS * (struck + 1)


@pytest.mark.usefixtures("lives")
@pytest.mark.parametrize("name", UNHEARD)
def test_a_fault_that_stays_is_asked_ever_more_rarely(faulty: Faulty, standing: dict[str, Rule], name: str) -> None:
    """While all the others lived, few tries were made; once it is over, news of the job ends the pause at once."""
    job, rule = f"standing-{name}", standing[name]
    tries = rule.struck
    faulty.proxy.rules.remove(rule)

    faulty.api.patch(job, {"metadata": {"annotations": {"example.dev/news": "there is some"}}})

    faulty.api.wait_for_phase(job, "Queued")
    assert 3 <= tries <= STANDING_TRIES
    faulty.api.delete(job)
    faulty.api.wait_until_gone(job)
