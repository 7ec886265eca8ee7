"""What the gateway answers when it cannot do as asked: RFC 9457 problem documents.

Raised anywhere below a route as `ProblemError`; `refusals` turns these and every foreign error into responses. Each
kind of problem is listed here once, with its status and title; whoever raises one says what happened (`detail`), to
which field, and what helps (`remedy`). A detail never holds another service's words, which may name internals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:steno:problem:"
"""A problem's type is this and its slug: a name for programs to match, not an address."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem."""

    slug: str
    """Ends the document's ``type``; never changes once published."""
    status: int
    title: str
    """The same for every occurrence (RFC 9457, section 3.1.3)."""
    retry_after_seconds: int | None = None
    """Sent as Retry-After where trying again may help."""


REQUEST_MALFORMED: Final = Kind("request-malformed", 400, "The request is no HTTP")
BODY_EMPTY: Final = Kind("body-empty", 400, "The request has no body")
BODY_MALFORMED: Final = Kind("body-malformed", 400, "The request's body cannot be read")
BODY_INTERRUPTED: Final = Kind("body-interrupted", 400, "The request's body ended early")
FILE_MISSING: Final = Kind("file-missing", 400, "The form has no file")
FILE_REPEATED: Final = Kind("file-repeated", 400, "The form has more than one file")
FILE_EMPTY: Final = Kind("file-empty", 400, "The file is empty")
RECORDING_UNUSABLE: Final = Kind("recording-unusable", 400, "The recording cannot be transcribed as asked")
UNAUTHENTICATED: Final = Kind("unauthenticated", 401, "The request shows no valid API key")
SCOPE_MISSING: Final = Kind("scope-missing", 403, "The API key is not good for this call")
OTHER_SITE: Final = Kind("other-site", 403, "A page of another site may not do this")
TASK_UNKNOWN: Final = Kind("task-unknown", 404, "There is no such task")
UPLOAD_UNKNOWN: Final = Kind("upload-unknown", 404, "There is no such upload")
PATH_UNKNOWN: Final = Kind("path-unknown", 404, "There is no such path")
MODEL_UNKNOWN: Final = Kind("model-unknown", 404, "There is no such model")
METHOD_UNKNOWN: Final = Kind("method-not-allowed", 405, "The path does not take this method")
HEADERS_LATE: Final = Kind("headers-late", 408, "The request's headers did not come")
BODY_IDLE: Final = Kind("body-idle", 408, "The request's body stopped coming")
BODY_SLOW: Final = Kind("body-too-slow", 408, "The request's body comes too slowly")
TASK_UNFINISHED: Final = Kind("task-unfinished", 409, "The task has not finished")
UPLOAD_INCOMPLETE: Final = Kind("upload-incomplete", 409, "Parts of the upload are missing")
UPLOAD_WHOLE: Final = Kind("upload-whole", 409, "The upload is whole already")
UPLOAD_NAMED: Final = Kind("upload-named", 409, "A task names the upload")
TASK_FINISHED: Final = Kind("task-finished", 409, "The task has finished")
DELIVERED: Final = Kind("delivered", 409, "The results are where the task was told to put them")
NOT_FINISHED: Final = Kind("not-finished", 409, "The transcript is not there yet")
TASK_FAILED: Final = Kind("task-failed", 409, "The task failed and has no transcript")
KEY_REUSED: Final = Kind("idempotency-key-reused", 409, "The Idempotency-Key stands for another request")
KEY_RELEASING: Final = Kind("idempotency-key-releasing", 409, "The task of the Idempotency-Key is being released", 5)
TRANSCRIPTION_ENDED: Final = Kind("transcription-ended", 409, "The transcription was ended by another request")
UPLOAD_GONE: Final = Kind("upload-gone", 410, "The upload is gone")
RESULT_GONE: Final = Kind("result-gone", 410, "The transcript is gone")
BODY_TOO_LARGE: Final = Kind("body-too-large", 413, "The request's body is too large")
HEADERS_TOO_LARGE: Final = Kind("headers-too-large", 431, "The request's headers are too large")
CONTENT_TYPE_UNKNOWN: Final = Kind("content-type-unsupported", 415, "The request's Content-Type is not supported")
RANGE_UNSATISFIABLE: Final = Kind("range-not-satisfiable", 416, "The transcript has no such bytes")
SOURCE_MISSING: Final = Kind("source-missing", 422, "The request names no recording")
SOURCE_REPEATED: Final = Kind("source-repeated", 422, "The request names more than one recording")
SOURCE_FORBIDDEN: Final = Kind("source-forbidden", 422, "Recordings are not read from there")
DESTINATION_UNSET: Final = Kind("destination-unset", 422, "There is no default destination")
DESTINATION_FORBIDDEN: Final = Kind("destination-forbidden", 422, "Results are not copied there")
FIELD_UNKNOWN: Final = Kind("field-unknown", 422, "The request names an unknown field")
FIELD_INVALID: Final = Kind("field-invalid", 422, "A field of the request is invalid")
DIGEST_MISMATCH: Final = Kind("digest-mismatch", 422, "The bytes are not those that were announced")
LANGUAGE_UNDETECTED: Final = Kind("language-undetected", 422, "No language was detected in the recording")
QUEUE_FULL: Final = Kind("queue-full", 429, "There are too many unfinished tasks", 30)
RATE_EXCEEDED: Final = Kind("rate-exceeded", 429, "The API key sends too many requests")
CONCURRENCY_EXCEEDED: Final = Kind("concurrency-exceeded", 429, "The API key has too much under way at once", 1)
INTERNAL: Final = Kind("internal", 500, "Steno failed in a way it did not foresee")
TRANSCRIPTION_FAILED: Final = Kind("transcription-failed", 500, "The transcription failed")
SESSIONS_OFF: Final = Kind("sessions-off", 409, "The gateway trades no keys for cookies")
API_SERVER_AWAY: Final = Kind("cluster-unavailable", 503, "The Kubernetes API server does not answer", 5)
API_SERVER_REFUSES: Final = Kind("cluster-refuses", 503, "The Kubernetes API server refuses the gateway", 60)
STORE_AWAY: Final = Kind("store-unavailable", 503, "The object store does not answer", 5)
STORE_REFUSES: Final = Kind("store-refuses", 503, "The object store refuses the gateway", 60)
NOT_READY: Final = Kind("not-ready", 503, "The gateway is not ready", 5)
UPLOADS_BUSY: Final = Kind("uploads-busy", 503, "Too many uploads are under way", 10)
OUTCOME_LATE: Final = Kind("outcome-late", 504, "The transcription takes longer than a request may wait", 1)


