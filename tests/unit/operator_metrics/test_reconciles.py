"""Reconciles as the controller measures them: how long, with which result, and nothing that was not written."""

from contextlib import nullcontext
from dataclasses import replace

import pytest

from steno_kube import ConflictError, KubeError, KubeUnavailableError, ResourceNotFoundError
from steno_operator.context import Context
from steno_operator.controller import Controller
from steno_store import claim_outcome
from steno_types import FINALIZER, TranscriptionJob
from support.batch_jobs import InMemoryBatchJobs, InMemoryEvents, InMemoryUploadReaders
from support.builders import LAYOUT, NAMESPACE, a_complete_manifest, a_job, an_installation
from support.object_store import InMemoryObjectStore
from support.transcription_jobs import InMemoryTranscriptionJobs
from unit.operator_metrics.meter import Meter

KEY = f"{NAMESPACE}/talk"
COUNT = 'steno_reconcile_seconds_count{{result="{}"}}'
COMPLETE = 'steno_jobs_finished_total{engine="faster-whisper",profile="cpu",reason="",result="Complete"}'


class Workshop:
    """A controller with its surroundings in memory, and its metrics."""

    def __init__(self) -> None:
        self.meter = Meter()
        self.jobs = InMemoryTranscriptionJobs()
        self.batch_jobs = InMemoryBatchJobs()
        self.store = InMemoryObjectStore()
        self.controller = Controller(
            Context(
                jobs=self.jobs,
                batch_jobs=self.batch_jobs,
                events=InMemoryEvents(),
                upload_readers=InMemoryUploadReaders(self.jobs),
                store=self.store,
                installation=an_installation(),
                roster=self.meter.roster,
                metrics=self.meter.metrics,
            )
        )

    async def launch(self) -> TranscriptionJob:
        """Submit a job, and give it its Job."""
        await self.jobs.create(NAMESPACE, "talk", a_job().build().spec, finalizers=(FINALIZER,))
        while (job := await self.jobs.get(NAMESPACE, "talk")).status.job_ref is None:
            await self.controller.reconcile(KEY)
        return job

    def win(self, job: TranscriptionJob) -> None:
        """Let its attempt have claimed the outcome, and its Job have ended."""
        manifest = a_complete_manifest(job, effective=job.status.effective)
        claim_outcome(self.store, LAYOUT.results(NAMESPACE, "talk", job.metadata.uid), manifest)
        ended = {name: replace(found, complete=True) for name, found in self.batch_jobs.batch_jobs.items()}
        self.batch_jobs.batch_jobs = ended

    def fail(self, call: str, error: KubeError | None) -> None:
        """Let every such call on jobs fail from now on; None: succeed."""
        self.jobs.failing, self.jobs.failing_calls = error, frozenset({call})


@pytest.fixture
def workshop() -> Workshop:
    """A controller without jobs."""
    return Workshop()


async def test_a_job_from_its_launch_to_its_end(workshop: Workshop) -> None:
    """Each look is one reconcile that succeeds, and the end is counted where it is written."""
    job = await workshop.launch()
    launched = workshop.meter.moved()
    workshop.win(job)

    await workshop.controller.reconcile(KEY)

    ended = workshop.meter.moved()
    assert 1 <= launched[COUNT.format("success")]
    assert (False, 1, 1) == (COMPLETE in launched, ended[COMPLETE], ended[COUNT.format("success")])


async def test_a_job_that_is_gone(workshop: Workshop) -> None:
    """A key without a job is a reconcile like any other."""
    await workshop.controller.reconcile(KEY)

    assert 1 == workshop.meter.moved()[COUNT.format("success")]


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ConflictError("it has been modified"), id="changed"),
        pytest.param(ResourceNotFoundError("it is gone"), id="gone"),
        pytest.param(KubeUnavailableError("no answer"), id="not to be reached"),
    ],
)
async def test_an_end_that_cannot_be_written_is_none(workshop: Workshop, error: KubeError) -> None:
    """A failing status write counts nothing but a reconcile, and the one that succeeds counts the end once."""
    workshop.win(await workshop.launch())
    workshop.meter.moved()
    workshop.fail("patch_status", error)
    results = set()
    for _ in range(2):
        try:
            await workshop.controller.reconcile(KEY)
            results.add("overtaken")
        except KubeError:
            results.add("error")
    (result,) = results
    failing = workshop.meter.moved()
    workshop.fail("patch_status", None)

    await workshop.controller.reconcile(KEY)

    duration = COUNT.format(result).replace("_count", "_sum")
    assert {COUNT.format(result), duration} == failing.keys()
    assert 2 == failing[COUNT.format(result)]
    assert 1 == workshop.meter.moved()[COMPLETE]


@pytest.mark.parametrize(
    ("error", "result"),
    [
        pytest.param(ConflictError("it has been modified"), "overtaken", id="changed"),
        pytest.param(KubeUnavailableError("no answer"), "error", id="not to be reached"),
    ],
)
async def test_the_result_of_a_reconcile(workshop: Workshop, error: KubeError, result: str) -> None:
    """Somebody else's faster write is told apart from trouble."""
    await workshop.launch()
    workshop.meter.moved()
    workshop.fail("get", error)
    trouble = isinstance(error, KubeUnavailableError)

    with pytest.raises(KubeUnavailableError) if trouble else nullcontext():
        await workshop.controller.reconcile(KEY)

    moved = workshop.meter.moved()
    assert 1 == moved[COUNT.format(result)]
    assert 2 == len(moved)
