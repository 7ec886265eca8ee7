"""The lifecycle rule on real servers: MinIO keeps it beside others, Versity's gateway has none and says so."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from steno_store import Layout, LifecycleUnsupportedError, ObjectStore, lifecycle
from support.s3_buckets import S3Account

RULE = lifecycle.backstop(Layout("team/steno"), ttl_seconds=604_800)
STRANGERS: list[Any] = [
    {"ID": "old logs", "Status": "Disabled", "Prefix": "logs/", "Expiration": {"Days": 3}},
    {
        "ID": "tagged",
        "Status": "Enabled",
        "Filter": {"And": {"Prefix": "team/", "Tags": [{"Key": "keep", "Value": "no"}]}},
        "Expiration": {"Days": 5},
    },
    {
        "ID": "versions",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 9, "NewerNoncurrentVersions": 2},
    },
]


@pytest.fixture(name="bucket")
def _bucket(minio: S3Account) -> Iterator[ObjectStore]:
    """An empty bucket on MinIO."""
    with closing(minio.store(minio.new_bucket())) as store:
        yield store


def rules_of(minio: S3Account, store: ObjectStore) -> list[Any]:
    """Read the rules behind the store's back."""
    return list(minio.client.get_bucket_lifecycle_configuration(Bucket=store.bucket)["Rules"])


def test_the_first_rule_of_a_bucket(minio: S3Account, bucket: ObjectStore) -> None:
    """It is about our prefix alone, and a second put finds it standing."""
    assert not bucket.has_lifecycle_rule(RULE.rule_id)

    assert bucket.put_lifecycle_rule(RULE)

    (rule,) = rules_of(minio, bucket)
    assert ({"Prefix": "team/steno/"}, {"Days": 38}) == (rule["Filter"], rule["Expiration"])
    assert bucket.has_lifecycle_rule(RULE.rule_id)
    assert not bucket.put_lifecycle_rule(RULE)


def test_others_rules_stay_as_they_are(minio: S3Account, bucket: ObjectStore) -> None:
    """Ours comes and changes, and what is a stranger's reads the same before and after."""
    minio.client.put_bucket_lifecycle_configuration(Bucket=bucket.bucket, LifecycleConfiguration={"Rules": STRANGERS})
    before = rules_of(minio, bucket)
    longer = lifecycle.backstop(Layout("team/steno"), ttl_seconds=10 * 604_800)

    assert [True, True] == [bucket.put_lifecycle_rule(RULE), bucket.put_lifecycle_rule(longer)]

    *others, ours = rules_of(minio, bucket)
    assert before == others
    assert (RULE.rule_id, longer.days) == (ours["ID"], ours["Expiration"]["Days"])


def test_two_installations_keep_a_rule_each(minio: S3Account, bucket: ObjectStore) -> None:
    """One bucket, two prefixes, two rules."""
    other = lifecycle.backstop(Layout("team-steno"), ttl_seconds=0)

    bucket.put_lifecycle_rule(RULE)
    bucket.put_lifecycle_rule(other)
    bucket.put_lifecycle_rule(RULE)

    assert {"team/steno/": 38, "team-steno/": 31} == {
        rule["Filter"]["Prefix"]: rule["Expiration"]["Days"] for rule in rules_of(minio, bucket)
    }


def test_a_store_without_lifecycle_says_so(versity: S3Account) -> None:
    """Versity's gateway has no lifecycle rules: the error is the one that the operator logs once."""
    with closing(versity.store(versity.new_bucket())) as store:
        with pytest.raises(LifecycleUnsupportedError, match="has no lifecycle rules: NotImplemented"):
            store.put_lifecycle_rule(RULE)
        assert not store.has_lifecycle_rule(RULE.rule_id)
