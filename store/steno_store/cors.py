"""The bucket's CORS rule: which pages of other origins may use the URLs that are signed for the store.

Called by `ObjectStore.put_cors_rule`, which turns botocore's errors into the project's, and by the gateway, which
asks `browser_rule` for the rule that suits an installation.

As with lifecycle rules (`lifecycle`), S3 keeps one configuration for the whole bucket and replaces it as one, so ours
is merged by its id. Nothing is removed here. Some stores have no rules of a bucket: MinIO lets all origins in unless
its own ``MINIO_API_CORS_ALLOW_ORIGIN`` says otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from botocore.exceptions import ClientError

from steno_store.errors import NOT_IMPLEMENTED, CorsUnsupportedError, error_code
from steno_store.keys import Layout
from steno_store.lifecycle import rule_id

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_AGE_SECONDS: Final = 3600
"""For which a browser need not ask again before each part."""

NONE_YET: Final = "NoSuchCORSConfiguration"
"""Answer of a bucket without rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorsRule:
    """One rule, as far as it is ours to choose."""

    rule_id: str
    """Tells it from the bucket's other rules."""
    origins: tuple[str, ...]
    """Such as ``https://steno.example``; at least one."""


def browser_rule(layout: Layout, origins: Sequence[str]) -> CorsRule:
    """Give the rule for an installation."""
    return CorsRule(rule_id=rule_id(layout), origins=tuple(origins))


def put_rule(client: "S3Client", bucket: str, rule: CorsRule) -> bool:
    """Merge `rule` into the bucket's; False when it stands there already and nothing was written."""
    try:
        rules = _rules(client, bucket)
        ours = _spelled(rule)
        standing = [found for found in rules if found.get("ID") == rule.rule_id]
        if standing == [ours]:
            return False
        # Ours comes last: the first rule that fits a request counts, and a stranger's was there before.
        merged = [*(found for found in rules if found not in standing), ours]
        client.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": cast("Any", merged)})
    except ClientError as error:
        if error_code(error) not in NOT_IMPLEMENTED:
            raise
        raise CorsUnsupportedError(
            f"the store of the bucket {bucket} has no CORS rules: {error_code(error)}"
        ) from error
    return True


def _rules(client: "S3Client", bucket: str) -> list[dict[str, Any]]:
    try:
        return cast("list[dict[str, Any]]", client.get_bucket_cors(Bucket=bucket)["CORSRules"])
    except ClientError as error:
        if error_code(error) == NONE_YET:
            return []
        raise


def _spelled(rule: CorsRule) -> dict[str, Any]:
    return {
        "ID": rule.rule_id,
        "AllowedHeaders": ["*"],
        "AllowedMethods": ["GET", "HEAD", "PUT"],
        "AllowedOrigins": list(rule.origins),
        "ExposeHeaders": ["ETag"],
        "MaxAgeSeconds": MAX_AGE_SECONDS,
    }