class Problem(BaseModel):
    """A problem document (RFC 9457): what went wrong, with which field, and what to do about it."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    type: Annotated[str, Field(examples=["urn:steno:problem:field-invalid"])]
    """Kind of the problem, for programs to match."""
    title: Annotated[str, Field(examples=["A field of the request is invalid"])]
    """Kind of the problem, for people; the same for every occurrence."""
    status: Annotated[int, Field(ge=400, le=599, examples=[422])]
    """The response's status code."""
    detail: Annotated[str, Field(examples=["beam_size: Input should be less than or equal to 20."])]
    """What happened this time."""
    field: Annotated[str | None, Field(examples=["beam_size"])] = None
    """The field, header or parameter at fault, if it is one; a dot leads into an object."""
    remedy: Annotated[str, Field(examples=["Correct the field and send the request again."])]
    """What to do about it."""
    locations: Annotated[tuple[str, ...] | None, Field(exclude_if=lambda value: value is None)] = None
    """Where the results are, as s3:// addresses; with `delivered` alone."""


class ProblemError(Exception):
    """The request cannot be answered as asked."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        remedy: str,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
        locations: Sequence[str] | None = None,
    ) -> None:
        super().__init__(f"{kind.slug}: {detail}")
        self.kind = kind
        self.detail = detail
        self.remedy = remedy
        self.field = field
        self.headers = dict(headers or {})
        """Further response headers."""
        self.locations = None if locations is None else tuple(locations)

    def document(self) -> Problem:
        """Give the body of the response."""
        return Problem(
            type=TYPE_PREFIX + self.kind.slug,
            title=self.kind.title,
            status=self.kind.status,
            detail=self.detail,
            field=self.field,
            remedy=self.remedy,
            locations=self.locations,
        )


def unknown_task(task_id: str) -> ProblemError:
    """Say that no task of that id is to be seen: it never was, or it is released."""
    shown = task_id if len(task_id) <= _SHOWN_ID_LENGTH else task_id[:_SHOWN_ID_LENGTH] + "…"
    return ProblemError(
        TASK_UNKNOWN,
        f"There is no task {shown!r}; it never existed, was released, or has expired.",
        field="task_id",
        remedy="Use the task_id that POST /transcribe answered with.",
    )


_SHOWN_ID_LENGTH: Final = 64
