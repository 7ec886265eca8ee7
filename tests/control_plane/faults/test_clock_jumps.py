"""The operator's clock is set while jobs live: none is lost, none deleted early, and nothing decided is taken back.

Whole reconciles in memory, by the controller that the operator runs. The API server's clock and the nodes' are right
throughout; the operator's is off by a jump, from some moment on. A jump forward looks like time that has passed, so
what waits for time may end: a deadline, a TTL, a release's patience. A jump back ends nothing, and undoes nothing.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from steno_operator.context import Context
from steno_operator.controller import LONGEST_WAIT_SECONDS, Controller
from steno_operator.metrics import Metrics
from steno_operator.observed import WorkerPod
from steno_operator.policies.release import REPEAT_SECONDS
from steno_operator.policies.retries import JOB_CONTROLLER_SECONDS
from steno_operator.roster import Roster
from steno_store import claim_outcome
from steno_types import FINALIZER, Reason, Release, TerminationMessage, TranscriptionJob
from support.batch_jobs import InMemoryBatchJobs, InMemoryEvents, InMemoryUploadReaders
from support.builders import LAYOUT, NAMESPACE, NOON, a_complete_manifest, a_job, an_installation
from support.object_store import InMemoryObjectStore
from support.transcription_jobs import InMemoryTranscriptionJobs

KEY: Final = f"{NAMESPACE}/talk"
HOUR: Final = timedelta(hours=1)
MONTH: Final = timedelta(days=30)
JUMPS: Final = [
    pytest.param(-MONTH, id="a month back"),
    pytest.param(-HOUR, id="an hour back"),
    pytest.param(HOUR, id="an hour on"),
    pytest.param(MONTH, id="a month on"),
]
BACK: Final = JUMPS[:2]
ON: Final = JUMPS[2:]
DAY_SECONDS: Final = 86_400


class Lab:
    """One job, its surroundings in memory, and an operator whose clock may be off."""

    def __init__(self) -> None:
        self.now = NOON
        """By the clocks that are right."""
        self.off = timedelta()
        """By how much the operator's is ahead."""
        here = an_installation(cache_expiry_seconds=7 * DAY_SECONDS)
        self.jobs = InMemoryTranscriptionJobs(now=lambda: self.now)
        self.batch_jobs = InMemoryBatchJobs()
        self.store = InMemoryObjectStore()
        self.context = Context(
            jobs=self.jobs,
            batch_jobs=self.batch_jobs,
            events=InMemoryEvents(),
            upload_readers=InMemoryUploadReaders(self.jobs),
            store=self.store,
            installation=here,
            roster=Roster(here),
            metrics=Metrics(Roster(here)),
        )
        self.controller = Controller(self.context, clock=lambda: self.now + self.off)

    async def submit(self, **spec: Any) -> None:
        """Create the job."""
        wanted = a_job().with_spec(**spec).build().spec
        await self.jobs.create(NAMESPACE, "talk", wanted, finalizers=(FINALIZER,))

    async def settle(self) -> float | None:
        """Reconcile until nothing is wanted at once; gives for how long the operator would wait then."""
        for _ in range(12):
            self.now += timedelta(seconds=1)
            if (again := await self.controller.reconcile(KEY)) is None or again > 1:
                return again
        raise AssertionError(f"{KEY} runs hot: {self.jobs.calls}")

    async def rest(self) -> None:
        """Reconcile until the operator would wait for more than a minute, by clocks that go on."""
        while (again := await self.settle()) is not None and again <= 60:
            self.now += timedelta(seconds=again)

    async def job(self) -> TranscriptionJob | None:
        """Read the job; None: it is gone."""
        return next((job for job in self.jobs.jobs), None)

    async def there(self) -> TranscriptionJob:
        """Read a job that must be there."""
        found = await self.job()
        assert found is not None
        return found

    def add_pod(self, **changes: Any) -> WorkerPod:
        """Let the Job controller make a pod of the youngest Job."""
        batch_job = [*self.batch_jobs.batch_jobs][-1]
        pod = WorkerPod(name=f"{batch_job}-abcde", batch_job=batch_job, created=self.now, scheduled=self.now)
        return self.put_pod(replace(pod, **changes))

    def put_pod(self, pod: WorkerPod) -> WorkerPod:
        """Let a pod be so, and the operator hear of it."""
        self.batch_jobs.worker_pods[pod.name] = pod
        self.context.sightings.children(KEY)
        self.context.sightings.saw("pods", _heard(pod))
        return pod

    async def claim(self, attempt: str) -> None:
        """Let an attempt win, by its node's clock."""
        job = await self.there()
        prefix = LAYOUT.results(NAMESPACE, "talk", job.metadata.uid)
        manifest = a_complete_manifest(job, at=self.now, attempt=attempt)
        claim_outcome(self.store, prefix, manifest)


