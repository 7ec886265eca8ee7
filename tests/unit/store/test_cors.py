"""The CORS rule is merged into a bucket's own by its id, and what others have put stays as it is."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from steno_store import CorsUnsupportedError, Layout, ObjectStore, StoreForbiddenError, StoreSettings, cors

RULE = cors.browser_rule(Layout("steno"), ["https://a.example", "https://b.example"])
OURS: dict[str, Any] = {
    "ID": "steno-steno",
    "AllowedHeaders": ["*"],
    "AllowedMethods": ["GET", "HEAD", "PUT"],
    "AllowedOrigins": ["https://a.example", "https://b.example"],
    "ExposeHeaders": ["ETag"],
    "MaxAgeSeconds": 3600,
}
ANOTHERS = {"ID": "web", "AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}
UNNAMED = {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://c.example"]}


@pytest.fixture(name="stubbed")
def _stubbed() -> Iterator[tuple[ObjectStore, Stubber]]:
    """A store, and the answers that it is to get."""
    client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stubber:
        yield ObjectStore(client, bucket="recordings", signer=client), stubber
        stubber.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("standing", "put"),
    [
        pytest.param([ANOTHERS, UNNAMED], [ANOTHERS, UNNAMED, OURS], id="others"),
        pytest.param([OURS | {"AllowedOrigins": ["*"]}, ANOTHERS], [ANOTHERS, OURS], id="ours for other origins"),
        pytest.param([OURS, OURS], [OURS], id="ours twice"),
        pytest.param([OURS | {"ID": "steno-x"}], [OURS | {"ID": "steno-x"}, OURS], id="another installation's"),
    ],
)
def test_a_rule_is_merged_by_its_id(
    stubbed: tuple[ObjectStore, Stubber], standing: list[dict[str, Any]], put: list[dict[str, Any]]
) -> None:
    """Ours is replaced, and all others are put back as they came, in their order."""
    store, stubber = stubbed
    stubber.add_response("get_bucket_cors", {"CORSRules": standing}, {"Bucket": "recordings"})
    stubber.add_response("put_bucket_cors", {}, {"Bucket": "recordings", "CORSConfiguration": {"CORSRules": put}})

    assert store.put_cors_rule(RULE)


def test_a_bucket_without_rules_gets_ours(stubbed: tuple[ObjectStore, Stubber]) -> None:
    """That there is no configuration is an error to S3, and none to us."""
    store, stubber = stubbed
    stubber.add_client_error("get_bucket_cors", "NoSuchCORSConfiguration", http_status_code=404)
    stubber.add_response("put_bucket_cors", {}, {"Bucket": "recordings", "CORSConfiguration": {"CORSRules": [OURS]}})

    assert store.put_cors_rule(RULE)


def test_a_rule_that_stands_is_not_put_again(stubbed: tuple[ObjectStore, Stubber]) -> None:
    """A start that finds everything as it is to be writes nothing."""
    store, stubber = stubbed
    stubber.add_response("get_bucket_cors", {"CORSRules": [ANOTHERS, OURS]}, {"Bucket": "recordings"})

    assert not store.put_cors_rule(RULE)


@pytest.mark.parametrize("code", ["NotImplemented", "MethodNotAllowed"])
def test_a_store_without_rules_says_so(stubbed: tuple[ObjectStore, Stubber], code: str) -> None:
    """The caller knows the error, and names the store's own setting."""
    store, stubber = stubbed
    stubber.add_client_error("get_bucket_cors", code, http_status_code=501)

    with pytest.raises(CorsUnsupportedError, match="recordings has no CORS rules"):
        store.put_cors_rule(RULE)


def test_a_refusal_is_the_stores(stubbed: tuple[ObjectStore, Stubber]) -> None:
    """A policy in the way is no missing feature."""
    store, stubber = stubbed
    stubber.add_client_error("get_bucket_cors", "AccessDenied", http_status_code=403)

    with pytest.raises(StoreForbiddenError):
        store.put_cors_rule(RULE)


@pytest.mark.parametrize(
    ("told", "origins"),
    [
        pytest.param("", (), id="unset"),
        pytest.param("*", ("*",), id="all"),
        pytest.param("https://a.example,http://b:3000", ("https://a.example", "http://b:3000"), id="two"),
    ],
)
def test_origins_come_from_one_variable(monkeypatch: pytest.MonkeyPatch, told: str, origins: tuple[str, ...]) -> None:
    """Comma-separated, as a chart can write them."""
    monkeypatch.setenv("STENO_STORE_BUCKET", "recordings")
    monkeypatch.setenv("STENO_STORE_BROWSER_ORIGINS", told)

    assert origins == StoreSettings().allowed_origins


@pytest.mark.parametrize("told", ["steno.example", "https://a.example/", "https://a.example, https://b.example"])
def test_what_is_no_origin_is_refused(told: str) -> None:
    """A browser would never send it."""
    with pytest.raises(ValueError, match="browser_origins"):
        StoreSettings.model_validate({"bucket": "recordings", "browser_origins": told})
