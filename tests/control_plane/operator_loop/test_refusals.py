"""What the operator refuses, on a real control plane: jobs that can never run here, and names that are taken."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from control_plane.conftest import MakeOperator
from control_plane.operator_loop.attempts import SOURCE, Attempts
from steno_store import ObjectStore
from steno_types import Reason
from support.kubernetes_api import Api

Raw = dict[str, Any]

GOLDEN = Path(__file__).parents[2] / "fixtures" / "manifests" / "output"


@pytest.mark.parametrize(
    ("spec", "refusal"),
    [
        pytest.param(
            {"profile": "tpu"}, (Reason.PROFILE_UNKNOWN, "There is no worker profile 'tpu'"), id="unknown profile"
        ),
        pytest.param(
            {"source": {"s3": {"key": "steno/another-namespace/talk.wav"}}},
            (Reason.SOURCE_FORBIDDEN, "The key 'steno/another-namespace/talk.wav' lies in another namespace's"),
            id="another namespace's recording",
        ),
        pytest.param(
            {"outputs": {"destination": {"s3": {"prefix": "talks/"}}}},
            (Reason.OUTPUT_FORBIDDEN, "outputs.destination.s3.bucket is not given, and this installation has no"),
            id="a copy to nowhere",
        ),
        pytest.param(
            {"engine": {"model": "s3://{bucket}/steno/another-namespace/jobs/model"}},
            (Reason.SOURCE_FORBIDDEN, "engine.model 's3://"),
            id="another namespace's model",
        ),
        pytest.param(
            {"queuePriority": "urgent"},
            (Reason.QUEUE_PRIORITY_UNKNOWN, "There is no queue priority 'urgent'; there are: none."),
            id="unknown priority",
        ),
        pytest.param(
            {"profile": "tpu", "source": {"url": "https://media.example.org/talk.wav?signature=hunter2"}},
            (Reason.PROFILE_UNKNOWN, "There is no worker profile 'tpu'"),
            id="a recording at an address",
        ),
    ],
)
def test_a_job_that_can_never_run_gets_no_job(
    served: Api, attempts: Attempts, name: str, spec: Raw, refusal: tuple[Reason, str]
) -> None:
    """It fails at once, saying why, without a Job, and is released like any other."""
    if "engine" in spec:
        spec = {"engine": {"model": spec["engine"]["model"].format(bucket=attempts.store.bucket)}}
    before = served.submit(name, {**SOURCE, **spec})

    status = served.wait_for_phase(name, "Failed")["status"]

    reason, words = refusal
    assert (reason, False) == (status["failure"]["reason"], status["failure"]["retryable"])
    assert status["failure"]["message"].startswith(words)
    assert [] == served.batch_jobs(name)
    assert "jobRef" not in status
    prefix = attempts.prefix(name)
    served.delete(name)
    assert (1, True) == _receipt(served.watch_until_gone(before))
    assert attempts.store.is_empty(prefix)


def _receipt(seen: list[Raw]) -> tuple[int, bool]:
    release = seen[-1]["status"]["release"]
    return release["objects"], release["verifiedEmpty"]


def test_a_strangers_job_is_never_touched(api: Api, make_operator: MakeOperator, store: ObjectStore) -> None:
    """A Job of the needed name that someone else made ends ours in NameTaken, and outlives its release."""
    job = api.submit("talk", SOURCE)
    taken = f"talk-{job['metadata']['uid'][:8]}"
    pod = {"restartPolicy": "Never", "containers": [{"name": "c", "image": "elsewhere"}]}
    # Suspended: at work as far as anybody can tell, and without a pod.
    body = {"metadata": {"name": taken}, "spec": {"suspend": True, "template": {"spec": pod}}}
    stranger = api.batch.create_namespaced_job(api.namespace, body)
    operator = make_operator(api)

    failed = api.wait_for_phase("talk", "Failed")
    api.delete("talk")
    seen = api.watch_until_gone(failed)

    assert ("NameTaken", False) == (
        failed["status"]["failure"]["reason"],
        failed["status"]["failure"]["retryable"],
    )
    assert (1, True) == _receipt(seen)
    assert stranger.metadata.uid == api.batch.read_namespaced_job(taken, api.namespace).metadata.uid
    assert store.is_empty(f"steno/{api.namespace}/")
    # One claim, read back: a loop would have made hundreds meanwhile.
    assert 1 == operator.log.read_text().count("ClaimOutcome")
    operator.kill()


def test_stenos_own_part_of_the_store_is_no_destination(served: Api, name: str, store: ObjectStore) -> None:
    """A copy inside of what Steno deletes is refused before any Job, by the field and with what to do."""
    place = {"bucket": store.bucket, "prefix": f"steno/{served.namespace}"}
    served.submit(name, {**SOURCE, "outputs": {"destination": {"s3": place}}})

    job = served.wait_for_phase(name, "Failed")

    failure = job["status"]["failure"]
    assert (Reason.OUTPUT_FORBIDDEN, False) == (failure["reason"], failure["retryable"])
    assert failure["message"].startswith("outputs.destination.s3.prefix 'steno/")
    assert failure["message"].endswith("choose another prefix or another bucket.")
    assert [] == served.batch_jobs(name)


@pytest.mark.parametrize("case", sorted(path.stem for path in GOLDEN.glob("*.yaml")))
def test_the_api_server_takes_the_golden_manifests(api: Api, case: str) -> None:
    """What the unit tests hold to the letter, a real API server accepts without a warning and without a change."""
    manifest = yaml.safe_load((GOLDEN / f"{case}.yaml").read_text())
    manifest["metadata"]["namespace"] = api.namespace

    answer, _, headers = api.batch.create_namespaced_job_with_http_info(
        api.namespace, manifest, dry_run="All", field_validation="Strict"
    )

    assert "Warning" not in headers
    taken = api.connection.sanitize_for_serialization(answer)["spec"]
    assert manifest["spec"]["podFailurePolicy"] == taken["podFailurePolicy"]
    pod, wanted = taken["template"]["spec"], manifest["spec"]["template"]["spec"]
    assert wanted["securityContext"] == pod["securityContext"]
    for field in ("image", "resources", "securityContext", "envFrom", "volumeMounts"):
        assert wanted["containers"][0][field] == pod["containers"][0][field], field
