"""Turns on a real control plane: where a profile limits how many wait for a node, the others wait without a Job."""

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from control_plane.conftest import MakeOperator, new_namespace
from control_plane.operator_loop.attempts import SOURCE, Attempts
from control_plane.operator_loop.conftest import WithProfiles
from local_cluster.control_plane import ControlPlane
from steno_store import ObjectStore
from support import kubelet
from support.kubernetes_api import wait_for
from support.operator_process import OperatorProcess


@dataclass(frozen=True)
class Narrow:
    """A namespace where one job of the profile ``scarce`` may wait for a node at a time."""

    attempts: Attempts
    operator: OperatorProcess
    resource: str
    """What such a job asks of a node; no node has it but what a test adds."""
    name: str = ""
    """What the names of this test's jobs begin with."""

    def submit(self, *names: str, **spec: str) -> None:
        """Create jobs of the profile, one after the other."""
        for name in names:
            self.attempts.api.submit(self.called(name), {**SOURCE, "profile": "scarce", **spec})

    def called(self, name: str) -> str:
        """Give the name of a job."""
        return f"{self.name}-{name}"

    def launched(self, *names: str) -> set[str]:
        """Say which of the jobs have a Job."""
        return {name for name in names if self.attempts.api.batch_jobs(self.called(name))}

    def wait_for_launch(self, name: str) -> None:
        """Wait until it is a job's turn."""
        self.attempts.wait_for_batch_job(self.called(name), 0)

    def come_to_rest(self) -> None:
        """Wait until a job of another profile, which nothing limits, has been served."""
        name = self.called(secrets.token_hex(2))
        self.attempts.submit(name)
        self.attempts.complete(name)

    def add_node(self, count: int) -> str:
        """Register a node that has room for some of the jobs."""
        node = f"node-{secrets.token_hex(4)}"
        kubelet.add_node(self.attempts.api, node, gpus=count, resource=self.resource)
        return node


@pytest.fixture(scope="module")
def operated(
    control_plane: ControlPlane, make_operator: MakeOperator, with_profiles: WithProfiles, store: ObjectStore
) -> Narrow:
    """The module's operator, with priorities."""
    api = new_namespace(control_plane)
    resource = f"gpus.example.dev/{secrets.token_hex(4)}"
    scarce = {
        "image": "steno.local/worker:test",
        "engines": ["faster-whisper"],
        "engine": {"name": "faster-whisper", "model": "tiny"},
        "gpu": {"resourceName": resource, "count": 1},
        "tolerations": [{"key": kubelet.GPU, "operator": "Exists", "effect": "NoSchedule"}],
        "maxUnscheduled": 1,
    }
    operator = make_operator(
        api,
        STENO_POD_NAME="steno-operator-turns",
        STENO_PROFILES_FILE=with_profiles(scarce=scarce),
        STENO_QUEUE_PRIORITIES=json.dumps({"high": 100, "low": -100}),
    )
    return Narrow(Attempts(api, store), operator, resource)


@pytest.fixture
def narrow(operated: Narrow, name: str) -> Iterator[Narrow]:
    """The same for one test, after which nobody waits."""
    mine = replace(operated, name=name)
    yield mine
    mine.attempts.remove(mine.attempts.api.jobs())


def ends_by(narrow: Narrow, how: str, name: str) -> None:
    """Take a waiting job out of the way."""
    called = narrow.called(name)
    if how == "deleted":
        narrow.attempts.api.delete(called)
    else:
        narrow.attempts.wants(called, **{how: True})


def test_they_go_by_priority_and_then_by_age(narrow: Narrow) -> None:
    """One waits for a node, the others for their turn; each that gets a node makes room for the next."""
    order = ["first", "urgent", "second", "third", "idle"]
    narrow.submit("first")
    narrow.wait_for_launch("first")
    narrow.submit("idle", queuePriority="low")
    for name in ("second", "third"):
        narrow.submit(name)
        wait_for_next_second(narrow)
    narrow.submit("urgent", queuePriority="high")
    narrow.come_to_rest()
    before = narrow.launched(*order)

    node = narrow.add_node(len(order) - 1)

    for name in order:
        narrow.wait_for_launch(name)
    kubelet.remove_node(narrow.attempts.api, node)
    created = {name: narrow.attempts.wait_for_batch_job(narrow.called(name), 0).metadata for name in order}
    assert {"first"} == before
    assert order == sorted(order, key=lambda name: int(created[name].resource_version))


