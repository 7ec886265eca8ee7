"""The process's life: it stands by, leads, and ends so that the next leader finds nothing half done."""

import asyncio

import pytest

from steno_operator.leadership import LeadershipLostError
from steno_operator.lifecycle import DRAIN_SECONDS, Alone, live
from support.own_clock import now, on_own_clock


class PlayedElection:
    """An election whose moments the test chooses; writes down what is asked of it."""

    def __init__(self, *, won_at: float = 0.0, lost_at: float | None = None) -> None:
        self.asked: list[tuple[str, float]] = []
        self._won_at = won_at
        self._lost_at = lost_at

    def still_leader(self) -> bool:
        """Whether the moment lies between the two."""
        return self._won_at <= now() < (self._lost_at if self._lost_at is not None else float("inf"))

    async def acquire(self) -> None:
        """Wait for the first."""
        await asyncio.sleep(self._won_at - now())
        self.asked.append(("acquire", now()))

    async def hold(self) -> None:
        """Wait for the second."""
        await asyncio.sleep(self._lost_at - now() if self._lost_at is not None else 1e6)
        raise LeadershipLostError("the lease is another's")

    async def release(self) -> None:
        """Write it down."""
        self.asked.append(("release", now()))


class Life:
    """One life with work that does nothing, and what became of it."""

    def __init__(self, election: PlayedElection | Alone, *, drain_seconds: float = 0.0) -> None:
        self.election = election
        self.stop = asyncio.Event()
        self.work: asyncio.Task[None] | None = None
        self.fails: Exception | None = None
        self.fails_at = 1e6
        self.drained_at: list[float] = []
        self.lost: list[tuple[str, float]] = []
        self.begins_seconds = 0.0
        self._drain_seconds = drain_seconds

    async def live(self) -> int:
        """Live it."""
        return await live(self.election, stop=self.stop, begin=self._begin, drain=self._drain, lost=self._note)

    async def _begin(self) -> list[asyncio.Task[None]]:
        await asyncio.sleep(self.begins_seconds)
        if self.fails is not None and self.fails_at == 0:
            raise self.fails
        self.work = asyncio.create_task(self._work(), name="kopf")
        return [self.work]

    async def _work(self) -> None:
        await asyncio.sleep(self.fails_at - now())
        if self.fails is not None:
            raise self.fails

    async def _drain(self) -> None:
        await asyncio.sleep(self._drain_seconds)
        self.drained_at.append(now())

    def _note(self, why: str) -> None:
        self.lost.append((why, now()))


def stop_at(second: float, life: Life) -> None:
    """Let Kubernetes ask for the end at that second."""
    asyncio.get_running_loop().call_at(second, life.stop.set)


def test_the_work_begins_with_leadership() -> None:
    """Nothing is started while another leads."""

    async def scenario() -> None:
        life = Life(PlayedElection(won_at=60))
        living = asyncio.create_task(life.live())
        await asyncio.sleep(59)
        assert life.work is None
        await asyncio.sleep(2)
        assert life.work is not None
        stop_at(100, life)

        assert 0 == await living

    on_own_clock(scenario())


def test_a_standby_ends_at_once() -> None:
    """Asked to end while another leads, it does, and gives up what it may have won in that very moment."""

    async def scenario() -> None:
        election = PlayedElection(won_at=60)
        life = Life(election)
        stop_at(30, life)

        assert 0 == await life.live()

        assert (30.0, [("release", 30.0)], None) == (now(), election.asked, life.work)

    on_own_clock(scenario())


def test_a_leader_ends_when_its_reconciles_have() -> None:
    """Asked to end, it lets reconciles finish as the leader that it still is, then gives the lease up."""

    async def scenario() -> None:
        election = PlayedElection()
        life = Life(election, drain_seconds=7)
        stop_at(30, life)

        assert 0 == await life.live()

        assert [37.0] == life.drained_at
        assert [("acquire", 0.0), ("release", 37.0)] == election.asked
        assert [] == life.lost

    on_own_clock(scenario())


