"""The lifecycle rule: how long it waits, how it is merged, and what stores without one say."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from botocore.stub import Stubber

from steno_store import (
    Layout,
    LifecycleRule,
    LifecycleUnsupportedError,
    ObjectStore,
    StoreError,
    StoreForbiddenError,
    lifecycle,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RULE = LifecycleRule(rule_id="steno-steno", prefix="steno/", days=38)
OURS: dict[str, Any] = {
    "ID": "steno-steno",
    "Status": "Enabled",
    "Filter": {"Prefix": "steno/"},
    "Expiration": {"Days": 38},
    "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
}
ANOTHERS: dict[str, Any] = {"ID": "logs", "Status": "Disabled", "Prefix": "logs/", "Expiration": {"Days": 3}}
UNNAMED: dict[str, Any] = {"Status": "Enabled", "Filter": {}, "Expiration": {"ExpiredObjectDeleteMarker": True}}


@pytest.fixture(name="stubber")
def _stubber() -> Iterator[Stubber]:
    """A store whose answers are given beforehand, in order; all of them are asked for."""
    session = boto3.session.Session(aws_access_key_id="id", aws_secret_access_key="secret")
    client: S3Client = session.client("s3", region_name="us-east-1")
    with Stubber(client) as stubber:
        yield stubber
    stubber.assert_no_pending_responses()


def store_upon(stubber: Stubber) -> ObjectStore:
    """Have a store that is answered by `stubber`."""
    return ObjectStore(cast("S3Client", stubber.client), bucket="recordings")


def answer(stubber: Stubber, *rules: dict[str, Any], **beside: str) -> None:
    """Answer the next request with the bucket's rules."""
    stubber.add_response(
        "get_bucket_lifecycle_configuration", {"Rules": [*rules], **beside}, {"Bucket": "recordings"}
    )


def expect(stubber: Stubber, *rules: dict[str, Any], **beside: str) -> None:
    """Expect the next request to put these rules."""
    put = {"Bucket": "recordings", "LifecycleConfiguration": {"Rules": [*rules]}, **beside}
    stubber.add_response("put_bucket_lifecycle_configuration", {}, put)


@pytest.mark.parametrize(
    ("standing", "put"),
    [
        pytest.param([], [OURS], id="none"),
        pytest.param([ANOTHERS, UNNAMED], [ANOTHERS, UNNAMED, OURS], id="others"),
        pytest.param([OURS | {"Expiration": {"Days": 3}}, ANOTHERS], [ANOTHERS, OURS], id="ours of another length"),
        pytest.param([OURS | {"Status": "Disabled"}], [OURS], id="ours, switched off"),
        pytest.param([OURS | {"Filter": {"Prefix": "a/"}}], [OURS], id="ours of another prefix"),
        pytest.param([OURS, OURS], [OURS], id="ours twice"),
        pytest.param(
            [OURS | {"ID": "steno-other"}], [OURS | {"ID": "steno-other"}, OURS], id="another installation's"
        ),
    ],
)
def test_a_rule_is_merged_by_its_id(
    stubber: Stubber, standing: list[dict[str, Any]], put: list[dict[str, Any]]
) -> None:
    """Ours is replaced, and all others are put back as they came, in their order."""
    answer(stubber, *standing)
    expect(stubber, *put)

    assert store_upon(stubber).put_lifecycle_rule(RULE)


def test_a_bucket_without_rules_gets_ours(stubber: Stubber) -> None:
    """That there is no configuration is an error to S3, and none to us."""
    stubber.add_client_error(
        "get_bucket_lifecycle_configuration", "NoSuchLifecycleConfiguration", http_status_code=404
    )
    expect(stubber, OURS)

    assert store_upon(stubber).put_lifecycle_rule(RULE)


@pytest.mark.parametrize(
    "standing",
    [
        pytest.param(OURS, id="whole"),
        pytest.param(
            {name: value for name, value in OURS.items() if name != "AbortIncompleteMultipartUpload"},
            id="without what MinIO leaves out",
        ),
    ],
)
def test_a_rule_that_stands_is_not_put_again(stubber: Stubber, standing: dict[str, Any]) -> None:
    """A start that finds everything as it is to be writes nothing."""
    answer(stubber, ANOTHERS, standing)

    assert not store_upon(stubber).put_lifecycle_rule(RULE)


