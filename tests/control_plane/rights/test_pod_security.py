"""Every pod of Steno's is let in where the restricted Pod Security Standard is enforced, whatever its options."""

from typing import Any

import pytest
from kubernetes import client

from control_plane.rights.installed import apply, pod_template, rendered
from steno_operator.assignment import assignment
from steno_operator.batch_job import batch_job_manifest
from steno_operator.profiles import WorkerProfile
from support.builders import a_job, an_installation
from support.kubernetes_api import Api

Raw = dict[str, Any]

EVERYTHING = (
    *("--set", "imagePullSecrets[0].name=pull,store.existingSecret=keys,store.publicEndpoint=https://s3.example.org"),
    *("--set", "store.defaultDestination.bucket=results,operator.watchNamespaces={talks}"),
    *("--set", "operator.nodeSelector.disk=fast,gateway.nodeSelector.disk=fast"),
    *("--set", "operator.tolerations[0].operator=Exists,gateway.tolerations[0].operator=Exists"),
)
"""All values that change a pod of the chart's."""

PROFILE = WorkerProfile.model_validate(
    {
        "image": "registry.example/worker:1",
        "imagePullPolicy": "Always",
        "engines": ["faster-whisper"],
        "engine": {"name": "faster-whisper", "model": "tiny"},
        "resources": {"requests": {"cpu": "1"}, "limits": {"memory": "1Gi"}},
        "gpu": {"resourceName": "nvidia.com/gpu", "count": 2},
        "modelCache": {"claimName": "models"},
        "scratch": {"sizeLimit": "5Gi"},
        "maxUnscheduled": 3,
        "nodeSelector": {"disk": "fast"},
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        "priorityClassName": "batch",
        "runtimeClassName": "nvidia",
        "env": {"HF_HUB_OFFLINE": "1"},
        "envFromSecrets": ["hub"],
    }
)
"""With every setting that a profile has."""


@pytest.fixture
def classes(api: Api) -> None:
    """The classes that the profile names, without which its pods are refused for another reason."""
    apply(
        api,
        {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": "batch"},
            "value": 1,
        },
        {
            "apiVersion": "node.k8s.io/v1",
            "kind": "RuntimeClass",
            "metadata": {"name": "nvidia"},
            "handler": "nvidia",
        },
    )


def admitted(api: Api, template: Raw) -> Any:
    """Ask the server to create a pod of a template, without doing so; raises what it refuses with."""
    pod = {"metadata": {"generateName": "steno-", **template.get("metadata", {})}, "spec": template["spec"]}
    return api.core.create_namespaced_pod(api.namespace, pod, dry_run="All")


@pytest.mark.parametrize("flags", [pytest.param((), id="default"), pytest.param(EVERYTHING, id="everything set")])
@pytest.mark.parametrize("part", ["operator", "gateway"])
def test_the_charts_pods_are_let_in(api: Api, part: str, flags: tuple[str, ...]) -> None:
    """A Deployment is only warned about, so its pod is what is asked for."""
    objects = rendered(api.namespace, *flags)
    apply(api, *(each for each in objects if each["kind"] == "ServiceAccount"))

    pod = admitted(api, pod_template(objects, part))

    assert part == pod.spec.containers[0].name


def test_the_profile_has_every_setting() -> None:
    """What a profile may set one day is asked about below."""
    assert {*WorkerProfile.model_fields} == PROFILE.model_fields_set


@pytest.mark.usefixtures("classes")
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="every setting"),
        pytest.param({"model_cache": WorkerProfile.model_fields["model_cache"].default, "gpu": None}, id="no claim"),
    ],
)
def test_a_workers_pod_is_let_in(api: Api, changes: dict[str, Any]) -> None:
    """With the token that it proves itself with, Secrets, volumes and classes."""
    installation = an_installation(
        progress_url="http://steno-operator.steno.svc:8081/progress",
        store_secret="steno-store",
        image_pull_secrets=("pull",),
        worker_env=(("STENO_STORE_BUCKET", "talks"),),
    )
    job, profile = a_job().build(), PROFILE.model_copy(update=changes)
    manifest = batch_job_manifest(job, profile, assignment(job, "all", profile, installation), installation)

    pod = admitted(api, manifest["spec"]["template"])

    volumes = {volume.name for volume in pod.spec.volumes}
    assert ("worker", {"scratch", "model-cache", "token"}) == (pod.spec.containers[0].name, volumes)
    assert ("nvidia", "batch") == (pod.spec.runtime_class_name, pod.spec.priority_class_name)


def test_another_pod_is_not(api: Api) -> None:
    """The namespace does enforce the standard."""
    template = {"spec": {"containers": [{"name": "shell", "image": "busybox"}]}}

    with pytest.raises(client.ApiException) as refused:
        admitted(api, template)

    assert 403 == refused.value.status
    assert "violates PodSecurity" in str(refused.value.body)
