"""The gateway as the chart runs it: settings that it takes, names of models that its profiles have, replicas."""

import json
import re
from typing import Any

import pytest
import yaml

from control_plane.chart.rendering import ROOT, environment, helm_template, rendered
from steno_gateway.settings import GatewaySettings
from steno_store import StoreSettings

TWO_PROFILES = (
    *("--set", "profiles.items.another.image=i,profiles.items.another.engines={faster-whisper}"),
    *(
        "--set",
        "profiles.items.another.engine.name=faster-whisper,profiles.items.another.engine.model=large-v3-turbo",
    ),
)
"""Beside the default one a profile whose name comes first, with the same model."""

OWN = frozenset({"namespace", "namespaces", "gateway_host", "gateway_port", "gateway_shutdown_seconds"})
"""Settings that are no value of the chart's: they follow from where the gateway runs."""


def models(*flags: str) -> dict[str, Any]:
    """Read what the names of models stand for."""
    found: dict[str, Any] = json.loads(environment(rendered(*flags), "steno-gateway")["STENO_MODELS"])
    return found


def settings_of(monkeypatch: pytest.MonkeyPatch, *flags: str) -> GatewaySettings:
    """Read the settings of the gateway that the chart renders."""
    for name, value in {**environment(rendered(*flags), "steno-gateway"), "STENO_NAMESPACE": "speech"}.items():
        monkeypatch.setenv(name, value)
    return GatewaySettings()


def test_the_gateway_takes_what_the_chart_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default values pass the gateway's own validation, and are its defaults."""
    settings = settings_of(monkeypatch)

    different = {
        name
        for name, field in GatewaySettings.model_fields.items()
        if name not in OWN and getattr(settings, name) != field.get_default(call_default_factory=True)
    }
    assert {"models", "default_profile"} == different
    assert None is StoreSettings().browser_origins


def test_names_of_models_are_those_of_the_profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """whisper-1 is the default; each profile has its name; a model of several profiles is the default's."""
    expected = {
        "whisper-1": {},
        "cpu": {"profile": "cpu"},
        "another": {"profile": "another"},
        "large-v3-turbo": {"profile": "cpu", "model": "large-v3-turbo"},
    }

    assert expected == models(*TWO_PROFILES)
    assert {*expected} == settings_of(monkeypatch, *TWO_PROFILES).models.keys()
    assert "another" == models(*TWO_PROFILES, "--set", "profiles.default=another")["large-v3-turbo"]["profile"]


def test_a_profile_goes_before_a_model_of_its_name() -> None:
    """Whoever names a profile gets it."""
    found = models(*TWO_PROFILES, "--set", "profiles.items.cpu.engine.model=another")

    assert {"profile": "another"} == found["another"]


def test_values_name_models_in_place_of_the_profiles() -> None:
    """What the values say is all that there is."""
    assert {"gpt-4o": {}} == models("--set-json", 'gateway.models={"gpt-4o": {}}')


def test_nodes_are_drained_one_by_one() -> None:
    """Two replicas, apart if they can be, of which one may go; a single one is in nobody's way."""
    objects = rendered()
    deployment = objects["Deployment", "steno-gateway"]["spec"]
    pod = deployment["template"]["spec"]
    budget = objects["PodDisruptionBudget", "steno-gateway"]["spec"]

    assert (2, 1) == (deployment["replicas"], budget["maxUnavailable"])
    assert deployment["selector"] == budget["selector"]
    assert [("kubernetes.io/hostname", "ScheduleAnyway")] == [
        (spread["topologyKey"], spread["whenUnsatisfiable"]) for spread in pod["topologySpreadConstraints"]
    ]
    assert ("PodDisruptionBudget", "steno-gateway") not in rendered("--set", "gateway.replicas=1")


def test_a_replica_has_time_to_end() -> None:
    """The kubelet waits longer than the pause before the signal and the gateway's own patience together."""
    pod = rendered()["Deployment", "steno-gateway"]["spec"]["template"]["spec"]
    pause_seconds = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    patience_seconds = GatewaySettings.model_fields["gateway_shutdown_seconds"].default

    assert 0 < pause_seconds
    assert pause_seconds + patience_seconds < pod["terminationGracePeriodSeconds"]


def test_the_ingress_has_the_documented_annotations() -> None:
    """Those of the values' comment reach the object, and make nginx wait longer than the gateway."""
    text = (ROOT / "charts" / "steno" / "values.yaml").read_text()
    documented = yaml.safe_load("\n".join(re.findall(r"^    #   (nginx\S+: .*)$", text, flags=re.MULTILINE)))
    flags = (
        "--set",
        "gateway.ingress.enabled=true",
        "--set-json",
        f"gateway.ingress.annotations={json.dumps(documented)}",
    )

    found = rendered(*flags)["Ingress", "steno-gateway"]["metadata"]["annotations"]

    assert documented == found
    limit_seconds = GatewaySettings.model_fields["sync_limit_seconds"].default
    assert limit_seconds < int(found["nginx.ingress.kubernetes.io/proxy-read-timeout"])


@pytest.mark.parametrize(
    ("flag", "complaint"),
    [
        pytest.param("gateway.uploads.memoryBytes=1000", "/gateway/uploads/memoryBytes", id="no part fits"),
        pytest.param("gateway.synchronous.limitSeconds=0", "/gateway/synchronous/limitSeconds", id="no time"),
        pytest.param("gateway.models.fast.modell=tiny", "/gateway/models/fast", id="a typing error"),
        pytest.param("gateway.models.fast.engine=whisper9000", "/gateway/models/fast/engine", id="unknown engine"),
        pytest.param("gateway.rootPath=steno/", "/gateway/rootPath", id="no path"),
        pytest.param("gateway.maxUnfinished=0", "/gateway/maxUnfinished", id="nothing at all"),
        pytest.param("store.browserOrigins={app.example.org}", "/store/browserOrigins/0", id="no origin"),
    ],
)
def test_values_that_cannot_be_used_are_refused(flag: str, complaint: str) -> None:
    """Helm ends before anything is installed, and names the value."""
    done = helm_template("--set", "store.bucket=talks", "--set", flag)

    assert 1 == done.returncode
    assert complaint in done.stderr
