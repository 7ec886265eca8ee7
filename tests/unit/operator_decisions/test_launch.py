"""Launching, decided: adopt, then create, once; or refuse for good what can never run here."""

import pytest

from steno_operator.observed import Observed
from steno_operator.plan import Adopt, ClaimOutcome, CreateBatchJob, Plan
from steno_operator.policies.launch import decide
from steno_types import (
    ASSIGNMENT_VARIABLE,
    FINALIZER,
    Assignment,
    FailureStatus,
    Outcome,
    Reason,
    TranscriptionJob,
    failure_for,
)
from support.builders import (
    NOON,
    UPLOAD_ID,
    JobBuilder,
    a_job,
    a_launched_job,
    an_installation,
    beside,
)

HERE = an_installation()
PREFIX = "steno/speech/jobs/talk-6f3d1c6e/"


def launched(job: TranscriptionJob, observed: Observed | None = None) -> Plan:
    """Decide for a job that has no Job of its own."""
    plan = decide(job, observed or Observed(), HERE, NOON)
    assert plan is not None
    assert (None, 0) == (plan.status, plan.requeue_after_seconds)
    return plan


def assignment_in(plan: Plan) -> Assignment:
    """Give what the worker is told by the plan's Job."""
    create = plan.actions[-1]
    assert isinstance(create, CreateBatchJob)
    (container,) = create.manifest["spec"]["template"]["spec"]["containers"]
    return Assignment.model_validate_json(
        next(variable["value"] for variable in container["env"] if variable["name"] == ASSIGNMENT_VARIABLE)
    )


def refusal_in(plan: Plan) -> FailureStatus:
    """Give the failure that the plan claims in place of a Job."""
    assert [Adopt, ClaimOutcome] == [type(action) for action in plan.actions]
    claim = plan.actions[-1]
    assert isinstance(claim, ClaimOutcome)
    assert (PREFIX, Outcome.FAILED, "operator") == (
        claim.results_prefix,
        claim.manifest.outcome,
        claim.manifest.attempt,
    )
    assert claim.manifest.failure is not None
    return claim.manifest.failure


def test_a_new_job_is_adopted_before_it_gets_its_job() -> None:
    """Finalizer and results' prefix come first, so that nothing can outlive an unwatched job."""
    plan = launched(a_job().build())

    assert [Adopt, CreateBatchJob] == [type(action) for action in plan.actions]
    assert Adopt(results_prefix=PREFIX) == plan.actions[0]
    assert PREFIX == assignment_in(plan).results_prefix


@pytest.mark.parametrize(
    ("job", "adopted_anew"),
    [
        pytest.param(a_job(), True, id="new"),
        pytest.param(a_job().with_metadata(finalizers=[FINALIZER]), True, id="finalizer alone, as the gateway's"),
        pytest.param(a_job().annotated(PREFIX), True, id="prefix alone"),
        pytest.param(a_launched_job(), False, id="both"),
        pytest.param(a_launched_job().annotated("steno/speech/jobs/"), True, id="forged prefix"),
    ],
)
def test_adoption_happens_once(job: JobBuilder, *, adopted_anew: bool) -> None:
    """A job that is adopted already, as one whose Job vanished, is not written to again."""
    plan = launched(job.build())

    assert adopted_anew == (Adopt(results_prefix=PREFIX) in plan.actions)
    assert CreateBatchJob is type(plan.actions[-1])


def test_a_restored_job_keeps_its_results() -> None:
    """A job restored from a backup has another uid; its annotation says where its results lie."""
    restored = "steno/speech/jobs/talk-0a0b0c0d/"

    plan = launched(a_launched_job().annotated(restored).build())

    assert [CreateBatchJob] == [type(action) for action in plan.actions]
    assert restored == assignment_in(plan).results_prefix


