"""First floor: the API server, as operator and gateway see TranscriptionJobs and Leases there.

Beside `steno_store`; the worker has no business here.
"""

from steno_kube.api_server import ApiServer
from steno_kube.client import connect
from steno_kube.errors import (
    AlreadyExistsError,
    ClusterUnknownError,
    ConflictError,
    InvalidResourceError,
    KubeError,
    KubeForbiddenError,
    KubeInternalError,
    KubeUnavailableError,
    ResourceNotFoundError,
    VersionExpiredError,
)
from steno_kube.leases import Lease, Leases
from steno_kube.reflector import Reflector, Sink
from steno_kube.resource import Resource
from steno_kube.transcription_jobs import TRANSCRIPTION_JOBS, JobEvent, JobEventKind, JobPage, TranscriptionJobs

__all__ = [
    "TRANSCRIPTION_JOBS",
    "AlreadyExistsError",
    "ApiServer",
    "ClusterUnknownError",
    "ConflictError",
    "InvalidResourceError",
    "JobEvent",
    "JobEventKind",
    "JobPage",
    "KubeError",
    "KubeForbiddenError",
    "KubeInternalError",
    "KubeUnavailableError",
    "Lease",
    "Leases",
    "Reflector",
    "Resource",
    "ResourceNotFoundError",
    "Sink",
    "TranscriptionJobs",
    "VersionExpiredError",
    "connect",
]
