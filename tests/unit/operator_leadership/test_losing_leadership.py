"""A leader that cannot renew, is overtaken, or stood still for too long leads no more, and knows it at once."""

import asyncio
import dataclasses

import pytest

from steno_kube import KubeError, KubeForbiddenError, KubeUnavailableError
from steno_operator.leadership import LEASE_SECONDS, RENEW_DEADLINE_SECONDS, TRY_SECONDS
from support.leases import LeaseServer
from support.own_clock import now, on_own_clock
from unit.operator_leadership.candidates import Candidate, leaders_until, the_lease


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(KubeUnavailableError("the API server did not answer"), id="no answer"),
        pytest.param(KubeForbiddenError("leases is forbidden"), id="forbidden"),
    ],
)
def test_errors_up_to_the_renew_deadline_are_borne(error: KubeError) -> None:
    """A server that fails for less than the deadline costs nothing; one that fails longer costs the leadership."""

    async def scenario() -> None:
        server = LeaseServer()
        leader = Candidate(server, "a")
        leader.start()
        await leaders_until(20.5, leader)
        leader.leases.failing = error
        await leaders_until(29.5, leader)
        leader.leases.failing = None
        assert [["a"]] == await leaders_until(40.5, leader)
        leader.leases.failing = error

        await leaders_until(100, leader)

        assert 40 + RENEW_DEADLINE_SECONDS == leader.led_until
        assert str(error) in leader.reason
        assert f"{RENEW_DEADLINE_SECONDS:g} s" in leader.reason

    on_own_clock(scenario())


def test_a_server_that_hangs_is_a_server_that_fails() -> None:
    """A request without an answer is given up, so that there is another, and the deadline holds all the same."""

    async def scenario() -> None:
        server = LeaseServer()
        leader = Candidate(server, "a")
        leader.start()
        await leaders_until(20.5, leader)
        asked = len(leader.leases.calls)
        leader.leases.before_seconds = 3600

        await leaders_until(100, leader)

        assert 20 + RENEW_DEADLINE_SECONDS == leader.led_until
        assert 2 == len(leader.leases.calls) - asked
        assert "did not answer in time" in leader.reason
        assert TRY_SECONDS < RENEW_DEADLINE_SECONDS

    on_own_clock(scenario())


def test_a_candidate_bears_errors_for_good() -> None:
    """Standing by goes on through an outage, and ends in leadership when the server is back."""

    async def scenario() -> None:
        server = LeaseServer()
        candidate = Candidate(server, "a")
        candidate.leases.failing = KubeUnavailableError("the API server did not answer")
        candidate.start()
        assert [[]] == await leaders_until(600, candidate)
        candidate.leases.failing = None

        await leaders_until(610, candidate)

        assert candidate.led_from is not None

    on_own_clock(scenario())


def test_another_holder_ends_it_at_once() -> None:
    """A record that names another is believed at the next renewal, without a wait for any deadline."""

    async def scenario() -> None:
        server = LeaseServer()
        leader = Candidate(server, "a")
        leader.start()
        await leaders_until(21, leader)
        server.keep(dataclasses.replace(the_lease(server), holder="by hand"))

        await leaders_until(60, leader)

        assert 22.0 == leader.led_until
        assert "by hand" in leader.reason
        assert "by hand" == the_lease(server).holder

    on_own_clock(scenario())


def test_a_change_by_another_that_leaves_the_holder_is_no_loss() -> None:
    """A label put on the Lease conflicts with the renewal, which is then made on what is there."""

    async def scenario() -> None:
        server = LeaseServer()
        leader = Candidate(server, "a")
        leader.start()
        await leaders_until(21, leader)
        server.keep(the_lease(server))  # the next resourceVersion, the same record

        assert [["a"]] == await leaders_until(60, leader)

        assert ["replace", "get", "replace"] == leader.leases.calls[12:15]
        assert 0 == the_lease(server).transitions

    on_own_clock(scenario())