def _heard(pod: WorkerPod) -> dict[str, Any]:
    metadata = {"namespace": NAMESPACE, "name": pod.name, "labels": {"steno.dev/job": "talk"}}
    return {"metadata": metadata, "status": {}}


def phase(job: TranscriptionJob) -> str | None:
    """Give the phase."""
    return job.status.phase


def sane(job: TranscriptionJob) -> bool:
    """Whether no span in the status is negative."""
    status = job.status
    spans = [(attempt.start, attempt.end) for attempt in status.attempts]
    created = job.metadata.creation_timestamp
    begun = (moment for moment in (created, status.start_time) if moment is not None)
    spans += [(moment, status.completion_time) for moment in begun]
    return all(end is None or begin <= end for begin, end in spans)


@pytest.fixture
def lab() -> Lab:
    """A laboratory at noon."""
    return Lab()


@pytest.mark.parametrize("jump", JUMPS)
@pytest.mark.parametrize("moment", range(5), ids=["from the start", "queued", "running", "claimed", "ended"])
async def test_a_job_without_limits_completes_whatever_the_clock_says(lab: Lab, jump: timedelta, moment: int) -> None:
    """Wherever the jump comes, one attempt with one Job wins, and no span is negative."""

    async def reach(reached: int) -> None:
        if reached == moment:
            lab.off = jump
        await lab.settle()

    await lab.submit(ttlSecondsAfterFinished=-1)
    await reach(0)
    pod = lab.add_pod()
    await reach(1)
    pod = lab.put_pod(replace(pod, started=lab.now))
    await reach(2)
    await lab.claim(pod.name)
    await reach(3)
    lab.put_pod(replace(pod, started=lab.now, finished=lab.now + timedelta(seconds=1), exit_code=0))
    await reach(4)

    job = await lab.there()
    assert "Completed" == phase(job)
    assert [(pod.name, None)] == [(attempt.name, attempt.reason) for attempt in job.status.attempts]
    assert 1 == len(lab.batch_jobs.created)
    assert sane(job)


@pytest.mark.parametrize("jump", JUMPS)
async def test_an_attempt_that_vanishes_has_no_negative_span(lab: Lab, jump: timedelta) -> None:
    """Its end is the operator's word, its start the node's: the one is never before the other."""
    await lab.submit()
    await lab.settle()
    pod = lab.add_pod(started=lab.now)
    await lab.settle()
    lab.off = jump
    del lab.batch_jobs.worker_pods[pod.name]
    await lab.settle()

    job = await lab.there()
    assert [Reason.TERMINATED] == [attempt.reason for attempt in job.status.attempts]
    assert sane(job)


LIMITS: Final = {
    "activeDeadlineSeconds": (7200, Reason.DEADLINE_EXCEEDED),
    "stallSeconds": (7200, None),
    "pendingDeadlineSeconds": (7200, Reason.PENDING_DEADLINE_EXCEEDED),
}
"""Longer than an hour and shorter than a month; a worker that stalls has another chance."""


async def limited(lab: Lab, limit: str) -> None:
    """Let a job with a limit run, or wait where that is what is limited."""
    await lab.submit(**{limit: LIMITS[limit][0]}, backoffLimit=1)
    await lab.settle()
    if limit != "pendingDeadlineSeconds":
        lab.add_pod(started=lab.now)
        await lab.settle()


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("jump", [*BACK, ON[0]])
async def test_no_limit_is_reached_early(lab: Lab, limit: str, jump: timedelta) -> None:
    """A jump back reaches no limit, nor does one forward that is shorter than the limit."""
    await limited(lab, limit)
    lab.off = jump
    await lab.settle()

    job = await lab.there()
    assert job.status.stopping is None
    assert phase(job) in {"Queued", "Processing"}
    assert [] == lab.batch_jobs.deleted


@pytest.mark.parametrize("limit", LIMITS)
async def test_a_jump_past_a_limit_reaches_it_for_good(lab: Lab, limit: str) -> None:
    """It looks like time that has passed; set back again, the clock takes back nothing that was decided."""
    await limited(lab, limit)
    lab.off = MONTH
    await lab.controller.reconcile(KEY)  # decided and written down, nothing more
    lab.off = timedelta()
    await lab.settle()
    await lab.settle()

    job, (_, reason) = await lab.there(), LIMITS[limit]
    if reason is not None:
        assert job.status.failure is not None
        assert reason == job.status.failure.reason
    else:
        assert [Reason.WORKER_STALLED] == [attempt.reason for attempt in job.status.attempts]
        assert 2 == len(lab.batch_jobs.created)
    assert sane(job)


