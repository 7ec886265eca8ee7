"""Nobody reports but a pod that works for a TranscriptionJob: each other way in is closed, by name."""

import logging
import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest

from steno_kube import KubeError, KubeForbiddenError, KubeUnavailableError
from steno_operator.progress.evidence import Controller
from steno_operator.progress.refusals import MESSAGES, Refusal, ReportRefusedError
from steno_types import API_VERSION, KIND
from support.builders import NAMESPACE
from unit.operator_progress.desk import Desk, Worker, a_report

DEPLOYMENTS = Controller(api_version="apps/v1", kind="ReplicaSet", name="talk-6f3d1c6e", uid="r")


def another_pod_of_that_name(desk: Desk, worker: Worker) -> None:
    """Replace the pod, as a StatefulSet would."""
    desk.change_pod(worker, uid=str(uuid.uuid4()))


def gone(desk: Desk, worker: Worker) -> None:
    """Take the pod away."""
    del desk.owned.pods[NAMESPACE, worker.pod.name]


def bare(desk: Desk, worker: Worker) -> None:
    """Let nobody control the pod."""
    desk.change_pod(worker, controller=None)


def of_a_deployment(desk: Desk, worker: Worker) -> None:
    """Let a ReplicaSet control the pod, of the name that our Job has."""
    desk.change_pod(worker, controller=replace(DEPLOYMENTS, name=worker.batch_job.name))


def of_a_jobset(desk: Desk, worker: Worker) -> None:
    """Let something control the pod that calls itself a Job in another group."""
    desk.change_pod(worker, controller=replace(DEPLOYMENTS, kind="Job", name=worker.batch_job.name))


def of_a_job_that_is_gone(desk: Desk, worker: Worker) -> None:
    """Take the Job away."""
    del desk.owned.batch_jobs[NAMESPACE, worker.batch_job.name]


def of_an_earlier_job_of_that_name(desk: Desk, worker: Worker) -> None:
    """Replace the Job."""
    desk.change_batch_job(worker, uid=str(uuid.uuid4()))


def of_a_strangers_job(desk: Desk, worker: Worker) -> None:
    """Let nobody control the Job."""
    desk.change_batch_job(worker, controller=None)


def of_a_cron_job(desk: Desk, worker: Worker) -> None:
    """Let a CronJob of the job's name control the Job."""
    job = worker.batch_job.controller
    assert job is not None
    desk.change_batch_job(worker, controller=replace(job, api_version="batch/v1", kind="CronJob"))


def of_another_group(desk: Desk, worker: Worker) -> None:
    """Let another group's TranscriptionJob of the job's name and uid control the Job."""
    job = worker.batch_job.controller
    assert job is not None
    desk.change_batch_job(worker, controller=replace(job, api_version="example.org/v1alpha1"))


def of_an_earlier_transcription_job(desk: Desk, worker: Worker) -> None:
    """Let the Job belong to an earlier TranscriptionJob of the name."""
    owner = Controller(api_version=API_VERSION, kind=KIND, name=worker.job, uid=str(uuid.uuid4()))
    desk.change_batch_job(worker, controller=owner)


def of_a_transcription_job_that_is_gone(desk: Desk, worker: Worker) -> None:
    """Let the Job belong to a TranscriptionJob of another name."""
    owner = Controller(api_version=API_VERSION, kind=KIND, name="walk", uid=str(uuid.uuid4()))
    desk.change_batch_job(worker, controller=owner)


