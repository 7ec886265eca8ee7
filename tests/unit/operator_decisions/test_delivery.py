"""A job that wants a copy of its results: Complete once it is there, or once nobody is left to make it."""

from dataclasses import replace

import pytest

from steno_operator.plan import Plan
from steno_operator.policies import outcome
from steno_operator.policies.outcome import DELIVERY_POLL_SECONDS
from steno_operator.reconcile import reconcile
from steno_store import claim_outcome, keys
from steno_types import ConditionType, Manifest, Phase, Reason, TerminationMessage, TranscriptionJobStatus
from steno_types.status import MAX_WARNINGS
from support.builders import (
    NOON,
    ObservedBuilder,
    a_complete_manifest,
    a_failed_manifest,
    a_launched_job,
    an_installation,
    beside,
)
from unit.operator_decisions.bench import Bench

HERE = an_installation()
LAUNCHED = a_launched_job().delivered_to("talks", bucket="own")
JOB = LAUNCHED.build()
MANIFEST = a_complete_manifest(JOB, warnings=["It was loud."])
CLAIMED = beside(JOB).with_manifest(MANIFEST)
HOME = "s3://steno/steno/speech/jobs/talk-6f3d1c6e/attempts/pod-0/"
SAID = TerminationMessage(reason=Reason.OUTPUT_FORBIDDEN, message="s3://own/talks/ cannot be written.")


def decided(observed: ObservedBuilder) -> Plan:
    """Decide for the job, by the policies in their order."""
    plan = reconcile(JOB, observed.build(), HERE, NOON)
    assert () == plan.actions
    return plan


def concluded(observed: ObservedBuilder) -> TranscriptionJobStatus:
    """Decide for the job, and give the final status."""
    plan = decided(observed)
    assert plan.status is not None
    assert (Phase.COMPLETED, 0) == (plan.status.phase, plan.requeue_after_seconds)
    return plan.status


@pytest.mark.parametrize(
    "observed",
    [
        pytest.param(CLAIMED.with_batch_job().with_ended_pod(0), id="the Job not ended yet"),
        pytest.param(CLAIMED.with_batch_job().with_ended_pod(69).with_running_pod(), id="another attempt at work"),
        pytest.param(CLAIMED.with_batch_job(complete=True).with_ended_pod(0), id="the Job ended"),
        pytest.param(CLAIMED, id="the Job gone"),
    ],
)
def test_a_copy_that_is_recorded_ends_the_job(observed: ObservedBuilder) -> None:
    """Once the record is there, Job and pods say no more, and the manifest's own warnings are all there are."""
    status = concluded(observed.with_delivery())

    assert ("It was loud.",) == status.warnings
    assert ["s3://steno/steno/speech/jobs/talk-6f3d1c6e/attempts/pod-0/transcript.json"] == [
        output.uri for output in status.outputs
    ]


@pytest.mark.parametrize(
    ("observed", "phase"),
    [
        pytest.param(
            CLAIMED.with_batch_job().with_ended_pod(69).with_running_pod(), Phase.PROCESSING, id="the next at work"
        ),
        pytest.param(CLAIMED.with_batch_job().with_ended_pod(69).with_pod(), Phase.QUEUED, id="the next waits"),
        pytest.param(CLAIMED.with_batch_job().with_ended_pod(69), Phase.QUEUED, id="between attempts"),
        pytest.param(CLAIMED.with_batch_job(deleting=True).with_ended_pod(143), Phase.QUEUED, id="the Job leaving"),
        pytest.param(CLAIMED.with_running_pod(), None, id="the Job gone, its pod not"),
        pytest.param(CLAIMED.with_strangers_batch_job().with_running_pod(), None, id="a stranger's Job, its pod not"),
    ],
)
def test_a_copy_that_is_owed_is_waited_for(observed: ObservedBuilder, phase: Phase | None) -> None:
    """As long as a worker may still make it the job goes on, looks again, and gets no second Job."""
    plan = decided(observed)

    assert DELIVERY_POLL_SECONDS == plan.requeue_after_seconds
    assert phase == (plan.status.phase if plan.status else None)
    if plan.status is not None:
        assert (None, ()) == (plan.status.condition(ConditionType.COMPLETE), plan.status.outputs)


