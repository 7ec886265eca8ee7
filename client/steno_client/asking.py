"""Requests that are asked again where that may help, and answers that are read.

Every call of this client may be repeated: it reads, it puts, it deletes, or it carries an ``Idempotency-Key``. So the
n-th retry (from 0) of one that broke, or was answered 408, 429 or 502 to 504, comes after ``first_pause_seconds *
2**n``, at most ``longest_pause_seconds``, and half to all of that by chance so that clients do not come in step; or
after the answer's ``Retry-After``, if that is no longer than ``longest_pause_seconds``. Called by the flows. Pure but
for the chance.
"""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from steno_client.errors import (
    AnswerError,
    BusyError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    ProblemError,
    UnauthenticatedError,
    UnreachableError,
)
from steno_client.results import Problem
from steno_client.steps import Answer, BrokenConnectionError, Call, Flow, Pause

Model = TypeVar("Model", bound=BaseModel)

AGAIN: Final = frozenset({408, 429, 502, 503, 504})
"""Statuses that another time may not have; a 409 with Retry-After is one, too."""

_ERRORS: Final[Mapping[int, type[ProblemError]]] = {
    401: UnauthenticatedError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    410: NotFoundError,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often, and when, a request is sent again."""

    most: int = 6
    """After the first time; 0: never."""
    first_pause_seconds: float = 0.5
    longest_pause_seconds: float = 60
    """Of a pause; who is told to come back later than that is told so at once."""

    def pause_seconds(self, retry: int, retry_after_seconds: float | None, chance: float) -> float | None:
        """Say how long to wait before retry number `retry`, from 0; None: give up. `chance` is from 0 to 1."""
        if retry >= self.most:
            return None
        if retry_after_seconds is not None:
            return retry_after_seconds if retry_after_seconds <= self.longest_pause_seconds else None
        return min(self.first_pause_seconds * 2.0**retry, self.longest_pause_seconds) * (0.5 + chance / 2)


def asked(call: Call, retries: Retries) -> Flow[Answer]:
    """Ask until there is an answer to go by.

    Raises
    ------
    ProblemError
        The gateway refuses, or is still busy after all retries.
    UnreachableError
        No answer came after all retries.
    AnswerError
        Something else answered.
    """
    retry = 0
    while True:
        answer: Answer | None = None
        broken = ""
        try:
            answer = yield call
        except BrokenConnectionError as error:
            broken = str(error)
        if answer is not None and not _may_pass(answer):
            if answer.status >= HTTPStatus.BAD_REQUEST:
                raise error_of(answer)
            return answer
        wanted = None if answer is None else _retry_after_seconds(answer)
        pause = retries.pause_seconds(retry, wanted, random.random())  # noqa: S311 -- no secret
        if pause is None:
            if answer is not None:
                raise error_of(answer)
            raise UnreachableError(f"The server did not answer: {broken} Check its address, and that it runs.")
        yield Pause(pause)
        retry += 1


def _may_pass(answer: Answer) -> bool:
    return answer.status in AGAIN or (answer.status == HTTPStatus.CONFLICT and "retry-after" in answer.headers)


def _retry_after_seconds(answer: Answer) -> float | None:
    said = answer.headers.get("retry-after", "")
    return float(said) if said.isdecimal() else None


def asked_for(model: type[Model], call: Call, retries: Retries) -> Flow[Model]:
    """Ask, and read the answer; raises as `asked` does."""
    answer = yield from asked(call, retries)
    return read(model, answer)


def read(model: type[Model], answer: Answer) -> Model:
    """Read an answer.

    Raises
    ------
    AnswerError
        It is no such document.
    """
    try:
        return model.model_validate_json(answer.body)
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(step) for step in fault["loc"]) or "the whole"
        raise AnswerError(
            f"The server's answer is no {model.__name__} ({where}: {fault['msg']}). Check that its address is that of"
            " a Steno gateway, and that it is no older than this client."
        ) from error


def error_of(answer: Answer) -> ProblemError | AnswerError:
    """Make an exception of an answer that is an error."""
    try:
        problem = Problem.model_validate(json.loads(answer.body))
    except (ValueError, ValidationError):
        return AnswerError(
            f"The server answered {answer.status}, in words that are not Steno's. Check its address, and what stands"
            " between."
        )
    return _kind_of(answer)(problem)


def _kind_of(answer: Answer) -> type[ProblemError]:
    if answer.status in AGAIN or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return BusyError
    return _ERRORS.get(answer.status, InvalidRequestError)


def as_json(document: Mapping[str, Any]) -> tuple[bytes, dict[str, str]]:
    """Give a body of JSON, and the header that says so."""
    return json.dumps(document).encode(), {"Content-Type": "application/json"}
