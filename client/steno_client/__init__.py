"""A client of Steno's REST API, for programs: `Steno` blocks, `AsyncSteno` does not, and both do the same.

What is done is written once, in flows that know no network (`steps`); `client` and `async_client` carry them out with
httpx. Needs httpx and pydantic. Must not know any other room: what it knows of Steno is docs/api.md.
"""

from steno_client.asking import Retries
from steno_client.async_client import AsyncSteno
from steno_client.client import Steno
from steno_client.errors import (
    AnswerError,
    BusyError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    ProblemError,
    SourceError,
    StenoError,
    UnauthenticatedError,
    UnreachableError,
    UploadInterruptedError,
    WaitTimeoutError,
)
from steno_client.results import (
    Output,
    Problem,
    Progress,
    Queue,
    Receipt,
    Released,
    TaskAccepted,
    TaskChanged,
    TaskError,
    TaskStatus,
    Upload,
    Waiting,
)
from steno_client.sources import Options, S3Address

__all__ = [
    "AnswerError",
    "AsyncSteno",
    "BusyError",
    "ConflictError",
    "InvalidRequestError",
    "NotFoundError",
    "Options",
    "Output",
    "PermissionDeniedError",
    "Problem",
    "ProblemError",
    "Progress",
    "Queue",
    "Receipt",
    "Released",
    "Retries",
    "S3Address",
    "SourceError",
    "Steno",
    "StenoError",
    "TaskAccepted",
    "TaskChanged",
    "TaskError",
    "TaskStatus",
    "UnauthenticatedError",
    "UnreachableError",
    "Upload",
    "UploadInterruptedError",
    "WaitTimeoutError",
    "Waiting",
]
