"""A profile that limits how many jobs wait for a node, on a real control plane with the real scheduler."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from control_plane.conftest import PROFILES, MakeOperator
from control_plane.operator_loop.attempts import SOURCE, Attempts
from steno_store import ObjectStore
from support import kubelet
from support.kubernetes_api import Api, wait_for
from support.operator_process import OperatorProcess

NAMES = ("talk-1", "talk-2", "talk-3")
"""In the order of their turns: those that are created within the same second go by their names."""

LAST = "talk-4"


@pytest.fixture
def node(api: Api) -> Iterator[str]:
    """A node with one GPU: of two pods one waits."""
    kubelet.add_node(api, api.namespace, gpus=1)
    yield api.namespace
    kubelet.remove_node(api, api.namespace)


@pytest.fixture
def limited(tmp_path: Path) -> str:
    """The tier's profiles, of which the GPU's lets one job wait for a node at a time."""
    profiles: dict[str, Any] = copy.deepcopy(PROFILES)
    profiles["profiles"]["gpu"]["maxUnscheduled"] = 1
    path = tmp_path / "profiles.yaml"
    path.write_text(yaml.safe_dump(profiles))
    return str(path)


@pytest.fixture
def operator(api: Api, make_operator: MakeOperator, limited: str) -> Iterator[OperatorProcess]:
    """An operator with that limit, and a name for priority."""
    running = make_operator(api, STENO_PROFILES_FILE=limited, STENO_QUEUE_PRIORITIES='{"high": 1}')
    yield running
    running.kill()


def submit(api: Api, name: str, **spec: Any) -> None:
    """Ask for a GPU."""
    api.submit(name, {**SOURCE, "profile": "gpu", **spec})


def launched(api: Api, *names: str) -> list[str]:
    """Give the names of those that have a Job."""
    return [name for name in names if api.batch_jobs(name)]


def wait_for_adoption(api: Api, *names: str) -> None:
    """Wait until the operator has looked at the jobs."""

    def adopted() -> bool | None:
        jobs = [api.job(name) for name in names]
        return all(job is not None and job["metadata"].get("finalizers") for job in jobs) or None

    wait_for(adopted, f"{', '.join(names)} to be adopted")


@pytest.mark.usefixtures("node")
def test_each_job_has_its_turn(api: Api, operator: OperatorProcess, store: ObjectStore) -> None:
    """The next is launched when the one before has its node, and all come to their end, restart or not."""
    attempts = Attempts(api, store)
    first, second, third = NAMES
    submit(api, first)
    attempts.placed(first)
    for name in (second, third):
        submit(api, name)
    api.wait_for_phase(second, "Queued")
    # It waits for the GPU, and so holds the one place: also for the next operator.
    operator.kill()
    operator.start()
    submit(api, "urgent", queuePriority="high")
    wait_for_adoption(api, "urgent")
    meanwhile = launched(api, third, "urgent")

    attempts.complete(first)
    attempts.placed(second)
    api.wait_for_phase("urgent", "Queued")

    assert ([], []) == (meanwhile, launched(api, third))
    for name in (second, "urgent", third):
        attempts.placed(name)
        attempts.complete(name)


def leave(attempts: Attempts, name: str) -> None:
    """Let a job make room, each in its own way: suspended, cancelled, deleted."""
    match NAMES.index(name):
        case 0:
            attempts.wants(name, suspend=True)
        case 1:
            attempts.wants(name, cancel=True)
        case _:
            attempts.api.delete(name)


@pytest.mark.usefixtures("operator")
def test_a_place_is_freed_by_whoever_leaves(api: Api, store: ObjectStore) -> None:
    """Where there is no node at all, each job that is suspended, cancelled or deleted makes room for the next."""
    attempts = Attempts(api, store)
    for name in (*NAMES, LAST):
        submit(api, name)
    at_once = []
    for name in NAMES:
        api.wait_for_phase(name, "Queued")
        at_once.append(launched(api, *NAMES, LAST))
        leave(attempts, name)
        attempts.wait_for_no_batch_job(name)

    api.wait_for_phase(LAST, "Queued")

    assert [[name] for name in NAMES] == at_once


def test_a_limit_is_a_limit(api: Api, operator: OperatorProcess) -> None:
    """Of ten jobs that were there before their operator one has a Job, and the others go on waiting."""
    operator.kill()
    names = [f"talk-{number}" for number in range(10)]
    for name in names:
        submit(api, name)
    operator.start()

    api.wait_for_phase(names[0], "Queued")
    wait_for_adoption(api, *names)

    assert [names[0]] == launched(api, *names)
