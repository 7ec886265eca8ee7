"""Of all candidates one leads at a time, whatever their clocks say, and another takes over when it is gone."""

import dataclasses

import pytest

from steno_kube import KubeUnavailableError
from steno_operator.leadership import LEASE_SECONDS, RETRY_SECONDS
from support.leases import LeaseServer
from support.own_clock import on_own_clock
from unit.operator_leadership.candidates import NAME, NAMESPACE, NOON, Candidate, leaders_until, the_lease


def test_the_first_one_leads_and_goes_on_leading() -> None:
    """One candidate takes the Lease, and the other stands by for as long as it is renewed."""

    async def scenario() -> None:
        server = LeaseServer()
        first, second = Candidate(server, "a"), Candidate(server, "b")
        first.start()
        second.start()

        assert [[], ["a"]] == await leaders_until(3600, first, second)
        assert ("a", LEASE_SECONDS, 0, NOON) == (
            the_lease(server).holder,
            the_lease(server).duration_seconds,
            the_lease(server).transitions,
            the_lease(server).acquired,
        )
        assert "a" == second.leadership.holder

    on_own_clock(scenario())


def test_a_renewal_is_one_request() -> None:
    """While nobody else writes the record, the leader writes it without reading it."""

    async def scenario() -> None:
        server = LeaseServer()
        leader = Candidate(server, "a")
        leader.start()

        await leaders_until(61, leader)

        assert ["get", "create"] == leader.leases.calls[:2]
        assert {"replace"} == {*leader.leases.calls[2:]}
        assert 60 / RETRY_SECONDS == len(leader.leases.calls[2:])

    on_own_clock(scenario())


@pytest.mark.parametrize("killed_at", [60.0, 60.7, 61.3, 61.9], ids=str)
def test_a_dead_leader_is_followed_after_its_lease(killed_at: float) -> None:
    """The other takes the Lease when it has not changed for its duration, and not while the first could still act."""

    async def scenario() -> None:
        server = LeaseServer()
        first, second = Candidate(server, "a"), Candidate(server, "b")
        first.start()
        second.start()
        await leaders_until(killed_at, first, second)
        renewed = the_lease(server).renewed
        await first.cut_off()

        assert [[], ["b"]] == await leaders_until(killed_at + 60, first, second)

        assert renewed is not None
        assert second.led_from is not None
        waited = second.led_from - (renewed - NOON).total_seconds()
        assert LEASE_SECONDS <= waited <= LEASE_SECONDS + 1.2 * RETRY_SECONDS + 0.1
        assert ("b", 1) == (the_lease(server).holder, the_lease(server).transitions)

    on_own_clock(scenario())


@pytest.mark.parametrize("ahead_seconds", [-86_400, -20, 20, 86_400])
def test_clocks_need_not_agree(ahead_seconds: float) -> None:
    """A day between two clocks neither takes the Lease from who renews it, nor keeps it from who waited."""

    async def scenario() -> None:
        server = LeaseServer()
        first = Candidate(server, "a")
        second = Candidate(
            server, "b", monotonic_offset_seconds=1e6 + ahead_seconds, wall_offset_seconds=ahead_seconds
        )
        first.start()
        assert [[], ["a"]] == await leaders_until(30, first, second)
        second.start()
        assert [["a"]] == await leaders_until(300, first, second)
        await first.cut_off()

        assert [[], ["b"]] == await leaders_until(360, first, second)

        assert second.led_from is not None
        assert LEASE_SECONDS - RETRY_SECONDS <= second.led_from - 300 <= LEASE_SECONDS + 1.2 * RETRY_SECONDS

    on_own_clock(scenario())


def test_a_candidate_that_comes_late_waits_a_whole_lease() -> None:
    """How long a record lay there before it was first seen counts for nothing: its times are another clock's."""

    async def scenario() -> None:
        server = LeaseServer()
        gone = Candidate(server, "a")
        gone.start()
        await leaders_until(10, gone)
        await gone.cut_off()
        await leaders_until(1000, gone)
        late = Candidate(server, "b")
        late.start()

        await leaders_until(1060, late)

        assert 1000 + LEASE_SECONDS == late.led_from

    on_own_clock(scenario())


def test_of_many_that_wait_one_wins() -> None:
    """When the leader dies, ten candidates that look at the same moment make one leader."""

    async def scenario() -> None:
        server = LeaseServer()
        leader = Candidate(server, "leader")
        waiting = [Candidate(server, f"waiting-{number}") for number in range(10)]
        leader.start()
        await leaders_until(1, leader)
        for candidate in waiting:
            candidate.start()
        await leaders_until(30, leader, *waiting)
        await leader.cut_off()

        seen = await leaders_until(120, *waiting)

        winners = [candidate for candidate in waiting if candidate.led_from is not None]
        assert [[], [winners[0].name]] == seen
        assert [the_lease(server).holder] == [winner.name for winner in winners]

    on_own_clock(scenario())