@pytest.mark.parametrize(
    "noted",
    [
        pytest.param("steno/other/jobs/talk-0a0b0c0d/", id="another namespace"),
        pytest.param("steno/speech/jobs/walk-0a0b0c0d/", id="another job"),
        pytest.param("steno/speech/jobs/talk-0a0b0c0d", id="no slash"),
        pytest.param("steno/speech/jobs/talk-0A0B0C0D/", id="upper case"),
        pytest.param("steno/speech/jobs/talk-0a0b0c0d/../../", id="a way out"),
        pytest.param("elsewhere/speech/jobs/talk-0a0b0c0d/", id="another installation"),
    ],
)
def test_a_forged_annotation_is_put_right(noted: str) -> None:
    """An annotation that cannot be true is overwritten, and no worker hears of it."""
    plan = launched(a_launched_job().annotated(noted).build())

    assert Adopt(results_prefix=PREFIX) == plan.actions[0]
    assert PREFIX == assignment_in(plan).results_prefix


@pytest.mark.parametrize(
    "observed",
    [
        pytest.param(beside(a_launched_job().build()).with_batch_job().build(), id="there"),
        pytest.param(beside(a_launched_job().build()).with_batch_job(deleting=True).build(), id="deleting"),
    ],
)
def test_a_job_gets_one_job(observed: Observed) -> None:
    """Nothing is launched while the job has its Job, even one on its way out."""
    assert decide(a_launched_job().build(), observed, HERE, NOON) is None


def test_an_unknown_profile_is_refused() -> None:
    """A profile that the installation lacks is refused by name, with those there are."""
    failure = refusal_in(launched(a_job().with_spec(profile="tpu").build()))

    assert (Reason.PROFILE_UNKNOWN, False) == (failure.reason, failure.retryable)
    assert failure.message.startswith("There is no worker profile 'tpu'; there are: cpu, gpu.")
    assert failure_for(Reason.PROFILE_UNKNOWN).remedy == failure.remedy


def test_an_engine_that_the_profile_lacks_is_refused() -> None:
    """An engine that no worker of the profile can run is refused before any Job exists."""
    failure = refusal_in(launched(a_job().with_spec(engine={"name": "openai"}).build()))

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
    plan = launched(a_job().from_s3(key, bucket=bucket).build())

    if refused:
        failure = refusal_in(plan)
        assert (Reason.SOURCE_FORBIDDEN, False) == (failure.reason, failure.retryable)
        assert repr(key) in failure.message
    else:
        source = assignment_in(plan).source
        assert source is not None
        assert key == source.key


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
    plan = launched(a_job().delivered_to(prefix, bucket=bucket).build())

    if refused:
        failure = refusal_in(plan)
        assert (Reason.OUTPUT_FORBIDDEN, False) == (failure.reason, failure.retryable)
        assert failure.message.startswith("outputs.destination.s3.prefix '")
        assert failure.message.endswith("s3://steno/steno/; choose another prefix or another bucket.")
    else:
        destination = assignment_in(plan).destination
        assert destination is not None
        assert bucket == destination.bucket


def test_a_destination_without_a_bucket_is_refused() -> None:
    """Where the installation has no default destination, a job must say which bucket it means."""
    failure = refusal_in(launched(a_job().delivered_to("talks").build()))

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
    "stranger",
    [
        pytest.param({}, id="nobody's"),
        pytest.param({"owner_uid": "11111111-0000-0000-0000-000000000000"}, id="another owner's"),
        pytest.param({"complete": True}, id="complete"),
        pytest.param({"failed": True}, id="failed"),
        pytest.param({"deleting": True}, id="deleting"),
    ],
)
def test_a_name_that_a_stranger_holds_is_refused(stranger: dict[str, object]) -> None:
    """A stranger's Job of the needed name ends the job and is left alone."""
    job = a_job().build()

    plan = launched(job, beside(job).with_strangers_batch_job(**stranger).build())

    failure = refusal_in(plan)
    assert (Reason.NAME_TAKEN, False) == (failure.reason, failure.retryable)
    assert "'talk-6f3d1c6e' exists and belongs to someone else" in failure.message
