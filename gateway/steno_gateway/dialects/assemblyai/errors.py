"""How AssemblyAI says that something went wrong: one sentence or two, under ``error``.

Called by `refusals` for every problem under ``/v2``, whatever raised it. AssemblyAI documents 400, 401, 404, 429,
500, 503 and 504; what has no place among them keeps its own status, where a client can make use of it.
"""

import json
from http import HTTPStatus
from typing import Final

from fastapi import Response

from steno_gateway import problems
from steno_gateway.problems import ProblemError

PREFIX: Final = "/v2"
"""Every path of this dialect begins with it."""

_STATUSES: Final = {
    HTTPStatus.CONFLICT: HTTPStatus.BAD_REQUEST,
    HTTPStatus.GONE: HTTPStatus.NOT_FOUND,
    HTTPStatus.UNPROCESSABLE_ENTITY: HTTPStatus.BAD_REQUEST,
}
"""What AssemblyAI answers instead."""


def spelled(problem: ProblemError) -> Response:
    """Answer with a problem as AssemblyAI's clients read it."""
    headers = dict(problem.headers)
    if problem.kind.retry_after_seconds is not None:
        headers.setdefault("Retry-After", str(problem.kind.retry_after_seconds))
    subject = f"{problem.field}: " if problem.field and problem.field not in problem.detail else ""
    status = _STATUSES.get(HTTPStatus(problem.kind.status), problem.kind.status)
    body = json.dumps({"error": f"{subject}{problem.detail} {problem.remedy}"}, ensure_ascii=False)
    return Response(body, status_code=status, headers=headers, media_type="application/json")


def unknown_transcript(transcript_id: str) -> ProblemError:
    """Say that no such transcript is to be seen; begins as AssemblyAI's own answer, which programs look for."""
    shown = transcript_id if len(transcript_id) <= _SHOWN_LENGTH else transcript_id[:_SHOWN_LENGTH] + "…"
    return ProblemError(
        problems.TASK_UNKNOWN,
        f"Transcript lookup error, transcript id not found: {shown!r}.",
        remedy="It never existed, was deleted, or has expired; use an id that POST /v2/transcript answered with.",
    )


_SHOWN_LENGTH: Final = 64


def not_completed(status: str, wanted: str) -> ProblemError:
    """Say that there is nothing to make `wanted` of, in AssemblyAI's own words, which programs look for."""
    return ProblemError(
        problems.NOT_FINISHED,
        f"This transcript has a status of '{status}'. Transcripts must have a status of 'completed' before "
        f"requesting {wanted}.",
        remedy="Ask GET /v2/transcript/{id} until it says so, or what the error is.",
    )


def refused(field: str, wrong: str, remedy: str) -> ProblemError:
    """Say that one option or parameter cannot be honoured; `wrong` goes on after its name."""
    return ProblemError(problems.FIELD_INVALID, f"{field} {wrong}.", field=field, remedy=remedy)
