"""First floor: the API server, as operator and gateway see TranscriptionJobs and Leases there.

Beside `steno_store`; the worker has no business here.
"""

from steno_kube.client import connect
from steno_kube.errors import (
    AlreadyExistsError,
    ClusterUnknownError,
    ConflictError,
    InvalidResourceError,
    KubeError,
    KubeForbiddenError,
    KubeUnavailableError,
    ResourceNotFoundError,
    translated,
)
from steno_kube.leases import Lease, Leases
from steno_kube.transcription_jobs import TranscriptionJobs

__all__ = [
    "AlreadyExistsError",
    "ClusterUnknownError",
    "ConflictError",
    "InvalidResourceError",
    "KubeError",
    "KubeForbiddenError",
    "KubeUnavailableError",
    "Lease",
    "Leases",
    "ResourceNotFoundError",
    "TranscriptionJobs",
    "connect",
    "translated",
]
