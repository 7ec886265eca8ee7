"""Problems as OpenAI's API spells them: ``{"error": {"message", "type", "param", "code"}}``.

Called by `refusals` for every error under ``/v1``, and by `stream` once an answer has begun. Pure.
"""

import json
from typing import Any, Final

from fastapi import Response

from steno_gateway import problems
from steno_gateway.problems import ProblemError

_STATUSES: Final = {415: 400, 422: 400}
"""Statuses that this API does not use, and what it says instead."""

_CODES: Final = {
    problems.FIELD_UNKNOWN: "unknown_parameter",
    problems.FIELD_INVALID: "invalid_value",
    problems.FILE_MISSING: "missing_required_parameter",
    problems.MODEL_UNKNOWN: "model_not_found",
    problems.METHOD_UNKNOWN: "method_not_supported",
    problems.PATH_UNKNOWN: "unknown_url",
}
"""Codes of OpenAI's own that clients may match; other problems have their kind for one."""

_CODES_BY_STATUS: Final = {401: "invalid_api_key", 403: "insufficient_permissions", 429: "rate_limit_exceeded"}

_FINAL: Final = frozenset({problems.TRANSCRIPTION_FAILED, problems.TRANSCRIPTION_ENDED})
"""Problems that another try cannot help, though clients try again after such statuses: the job was tried often
enough, or was ended on purpose."""

SHOULD_RETRY: Final = "x-should-retry"
"""What OpenAI's clients obey before they look at the status."""


def error_of(problem: ProblemError) -> dict[str, Any]:
    """Spell the ``error`` of an answer or of an event."""
    status = problem.kind.status
    return {
        "message": f"{problem.detail} {problem.remedy}",
        "type": _type(status),
        "param": problem.field,
        "code": _CODES_BY_STATUS.get(status) or _CODES.get(problem.kind) or problem.kind.slug.replace("-", "_"),
    }


def spell(problem: ProblemError) -> Response:
    """Answer with a problem."""
    headers = dict(problem.headers)
    if problem.kind.retry_after_seconds is not None:
        headers.setdefault("Retry-After", str(problem.kind.retry_after_seconds))
    if problem.kind in _FINAL:
        headers[SHOULD_RETRY] = "false"
    status = _STATUSES.get(problem.kind.status, problem.kind.status)
    body = json.dumps({"error": error_of(problem)}, ensure_ascii=False)
    return Response(body, status_code=status, headers=headers, media_type="application/json")


def _type(status: int) -> str:
    if status == problems.QUEUE_FULL.status:
        return "requests"
    return "invalid_request_error" if status < problems.INTERNAL.status else "server_error"
