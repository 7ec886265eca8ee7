"""The chart as Helm renders it: refused where it must be, accepted by an API server, understood by the operator."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from control_plane.chart.rendering import ROOT, accepted, container, environment, helm_template, rendered
from steno_gateway.settings import ModelChoice
from steno_operator.profiles import WorkerProfile, load
from steno_operator.settings import PASSED_ON, OperatorSettings
from steno_types import EngineName, EngineSettings
from steno_worker.settings import WorkerSettings
from support.kubernetes_api import Api

VALUES = ROOT / "charts" / "steno" / "values.yaml"
SCHEMA = json.loads((ROOT / "charts" / "steno" / "values.schema.json").read_text())


def example_profiles() -> dict[str, Any]:
    """Give the profiles that stand in values.yaml as comments, as their reader would fill them in, by name."""
    _, _, text = VALUES.read_text().partition("# A profile for a node with a GPU")
    lines = (re.fullmatch(r"    # ( *[\w.-]+: .*|\w+:)", line) for line in text.splitlines())
    examples: dict[str, Any] = yaml.safe_load("\n".join(line[1] for line in lines if line))
    return examples


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
        pytest.param(
            ["--set", "store.bucket=talks", "--set", "profiles.items.cpu.engine.options.beam=5"],
            "/profiles/items/cpu/engine/options/beam",
            id="an option that is no string",
        ),
        pytest.param(
            ["--set", "store.bucket=talks", "--set", "worker.urlSource.allowedHosts={a b}"],
            "/worker/urlSource/allowedHosts/0",
            id="a blank in a host",
        ),
        pytest.param(
            ["--set", "store.bucket=talks", "--set", "store.defaultDestination.bucket=s3://talks"],
            "/store/defaultDestination/bucket",
            id="no bucket's name",
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
    applied = accepted(api, "--set", "store.bucket=talks", *flags)

    assert 0 == applied.returncode, applied.stderr
    assert "deployment.apps/steno-gateway serverside-applied" in applied.stdout


def test_profiles_are_understood_by_the_operator(tmp_path: Path) -> None:
    """What the chart writes is what the operator reads, the examples of values.yaml included, field by field."""
    values, written = tmp_path / "values.yaml", tmp_path / "profiles.yaml"
    values.write_text(yaml.safe_dump({"profiles": {"default": "gpu", "items": example_profiles()}}))
    config = rendered("--values", str(values))["ConfigMap", "steno-profiles"]
    written.write_text(config["data"]["profiles.yaml"])

    found = load(written)

    assert ("gpu", {"cpu", "gpu", "openai", "multistep"}) == (found.default, {*found.profiles})
    cpu, gpu, openai = (found.profiles[name] for name in ("cpu", "gpu", "openai"))
    assert ("large-v3-turbo", "20Gi", {"memory": "6Gi"}) == (
        cpu.engine.model,
        cpu.scratch.size_limit,
        cpu.resources["limits"],
    )
    assert gpu.gpu is not None
    assert ("nvidia.com/gpu", 1, "steno-models") == (
        gpu.gpu.resource_name,
        gpu.gpu.count,
        gpu.model_cache.claim_name,
    )
    assert ("large-v3-turbo", "float16", 16) == (gpu.engine.model, gpu.engine.compute_type, gpu.engine.batch_size)
    assert {"nvidia.com/gpu.present": "true"} == gpu.node_selector
    assert ({"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"},) == gpu.tolerations
    assert (("openai",), {"timeoutSeconds": "300"}, {"OPENAI_BASE_URL": "https://speech.example.org/v1"}) == (
        openai.env_from_secrets,
        openai.engine.options,
        openai.env,
    )


def test_the_profiles_of_the_local_cluster_are_understood(tmp_path: Path) -> None:
    """The demo's profiles name the engines and options that its jobs rely on."""
    written = tmp_path / "profiles.yaml"
    config = rendered("--values", str(ROOT / "manifests" / "kind" / "values.yaml"))["ConfigMap", "steno-profiles"]
    written.write_text(config["data"]["profiles.yaml"])

    found = load(written)

    assert {"maxChunkSeconds": "12"} == found.profiles["tiny"].engine.options
    assert (("fake",), {}) == (found.profiles["fake"].engines, found.profiles["fake"].engine.options)


