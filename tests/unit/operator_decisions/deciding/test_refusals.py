"""What can never run here is refused before any Job exists, and the refusal says what to change."""

import pytest

from steno_operator.observed import Observed
from steno_operator.plan import Adopt, ClaimOutcome, CreateBatchJob, Plan
from steno_operator.policies.launch import decide
from steno_operator.policies.refusals import refusal
from steno_types import FailureStatus, Outcome, Reason, TranscriptionJob, failure_for
from support.builders import NOON, UPLOAD_ID, JobBuilder, a_job, an_installation

HERE = an_installation(queue_priorities={"soon": 10, "whenever": -10})
PREFIX = "steno/speech/jobs/talk-6f3d1c6e/"


def decided(job: TranscriptionJob) -> Plan:
    """Decide for a job that has no Job."""
    plan = decide(job, Observed(), HERE, NOON)
    assert plan is not None
    return plan


def refusal_in(plan: Plan) -> FailureStatus:
    """Give the failure that the plan claims in place of a Job."""
    assert [Adopt, ClaimOutcome] == [type(action) for action in plan.actions]
    assert (None, 0) == (plan.status, plan.requeue_after_seconds)
    claim = plan.actions[-1]
    assert isinstance(claim, ClaimOutcome)
    assert (PREFIX, Outcome.FAILED, "operator") == (
        claim.results_prefix,
        claim.manifest.outcome,
        claim.manifest.attempt,
    )
    assert claim.manifest.failure is not None
    return claim.manifest.failure


def is_launched(plan: Plan) -> bool:
    """Whether the plan creates a Job."""
    return any(isinstance(action, CreateBatchJob) for action in plan.actions)


def test_an_unknown_profile_is_refused() -> None:
    """A profile that the installation lacks is refused by name, with those there are."""
    failure = refusal_in(decided(a_job().with_spec(profile="tpu").build()))

    assert (Reason.PROFILE_UNKNOWN, False) == (failure.reason, failure.retryable)
    assert failure.message.startswith("There is no worker profile 'tpu'; there are: cpu, gpu.")
    assert failure_for(Reason.PROFILE_UNKNOWN).remedy == failure.remedy


def test_an_engine_that_the_profile_lacks_is_refused() -> None:
    """An engine that no worker of the profile can run is refused before any Job exists."""
    failure = refusal_in(decided(a_job().with_spec(engine={"name": "openai"}).build()))

    assert (Reason.ENGINE_UNAVAILABLE, False) == (failure.reason, failure.retryable)
    assert "The worker profile 'cpu' cannot run the engine 'openai'; it can run: faster-whisper." == failure.message


@pytest.mark.parametrize(
    ("key", "bucket", "refused"),
    [
        pytest.param("steno/other/uploads/" + UPLOAD_ID, None, True, id="another namespace's upload"),
        pytest.param("steno/other/jobs/a-00000000/manifest.json", "steno", True, id="bucket named"),
        pytest.param("steno/speech-2/talk.wav", None, True, id="a namespace whose name begins alike"),
        pytest.param("steno/installation.json", None, True, id="the installation's own"),
        pytest.param("/steno/other/talk.wav", None, True, id="a leading slash, which MinIO drops"),
        pytest.param("steno//other/talk.wav", None, True, id="two slashes"),
        pytest.param("recordings/../steno/other/talk.wav", None, True, id="dots into it"),
        pytest.param("steno/speech/../other/talk.wav", None, True, id="dots out of the own"),
        pytest.param("steno/speech/uploads/" + UPLOAD_ID, None, False, id="own upload"),
        pytest.param("recordings/steno/other/talk.wav", None, False, id="outside of Steno's part"),
        pytest.param("stenography/talk.wav", None, False, id="a prefix that begins alike"),
        pytest.param("steno/other/talk.wav", "recordings", False, id="another bucket"),
        pytest.param("talks/a..b/1.wav", None, False, id="dots in a name"),
    ],
)
def test_the_store_of_another_namespace_is_no_source(key: str, bucket: str | None, *, refused: bool) -> None:
    """Inside Steno's part of its own bucket a job reads nothing but its namespace's, however the key is spelled."""
    plan = decided(a_job().from_s3(key, bucket=bucket).build())

    if refused:
        failure = refusal_in(plan)
        assert (Reason.SOURCE_FORBIDDEN, False) == (failure.reason, failure.retryable)
        assert repr(key) in failure.message
    else:
        assert is_launched(plan)


@pytest.mark.parametrize(
    ("prefix", "bucket", "refused"),
    [
        pytest.param("steno/speech/", "steno", True, id="the own namespace's part"),
        pytest.param("steno", "steno", True, id="all of Steno's, without a slash"),
        pytest.param("steno/other/jobs/a-00000000", "steno", True, id="another namespace's part"),
        pytest.param("/steno/speech", "steno", True, id="a leading slash, which MinIO drops"),
        pytest.param("steno//speech", "steno", True, id="two slashes"),
        pytest.param("talks/../steno", "steno", True, id="dots into it"),
        pytest.param("steno/../talks", "steno", True, id="dots out of it, which some stores keep"),
        pytest.param("", "steno", False, id="the bucket's root"),
        pytest.param("stenography", "steno", False, id="a prefix that begins alike"),
        pytest.param("talks/steno", "steno", False, id="further down"),
        pytest.param("steno/speech", "talks", False, id="another bucket"),
    ],
)
def test_stenos_own_part_of_the_store_is_no_destination(prefix: str, bucket: str, *, refused: bool) -> None:
    """What lies there is deleted with a job, and a copy is the user's own."""
    plan = decided(a_job().delivered_to(prefix, bucket=bucket).build())

    if refused:
        failure = refusal_in(plan)
        assert (Reason.OUTPUT_FORBIDDEN, False) == (failure.reason, failure.retryable)
        assert failure.message.startswith("outputs.destination.s3.prefix '")
        assert failure.message.endswith("s3://steno/steno/; choose another prefix or another bucket.")
    else:
        assert is_launched(plan)