def test_waiting_for_a_copy_writes_nothing_twice() -> None:
    """A second look at the same pods only looks again later."""
    observed = CLAIMED.with_batch_job().with_ended_pod(69).with_running_pod()
    first = decided(observed).status
    assert first is not None

    again = reconcile(LAUNCHED.with_status(**first.to_wire()).build(), observed.build(), HERE, NOON)

    assert Plan(requeue_after_seconds=DELIVERY_POLL_SECONDS) == again


@pytest.mark.parametrize(
    ("observed", "why"),
    [
        pytest.param(
            CLAIMED.with_batch_job(failed=True).with_ended_pod(78, said=SAID),
            f" The last attempt said: OutputForbidden: {SAID.message}",
            id="refused",
        ),
        pytest.param(
            CLAIMED.with_batch_job(failed=True)
            .with_ended_pod(69, said=TerminationMessage(reason=Reason.STORAGE_UNAVAILABLE, message="Away."))
            .with_ended_pod(69, at=NOON.replace(minute=5)),
            "",
            id="the last attempt without a word",
        ),
        pytest.param(CLAIMED.with_batch_job(failed=True), "", id="pods gone"),
        pytest.param(CLAIMED.with_batch_job(complete=True).with_ended_pod(0), "", id="a worker that knew of no copy"),
        pytest.param(CLAIMED, "", id="the Job gone"),
        pytest.param(CLAIMED.with_strangers_batch_job(), "", id="a stranger's Job in its place"),
    ],
)
def test_a_copy_that_nobody_will_make_is_a_warning(observed: ObservedBuilder, why: str) -> None:
    """The transcript is there all the same: the job is Complete, and says where to find it and why not elsewhere."""
    status = concluded(observed)

    failed, *others = status.warnings
    assert (
        "DeliveryFailed: The results were not copied to outputs.destination. They are in Steno's store, under "
        f"{HOME}, until the job is deleted.{why}"
    ) == failed
    assert ["It was loud."] == others
    assert status.failure is None


def test_a_long_word_and_many_warnings_fit_the_status() -> None:
    """The status is bounded, and the warning about the copy is the last to be left out."""
    said = TerminationMessage(reason=Reason.STORAGE_UNAVAILABLE, message="x" * 3000)
    talkative = a_complete_manifest(JOB, warnings=[f"warning {number}" for number in range(30)])

    status = concluded(CLAIMED.with_manifest(talkative).with_batch_job(failed=True).with_ended_pod(69, said=said))

    assert (MAX_WARNINGS, 1024) == (len(status.warnings), len(status.warnings[0]))
    assert status.warnings[0].startswith("DeliveryFailed:")


@pytest.mark.parametrize(
    "manifest",
    [pytest.param(a_failed_manifest(JOB), id="failed"), pytest.param(a_complete_manifest(JOB), id="no copy wanted")],
)
def test_where_nothing_is_owed_nothing_is_waited_for(manifest: Manifest) -> None:
    """A job that failed, or wants no copy, ends with its manifest though its Job is still there."""
    job = JOB if manifest.failure is not None else a_launched_job().build()

    plan = outcome.decide(job, beside(job).with_batch_job().with_manifest(manifest).build(), HERE, NOON)

    assert plan is not None
    assert plan.status is not None
    assert plan.status.terminal is not None
    assert () == plan.status.warnings


@pytest.mark.parametrize("recorded", [True, False], ids=["made at last", "given up"])
async def test_a_copy_that_takes_two_attempts(bench: Bench, *, recorded: bool) -> None:
    """From the claim to the end, over a store: the job waits between the attempts and ends when the second has."""
    await bench.submit(outputs={"destination": {"s3": {"bucket": "own"}}})
    await bench.settle()
    job = await bench.get()
    claim_outcome(bench.store, bench.prefix(job), a_complete_manifest(job))
    batch_job = bench.batch_jobs.batch_job
    assert batch_job is not None
    bench.batch_jobs.worker_pods = beside(job).with_ended_pod(69).with_running_pod().pods

    assert DELIVERY_POLL_SECONDS == await bench.settle()
    assert Phase.PROCESSING is (await bench.get()).status.phase
    if recorded:
        bench.store.put(keys.delivery(bench.prefix(job)), b"{}")
    bench.batch_jobs.worker_pods = beside(job).with_ended_pod(69).with_ended_pod(0 if recorded else 69).pods
    bench.batch_jobs.batch_job = replace(batch_job, complete=recorded, failed=not recorded)
    await bench.settle()

    status = (await bench.get()).status
    assert Phase.COMPLETED is status.phase
    assert recorded == (() == status.warnings)
    assert 1 == len(bench.batch_jobs.created)
