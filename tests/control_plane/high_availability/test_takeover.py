"""When the leader is gone, however it went, the other replica does its work, and no job notices more than a delay."""

from collections.abc import Iterator
from http.client import HTTPResponse, HTTPSConnection
from pathlib import Path

import pytest

from control_plane.conftest import MakeOperator
from control_plane.high_availability.replicas import Replicas, holder_of, lease_of
from control_plane.operator_loop.attempts import SOURCE, Attempts
from local_cluster.control_plane import ControlPlane
from steno_store import ObjectStore
from support.api_proxy import ApiProxy
from support.kubernetes_api import Api, wait_for

TAKEOVER_SECONDS = 60
"""Longer than any takeover may be; `make bench-operator` says how long one is."""


class FailingWay(ApiProxy):
    """A way to the API server that a test may close."""

    closed = False
    """Whether requests remain without an answer."""

    def ask(
        self, upstream: HTTPSConnection, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> HTTPResponse | None:
        """Pass a request on where the way is open."""
        return None if self.closed else super().ask(upstream, method, path, headers, body)


@pytest.fixture
def replicas(api: Api, make_operator: MakeOperator) -> Iterator[Replicas]:
    """Two replicas, of which one leads."""
    both = Replicas.start(api, make_operator)
    yield both
    both.leader.kill()
    both.standby.kill()


def submit(replicas: Replicas, name: str) -> None:
    """Create a job, and wait until some leader has taken it up."""
    replicas.api.submit(name, SOURCE)
    replicas.api.wait_for_phase(name, "Queued", timeout_seconds=TAKEOVER_SECONDS)


def test_a_standby_is_well_and_does_nothing(replicas: Replicas) -> None:
    """It answers its probes while it waits, and the jobs are the leader's alone."""
    replicas.api.submit("talk", SOURCE)
    replicas.api.wait_for_phase("talk", "Queued")

    assert (200, 200) == (replicas.standby.probe("healthz"), replicas.standby.probe("readyz"))
    assert "CreateBatchJob" in replicas.leader.log.read_text()
    assert "CreateBatchJob" not in replicas.standby.log.read_text()
    assert f"the lease is held by {replicas.leading}_" in replicas.standby.log.read_text()


def test_a_killed_leader_is_followed(replicas: Replicas, store: ObjectStore) -> None:
    """A job that is created after the leader's death is worked by the other, and so is one that was there before."""
    attempts = Attempts(replicas.api, store)
    attempts.submit("before")
    pod = attempts.start("before")
    replicas.leader.kill()

    submit(replicas, "after")

    assert replicas.wait_for_takeover() == holder_of(replicas.api)
    assert 1 == lease_of(replicas.api).lease_transitions
    attempts.claim("before", pod)
    attempts.end("before", pod, 0)
    replicas.api.wait_for_phase("before", "Completed")
    assert 1 == len(replicas.api.batch_jobs("before"))


def test_a_leader_that_ends_hands_over(replicas: Replicas) -> None:
    """Asked to end, the leader gives up the lease, so that the other need not wait for its end."""
    assert 0 == replicas.leader.stop()
    assert "the lease is given up" in replicas.leader.log.read_text()

    submit(replicas, "talk")

    # Its last renewal is younger than a lease: nobody waited for that.
    assert replicas.wait_for_takeover() == holder_of(replicas.api)


def test_a_standby_that_ends_leaves_the_leader_alone(replicas: Replicas) -> None:
    """A standby ends with exit code 0 and touches no lease."""
    assert 0 == replicas.standby.stop()

    assert replicas.leading == holder_of(replicas.api)
    replicas.api.submit("talk", SOURCE)
    replicas.api.wait_for_phase("talk", "Queued")


def test_a_leader_that_stood_still_writes_nothing(
    control_plane: ControlPlane, api: Api, make_operator: MakeOperator, store: ObjectStore, tmp_path: Path
) -> None:
    """Stopped past its lease, and continued when another has finished the job that it was at, it ends at once."""
    attempts = Attempts(api, store)
    with ApiProxy(control_plane, tmp_path / "kubeconfig") as way:
        replicas = Replicas.start(api, make_operator, kubeconfig=way.kubeconfig)
        attempts.submit("talk")
        pod = attempts.start("talk")
        api.wait_for_phase("talk", "Processing")
        replicas.leader.pause()
        attempts.claim("talk", pod)
        attempts.end("talk", pod, 0)  # the news waits in the stopped leader's sockets
        ended = api.wait_for_phase("talk", "Completed", timeout_seconds=TAKEOVER_SECONDS)
        written = [*way.writes]
        replicas.leader.resume()

        assert 1 == replicas.leader.wait()
        assert written == way.writes

    assert "leadership is lost" in replicas.leader.log.read_text()
    now = api.job("talk")
    assert now is not None
    assert ended["status"]["conditions"] == now["status"]["conditions"]
    assert replicas.wait_for_takeover() == holder_of(api)
    replicas.api.submit("next", SOURCE)
    api.wait_for_phase("next", "Queued")
    replicas.standby.kill()


def test_a_leader_without_the_api_server_ends(
    control_plane: ControlPlane, api: Api, make_operator: MakeOperator, tmp_path: Path
) -> None:
    """A leader that reaches the API server no more ends before its lease does, and the other, which does, follows."""
    with FailingWay(control_plane, tmp_path / "kubeconfig") as way:
        replicas = Replicas.start(api, make_operator, kubeconfig=way.kubeconfig)
        way.closed = True

        assert 1 == replicas.leader.wait()

        assert replicas.leading == holder_of(api)
    assert "could not be renewed" in replicas.leader.log.read_text()
    submit(replicas, "talk")
    replicas.standby.kill()


def test_a_crashed_leader_is_back_at_once(replicas: Replicas) -> None:
    """The next container of the same pod takes over what the last one held: nothing has to run out."""
    replicas.leader.kill()
    transitions = lease_of(replicas.api).lease_transitions

    replicas.leader.start()

    wait_for(lambda: lease_of(replicas.api).lease_transitions > transitions or None, "the lease to change hands")
    assert replicas.leading == holder_of(replicas.api)
    assert "not leading" not in replicas.leader.log.read_text()