def test_a_destination_without_a_bucket_is_refused() -> None:
    """Where the installation has no default destination, a job must say which bucket it means."""
    failure = refusal_in(decided(a_job().delivered_to("talks").build()))

    assert (Reason.OUTPUT_FORBIDDEN, False) == (failure.reason, failure.retryable)
    assert failure.message.startswith("outputs.destination.s3.bucket is not given")
    assert failure.message.endswith("name a bucket there.")


def test_a_default_destination_inside_of_stenos_own_part_is_no_way_in() -> None:
    """The default bucket may be the store's own, and then the same places are forbidden in it."""
    here = an_installation(default_destination_bucket="steno")

    plan = decide(a_job().delivered_to("steno").build(), Observed(), here, NOON)

    assert plan is not None
    assert Reason.OUTPUT_FORBIDDEN is refusal_in(plan).reason


@pytest.mark.parametrize(
    ("model", "refused"),
    [
        pytest.param("s3://steno/steno/other/models/tiny/", True, id="another namespace's"),
        pytest.param("s3://steno/steno/speech/../other/models/", True, id="dots out of the own"),
        pytest.param("s3://steno//steno/other/models/", True, id="a leading slash, which MinIO drops"),
        pytest.param("s3://steno/steno/speech/models/tiny/", False, id="the own namespace's"),
        pytest.param("s3://steno/models/tiny/", False, id="outside of Steno's part"),
        pytest.param("s3://models/steno/other/tiny/", False, id="another bucket"),
        pytest.param("steno/other", False, id="a name of the hub's"),
    ],
)
def test_the_store_of_another_namespace_is_no_model(model: str, *, refused: bool) -> None:
    """A model is read with Steno's credentials, so it is confined as the source is."""
    plan = decided(a_job().with_spec(engine={"model": model}).build())

    if refused:
        failure = refusal_in(plan)
        assert Reason.SOURCE_FORBIDDEN is failure.reason
        assert failure.message.startswith(f"engine.model '{model}' lies in another namespace's part")
    else:
        assert is_launched(plan)


@pytest.mark.parametrize(
    ("spec", "refused"),
    [
        pytest.param({"queuePriority": "later"}, True, id="unknown"),
        pytest.param({"queuePriority": "soon"}, False, id="known"),
        pytest.param({"queuePriority": "later", "queueName": "gpus"}, False, id="Kueue's own affair"),
        pytest.param({}, False, id="none"),
    ],
)
def test_an_unknown_priority_is_refused(spec: dict[str, str], *, refused: bool) -> None:
    """Without a queue of Kueue's the priority is one of the installation's, and the refusal lists those."""
    plan = decided(a_job().with_spec(**spec).build())

    if refused:
        failure = refusal_in(plan)
        assert (Reason.QUEUE_PRIORITY_UNKNOWN, False) == (failure.reason, failure.retryable)
        assert "There is no queue priority 'later'; there are: soon, whenever." == failure.message
    else:
        assert is_launched(plan)


def test_an_installation_without_priorities_says_so() -> None:
    """A list of nothing reads as none."""
    said = refusal(a_job().with_spec(queuePriority="soon").build(), an_installation())

    assert said is not None
    assert "There is no queue priority 'soon'; there are: none." == said.message


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        pytest.param(a_job().with_spec(profile="tpu", queuePriority="later"), Reason.PROFILE_UNKNOWN, id="profile"),
        pytest.param(
            a_job().from_s3("steno/other/a.wav").with_spec(queuePriority="later"),
            Reason.QUEUE_PRIORITY_UNKNOWN,
            id="priority",
        ),
        pytest.param(
            a_job().from_s3("steno/other/a.wav").delivered_to("steno", bucket="steno"),
            Reason.SOURCE_FORBIDDEN,
            id="source",
        ),
    ],
)
def test_one_refusal_is_enough(job: JobBuilder, reason: Reason) -> None:
    """Of several faults the first is told."""
    said = refusal(job.build(), HERE)

    assert said is not None
    assert reason is said.reason


@pytest.mark.parametrize(
    "job",
    [
        pytest.param(a_job(), id="ordinary"),
        pytest.param(a_job().from_upload(), id="an upload"),
        pytest.param(a_job().from_url("https://media.example.org/steno/other/a.wav"), id="an address"),
    ],
)
def test_what_can_run_is_not_refused(job: JobBuilder) -> None:
    """Where a recording may be fetched from is otherwise the worker's business."""
    assert refusal(job.build(), HERE) is None


def test_a_refused_job_that_waits_for_its_turn_is_refused_at_once() -> None:
    """Nobody waits in line to be told what was known before."""
    plan = decide(a_job().with_spec(profile="tpu").build(), Observed(admitted=False), HERE, NOON)

    assert plan is not None
    assert Reason.PROFILE_UNKNOWN is refusal_in(plan).reason
