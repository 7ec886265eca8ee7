"""Every error's way to a problem document: the one place that maps exceptions to responses.

Installed by `app.create_app`, with how each dialect spells a problem under its own paths. What is not foreseen
becomes a 500 that says nothing of its cause; the log has it.
"""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ExceptionHandler

from steno_gateway import problems
from steno_gateway.problems import MEDIA_TYPE, Kind, ProblemError
from steno_kube import InvalidResourceError, KubeError, KubeForbiddenError
from steno_store import StoreError, StoreForbiddenError

logger = logging.getLogger(__name__)

Speller = Callable[[ProblemError], Response]
"""Spells a problem as the clients of one dialect read it."""

OPERATOR_REMEDY: Final = "Whoever runs the cluster finds the cause in the gateway's log."


def problem_response(problem: ProblemError) -> Response:
    """Answer with a problem document."""
    headers = dict(problem.headers)
    if problem.kind.retry_after_seconds is not None:
        headers.setdefault("Retry-After", str(problem.kind.retry_after_seconds))
    body = problem.document().model_dump_json()
    return Response(body, status_code=problem.kind.status, headers=headers, media_type=MEDIA_TYPE)


def install(app: FastAPI, spellers: Mapping[str, Speller]) -> None:
    """Let `app` answer every error with a problem document, or under a path of `spellers` as that one spells it."""
    for kind, to_problem in _PROBLEMS.items():
        app.add_exception_handler(kind, _handler(to_problem, spellers))


_ToProblem = Callable[[Request, Exception], ProblemError]


def problem_of(request: Request, error: Exception) -> ProblemError:
    """Give the problem that any error is; for answers that have begun, which no handler can change any more."""
    kind = next(kind for kind in type(error).__mro__ if kind in _PROBLEMS)
    if kind is Exception:
        logger.error("an answer could not be finished", exc_info=error)
    return _PROBLEMS[kind](request, error)


def _handler(to_problem: _ToProblem, spellers: Mapping[str, Speller]) -> ExceptionHandler:
    async def handle(request: Request, error: Exception) -> Response:
        path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        spell = next((s for prefix, s in spellers.items() if f"{path}/".startswith(f"{prefix}/")), problem_response)
        return spell(to_problem(request, error))

    return handle


def invalid_fields(errors: Sequence[Mapping[str, Any]], *, inside: int = 0) -> ProblemError:
    """Name each field that pydantic refused; the first one is the document's `field`.

    `inside` is how many steps of each location lead to what the caller knows.
    """
    named = [(".".join(str(part) for part in error["loc"][inside:]), error) for error in errors]
    unknown = [name for name, error in named if error["type"] == "extra_forbidden"]
    if unknown:
        return ProblemError(
            problems.FIELD_UNKNOWN,
            f"There is no field {', '.join(map(repr, unknown))}.",
            field=unknown[0] or None,
            remedy="Correct the field's name, or leave it out; /docs lists every field.",
        )
    field, first = named[0]
    return ProblemError(
        problems.FIELD_INVALID,
        "; ".join(f"{name}: {error['msg']}" if name else error["msg"] for name, error in named) + ".",
        field=field or None,
        remedy=f"Set {field} and send the request again." if first["type"] == "missing" else _CORRECT_FIELD,
    )


_CORRECT_FIELD: Final = "Correct the field and send the request again."


def _on_problem(_: Request, error: Exception) -> ProblemError:
    if not isinstance(error, ProblemError):
        raise error
    return error


def _on_invalid_parameters(_: Request, error: Exception) -> ProblemError:
    if not isinstance(error, RequestValidationError):
        raise error
    # FastAPI's locations begin with "query" or "path", which a caller knows.
    return invalid_fields(error.errors(), inside=1)


def _on_http_error(request: Request, error: Exception) -> ProblemError:
    if not isinstance(error, HTTPException):
        raise error
    kind = _HTTP_KINDS.get(error.status_code) or Kind("http", error.status_code, "The request was refused")
    return ProblemError(
        kind,
        f"{request.method} {request.url.path} is not to be had: {error.detail}.",
        remedy="See /docs for the paths there are, and the methods that they take.",
        headers=error.headers,
    )


_HTTP_KINDS: Final = {404: problems.PATH_UNKNOWN, 405: problems.METHOD_UNKNOWN}


def _on_kube_error(_: Request, error: Exception) -> ProblemError:
    # The server quotes the values that it refuses: an address with its query, a prompt.
    said = error.fields if isinstance(error, InvalidResourceError) else _without_secrets(str(error))
    logger.warning("the API server: %s: %s", type(error).__name__, said)
    if isinstance(error, InvalidResourceError):
        fields = ", ".join(map(_rest_field, error.fields))
        return ProblemError(
            problems.FIELD_INVALID,
            f"The cluster refuses the job's {fields or 'fields'}.",
            field=_rest_field(error.fields[0]) if error.fields else None,
            remedy=_CORRECT_FIELD,
        )
    if isinstance(error, KubeForbiddenError):
        return ProblemError(
            problems.API_SERVER_REFUSES,
            "The gateway lacks a permission, or a quota of its namespace is used up.",
            remedy=OPERATOR_REMEDY,
        )
    return ProblemError(
        problems.API_SERVER_AWAY,
        "The Kubernetes API server did not answer the gateway.",
        remedy="Send the request again after the seconds of Retry-After.",
    )


def _rest_field(path: str) -> str:
    """Spell a field of the custom resource as the REST API does: ``spec.engine.beamSize`` is ``beam_size``."""
    for prefix in ("spec.engine.", "spec.source.", "spec."):
        path = path.removeprefix(prefix)
    return "".join(f"_{character.lower()}" if character.isupper() else character for character in path)


_SECRETS: Final = re.compile(r"(?<=://)[^/\s\"'@]*@|\?[^\s\"']*")
"""User and password of an address, and its query."""


def _without_secrets(text: str) -> str:
    """Leave out of `text` what may be secret in the addresses in it: a webhook's refusal may quote the spec too."""
    return _SECRETS.sub("…", text)


def _on_store_error(_: Request, error: Exception) -> ProblemError:
    logger.warning("the object store: %s: %s", type(error).__name__, error)
    if isinstance(error, StoreForbiddenError):
        return ProblemError(
            problems.STORE_REFUSES,
            "The object store refuses the gateway's credentials.",
            remedy=OPERATOR_REMEDY,
        )
    return ProblemError(
        problems.STORE_AWAY,
        "The object store did not answer the gateway.",
        remedy="Send the request again after the seconds of Retry-After.",
    )


def _on_disconnect(_: Request, error: Exception) -> ProblemError:
    del error
    return ProblemError(
        problems.BODY_INTERRUPTED,
        "The connection closed before the whole body had come.",
        remedy="Send the request again.",
    )


def _on_unforeseen(_: Request, error: Exception) -> ProblemError:
    del error  # Starlette raises it again behind the response, and the server logs it
    return ProblemError(problems.INTERNAL, "The request could not be answered.", remedy=OPERATOR_REMEDY)


_PROBLEMS: Final[dict[type[Exception], _ToProblem]] = {
    ProblemError: _on_problem,
    RequestValidationError: _on_invalid_parameters,
    HTTPException: _on_http_error,
    KubeError: _on_kube_error,
    StoreError: _on_store_error,
    ClientDisconnect: _on_disconnect,
    Exception: _on_unforeseen,
}
"""What each kind of error comes to."""