@pytest.mark.parametrize(
    ("otherwise", "refusal"),
    [
        pytest.param(gone, "PodGone", id="a deleted pod's"),
        pytest.param(another_pod_of_that_name, "PodGone", id="an earlier pod's of the name"),
        pytest.param(bare, "PodOfNoJob", id="a bare pod's"),
        pytest.param(of_a_deployment, "PodOfNoJob", id="a Deployment's pod's"),
        pytest.param(of_a_jobset, "PodOfNoJob", id="another Job kind's pod's"),
        pytest.param(of_a_job_that_is_gone, "BatchJobGone", id="an orphan's"),
        pytest.param(of_an_earlier_job_of_that_name, "BatchJobGone", id="an earlier Job's pod's"),
        pytest.param(of_a_strangers_job, "BatchJobNotOurs", id="a stranger's Job's pod's"),
        pytest.param(of_a_cron_job, "BatchJobNotOurs", id="a CronJob's pod's"),
        pytest.param(of_another_group, "BatchJobNotOurs", id="another group's"),
        pytest.param(of_an_earlier_transcription_job, "JobGone", id="an earlier job's of the name"),
        pytest.param(of_a_transcription_job_that_is_gone, "JobGone", id="a job's that is gone"),
    ],
)
async def test_a_strangers_token_is_refused(
    desk: Desk, otherwise: Callable[[Desk, Worker], None], refusal: str
) -> None:
    """A good token is not enough: its pod must be there, and belong to a TranscriptionJob that is."""
    worker = await desk.employ()
    otherwise(desk, worker)

    with pytest.raises(ReportRefusedError) as refused:
        await desk.report(worker)

    assert refusal == refused.value.refusal
    assert None is await desk.progress()


async def test_a_namespace_that_is_not_served_is_refused() -> None:
    """An operator of one namespace takes no reports from another; one of all namespaces does."""
    stranger, everybodys = Desk(frozenset({"music"})), Desk(None)

    with pytest.raises(ReportRefusedError) as refused:
        await stranger.report(await stranger.employ())
    await everybodys.report(await everybodys.employ(), 7)

    assert Refusal.NAMESPACE_NOT_SERVED == refused.value.refusal
    assert [] == stranger.owned.calls
    assert 7 == await everybodys.percent()


async def test_a_pod_of_that_name_elsewhere_reaches_no_job_here() -> None:
    """Namespaces stay apart, even where names are the same and an owner reference names this one's objects."""
    desk = Desk(None)
    ours = await desk.employ("talk")
    theirs = desk.add_pod("music", ours.batch_job, "talk")
    await desk.report(ours, 30)

    with pytest.raises(ReportRefusedError) as refused:
        await desk.report(theirs, 90)

    assert Refusal.BATCH_JOB_GONE == refused.value.refusal
    assert 30 == await desk.percent()


async def test_a_worker_moves_its_own_job_alone(desk: Desk) -> None:
    """Nothing in a report says whose it is."""
    await desk.employ("talk")
    await desk.report(await desk.employ("walk"), 90)

    assert (None, 90) == (await desk.percent("talk"), await desk.percent("walk"))


async def test_the_pod_is_read_for_each_report(desk: Desk) -> None:
    """A token that was good a moment ago is refused once its pod is gone; the Job alone is remembered."""
    worker = await desk.employ()
    await desk.report(worker)
    await desk.report(worker)
    gone(desk, worker)
    with pytest.raises(ReportRefusedError):
        await desk.report(worker)

    assert ["pod", "batch_job", "pod", "pod"] == desk.owned.calls


async def test_the_log_says_a_refusal_once(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Who knocks again and again fills no log, and no token is in it."""
    worker = await desk.employ()
    bare(desk, worker)
    for token in (worker.token, worker.token, "forged-1", "forged-2"):
        with pytest.raises(ReportRefusedError):
            await desk.intake.report(token, a_report())

    said = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    who = (f"{NAMESPACE}/{worker.pod.name}", "an unknown sender")
    words = (Refusal.POD_OF_NO_JOB, Refusal.NOT_AUTHENTICATED)
    assert [f"progress of {w} is refused: {r}: {MESSAGES[r]}" for w, r in zip(who, words, strict=True)] == said


@pytest.mark.parametrize("error", [KubeUnavailableError("away"), KubeForbiddenError("pods is forbidden")], ids=str)
async def test_an_api_server_that_fails_refuses_nobody(
    desk: Desk, error: KubeError, caplog: pytest.LogCaptureFixture
) -> None:
    """That the server could not be asked is no refusal, is said once, and is over when it is over."""
    worker = await desk.employ()
    desk.owned.failing = error
    for _ in range(3):
        with pytest.raises(type(error)):
            await desk.report(worker)
    desk.owned.failing = None

    assert not await desk.report(worker, 50)
    assert 50 == await desk.percent()
    assert [f"progress cannot be taken: {type(error).__name__}: {error}"] == [r.getMessage() for r in caplog.records]


def test_each_refusal_has_its_sentence() -> None:
    """A refusal without words, or words without a refusal, is a mistake."""
    assert set(Refusal) == set(MESSAGES)