def test_a_lease_that_is_deleted_is_made_again() -> None:
    """Whoever deletes the Lease takes it from nobody."""

    async def scenario() -> None:
        server = LeaseServer()
        leader = Candidate(server, "a")
        leader.start()
        await leaders_until(21, leader)
        server.leases.clear()

        assert [["a"]] == await leaders_until(60, leader)

        assert "a" == the_lease(server).holder

    on_own_clock(scenario())


def test_a_stopped_process_knows_at_its_first_turn() -> None:
    """Stopped past its lease and continued, it ends before it has asked anybody, and the other leads on."""

    async def scenario() -> None:
        server = LeaseServer()
        first, second = Candidate(server, "a"), Candidate(server, "b")
        first.start()
        second.start()
        await leaders_until(61, first, second)
        first.going.clear()
        assert [[], ["b"]] == await leaders_until(120, first, second)
        asked = len(first.leases.calls)

        first.going.set()

        assert not first.leadership.still_leader()
        assert [["b"]] == await leaders_until(180, first, second)
        assert asked == len(first.leases.calls)
        assert 120.0 == first.led_until
        assert "for 60 s" in first.reason
        assert "b" == the_lease(server).holder

    on_own_clock(scenario())


@pytest.mark.parametrize(
    ("stopped_seconds", "leads"),
    [pytest.param(12.0, True, id="for less than the lease"), pytest.param(15.1, False, id="for longer")],
)
def test_a_pause_shorter_than_the_lease_is_none(stopped_seconds: float, *, leads: bool) -> None:
    """A process that stood still past the renew deadline but not past its lease renews, and has lost nothing."""

    async def scenario() -> None:
        server = LeaseServer()
        leader = Candidate(server, "a")
        leader.start()
        await leaders_until(20.5, leader)  # renewed at 20
        leader.going.clear()
        await asyncio.sleep(20 + stopped_seconds - now())
        leader.going.set()

        assert leads == leader.leadership.still_leader()
        await leaders_until(100, leader)
        assert leads == (leader.led_until is None)

    on_own_clock(scenario())


def test_leadership_counts_from_before_the_request() -> None:
    """An answer that comes late shortens the leader's time: the record changed at some moment before it came."""

    async def scenario() -> None:
        server = LeaseServer()
        leader = Candidate(server, "a")
        leader.start()
        await leaders_until(20.5, leader)
        leader.leases.after_seconds = 4.0
        await asyncio.sleep(26.5 - now())  # the renewal of second 22 was answered at 26
        leader.going.clear()

        await asyncio.sleep(22 + LEASE_SECONDS - 0.1 - now())
        before = leader.leadership.still_leader()
        await asyncio.sleep(0.2)

        assert (True, False) == (before, leader.leadership.still_leader())

    on_own_clock(scenario())


def test_a_lease_won_in_a_standstill_is_not_led() -> None:
    """A candidate that won and then stood still past the lease looks again, and waits for whoever leads by now."""

    async def scenario() -> None:
        server = LeaseServer()
        candidate = Candidate(server, "a")
        candidate.leases.after_seconds = 2.0
        candidate.start()
        await asyncio.sleep(3.0)  # created at 2, answered at 4
        assert "a" == the_lease(server).holder
        candidate.monotonic_offset_seconds += LEASE_SECONDS
        server.keep(dataclasses.replace(the_lease(server), holder="b"))

        assert [[]] == await leaders_until(4 + LEASE_SECONDS, candidate)
        await leaders_until(60, candidate)

        assert candidate.led_from is not None

    on_own_clock(scenario())


def test_who_gave_up_leads_no_more() -> None:
    """From the moment of the release nothing may be written, whatever becomes of the request."""

    async def scenario() -> None:
        server = LeaseServer()
        leader = Candidate(server, "a")
        leader.start()
        await leaders_until(10.5, leader)
        leader.leases.before_seconds = 1.0
        ending = asyncio.create_task(leader.leadership.release())
        await asyncio.sleep(0)

        assert not leader.leadership.still_leader()
        assert "a" == the_lease(server).holder
        await ending

    on_own_clock(scenario())
