"""The Job of a TranscriptionJob: golden manifests, and the promises that each of them keeps."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from steno_operator.assignment import assignment
from steno_operator.batch_job import CONTAINER, batch_job_manifest, batch_job_name, pod_failure_policy
from steno_operator.installation import Installation
from steno_operator.profiles import WorkerProfile, load
from steno_types import (
    ASSIGNMENT_VARIABLE,
    ATTEMPT_VARIABLE,
    FAILURES,
    JOB_LABEL,
    NAME_MAX_LENGTH,
    Assignment,
    Disposition,
    TranscriptionJob,
)
from support.builders import a_job, an_installation

MANIFESTS = Path(__file__).parents[2] / "fixtures" / "manifests"
CASES = sorted(path.stem for path in (MANIFESTS / "input").glob("*.yaml"))


@pytest.fixture
def here() -> Installation:
    """The installation that the golden manifests are for."""
    return an_installation(
        profiles=load(MANIFESTS / "profiles.yaml"),
        worker_env=(("STENO_STORE_BUCKET", "steno"), ("STENO_STORE_PREFIX", "steno")),
        default_destination_bucket="results",
        store_secret="steno-store",
        image_pull_secrets=("registry",),
    )


def built(job: TranscriptionJob, here: Installation) -> dict[str, Any]:
    """Build the Job as the launch does."""
    name, profile = here.profiles.find(job.spec)
    assert profile is not None
    return batch_job_manifest(job, profile, assignment(job, name, profile, here), here)


def worker_of(manifest: dict[str, Any]) -> dict[str, Any]:
    """Give the pod's one container."""
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    found: dict[str, Any] = container
    return found


def with_profile(here: Installation, **changes: Any) -> dict[str, Any]:
    """Build the Job of an ordinary job under a changed profile."""
    raw = here.profiles.profiles["cpu"].model_dump(by_alias=True)
    profile = WorkerProfile.model_validate({**raw, **changes})
    job = a_job().build()
    return batch_job_manifest(job, profile, assignment(job, "cpu", profile, here), here)


@pytest.mark.parametrize("case", CASES)
def test_the_manifest_is_the_golden_one(case: str, here: Installation) -> None:
    """The Job is, to the letter, what was reviewed."""
    job = TranscriptionJob.model_validate(yaml.safe_load((MANIFESTS / "input" / f"{case}.yaml").read_text()))

    assert yaml.safe_load((MANIFESTS / "output" / f"{case}.yaml").read_text()) == built(job, here)


def test_there_is_a_golden_manifest_for_each_input() -> None:
    """Every output has its input and the other way round."""
    assert CASES == sorted(path.stem for path in (MANIFESTS / "output").glob("*.yaml"))


def rules(action: str) -> Iterator[dict[str, Any]]:
    """Give the rules of the policy with one action."""
    yield from (rule for rule in pod_failure_policy()["rules"] if rule["action"] == action)


@pytest.mark.parametrize("row", FAILURES, ids=lambda row: row.reason)
def test_the_policy_does_what_the_failure_table_says(row: Any) -> None:
    """An exit code is ignored, ends the Job, or counts, as its disposition says: one code, one reaction."""
    ignored = {code for rule in rules("Ignore") for code in rule.get("onExitCodes", {}).get("values", [])}
    ending = {code for rule in rules("FailJob") for code in rule["onExitCodes"]["values"]}

    assert not ignored & ending
    assert row.exit_code is None or (row.disposition is Disposition.INTERRUPTED) == (row.exit_code in ignored)
    assert row.exit_code is None or (row.disposition is Disposition.TERMINAL) == (row.exit_code in ending)


def test_a_disruption_comes_first() -> None:
    """Whatever code a disrupted worker ends with, the disruption decides, and it is free."""
    first, *others = pod_failure_policy()["rules"]

    assert {
        "action": "Ignore",
        "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
    } == first
    assert {CONTAINER} == {rule["onExitCodes"]["containerName"] for rule in others}
    assert all(rule["onExitCodes"]["values"] and rule["onExitCodes"]["operator"] == "In" for rule in others)


@pytest.mark.parametrize(
    ("profile", "limits"),
    [
        pytest.param({}, {"memory": "4Gi"}, id="none"),
        pytest.param({"gpu": {}}, {"memory": "4Gi", "nvidia.com/gpu": "1"}, id="one"),
        pytest.param(
            {"gpu": {"resourceName": "amd.com/gpu", "count": 4}}, {"memory": "4Gi", "amd.com/gpu": "4"}, id="others"
        ),
        pytest.param({"gpu": {}, "resources": {}}, {"nvidia.com/gpu": "1"}, id="nothing else"),
    ],
)
def test_gpus_are_limits(here: Installation, profile: dict[str, Any], limits: dict[str, str]) -> None:
    """The profile's GPUs stand among the limits, beside what else it limits, and change the profile for no other."""
    before = here.profiles.model_copy(deep=True)

    assert limits == worker_of(with_profile(here, **profile))["resources"]["limits"]
    assert before == here.profiles


@pytest.mark.parametrize(
    "field", ["nodeSelector", "tolerations", "priorityClassName", "runtimeClassName", "imagePullSecrets"]
)
def test_what_a_profile_leaves_open_is_absent(here: Installation, field: str) -> None:
    """An empty wish is none: the cluster's own defaults hold."""
    bare = an_installation(profiles=here.profiles)

    assert field not in with_profile(bare)["spec"]["template"]["spec"]


