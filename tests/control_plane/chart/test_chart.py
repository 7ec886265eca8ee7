"""The chart as Helm renders it: refused where it must be, accepted by an API server, understood by the operator."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from local_cluster.tools import tool
from steno_operator.profiles import load
from support.kubernetes_api import Api

ROOT = Path(__file__).parents[3]

GPU_PROFILE = """
profiles:
  default: gpu
  items:
    gpu:
      image: registry.example.org/steno-worker-cuda:0.1.0
      engines: [faster-whisper]
      engine: {name: faster-whisper, model: large-v3-turbo, computeType: float16}
      resources: {requests: {cpu: "2", memory: 8Gi}, limits: {memory: 16Gi}}
      gpu: {resourceName: nvidia.com/gpu, count: 1}
      nodeSelector: {nvidia.com/gpu.present: "true"}
      tolerations: [{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}]
      modelCache: {claimName: steno-models}
"""
"""The example of values.yaml, as its reader would fill it in."""

Rendered = dict[tuple[str, str], dict[str, Any]]


def helm_template(*flags: str) -> subprocess.CompletedProcess[str]:
    """Render the chart."""
    command = [str(tool("helm")), "template", "steno", str(ROOT / "charts" / "steno"), "--kube-version", "1.34.0"]
    return subprocess.run([*command, *flags], capture_output=True, text=True, check=False)


def rendered(*flags: str) -> Rendered:
    """Render the chart for a bucket; gives its objects by kind and name."""
    done = helm_template("--set", "store.bucket=talks", *flags)
    assert 0 == done.returncode, done.stderr
    documents = [document for document in yaml.safe_load_all(done.stdout) if document]
    return {(document["kind"], document["metadata"]["name"]): document for document in documents}


def container(objects: Rendered, name: str) -> dict[str, Any]:
    """Find the one container of a Deployment."""
    (only,) = objects["Deployment", name]["spec"]["template"]["spec"]["containers"]
    found: dict[str, Any] = only
    return found


def environment(objects: Rendered, name: str) -> dict[str, str]:
    """Read the plain environment variables of a Deployment's container."""
    return {entry["name"]: entry["value"] for entry in container(objects, name)["env"] if "value" in entry}


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        pytest.param([], "store.bucket is not set: name an existing S3 bucket", id="no bucket"),
        pytest.param(["--set", "stroe.bucket=talks"], "additional properties 'stroe' not allowed", id="typing error"),
        pytest.param(
            ["--set", "store.bucket=talks", "--set", "cacheExpirySeconds=week"], "cacheExpirySeconds", id="no number"
        ),
        pytest.param(
            ["--set", "store.bucket=talks", "--set", "profiles.items.cpu.engines={whisper9000}"],
            "/profiles/items/cpu/engines/0",
            id="unknown engine",
        ),
    ],
)
def test_values_that_cannot_be_used_are_refused(flags: list[str], complaint: str) -> None:
    """Helm ends before anything is installed, and names the value."""
    done = helm_template(*flags)

    assert 1 == done.returncode
    assert complaint in done.stderr


@pytest.mark.parametrize(
    "flags",
    [
        pytest.param([], id="default"),
        pytest.param(["--set", "gateway.ingress.enabled=true,gateway.ingress.tlsSecret=tls"], id="ingress"),
        pytest.param(
            ["--set", "imagePullSecrets[0].name=pull,store.existingSecret=keys,gateway.replicas=2"], id="secrets"
        ),
    ],
)
def test_objects_are_accepted_by_the_api_server(api: Api, flags: list[str]) -> None:
    """Every object passes the server's own validation."""
    done = helm_template("--set", "store.bucket=talks", "--namespace", api.namespace, *flags)
    kubectl = [str(tool("kubectl")), "--kubeconfig", str(api.kubeconfig), "--namespace", api.namespace]
    applied = subprocess.run(
        [*kubectl, "apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "-f", "-"],
        input=done.stdout,
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == applied.returncode, applied.stderr
    assert "deployment.apps/steno-gateway serverside-applied" in applied.stdout


def test_profiles_are_understood_by_the_operator(tmp_path: Path) -> None:
    """What the chart writes is what the operator reads, every field of a GPU profile included."""
    values, written = tmp_path / "values.yaml", tmp_path / "profiles.yaml"
    values.write_text(GPU_PROFILE)
    config = rendered("--values", str(values))["ConfigMap", "steno-profiles"]
    written.write_text(config["data"]["profiles.yaml"])

    profiles = load(written)

    gpu = profiles.profiles["gpu"]
    assert "gpu" == profiles.default
    assert gpu.gpu is not None
    assert ("nvidia.com/gpu", 1) == (gpu.gpu.resource_name, gpu.gpu.count)
    assert "steno-models" == gpu.model_cache.claim_name
    assert ("large-v3-turbo", "float16") == (gpu.engine.model, gpu.engine.compute_type)
    assert {"nvidia.com/gpu.present": "true"} == gpu.node_selector
    assert ({"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"},) == gpu.tolerations


def test_settings_reach_the_parts() -> None:
    """Each value arrives as the variable that the README names."""
    objects = rendered(
        *("--set", "cacheExpirySeconds=3600,store.endpoint=http://s3:9000,store.prefix=speech"),
        *("--set", "store.publicEndpoint=https://s3.example.org,store.existingSecret=keys,store.region=eu-central-1"),
        *("--set", "gateway.maxUploadBytes=1000"),
    )

    store = {
        "STENO_STORE_BUCKET": "talks",
        "STENO_STORE_ENDPOINT": "http://s3:9000",
        "STENO_STORE_PUBLIC_ENDPOINT": "https://s3.example.org",
        "STENO_STORE_PREFIX": "speech",
        "STENO_STORE_REGION": "eu-central-1",
    }
    operator = {"CACHE_EXPIRY": "3600", "STENO_STORE_SECRET": "keys", "STENO_WORKER_SERVICE_ACCOUNT": "steno-worker"}
    assert operator | store == {
        name: value for name, value in environment(objects, "steno-operator").items() if name != "STENO_LOG_LEVEL"
    }
    assert {"STENO_MAX_UPLOAD_BYTES": "1000"} | store == environment(objects, "steno-gateway")
    for part in ("operator", "gateway"):
        assert [{"secretRef": {"name": "keys"}}] == container(objects, f"steno-{part}")["envFrom"]


def test_pods_meet_the_restricted_standard() -> None:
    """Non-root, nothing writable, no capability, the runtime's seccomp profile."""
    objects = rendered()

    for part in ("operator", "gateway"):
        pod = objects["Deployment", f"steno-{part}"]["spec"]["template"]["spec"]
        assert {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}.items() <= {
            key: pod["securityContext"][key] for key in ("runAsNonRoot", "seccompProfile")
        }.items()
        assert {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        } == container(objects, f"steno-{part}")["securityContext"]


def test_definition_outlives_the_release() -> None:
    """Uninstalling must not delete the definition, as every job would go with it."""
    definition = rendered()["CustomResourceDefinition", "transcriptionjobs.steno.dev"]

    assert "keep" == definition["metadata"]["annotations"]["helm.sh/resource-policy"]
    assert ("CustomResourceDefinition", "transcriptionjobs.steno.dev") not in rendered("--set", "crds.install=false")