def test_a_reconcile_that_hangs_is_not_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    """The end comes all the same, and the log says that something was left."""

    async def scenario() -> None:
        election = PlayedElection()
        life = Life(election, drain_seconds=3600)
        stop_at(30, life)

        assert 0 == await life.live()

        assert [("acquire", 0.0), ("release", 30 + DRAIN_SECONDS)] == election.asked

    on_own_clock(scenario())
    assert "still under way" in caplog.text


def test_a_lost_lease_ends_it_in_the_midst() -> None:
    """No drain and no release: what is not its own any more is not touched."""

    async def scenario() -> None:
        election = PlayedElection(lost_at=50)
        life = Life(election, drain_seconds=1)

        assert 1 == await life.live()

        assert [("the lease is another's", 50.0)] == life.lost
        assert [] == life.drained_at
        assert [("acquire", 0.0)] == election.asked

    on_own_clock(scenario())


def test_a_lease_lost_while_ending_ends_it_too() -> None:
    """A reconcile that is let finish may do so only as long as the lease is ours."""

    async def scenario() -> None:
        election = PlayedElection(lost_at=35)
        life = Life(election, drain_seconds=9)
        stop_at(30, life)

        assert 1 == await life.live()

        assert [("the lease is another's", 35.0)] == life.lost
        assert [("acquire", 0.0)] == election.asked

    on_own_clock(scenario())


@pytest.mark.parametrize(
    ("fails", "word"),
    [
        pytest.param(RuntimeError("error in the watch-stream"), "error in the watch-stream", id="by an error"),
        pytest.param(None, "without an error", id="by itself"),
    ],
)
def test_work_that_ends_ends_the_process(
    caplog: pytest.LogCaptureFixture, fails: Exception | None, word: str
) -> None:
    """A part that ended is named, the rest ends in order, and the exit code is that of a failure."""

    async def scenario() -> None:
        election = PlayedElection()
        life = Life(election, drain_seconds=2)
        life.fails, life.fails_at = fails, 40

        assert 1 == await life.live()

        assert [42.0] == life.drained_at
        assert [("acquire", 0.0), ("release", 42.0)] == election.asked

    on_own_clock(scenario())
    assert "kopf ended" in caplog.text
    assert word in caplog.text


def test_a_beginning_that_fails_ends_the_process(caplog: pytest.LogCaptureFixture) -> None:
    """A leader that cannot begin lets another try."""

    async def scenario() -> None:
        election = PlayedElection()
        life = Life(election)
        life.fails, life.fails_at, life.begins_seconds = OSError("the API server did not answer"), 0, 3

        assert 1 == await life.live()

        assert [("acquire", 0.0), ("release", 3.0)] == election.asked

    on_own_clock(scenario())
    assert "the beginning ended: OSError('the API server did not answer')" in caplog.text


@pytest.mark.parametrize(
    ("stop", "lost_at", "code", "asked"),
    [
        pytest.param(5, None, 0, [("acquire", 0.0), ("release", 5.0)], id="by a signal"),
        pytest.param(1e6, 5, 1, [("acquire", 0.0)], id="by the loss of the lease"),
    ],
)
def test_a_long_beginning_is_cut_short(
    stop: float, lost_at: float | None, code: int, asked: list[tuple[str, float]]
) -> None:
    """While thousands of jobs are listed, the process ends as it would later."""

    async def scenario() -> None:
        election = PlayedElection(lost_at=lost_at)
        life = Life(election)
        life.begins_seconds = 60
        stop_at(stop, life)

        assert code == await life.live()

        assert (5.0, None, asked) == (now(), life.work, election.asked)

    on_own_clock(scenario())


def test_without_an_election_it_leads_at_once() -> None:
    """One replica for sure needs no Lease."""

    async def scenario() -> None:
        life = Life(Alone())
        stop_at(30, life)

        assert 0 == await life.live()

        assert Alone().still_leader()
        assert life.work is not None

    on_own_clock(scenario())