def test_the_pod_is_restricted(here: Installation) -> None:
    """The pod keeps within Kubernetes' restricted Pod Security Standard, and has no token and no writable root."""
    pod = with_profile(here)["spec"]["template"]["spec"]
    worker = pod["containers"][0]["securityContext"]

    assert (True, {"type": "RuntimeDefault"}) == (
        pod["securityContext"]["runAsNonRoot"],
        pod["securityContext"]["seccompProfile"],
    )
    assert (False, True, {"drop": ["ALL"]}) == (
        worker["allowPrivilegeEscalation"],
        worker["readOnlyRootFilesystem"],
        worker["capabilities"],
    )
    assert (False, "Never") == (pod["automountServiceAccountToken"], pod["restartPolicy"])
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    assert not [volume for volume in pod["volumes"] if "hostPath" in volume]


def test_the_assignment_survives_the_way_to_the_worker(here: Installation) -> None:
    """What the worker reads from its environment is what the operator decided; its name comes from the cluster."""
    job = a_job().with_spec(language="pt-BR", engine={"beamSize": 3}).build()
    env = {variable["name"]: variable for variable in worker_of(built(job, here))["env"]}

    told = Assignment.model_validate_json(env[ASSIGNMENT_VARIABLE]["value"])

    assert (job.metadata.namespace, job.metadata.name, job.metadata.uid) == (
        told.job.namespace,
        told.job.name,
        told.job.uid,
    )
    assert (here.results_prefix(job), "pt-BR", 3) == (told.results_prefix, told.language, told.engine.beam_size)
    assert {"fieldRef": {"fieldPath": "metadata.name"}} == env[ATTEMPT_VARIABLE]["valueFrom"]


@pytest.mark.parametrize("text", ["$(HOME)", "$$(HOME)", "a$$b", "$", r"\$(HOME)", '"$(HOME)"'])
def test_kubernetes_changes_nothing_of_what_a_job_asks_for(here: Installation, text: str) -> None:
    """The kubelet expands references in a variable's value, and what a user writes must not look like one."""
    job = a_job().from_url(f"https://media.example.org/{text}").with_spec(prompt=text, hotwords=[text]).build()

    value = next(v["value"] for v in worker_of(built(job, here))["env"] if v["name"] == ASSIGNMENT_VARIABLE)

    told = Assignment.model_validate_json(value)
    assert "$" not in value
    assert (f"https://media.example.org/{text}", text, (text,)) == (told.source_url, told.prompt, told.hotwords)


def test_no_credential_stands_in_the_job(here: Installation) -> None:
    """The store's keys reach the pod by a Secret's name; without a Secret nothing is mounted."""
    assert [{"secretRef": {"name": "steno-store"}}] == worker_of(with_profile(here))["envFrom"]
    assert [] == worker_of(with_profile(an_installation()))["envFrom"]


def test_a_tenants_workers_get_the_tenants_keys(here: Installation) -> None:
    """Where its namespace has a Secret of its own; elsewhere it is the installation's."""
    tenants = dataclasses.replace(here, store_secrets={"speech": "speech-store"})
    elsewhere = dataclasses.replace(here, store_secrets={"films": "films-store"})

    found = [worker_of(with_profile(each))["envFrom"] for each in (tenants, elsewhere)]

    assert [[{"secretRef": {"name": name}}] for name in ("speech-store", "steno-store")] == found


def test_no_secret_of_a_profile_takes_the_place_of_the_stores_keys(here: Installation) -> None:
    """Of two Secrets with an entry of the same name the kubelet takes the later one's, so the store's is the last."""
    assert [{"secretRef": {"name": name}} for name in ("openai", "hub", "steno-store")] == (
        worker_of(with_profile(here, envFromSecrets=["openai", "hub"]))["envFrom"]
    )


@pytest.mark.parametrize(
    ("profile", "limit"),
    [
        pytest.param({}, "20Gi", id="the default"),
        pytest.param({"scratch": {"sizeLimit": "1Ti"}}, "1Ti", id="the profile's"),
    ],
)
def test_scratch_space_is_bounded(here: Installation, profile: dict[str, Any], limit: str) -> None:
    """A recording that is larger than thought ends its own pod instead of filling the node's disk."""
    volumes = {
        volume["name"]: volume for volume in with_profile(here, **profile)["spec"]["template"]["spec"]["volumes"]
    }

    assert {"sizeLimit": limit} == volumes["scratch"]["emptyDir"]


def test_names_fit_where_they_go(here: Installation) -> None:
    """The longest name leaves room in a label of 63 characters for the Job's name, and tells two lives apart."""
    longest = "a" * NAME_MAX_LENGTH
    job, next_life = a_job(longest).build(), a_job(longest).with_metadata(uid="0d9c8b7a-1111").build()

    assert len(batch_job_name(job)) <= 61
    assert batch_job_name(job) != batch_job_name(next_life)
    assert longest == built(job, here)["spec"]["template"]["metadata"]["labels"][JOB_LABEL]


def test_the_job_belongs_to_its_transcription_job(here: Installation) -> None:
    """The garbage collector takes the Job along, and its owner waits for it."""
    job = a_job().with_spec(backoffLimit=7).build()
    manifest = built(job, here)

    (owner,) = manifest["metadata"]["ownerReferences"]
    assert (job.metadata.uid, True, True) == (owner["uid"], owner["controller"], owner["blockOwnerDeletion"])
    assert (7, "Failed") == (manifest["spec"]["backoffLimit"], manifest["spec"]["podReplacementPolicy"])