async def completed(lab: Lab) -> None:
    """Let a job complete, with the installation's TTL of a week."""
    await lab.submit()
    await lab.settle()
    pod = lab.add_pod(started=lab.now)
    await lab.settle()
    await lab.claim(pod.name)
    lab.put_pod(replace(pod, finished=lab.now, exit_code=0))
    await lab.settle()


@pytest.mark.parametrize("jump", [*BACK, ON[0]])
async def test_nothing_expires_early(lab: Lab, jump: timedelta) -> None:
    """Before its expiration a job stays, with all its objects, and its expiration does not move."""
    await completed(lab)
    before = (await lab.there()).status.expiration_time
    kept = lab.store.objects
    lab.off = jump
    await lab.settle()

    job = await lab.there()
    assert ("Completed", before) == (phase(job), job.status.expiration_time)
    assert job.metadata.deletion_timestamp is None
    assert kept == lab.store.objects


async def test_a_jump_past_the_ttl_expires_for_good(lab: Lab) -> None:
    """It looks like time that has passed; set back again, the clock does not stop the release."""
    await completed(lab)
    lab.off = MONTH
    await lab.controller.reconcile(KEY)
    assert (await lab.there()).metadata.deletion_timestamp is not None
    lab.off = timedelta()
    await lab.rest()

    assert await lab.job() is None
    assert {} == lab.store.objects


@pytest.mark.parametrize("jump", JUMPS)
async def test_a_wait_for_the_clock_is_never_longer_than_hours(lab: Lab, jump: timedelta) -> None:
    """A clock that is set right is noticed, though what waits for it was measured by the wrong one."""
    await completed(lab)
    lab.off = jump

    again = await lab.settle()

    assert again is None or again <= LONGEST_WAIT_SECONDS


@pytest.mark.parametrize("jump", BACK)
async def test_a_release_is_repeated_though_the_clock_is_set_back(lab: Lab, jump: timedelta) -> None:
    """After a deletion that left something, the next one follows in seconds, not when the clock is there again."""
    await completed(lab)
    await lab.jobs.delete(NAMESPACE, "talk")
    job = await lab.there()
    partly = Release(objects=1, bytes=3, verified_empty=False, time=lab.now)
    await lab.jobs.patch_status(job, job.status.model_copy(update={"release": partly}))
    lab.off = jump

    again = await lab.settle()

    assert again is not None
    assert again <= REPEAT_SECONDS
    await lab.rest()
    assert await lab.job() is None
    assert {} == lab.store.objects


async def test_a_release_may_lose_its_patience_and_leaves_the_rest_to_the_sweep(lab: Lab) -> None:
    """Under a jump forward it looks as if a release had been held up for long: it says that something may be left."""
    await completed(lab)
    await lab.jobs.delete(NAMESPACE, "talk")
    lab.off = MONTH
    await lab.controller.reconcile(KEY)

    receipt = (await lab.there()).status.release
    assert receipt is not None
    assert (False, True) == (receipt.verified_empty, receipt.gave_up)
    lab.off = timedelta()
    await lab.rest()
    assert await lab.job() is None


@pytest.mark.parametrize("jump", BACK)
async def test_a_spent_job_does_not_wait_for_the_clock(lab: Lab, jump: timedelta) -> None:
    """The last attempt's end lies in the operator's future: the Job controller's half minute stays half a minute."""
    await lab.submit(backoffLimit=0)
    await lab.settle()
    pod = lab.add_pod(started=lab.now)
    await lab.settle()
    lab.off = jump
    word = TerminationMessage(reason=Reason.DEVICE_OUT_OF_MEMORY, message="")
    lab.put_pod(replace(pod, finished=lab.now, exit_code=75, termination=word, failed=True))

    again = await lab.settle()

    assert again is not None
    assert again <= JOB_CONTROLLER_SECONDS
    (name,) = lab.batch_jobs.batch_jobs
    lab.batch_jobs.batch_jobs[name] = replace(lab.batch_jobs.batch_jobs[name], failed=True)
    await lab.settle()
    job = await lab.there()
    assert "Failed" == phase(job)
    assert sane(job)
    # Its TTL counts from its end, not from when the operator's clock said that it was.
    assert job.status.expiration_time is not None
    lab.off = timedelta()
    await lab.settle()
    assert "Failed" == phase(await lab.there())
    assert lab.now + timedelta(days=6) < job.status.expiration_time
