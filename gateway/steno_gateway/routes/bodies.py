"""What the routes that read JSON by hand share: bounds, and what is said of another Content-Type."""

from typing import Final

from fastapi import Request

from steno_gateway import problems
from steno_gateway.context import Context
from steno_gateway.problems import ProblemError
from steno_gateway.uploads.request_body import RequestBody, empty_body

JSON_TYPE: Final = "application/json"

_SHOWN_LENGTH: Final = 100
"""Of a Content-Type in a problem."""


def media_type(request: Request) -> str:
    """Give the request's media type without its parameters, in lower case."""
    return request.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def refuse_query(request: Request) -> None:
    """Raise if the request has parameters in its address, which would be ignored otherwise."""
    if request.query_params:
        name = next(iter(request.query_params))
        raise ProblemError(
            problems.FIELD_UNKNOWN,
            f"There is no query parameter {name[:_SHOWN_LENGTH]!r}.",
            field=name[:_SHOWN_LENGTH],
            remedy="Put options into the body: as parts of the form, or as fields of the JSON.",
        )


def refuse_empty(request: Request) -> None:
    """Raise if the request says itself that it has no body."""
    if "Transfer-Encoding" not in request.headers and request.headers.get("Content-Length", "0") == "0":
        raise empty_body()


async def refuse_body(request: Request, context: Context) -> None:
    """Raise if the request brings a body to a call that takes none."""
    body = RequestBody(request, max_bytes=1, idle_seconds=context.settings.upload_idle_seconds)
    if await body.read():
        raise ProblemError(
            problems.BODY_MALFORMED,
            "This call takes no body.",
            remedy="Send the request without one.",
        )


async def read_json(request: Request, context: Context, *, max_bytes: int) -> bytes:
    """Read a JSON body; raises if there is none, or it says to be something else."""
    refuse_empty(request)
    if media_type(request) != JSON_TYPE:
        raise wrong_type(request, remedy=f"Send {JSON_TYPE}.", accepted=JSON_TYPE)
    body = RequestBody(request, max_bytes=max_bytes, idle_seconds=context.settings.upload_idle_seconds)
    return await body.read()


def wrong_type(request: Request, *, remedy: str, accepted: str) -> ProblemError:
    """Say that a body of this kind is not taken."""
    content_type = request.headers.get("Content-Type", "")
    shown = content_type if len(content_type) <= _SHOWN_LENGTH else f"{content_type[:_SHOWN_LENGTH]}…"
    return ProblemError(
        problems.CONTENT_TYPE_UNKNOWN,
        f"The Content-Type is {shown!r}." if content_type else "The request has no Content-Type.",
        field="Content-Type",
        remedy=remedy,
        headers={"Accept-Post" if request.method == "POST" else "Accept-Patch": accepted},
    )