def test_what_aws_keeps_beside_the_rules_is_sent_along(stubber: Stubber) -> None:
    """A setting of the whole bucket would fall back to its default if it were left out."""
    size = "varies_by_storage_class"
    answer(stubber, ANOTHERS, TransitionDefaultMinimumObjectSize=size)
    expect(stubber, ANOTHERS, OURS, TransitionDefaultMinimumObjectSize=size)

    assert store_upon(stubber).put_lifecycle_rule(RULE)


@pytest.mark.parametrize("call", ["get_bucket_lifecycle_configuration", "put_bucket_lifecycle_configuration"])
@pytest.mark.parametrize("code", ["NotImplemented", "MethodNotAllowed"])
def test_a_store_without_lifecycle_says_so(stubber: Stubber, call: str, code: str) -> None:
    """Whichever of the two calls it lacks, the error is the one that the caller knows."""
    if call.startswith("put"):
        answer(stubber, ANOTHERS)
    stubber.add_client_error(call, code, http_status_code=501)

    with pytest.raises(LifecycleUnsupportedError, match="recordings has no lifecycle rules"):
        store_upon(stubber).put_lifecycle_rule(RULE)


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        pytest.param("AccessDenied", 403, StoreForbiddenError, id="denied"),
        pytest.param("MalformedXML", 400, StoreError, id="refused"),
    ],
)
def test_a_refused_rule_is_told_as_any_refusal(
    stubber: Stubber, code: str, status: int, expected: type[StoreError]
) -> None:
    """What the store has and will not do is no missing feature."""
    answer(stubber)
    stubber.add_client_error("put_bucket_lifecycle_configuration", code, http_status_code=status)

    with pytest.raises(StoreError, match="set the lifecycle rule steno-steno") as caught:
        store_upon(stubber).put_lifecycle_rule(RULE)
    assert expected is caught.type


@pytest.mark.parametrize(
    ("standing", "stands"),
    [pytest.param([ANOTHERS, OURS], True, id="ours"), pytest.param([ANOTHERS], False, id="none")],
)
def test_whether_a_rule_stands(stubber: Stubber, standing: list[dict[str, Any]], *, stands: bool) -> None:
    """It is told by its id."""
    answer(stubber, *standing)

    assert stands == store_upon(stubber).has_lifecycle_rule("steno-steno")


def test_no_rule_stands_where_there_are_none(stubber: Stubber) -> None:
    """A store without lifecycle has no rule of ours, and that is no error."""
    stubber.add_client_error("get_bucket_lifecycle_configuration", "NotImplemented", http_status_code=501)

    assert not store_upon(stubber).has_lifecycle_rule("steno-steno")


@pytest.mark.parametrize(
    ("ttl_seconds", "waiting_seconds", "days"),
    [
        pytest.param(604_800, 30 * 86_400, 38, id="a week and a month, and a day"),
        pytest.param(604_800 + 86_399, 30 * 86_400, 38, id="a second less than a day more"),
        pytest.param(604_800 + 86_400, 30 * 86_400, 39, id="a day more"),
        pytest.param(0, 0, 30, id="never less than a month"),
    ],
)
def test_a_rule_is_longer_than_any_wait_and_ttl(ttl_seconds: int, waiting_seconds: int, days: int) -> None:
    """The days are more than the TTL and the time before it together."""
    rule = lifecycle.backstop(Layout("steno"), ttl_seconds=ttl_seconds, waiting_seconds=waiting_seconds)

    assert LifecycleRule(rule_id="steno-steno", prefix="steno/", days=days) == rule
    assert rule.days * 86_400 > ttl_seconds + waiting_seconds


def test_results_that_are_kept_for_good_have_no_rule() -> None:
    """A TTL of never and a rule that deletes contradict each other, and the message says what to change."""
    with pytest.raises(ValueError, match=r"CACHE_EXPIRY is -1: .* leave STENO_LIFECYCLE_RULE off"):
        lifecycle.backstop(Layout("steno"), ttl_seconds=-1)


def test_every_prefix_has_a_rule_of_its_own() -> None:
    """Prefixes that are spelled alike without their signs are told apart, and no id is longer than S3 takes."""
    prefixes = ["steno", "a-b", "a/b", "a.b", "a_b", "ä-b", "x" * 128, "/".join("x" * 64)]
    ids = [lifecycle.rule_id(Layout(prefix)) for prefix in prefixes]

    assert len(prefixes) == len({*ids})
    assert all(re.fullmatch(r"steno-[A-Za-z0-9-]{1,249}", rule_id) for rule_id in ids)
    assert "steno-a-b" == ids[1]
