"""The operator's own calls to the API server; the only room here that knows paths and objects as JSON has them.

Its classes give plain values (`observed`), take plain manifests and raise `KubeError`. What operator and gateway both
ask of TranscriptionJobs is `steno_kube.TranscriptionJobs`'s business.
"""

from steno_operator.client.batch_jobs import BatchJobs
from steno_operator.client.events import Events
from steno_operator.client.listing import Listing
from steno_operator.client.namespaces import Namespaces
from steno_operator.client.references import JobReferences, UploadReaders
from steno_operator.client.reviews import OwnedObjects, TokenReviews

__all__ = [
    "BatchJobs",
    "Events",
    "JobReferences",
    "Listing",
    "Namespaces",
    "OwnedObjects",
    "TokenReviews",
    "UploadReaders",
]
