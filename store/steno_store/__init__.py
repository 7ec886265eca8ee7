"""First floor: the object store, any S3.

Used by operator, gateway and worker alike. Knows keys, bytes and conditional writes; must not know Kubernetes.
"""

from steno_store import keys
from steno_store.deletion import Deleted
from steno_store.errors import (
    BucketNotFoundError,
    ObjectChangedError,
    ObjectNotFoundError,
    StoreError,
    StoreForbiddenError,
    StoreUnavailableError,
)
from steno_store.keys import Layout, new_upload_id
from steno_store.manifests import claim_outcome, read_manifest
from steno_store.object_store import ObjectStore, StoredObject
from steno_store.settings import StoreSettings
from steno_store.upload import MAX_PARTS, PART_BYTES, MultipartUpload

__all__ = [
    "MAX_PARTS",
    "PART_BYTES",
    "BucketNotFoundError",
    "Deleted",
    "Layout",
    "MultipartUpload",
    "ObjectChangedError",
    "ObjectNotFoundError",
    "ObjectStore",
    "StoreError",
    "StoreForbiddenError",
    "StoreSettings",
    "StoreUnavailableError",
    "StoredObject",
    "claim_outcome",
    "keys",
    "new_upload_id",
    "read_manifest",
]
