"""``/session``: trade an API key for a cookie, since a page's EventSource and ``<audio>`` send no headers."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from steno_gateway import problems
from steno_gateway.access.caller import Caller, Scope
from steno_gateway.access.permission import Known
from steno_gateway.access.sessions import cookie_name
from steno_gateway.context import Context, ContextDependency
from steno_gateway.openapi import problem_responses
from steno_gateway.problems import ProblemError
from steno_gateway.refusals import invalid_fields
from steno_gateway.uploads.request_body import RequestBody

router = APIRouter(tags=["session"])

BODY_MAX_BYTES = 4096
"""Of `POST /session`: a key is some 50 characters."""


class SessionRequest(BaseModel):
    """A key to be traded."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    key: Annotated[SecretStr, Field(min_length=1, max_length=1024)]
    """An API key."""


class SessionShown(BaseModel):
    """Who one is."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: Annotated[str, Field(examples=["newsroom"])]
    """Of the key; `anonymous` where none was asked for."""
    namespace: Annotated[str, Field(examples=["speech"])]
    """The tenant."""
    scopes: Annotated[list[Scope], Field(examples=[["read", "write"]])]
    """What the key is good for, in alphabetical order."""
    requests_per_minute: Annotated[int | None, Field(examples=[600])] = None
    """Requests that are answered in a minute; null: no limit."""
    max_unfinished: Annotated[int | None, Field(examples=[20])] = None
    """Tasks that may wait or run at once; null: the installation's own limit alone."""
    expires: Annotated[AwareDatetime | None, Field(examples=["2026-01-31T20:00:00Z"])] = None
    """When the session ends that has just begun; null: this call does not know."""


@router.post(
    "/session",
    summary="Trade a key for a cookie",
    responses=problem_responses(
        problems.BODY_MALFORMED,
        problems.BODY_TOO_LARGE,
        problems.CONTENT_TYPE_UNKNOWN,
        problems.FIELD_INVALID,
        problems.UNAUTHENTICATED,
        problems.OTHER_SITE,
        problems.RATE_EXCEEDED,
        problems.SESSIONS_OFF,
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": SessionRequest.model_json_schema()}},
        }
    },
)
async def sign_in(request: Request, response: Response, context: ContextDependency) -> SessionShown:
    """Begin a session: the cookie stands for the key in all further requests of this browser.

    No script can read it, and no page of another site can use it. It ends after some hours, and with its key.
    """
    asked = await _asked(request, context)
    signed_in = context.access.sign_in(request, asked.key.get_secret_value())
    secure = context.access.takes_secure_cookies(request)
    response.set_cookie(
        cookie_name(secure=secure),
        signed_in.cookie,
        max_age=context.settings.session_seconds,
        path="/",
        secure=secure,
        httponly=True,
        samesite="strict",
    )
    response.headers["Cache-Control"] = "no-store"
    return _shown(signed_in.caller).model_copy(update={"expires": signed_in.expires})


@router.get("/session", summary="Who one is", responses=problem_responses())
async def who(caller: Known, response: Response) -> SessionShown:
    """Say whom the gateway takes the caller for."""
    response.headers["Cache-Control"] = "no-store"
    return _shown(caller)


@router.delete("/session", status_code=204, summary="End the session", responses=problem_responses())
async def sign_out(caller: Known, request: Request, response: Response, context: ContextDependency) -> None:
    """Have the browser forget the cookie.

    There is no list of sessions: a copy of the cookie would be good until it expires, or its key is taken away.
    """
    del caller
    secure = context.access.takes_secure_cookies(request)
    response.delete_cookie(cookie_name(secure=secure), path="/", secure=secure, httponly=True, samesite="strict")


async def _asked(request: Request, context: Context) -> SessionRequest:
    content_type = request.headers.get("Content-Type", "")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        # Other types are those that a form of another site's page can send.
        raise ProblemError(
            problems.CONTENT_TYPE_UNKNOWN,
            f"The Content-Type is {content_type[:100]!r}." if content_type else "The request has no Content-Type.",
            field="Content-Type",
            remedy="Send application/json.",
            headers={"Accept-Post": "application/json"},
        )
    idle_seconds = context.settings.upload_idle_seconds
    body = await RequestBody(request, max_bytes=BODY_MAX_BYTES, idle_seconds=idle_seconds).read()
    try:
        return SessionRequest.model_validate_json(body)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False, include_context=False)
        if faults[0]["type"] == "json_invalid":
            raise ProblemError(
                problems.BODY_MALFORMED,
                "The body is no JSON.",
                remedy='Send a JSON object: {"key": "..."}.',
            ) from None
        raise invalid_fields(faults) from None


def _shown(caller: Caller) -> SessionShown:
    return SessionShown(
        name=caller.name,
        namespace=caller.namespace,
        scopes=sorted(caller.scopes),
        requests_per_minute=caller.requests_per_minute,
        max_unfinished=caller.max_unfinished,
    )
