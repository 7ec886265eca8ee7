"""First floor: the object store, any S3.

Used by operator, gateway and worker alike. Knows keys, bytes and conditional writes; must not know Kubernetes.
"""

from steno_store import cors, keys, lifecycle
from steno_store.breaker import Breaker
from steno_store.cors import CorsRule
from steno_store.deletion import Deleted
from steno_store.direct_upload import MAX_DIRECT_PART_BYTES, DirectUpload
from steno_store.errors import (
    BucketNotFoundError,
    ConditionalPutError,
    CorsUnsupportedError,
    LifecycleUnsupportedError,
    ObjectChangedError,
    ObjectNotFoundError,
    StoreAwayError,
    StoreError,
    StoreForbiddenError,
    StoreUnavailableError,
)
from steno_store.keys import Layout, new_upload_id
from steno_store.lifecycle import LifecycleRule
from steno_store.manifests import claim_outcome, read_manifest
from steno_store.object_store import ObjectStore, StoredObject
from steno_store.ownership import Owner, check_conditional_put, claim_prefix, read_owner
from steno_store.settings import StoreSettings
from steno_store.upload import MAX_PARTS, MIN_PART_BYTES, PART_BYTES, MultipartUpload

__all__ = [
    "MAX_DIRECT_PART_BYTES",
    "MAX_PARTS",
    "MIN_PART_BYTES",
    "PART_BYTES",
    "Breaker",
    "BucketNotFoundError",
    "ConditionalPutError",
    "CorsRule",
    "CorsUnsupportedError",
    "Deleted",
    "DirectUpload",
    "Layout",
    "LifecycleRule",
    "LifecycleUnsupportedError",
    "MultipartUpload",
    "ObjectChangedError",
    "ObjectNotFoundError",
    "ObjectStore",
    "Owner",
    "StoreAwayError",
    "StoreError",
    "StoreForbiddenError",
    "StoreSettings",
    "StoreUnavailableError",
    "StoredObject",
    "check_conditional_put",
    "claim_outcome",
    "claim_prefix",
    "cors",
    "keys",
    "lifecycle",
    "new_upload_id",
    "read_manifest",
    "read_owner",
]