def wait_for_next_second(narrow: Narrow) -> None:
    """Age is told in whole seconds: let the API server's clock move on."""
    api = narrow.attempts.api

    def now() -> str:
        probe = {"metadata": {"name": narrow.called("clock")}}
        made = api.core.create_namespaced_config_map(api.namespace, probe, dry_run="All")
        return str(made.metadata.creation_timestamp)

    then = now()
    wait_for(lambda: now() != then or None, "the next second")


@pytest.mark.parametrize("how", ["deleted", "suspend", "cancel"])
def test_a_job_that_waits_for_its_turn_can_be_ended(narrow: Narrow, how: str) -> None:
    """It never gets a Job, and the one after it is next."""
    narrow.submit("first")
    narrow.wait_for_launch("first")
    narrow.submit("second", queuePriority="high")
    narrow.submit("third")
    narrow.come_to_rest()

    ends_by(narrow, how, "second")
    if how == "deleted":
        narrow.attempts.api.wait_until_gone(narrow.called("second"))
    narrow.attempts.api.delete(narrow.called("first"))

    narrow.wait_for_launch("third")
    assert set() == narrow.launched("second")


def test_a_priority_may_change_while_the_job_waits(narrow: Narrow) -> None:
    """The one that became urgent goes first, though it came last."""
    narrow.submit("first")
    narrow.wait_for_launch("first")
    narrow.submit("second")
    narrow.submit("third")
    narrow.come_to_rest()
    narrow.attempts.wants(narrow.called("third"), queuePriority="high")
    narrow.come_to_rest()

    narrow.attempts.api.delete(narrow.called("first"))

    narrow.wait_for_launch("third")
    narrow.come_to_rest()
    assert {"third"} == narrow.launched("second", "third")


def crashes(operator: OperatorProcess) -> None:
    """End an operator as a lost node would."""
    operator.kill()


def ends(operator: OperatorProcess) -> None:
    """End an operator as Kubernetes would."""
    operator.stop()


@pytest.mark.parametrize("goes", [crashes, ends])
def test_a_restart_keeps_the_limit(narrow: Narrow, goes: Callable[[OperatorProcess], None]) -> None:
    """An operator that starts over counts who waits for a node already, and lets nobody else by."""
    narrow.submit("first")
    narrow.wait_for_launch("first")
    narrow.submit("second", "third")
    narrow.come_to_rest()

    goes(narrow.operator)
    narrow.submit("urgent", queuePriority="high")
    narrow.operator.start()
    narrow.come_to_rest()
    before = narrow.launched("first", "second", "third", "urgent")
    narrow.attempts.api.delete(narrow.called("first"))
    narrow.wait_for_launch("urgent")

    assert {"first"} == before
    assert set() == narrow.launched("second", "third")


def test_a_place_is_freed_by_whoever_leaves(narrow: Narrow) -> None:
    """Without any node, each launched job that is suspended, cancelled or deleted makes room for the next."""
    ways = {"first": "suspend", "second": "cancel", "third": "deleted"}
    narrow.submit("first")
    narrow.wait_for_launch("first")
    for name in ("second", "third", "last"):
        narrow.submit(name)
        wait_for_next_second(narrow)
    narrow.come_to_rest()
    at_once = []
    for name, how in ways.items():
        narrow.wait_for_launch(name)
        at_once.append(narrow.launched(*ways, "last"))
        ends_by(narrow, how, name)
        narrow.attempts.wait_for_no_batch_job(narrow.called(name))

    narrow.wait_for_launch("last")

    assert [{name} for name in ways] == at_once


def test_a_limit_holds_for_jobs_that_were_there_before_their_operator(narrow: Narrow) -> None:
    """Of ten that a new operator finds one has a Job, and the others go on waiting."""
    narrow.operator.kill()
    names = [f"talk-{number}" for number in range(10)]
    narrow.submit(*names)
    narrow.operator.start()

    narrow.come_to_rest()

    assert 1 == len(narrow.launched(*names))
