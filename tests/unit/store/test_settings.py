"""Where the store is, from the environment; no test changes the environment it runs in."""

from typing import Any

import pytest
from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource

from steno_store import Layout, StoreSettings


def settings_from(environment: dict[str, str]) -> StoreSettings:
    """Read settings from a given environment."""
    source = EnvSettingsSource(StoreSettings)
    source.env_vars = {
        name.lower(): value for name, value in environment.items() if value or not source.env_ignore_empty
    }
    return StoreSettings.model_validate(source())


def test_a_bucket_is_all_that_is_needed() -> None:
    """Without an endpoint it is AWS, and everything lies under "steno"."""
    settings = settings_from({"STENO_STORE_BUCKET": "recordings"})

    assert ("recordings", None, None, "us-east-1") == (
        settings.bucket,
        settings.endpoint,
        settings.public_endpoint,
        settings.region,
    )
    assert Layout("steno") == settings.layout


def test_every_setting_is_read() -> None:
    """Each variable has its place."""
    settings = settings_from(
        {
            "STENO_STORE_BUCKET": "recordings",
            "STENO_STORE_ENDPOINT": "http://minio:9000",
            "STENO_STORE_PUBLIC_ENDPOINT": "https://store.example.com",
            "STENO_STORE_PREFIX": "team/steno",
            "STENO_STORE_REGION": "eu-central-1",
        }
    )

    assert ("http://minio:9000/", "https://store.example.com/") == (
        str(settings.endpoint),
        str(settings.public_endpoint),
    )
    assert (Layout("team/steno"), "eu-central-1") == (settings.layout, settings.region)


def test_an_empty_variable_is_an_unset_one() -> None:
    """A chart that renders an empty value does not stop its pods."""
    settings = settings_from(
        {"STENO_STORE_BUCKET": "recordings", "STENO_STORE_ENDPOINT": "", "STENO_STORE_PREFIX": ""}
    )

    assert (None, "steno") == (settings.endpoint, settings.prefix)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        pytest.param({}, "bucket", id="no bucket"),
        pytest.param({"bucket": "ab"}, "bucket", id="bucket too short"),
        pytest.param({"bucket": "abc", "endpoint": "minio:9000"}, "endpoint", id="endpoint without a scheme"),
        pytest.param({"bucket": "abc", "endpoint": "ftp://minio"}, "endpoint", id="endpoint of another kind"),
        pytest.param({"bucket": "abc", "prefix": "/a"}, "prefix", id="slash at the prefix's start"),
        pytest.param({"bucket": "abc", "prefix": "a/"}, "prefix", id="slash at the prefix's end"),
    ],
)
def test_a_bad_setting_is_refused_by_its_name(fields: dict[str, Any], field: str) -> None:
    """What is wrong is told at start, by the field's name."""
    with pytest.raises(ValidationError) as caught:
        StoreSettings.model_validate(fields)

    assert [(field,)] == [error["loc"] for error in caught.value.errors()]
