"""The operator's process-wide singletons in one frozen value; there are no globals.

Made by `process`, handed to `controller` and `apply`.
"""

from dataclasses import dataclass

from steno_kube import TranscriptionJobs
from steno_operator.client import BatchJobs, UploadReaders
from steno_operator.installation import Installation
from steno_store import ObjectStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What acting on a job takes."""

    jobs: TranscriptionJobs
    batch_jobs: BatchJobs
    upload_readers: UploadReaders
    store: ObjectStore
    installation: Installation