def test_a_slow_server_makes_no_second_leader() -> None:
    """Answers that take seconds shorten the time of the leader, never the wait of the candidate."""

    async def scenario() -> None:
        server = LeaseServer()
        first, second = Candidate(server, "a"), Candidate(server, "b")
        first.leases.before_seconds, first.leases.after_seconds = 1.0, 1.4
        second.leases.before_seconds = 0.4
        first.start()
        await leaders_until(20, first)
        second.start()
        await leaders_until(100, first, second)
        # Its answers are lost from now on, its writes arrive.
        first.leases.after_seconds = 100.0

        seen = await leaders_until(300, first, second)

        assert [["a"], [], ["b"]] == seen

    on_own_clock(scenario())


def test_a_lease_that_is_given_up_is_taken_at_the_next_look() -> None:
    """A graceful end leaves an empty holder, and nobody waits for the rest of the lease."""

    async def scenario() -> None:
        server = LeaseServer()
        first, second = Candidate(server, "a"), Candidate(server, "b")
        first.start()
        second.start()
        await leaders_until(60, first, second)
        await first.end()
        assert "" == the_lease(server).holder

        await leaders_until(90, first, second)

        assert second.led_from is not None
        assert second.led_from - 60 <= RETRY_SECONDS * 1.2 + 0.1
        assert ("b", 1) == (the_lease(server).holder, the_lease(server).transitions)

    on_own_clock(scenario())


def test_an_end_gives_up_nothing_of_another() -> None:
    """Who stands by, or has lost the Lease, leaves the record alone."""

    async def scenario() -> None:
        server = LeaseServer()
        first, second = Candidate(server, "a"), Candidate(server, "b")
        first.start()
        second.start()
        await leaders_until(10, first, second)

        await second.end()

        assert "a" == the_lease(server).holder
        assert "replace" not in second.leases.calls

    on_own_clock(scenario())


def test_an_end_without_the_server_is_an_end() -> None:
    """A Lease that cannot be given up is left to run out."""

    async def scenario() -> None:
        server = LeaseServer()
        first, second = Candidate(server, "a"), Candidate(server, "b")
        first.start()
        second.start()
        await leaders_until(10, first, second)
        first.leases.failing = KubeUnavailableError("no route to host")

        await first.end()
        await leaders_until(60, first, second)

        assert second.led_from is not None
        assert second.led_from > 10 + LEASE_SECONDS - RETRY_SECONDS

    on_own_clock(scenario())


@pytest.mark.parametrize(
    ("holder", "at_once"),
    [
        pytest.param("pod-1_0a1b2c3d", True, id="the same pod's last container"),
        pytest.param("pod-12_0a1b2c3d", False, id="another pod"),
        pytest.param("pod-1", False, id="something else of that name"),
    ],
)
def test_a_pod_takes_over_from_its_own_last_container(holder: str, *, at_once: bool) -> None:
    """What a crashed container of the same pod held is free: Kubernetes has ended it before it started this one."""

    async def scenario() -> None:
        server = LeaseServer()
        gone = Candidate(server, holder)
        gone.start()
        await leaders_until(10, gone)
        await gone.cut_off()
        again = Candidate(server, "pod-1_ffffffff", predecessor="pod-1")
        again.start()

        await leaders_until(60, again)

        assert (10 if at_once else 10 + LEASE_SECONDS) == again.led_from

    on_own_clock(scenario())


@pytest.mark.parametrize(
    ("duration_seconds", "waits_seconds"),
    [pytest.param(40, 40, id="a longer lease"), pytest.param(0, LEASE_SECONDS, id="no duration")],
)
def test_the_record_says_for_how_long_to_wait(duration_seconds: int, waits_seconds: int) -> None:
    """A holder with another duration is waited for as long as it says, and as long as ours where it says nothing."""

    async def scenario() -> None:
        server = LeaseServer()
        gone = Candidate(server, "a")
        gone.start()
        await leaders_until(1, gone)
        await gone.cut_off()
        server.keep(dataclasses.replace(server.leases[NAMESPACE, NAME], duration_seconds=duration_seconds))
        second = Candidate(server, "b")
        second.start()

        await leaders_until(100, second)

        assert 1 + waits_seconds == second.led_from

    on_own_clock(scenario())