def test_the_schema_knows_every_field_of_a_profile() -> None:
    """A field that the operator understands may stand in the values, and none besides."""
    profile = SCHEMA["properties"]["profiles"]["properties"]["items"]["additionalProperties"]["properties"]

    assert {field.alias for field in WorkerProfile.model_fields.values()} == profile.keys()
    assert {field.alias for field in EngineSettings.model_fields.values()} == profile["engine"]["properties"].keys()
    model = SCHEMA["properties"]["gateway"]["properties"]["models"]["additionalProperties"]["properties"]
    assert {*ModelChoice.model_fields} == model.keys()
    for names in (profile["engines"]["items"], profile["engine"]["properties"]["name"], model["engine"]):
        assert [*EngineName] == names["enum"]


def test_settings_reach_the_parts() -> None:
    """Each value arrives as the variable that the README names."""
    objects = rendered(
        *("--set", "cacheExpirySeconds=3600,store.endpoint=http://s3:9000,store.prefix=speech"),
        *("--set", "store.publicEndpoint=https://s3.example.org,store.existingSecret=keys,store.region=eu-central-1"),
        *("--set", "gateway.maxUploadBytes=1000,gateway.uploads.memoryBytes=70000000,gateway.uploads.idleSeconds=9"),
        *("--set", "gateway.uploads.urlSeconds=600,gateway.downloadUrlSeconds=60,gateway.releaseWaitSeconds=5"),
        *("--set", "gateway.maxUnfinished=3000000,gateway.watchMaxAgeSeconds=20,gateway.rootPath=/steno"),
        *("--set", "gateway.synchronous.limitSeconds=50,gateway.synchronous.graceSeconds=0"),
        *(
            "--set",
            "gateway.synchronous.ttlSeconds=70,gateway.session.seconds=3600,gateway.session.secureCookies=true",
        ),
        *("--set", "gateway.models.fast.profile=cpu,gateway.models.fast.model=tiny,gateway.logLevel=DEBUG"),
        *("--set", "store.defaultDestination.bucket=results,store.browserOrigins={https://a.example}"),
        *("--set", "gateway.existingKeysSecret=api-keys,gateway.corsOrigins={https://a.example,https://b.example}"),
        *("--set", "gateway.trustedProxies={10.0.0.0/8,192.0.2.7}"),
        *("--set", "worker.urlSource.allowedHosts={media.internal,10.0.0.0/8},worker.urlSource.maxBytes=20737418240"),
        *("--set", "worker.urlSource.maxSeconds=60,worker.maxAudioSeconds=600,worker.subtitles.lines=1"),
        *("--set", "operator.watchNamespaces={talks,films},operator.queuePriorities.high=5,store.lifecycleRule=true"),
        *("--set", "operator.graceSeconds.complete=60,operator.releaseTimeoutSeconds=90"),
        *(
            "--set",
            "operator.podStartTimeoutSeconds=120,operator.sweep.everySeconds=30,operator.sweep.graceSeconds=50",
        ),
    )

    store = {
        "STENO_STORE_BUCKET": "talks",
        "STENO_STORE_ENDPOINT": "http://s3:9000",
        "STENO_STORE_PUBLIC_ENDPOINT": "https://s3.example.org",
        "STENO_STORE_PREFIX": "speech",
        "STENO_STORE_REGION": "eu-central-1",
    }
    operator = {
        "CACHE_EXPIRY": "3600",
        "S3_STORAGE_BUCKET": "results",
        "STENO_STORE_SECRET": "keys",
        "STENO_WORKER_SERVICE_ACCOUNT": "steno-worker",
        "STENO_LEASE_NAME": "steno-operator",
        "STENO_WATCH_NAMESPACES": "talks,films",
        "STENO_PROGRESS_URL": "http://steno-operator.default.svc:8081/progress",
        "STENO_QUEUE_PRIORITIES": '{"high":5}',
        "STENO_LIFECYCLE_RULE": "true",
        "STENO_COMPLETE_GRACE_SECONDS": "60",
        "STENO_FAILED_GRACE_SECONDS": "86400",
        "STENO_RELEASE_TIMEOUT_SECONDS": "90",
        "STENO_POD_START_TIMEOUT_SECONDS": "120",
        "STENO_SWEEP_EVERY_SECONDS": "30",
        "STENO_SWEEP_GRACE_SECONDS": "50",
        "STENO_URL_ALLOWED_HOSTS": "media.internal,10.0.0.0/8",
        "STENO_URL_MAX_BYTES": "20737418240",
        "STENO_URL_MAX_SECONDS": "60",
        "STENO_MAX_AUDIO_SECONDS": "600",
        "STENO_SUBTITLE_LINE_CHARACTERS": "42",
        "STENO_SUBTITLE_LINES": "1",
    }
    assert operator | store == {
        name: value for name, value in environment(objects, "steno-operator").items() if name != "STENO_LOG_LEVEL"
    }
    gateway = {
        "STENO_ANONYMOUS": "false",
        "STENO_API_KEYS_FILE": "/etc/steno/keys/keys.yaml",
        "STENO_CORS_ORIGINS": "https://a.example,https://b.example",
        "STENO_FORWARDED_ALLOW_IPS": "10.0.0.0/8,192.0.2.7",
        "STENO_MAX_UPLOAD_BYTES": "1000",
        "STENO_UPLOAD_MEMORY_BYTES": "70000000",
        "STENO_UPLOAD_IDLE_SECONDS": "9",
        "STENO_UPLOAD_URL_SECONDS": "600",
        "STENO_PRESIGN_SECONDS": "60",
        "STENO_RELEASE_WAIT_SECONDS": "5",
        "STENO_MAX_UNFINISHED": "3000000",
        "STENO_WATCH_MAX_AGE_SECONDS": "20",
        "STENO_GATEWAY_ROOT_PATH": "/steno",
        "STENO_SYNC_LIMIT_SECONDS": "50",
        "STENO_SYNC_GRACE_SECONDS": "0",
        "STENO_SYNC_TTL_SECONDS": "70",
        "STENO_SESSION_SECONDS": "3600",
        "STENO_SECURE_COOKIES": "true",
        "STENO_MODELS": '{"fast":{"model":"tiny","profile":"cpu"}}',
        "STENO_LOG_LEVEL": "DEBUG",
        "STENO_STORE_BROWSER_ORIGINS": "https://a.example",
        # As the operator has them.
        "STENO_DEFAULT_PROFILE": "cpu",
        "STENO_QUEUE_PRIORITIES": '{"high":5}',
        "STENO_URL_ALLOWED_HOSTS": "media.internal,10.0.0.0/8",
        "S3_STORAGE_BUCKET": "results",
    }
    assert gateway | store == environment(objects, "steno-gateway")
    for part in ("operator", "gateway"):
        assert [{"secretRef": {"name": "keys"}}] == container(objects, f"steno-{part}")["envFrom"]


def test_the_operator_takes_what_the_chart_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default values pass the operator's own validation, and are the workers' defaults."""
    told = environment(rendered(), "steno-operator")
    for name, value in {**told, "STENO_NAMESPACE": "speech"}.items():
        monkeypatch.setenv(name, value)

    settings = OperatorSettings()

    assert None is settings.default_destination_bucket
    assert {*PASSED_ON} - {"url_allowed_hosts"} == {name for name in PASSED_ON if getattr(settings, name) is not None}
    for name in {*PASSED_ON} - {"url_allowed_hosts"}:
        assert WorkerSettings.model_fields[name].default == getattr(settings, name), name


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
