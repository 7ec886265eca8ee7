"""The operator's settings: what the environment says, what is refused, and what the installation makes of them."""

import os
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from steno_operator.process import installation, main
from steno_operator.settings import PASSED_ON, OperatorSettings
from steno_store import StoreSettings
from steno_worker.settings import WorkerSettings
from support.builders import PROFILES

STORE = {"STENO_STORE_BUCKET": "recordings", "STENO_STORE_ENDPOINT": "http://127.0.0.1:9"}


def settings(monkeypatch: pytest.MonkeyPatch, **variables: str) -> OperatorSettings:
    """Read the settings from an environment of just these variables."""
    for name in ("STENO_NAMESPACE", "CACHE_EXPIRY", "STENO_HEALTH_PORT", "S3_STORAGE_BUCKET"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"STENO_NAMESPACE": "speech", **variables}.items():
        monkeypatch.setenv(name, value)
    return OperatorSettings()


def test_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the namespace has to be said; results are kept for seven days."""
    found = settings(monkeypatch)

    assert ("speech", 7 * 24 * 3600, None, (), 8081, None, {}) == (
        found.namespace,
        found.cache_expiry_seconds,
        found.store_secret,
        found.image_pull_secrets,
        found.health_port,
        found.default_destination_bucket,
        found.worker_env,
    )


@pytest.mark.parametrize(
    ("variable", "value", "field", "expected"),
    [
        pytest.param("CACHE_EXPIRY", "-1", "cache_expiry_seconds", -1, id="never"),
        pytest.param("CACHE_EXPIRY", "0", "cache_expiry_seconds", 0, id="at once"),
        pytest.param("STENO_IMAGE_PULL_SECRETS", '["a","b"]', "image_pull_secrets", ("a", "b"), id="a list"),
        pytest.param("STENO_PROFILES_FILE", "/p.yaml", "profiles_file", Path("/p.yaml"), id="a path"),
        pytest.param("STENO_CONCURRENT_RECONCILES", "100", "concurrent_reconciles", 100, id="a bound"),
        pytest.param("S3_STORAGE_BUCKET", "results", "default_destination_bucket", "results", id="a bucket"),
    ],
)
def test_the_environment_decides(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, field: str, expected: object
) -> None:
    """Each variable reaches its field."""
    assert expected == getattr(settings(monkeypatch, **{variable: value}), field)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        pytest.param("STENO_NAMESPACE", "", id="no namespace"),
        pytest.param("CACHE_EXPIRY", "-2", id="below never"),
        pytest.param("CACHE_EXPIRY", "7d", id="no number"),
        pytest.param("STENO_LOG_LEVEL", "LOUD", id="unknown level"),
        pytest.param("STENO_HEALTH_PORT", "70000", id="no port"),
        pytest.param("STENO_CONCURRENT_RECONCILES", "0", id="nobody at work"),
        pytest.param("S3_STORAGE_BUCKET", "s3://results", id="no bucket's name"),
        pytest.param("STENO_URL_ALLOWED_HOSTS", "a.internal, b.internal", id="a blank between hosts"),
        pytest.param("STENO_URL_MAX_BYTES", "10Gi", id="a quantity"),
        pytest.param("STENO_URL_MAX_SECONDS", "0", id="no time at all"),
        pytest.param("STENO_MAX_AUDIO_SECONDS", "-1", id="a negative length"),
        pytest.param("STENO_SUBTITLE_LINE_CHARACTERS", "9", id="too short a line"),
        pytest.param("STENO_SUBTITLE_LINES", "6", id="too many lines"),
    ],
)
def test_what_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    """A setting out of its range is refused at the start."""
    with pytest.raises(ValidationError):
        settings(monkeypatch, **{variable: value})


def test_the_installation_tells_workers_where_the_store_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Workers get the store's place by name and its keys by a Secret, never by value."""
    profiles = tmp_path / "profiles.yaml"
    profiles.write_text(yaml.safe_dump(PROFILES))
    secrets = {"STENO_STORE_SECRET": "keys", "STENO_STORE_SECRETS": '{"films": "films"}'}
    found = settings(monkeypatch, STENO_PROFILES_FILE=str(profiles), **secrets)
    store = StoreSettings.model_validate({"bucket": "recordings", "endpoint": "http://127.0.0.1:9", "prefix": "a/b"})

    here = installation(found, store)

    assert {
        "STENO_STORE_BUCKET": "recordings",
        "STENO_STORE_PREFIX": "a/b",
        "STENO_STORE_REGION": "us-east-1",
        "STENO_STORE_ENDPOINT": "http://127.0.0.1:9/",
    } == dict(here.worker_env)
    assert ("recordings", "a/b", "keys", "films", "cpu") == (
        here.bucket,
        here.layout.prefix,
        here.store_secret_in("speech"),
        here.store_secret_in("films"),
        here.profiles.default,
    )


def test_the_installation_tells_workers_what_is_allowed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is set for the workers reaches them under the same names; what is not leaves them their defaults."""
    profiles = tmp_path / "profiles.yaml"
    profiles.write_text(yaml.safe_dump(PROFILES))
    told = {
        "STENO_URL_ALLOWED_HOSTS": "media.internal,10.0.0.0/8",
        "STENO_URL_MAX_BYTES": "10737418240",
        "STENO_URL_MAX_SECONDS": "60.5",
        "STENO_SUBTITLE_LINE_CHARACTERS": "37",
    }
    found = settings(monkeypatch, STENO_PROFILES_FILE=str(profiles), S3_STORAGE_BUCKET="results", **told)

    here = installation(found, StoreSettings(bucket="recordings"))

    assert told == {name: value for name, value in here.worker_env if not name.startswith("STENO_STORE_")}
    assert "results" == here.default_destination_bucket


def test_what_workers_are_told_is_what_they_read() -> None:
    """Each setting that is passed on has its namesake in the worker."""
    assert {*PASSED_ON} <= {*WorkerSettings.model_fields}


def test_a_store_without_an_endpoint_is_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is not set is not passed on: workers then find AWS by themselves."""
    profiles = tmp_path / "profiles.yaml"
    profiles.write_text(yaml.safe_dump(PROFILES))
    found = settings(monkeypatch, STENO_PROFILES_FILE=str(profiles))

    here = installation(found, StoreSettings(bucket="recordings"))

    assert "STENO_STORE_ENDPOINT" not in dict(here.worker_env)


@pytest.mark.parametrize(
    ("environment", "word"),
    [
        pytest.param({**STORE}, "STENO_NAMESPACE", id="no namespace"),
        pytest.param({"STENO_NAMESPACE": "speech"}, "STENO_STORE_BUCKET", id="no bucket"),
        pytest.param(
            {**STORE, "STENO_NAMESPACE": "speech", "STENO_IMAGE_PULL_SECRETS": "regcred"},
            "image_pull_secrets",
            id="no JSON where JSON is wanted",
        ),
        pytest.param(
            {**STORE, "STENO_NAMESPACE": "speech", "STENO_PROFILES_FILE": "/nowhere/profiles.yaml"},
            "/nowhere/profiles.yaml",
            id="no profiles",
        ),
    ],
)
def test_settings_that_cannot_be_used_end_the_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], environment: dict[str, str], word: str
) -> None:
    """The operator ends with EX_CONFIG and one line that names what to mend, instead of a traceback."""
    for variable in [name for name in os.environ if name.startswith("STENO_") or name == "CACHE_EXPIRY"]:
        monkeypatch.delenv(variable)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    code = main()

    said = capsys.readouterr().err
    assert (78, 1) == (code, said.count("steno-operator: "))
    assert word in said
