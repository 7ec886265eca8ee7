"""What the chart says of keys and anonymous callers is what the gateway does."""

from pathlib import Path

import pytest
import yaml

from control_plane.chart.rendering import ROOT, environment, helm_template, rendered
from steno_gateway.access.access import Access, AccessUnsetError
from steno_gateway.context import utc_now
from steno_gateway.settings import GatewaySettings
from support.api_keys import Key, write_keys


def settings_of(monkeypatch: pytest.MonkeyPatch, *flags: str) -> GatewaySettings:
    """Read the settings of the gateway that the chart renders."""
    told = environment(rendered(*flags), "steno-gateway")
    for name, value in {**told, "STENO_NAMESPACE": "speech"}.items():
        monkeypatch.setenv(name, value)
    return GatewaySettings()


def test_by_default_nobody_is_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway refuses to start, rather than let everybody in, or nobody."""
    settings = settings_of(monkeypatch)

    with pytest.raises(AccessUnsetError):
        Access.of(settings, now=utc_now)


def test_anonymous_callers_are_let_in_where_the_chart_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on the local cluster, where the demo asks for no key."""
    settings = settings_of(monkeypatch, "--values", str(ROOT / "manifests" / "kind" / "values.yaml"))

    assert settings.anonymous
    assert ("speech",) == settings.served_namespaces
    Access.of(settings, now=utc_now)


def test_the_secret_of_keys_is_mounted_as_a_folder() -> None:
    """One file of a Secret, mounted by itself, would never change."""
    template = rendered("--set", "gateway.existingKeysSecret=api-keys")["Deployment", "steno-gateway"]["spec"][
        "template"
    ]

    (volume,) = template["spec"]["volumes"]
    (mount,) = template["spec"]["containers"][0]["volumeMounts"]
    items = [{"key": "keys.yaml", "path": "keys.yaml"}]
    assert {"name": "keys", "secret": {"secretName": "api-keys", "items": items}} == volume
    assert {"name": "keys", "mountPath": "/etc/steno/keys", "readOnly": True} == mount


def test_tenants_are_served_with_their_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The settings' namespaces are those of the tenants, so a key of one is taken."""
    settings = settings_of(monkeypatch, "--set", "tenants[0].name=films,tenants[1].name=talks")
    keys = write_keys(tmp_path / "keys.yaml", Key(namespace="films"), Key("archive", namespace="talks"))

    Access.of(settings.model_copy(update={"api_keys_file": keys}), now=utc_now)

    assert ("speech", "films", "talks") == settings.served_namespaces


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        pytest.param({"gateway": {"anonymous": "yes"}}, "/gateway/anonymous", id="no boolean"),
        pytest.param({"gateway": {"corsOrigins": ["app.example.org"]}}, "/gateway/corsOrigins/0", id="no origin"),
        pytest.param({"gateway": {"trustedProxies": ["ingress"]}}, "/gateway/trustedProxies/0", id="no address"),
        pytest.param({"tenants": [{"namespace": "films"}]}, "/tenants/0", id="a tenant without a name"),
        pytest.param({"tenants": [{"name": "default"}]}, "default is the release's own namespace", id="its own"),
        pytest.param({"tenants": [{"name": "a"}, {"name": "a", "quota": {}}]}, "a is named twice", id="twice"),
    ],
)
def test_values_that_cannot_be_used_are_refused(values: object, complaint: str, tmp_path: Path) -> None:
    """Helm ends before anything is installed, and names the value."""
    written = tmp_path / "values.yaml"
    written.write_text(yaml.safe_dump(values))

    done = helm_template("--set", "store.bucket=talks", "--values", str(written))

    assert 1 == done.returncode
    assert complaint in done.stderr
