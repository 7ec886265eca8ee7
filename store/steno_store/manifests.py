"""Read a job's manifest, and claim its outcome so that exactly one claimant wins.

The claim is one PUT of ``manifest.json`` under ``If-None-Match: *``. Called by the worker with what its attempt came
to, and by the operator for every outcome that no worker can claim. Knows nothing of how an outcome came about.
"""

from typing import Protocol

from steno_store import keys
from steno_store.errors import BucketNotFoundError, ObjectNotFoundError, StoreUnavailableError
from steno_types import Manifest


class ManifestStore(Protocol):
    """The two calls of `ObjectStore` that this module needs."""

    def get(self, key: str) -> bytes:
        """Read a small object whole."""
        ...

    def put_if_absent(self, key: str, body: bytes, *, content_type: str = ...) -> bool:
        """Write a small object unless one is there."""
        ...


def read_manifest(store: ManifestStore, results_prefix: str) -> Manifest | None:
    """Read the manifest under `results_prefix`; None while no outcome is claimed.

    Raises
    ------
    StoreError
        The store does not answer, or what it holds is no manifest.
    """
    key = keys.manifest(results_prefix)
    try:
        body = store.get(key)
    except BucketNotFoundError:
        raise  # says nothing about the job
    except ObjectNotFoundError:
        return None
    try:
        return Manifest.model_validate_json(body)
    except ValueError as error:
        raise StoreUnavailableError(f"{key} is no manifest this version can read: {error}") from error


def claim_outcome(store: ManifestStore, results_prefix: str, manifest: Manifest) -> Manifest:
    """Claim `manifest` as the outcome, and give back the one that counts.

    The given one when this claim won, or had won already (a retried PUT, told by the attempt's name); the earlier
    claimant's otherwise.
    """
    body = manifest.model_dump_json(by_alias=True, exclude_none=True, indent=1).encode()
    if store.put_if_absent(keys.manifest(results_prefix), body, content_type="application/json"):
        return manifest
    winner = read_manifest(store, results_prefix)
    if winner is None:
        raise StoreUnavailableError(f"{keys.manifest(results_prefix)} was refused as present and is absent")
    return winner
