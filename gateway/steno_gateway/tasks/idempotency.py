"""``Idempotency-Key``: the same key and request give the same task, however often they are sent.

Called by `creation`. There is no database: a job's name is made of tenant and key, so that a second job of one key
cannot be, and an annotation on it holds a digest of what was asked. A key lives as long as its job. Pure.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Final

from steno_gateway import problems
from steno_gateway.problems import ProblemError
from steno_types import GROUP, TranscriptionJob, TranscriptionJobSpec

HEADER: Final = "Idempotency-Key"

REPLAY_HEADER: Final = "Idempotent-Replay"
"""Of an answer that gives the task of an earlier request; its value is ``true``."""

DIGEST_ANNOTATION: Final = f"{GROUP}/request-digest"
"""Digest of what was asked under a key, in hexadecimal."""

KEY_MAX_LENGTH: Final = 255
"""Of a key; Stripe's limit, which clients know."""

_NAME_DIGITS: Final = 32
"""Of a job's name: 128 bits, so that no two keys meet."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes two requests the same."""

    name: str
    """Of the job."""
    digest: str
    """Of what is asked."""


def checked_key(key: str | None) -> str | None:
    """Give a client's key back, or refuse it."""
    if key is not None and (not key.strip() or len(key) > KEY_MAX_LENGTH or not key.isprintable()):
        raise ProblemError(
            problems.FIELD_INVALID,
            f"{HEADER} must have 1 to {KEY_MAX_LENGTH} printable characters.",
            field=HEADER,
            remedy="Draw a random key for each recording, a UUID for example, and send it with every retry.",
        )
    return key


def name_of(namespace: str, key: str) -> str:
    """Name the job of a key; another tenant's keys are other keys."""
    digest = hashlib.sha256(f"{namespace}\0{key}".encode()).hexdigest()
    return f"tsj-{digest[:_NAME_DIGITS]}"


def identify(namespace: str, key: str, spec: TranscriptionJobSpec, sha256: str | None) -> Identity:
    """Name the job of a key, and sum up what is asked.

    Parameters
    ----------
    namespace, key
        As `name_of` takes them.
    spec
        What is asked. The id of an upload does not count, as it is another one each time.
    sha256
        Of the upload's bytes, in hexadecimal; None: the source is no upload of this request.
    """
    asked = spec.to_wire()
    if sha256 is not None:
        asked["source"] = {"sha256": sha256}
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    return Identity(name_of(namespace, key), digest)


def check_same(job: TranscriptionJob, identity: Identity) -> None:
    """Raise unless `job`, which has the identity's name, is what is asked."""
    if job.metadata.deletion_timestamp is not None:
        raise releasing()
    if job.metadata.annotations.get(DIGEST_ANNOTATION) != identity.digest:
        raise ProblemError(
            problems.KEY_REUSED,
            f"The task {job.metadata.name} came of another request under this {HEADER}.",
            field=HEADER,
            remedy="Draw a new key for each recording; repeat one only with the very same request.",
        )


def releasing() -> ProblemError:
    """Say that the key is free again only once its task is gone."""
    return ProblemError(
        problems.KEY_RELEASING,
        f"The task of this {HEADER} is being released.",
        field=HEADER,
        remedy="Send the request again after the seconds of Retry-After, or with another key.",
    )
