"""Whatever is answered comes to an exception of its kind, which shows no secret."""

import re
from typing import Any

import httpx
import pytest

from steno_client import (
    AnswerError,
    BusyError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    Retries,
    Steno,
    StenoError,
    UnauthenticatedError,
    errors,
)

PROBLEM = {
    "type": "urn:steno:problem:x",
    "title": "t",
    "detail": "What happened.",
    "field": "f",
    "remedy": "Do this.",
}


def descendants(kind: type[StenoError]) -> set[str]:
    """Name an exception and all below it."""
    return {kind.__name__}.union(*(descendants(below) for below in kind.__subclasses__()))


def test_the_tree_is_drawn_whole() -> None:
    """The module's docstring shows each exception there is, and no other."""
    drawn = re.findall(r"^[ │├└─]*(\w+Error)\b", errors.__doc__ or "", re.MULTILINE)

    assert sorted(descendants(StenoError)) == sorted(drawn)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequestError),
        (401, UnauthenticatedError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (409, ConflictError),
        (410, NotFoundError),
        (413, InvalidRequestError),
        (422, InvalidRequestError),
        (429, BusyError),
        (500, BusyError),
        (503, BusyError),
    ],
)
def test_a_status_has_an_exception(status: int, kind: type[errors.ProblemError]) -> None:
    """It carries the whole problem."""
    answers = httpx.MockTransport(lambda _: httpx.Response(status, json=PROBLEM | {"status": status}))
    with Steno("http://gateway", transport=answers, retries=Retries(most=0)) as steno, pytest.raises(kind) as raised:
        steno.queue()

    assert kind is type(raised.value)
    assert ("x", "f", "Do this.", status) == (
        raised.value.problem.slug,
        raised.value.problem.field,
        raised.value.problem.remedy,
        raised.value.problem.status,
    )


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"status_code": 200, "text": "<html>"}, id="a page"),
        pytest.param({"status_code": 404, "text": "<html>"}, id="a page that is missing"),
        pytest.param({"status_code": 200, "json": {"depth": 1}}, id="another document"),
        pytest.param({"status_code": 302, "headers": {"Location": "/login"}}, id="a redirect"),
    ],
)
def test_what_is_no_steno_is_said(answer: dict[str, Any]) -> None:
    """The address is wrong, or something stands between."""
    answers = httpx.MockTransport(lambda _: httpx.Response(**answer))
    with Steno("http://gateway", transport=answers) as steno, pytest.raises(AnswerError):
        steno.queue()


@pytest.mark.parametrize("url", ["", "gateway:8080", "ftp://gateway", "http://", "http://a\nb"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """The mistake is found before anything is sent."""
    with pytest.raises(ValueError, match="must be an http or https URL"):
        Steno(url)


@pytest.mark.parametrize("key", ["", " ", "a\nb", "schlüssel"])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    """The message does not show it."""
    with pytest.raises(ValueError, match="The API key must have") as raised:
        Steno("http://gateway", key=key)

    assert not key.strip() or key not in str(raised.value)


@pytest.mark.parametrize(
    ("retry", "after", "expected"),
    [
        pytest.param(0, None, 0.5, id="the first"),
        pytest.param(3, None, 4.0, id="eight times as long"),
        pytest.param(5, None, 10.0, id="the longest"),
        pytest.param(6, None, None, id="one too many"),
        pytest.param(0, 7.0, 7.0, id="as was said"),
        pytest.param(0, 11.0, None, id="longer than one waits"),
    ],
)
def test_pauses_double(retry: int, after: float | None, expected: float | None) -> None:
    """Up to the longest, and half of each by chance."""
    retries = Retries(most=6, first_pause_seconds=0.5, longest_pause_seconds=10)

    assert expected == retries.pause_seconds(retry, after, 1)
    if after is None and expected is not None:
        assert expected / 2 == retries.pause_seconds(retry, after, 0)
