"""The bucket lifecycle rule: an opt-in backstop that expires what release and sweep have left.

Called by `ObjectStore.put_lifecycle_rule` and `has_lifecycle_rule`, which turn botocore's errors into the project's,
and by the operator, which asks `backstop` for the rule that suits an installation.

S3 keeps one lifecycle configuration for the whole bucket and replaces it as one. So ours is merged by its id: get
the rules, replace our own, keep the others as they came, put all of them. S3 has no conditional form of that: of
two who change the rules in the very same moment, one loses.

Nothing is removed here: what stands in a bucket whose owner switched the rule off is the owner's to remove.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from botocore.exceptions import ClientError

from steno_store.errors import NOT_IMPLEMENTED, LifecycleUnsupportedError, error_code
from steno_store.keys import Layout

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DAY_SECONDS: Final = 86_400

WAITING_SECONDS: Final = 30 * DAY_SECONDS
"""For which a recording may wait and be worked on before its TTL begins: a month, far longer than a queue is."""

LEAST_DAYS: Final = 30
"""Fewest days of a rule; the record of who owns the prefix lies under it too, and is renewed every week."""

NONCURRENT_DAYS: Final = 1
"""After which old versions go: nothing of Steno's reads one. S3's least."""

UNFINISHED_DAYS: Final = 7
"""After which S3 forgets an unfinished multipart upload; the sweep does so after a day, where the store lists it."""

NONE_YET: Final = frozenset({"NoSuchLifecycleConfiguration", "NoSuchLifecycle"})
"""Answers of a bucket without rules; the second is older gateways'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleRule:
    """One rule, as far as it is ours to choose."""

    rule_id: str
    """Tells it from the bucket's other rules; at most 255 characters."""
    prefix: str
    """It is about the keys that begin so; with a trailing slash, or a neighbour's would be among them."""
    days: int
    """After which an object expires, counted from its last write."""


def backstop(layout: Layout, *, ttl_seconds: int, waiting_seconds: int = WAITING_SECONDS) -> LifecycleRule:
    """Give the rule for an installation.

    Parameters
    ----------
    ttl_seconds
        For which a finished job is kept: the installation's ``CACHE_EXPIRY``. A job that asks for longer is not known
        here, and loses its objects to the rule.
    waiting_seconds
        For which it may wait and be worked on before; the rule counts from the upload.

    Raises
    ------
    ValueError
        Results are kept for good, so no rule may delete them.
    """
    if ttl_seconds < 0:
        raise ValueError(
            f"CACHE_EXPIRY is {ttl_seconds}: finished jobs are kept for good, and a lifecycle rule would delete "
            "their results; set CACHE_EXPIRY to a number of seconds, or leave STENO_LIFECYCLE_RULE off"
        )
    days = (ttl_seconds + waiting_seconds) // DAY_SECONDS + 1
    return LifecycleRule(rule_id=rule_id(layout), prefix=layout.root, days=max(days, LEAST_DAYS))


def rule_id(layout: Layout) -> str:
    """Name the rule of a prefix: other prefixes have other names, and every S3 takes them."""
    plain = re.sub(r"[^A-Za-z0-9-]", "-", layout.prefix)
    if plain == layout.prefix:
        return f"steno-{plain}"
    return f"steno-{plain}-{hashlib.sha256(layout.prefix.encode()).hexdigest()[:8]}"


def put_rule(client: "S3Client", bucket: str, rule: LifecycleRule) -> bool:
    """Merge `rule` into the bucket's; False when it stands there already and nothing was written."""
    present = _configuration(client, bucket)
    rules = present.get("Rules", [])
    ours = _spelled(rule)
    standing = [found for found in rules if found.get("ID") == rule.rule_id]
    if len(standing) == 1 and _says(standing[0], ours):
        return False
    merged = {"Rules": [*(found for found in rules if found not in standing), ours]}
    # On AWS a setting beside the rules, which falls back to its default where it is not sent along.
    beside = {name: present[name] for name in ("TransitionDefaultMinimumObjectSize",) if name in present}
    with _told_apart(bucket):
        client.put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration=cast("Any", merged), **cast("Any", beside)
        )
    return True


def has_rule(client: "S3Client", bucket: str, wanted: str) -> bool:
    """Whether the bucket has a rule of that id."""
    try:
        present = _configuration(client, bucket)
    except LifecycleUnsupportedError:
        return False
    return any(rule.get("ID") == wanted for rule in present.get("Rules", []))


def _configuration(client: "S3Client", bucket: str) -> dict[str, Any]:
    """Read all that the bucket's lifecycle holds; empty where it has none."""
    try:
        with _told_apart(bucket):
            return cast("dict[str, Any]", client.get_bucket_lifecycle_configuration(Bucket=bucket))
    except ClientError as error:
        if error_code(error) in NONE_YET:
            return {}
        raise


def _spelled(rule: LifecycleRule) -> dict[str, Any]:
    return {
        "ID": rule.rule_id,
        "Status": "Enabled",
        "Filter": {"Prefix": rule.prefix},
        "Expiration": {"Days": rule.days},
        "NoncurrentVersionExpiration": {"NoncurrentDays": NONCURRENT_DAYS},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": UNFINISHED_DAYS},
    }


def _says(stored: dict[str, Any], ours: dict[str, Any]) -> bool:
    """Whether the store's rule is ours; what it does not know of unfinished uploads it leaves out (MinIO)."""
    optional = {"AbortIncompleteMultipartUpload"}
    return all(stored.get(name, ours[name] if name in optional else None) == ours[name] for name in ours)


@contextmanager
def _told_apart(bucket: str) -> Iterator[None]:
    """Tell a store that has no lifecycle from one that refuses this one, whose error is left as it is."""
    try:
        yield
    except ClientError as error:
        if error_code(error) not in NOT_IMPLEMENTED:
            raise
        raise LifecycleUnsupportedError(
            f"the store of the bucket {bucket} has no lifecycle rules: {error_code(error)}"
        ) from error
