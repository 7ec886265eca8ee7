"""The page trades its key for a cookie that no script reads, no other site uses, and no list has to remember."""

from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx
import pytest

from steno_gateway.access.sessions import Session, read, sign
from support.api_keys import SESSION_SECRET, Key, write_keys
from support.gateway import NOON, Gateway, gateway, kind_of
from unit.gateway.access.conftest import Guarded

OTHER_SITE = (403, "other-site", "Origin")


async def signed_in(gateway: Gateway, key: Key, **headers: str) -> httpx.Response:
    """Trade the key; the client keeps the cookie."""
    response = await gateway.client.post("/session", json={"key": key.key}, headers=headers)
    assert 200 == response.status_code, response.text
    return response


def cookie_of(response: httpx.Response) -> Any:
    """Give the one cookie that a response sets."""
    (morsel,) = SimpleCookie(response.headers["Set-Cookie"]).values()
    return morsel


async def test_a_cookie_stands_for_its_key(guarded: Guarded) -> None:
    """Hours of it, out of reach of scripts and other sites; it holds no key."""
    key = Key(requests_per_minute=60)
    async with guarded(key) as gateway:
        response = await signed_in(gateway, key)
        who = await gateway.client.get("/session")
        task = await gateway.client.post("/transcribe", json={"s3": {"key": "talk.wav"}})

    cookie = cookie_of(response)
    assert ("newsroom", "speech", "2026-01-31T20:00:00Z") == tuple(
        response.json()[field] for field in ("name", "namespace", "expires")
    )
    assert ("steno_session", "28800", "/", True, "strict", "") == (
        cookie.key,
        cookie["max-age"],
        cookie["path"],
        cookie["httponly"],
        cookie["samesite"],
        cookie["secure"],
    )
    assert key.key not in response.headers["Set-Cookie"] + response.text
    assert ("newsroom", 202) == (who.json()["name"], task.status_code)


@pytest.mark.parametrize(
    ("scheme", "settings"),
    [
        pytest.param("https", {}, id="by https"),
        pytest.param("http", {"secure_cookies": True}, id="behind a proxy that does not say so"),
    ],
)
async def test_over_https_the_cookie_is_for_https_alone(
    guarded: Guarded, scheme: str, settings: dict[str, bool]
) -> None:
    """And for this very host: its name says so to browsers."""
    key = Key()
    async with guarded(key, **settings) as gateway:
        response = await gateway.client.post(f"{scheme}://gateway/session", json={"key": key.key})
        shown = {"Cookie": f"{cookie_of(response).key}={cookie_of(response).value}"}
        who = await gateway.client.get(f"{scheme}://gateway/session", headers=shown)

    assert "newsroom" == who.json()["name"]
    cookie = cookie_of(response)
    assert ("__Host-steno_session", True, "", "/") == (
        cookie.key,
        cookie["secure"],
        cookie["domain"],
        cookie["path"],
    )


async def test_signing_out_takes_the_cookie_away(guarded: Guarded) -> None:
    """The browser forgets it."""
    key = Key()
    async with guarded(key) as gateway:
        await signed_in(gateway, key)
        out = await gateway.client.delete("/session")
        after = await gateway.client.get("/session")

    assert (204, 401) == (out.status_code, after.status_code)


async def test_another_replica_takes_the_cookie(guarded: Guarded) -> None:
    """Whoever has the same keys."""
    key = Key()
    async with guarded(key) as one, guarded(key) as other:
        await signed_in(one, key)
        other.client.cookies = one.client.cookies

        assert "newsroom" == (await other.client.get("/session")).json()["name"]


async def test_a_session_ends_with_its_key(guarded: Guarded, keys_path: Path) -> None:
    """Taken away, the cookie is nobody's, though it has not expired; another key of the same name changes nothing."""
    key = Key()
    async with guarded(key) as gateway:
        await signed_in(gateway, key)
        write_keys(keys_path, Key())
        while (answer := await gateway.client.get("/session")).status_code == 200:
            pass  # a second at most

    assert 401 == answer.status_code


async def test_a_session_ends_no_later_than_its_key_expires(guarded: Guarded) -> None:
    """Should that be within its hours."""
    key = Key(expires="2026-01-31T13:00:00Z")
    async with guarded(key) as gateway:
        assert "2026-01-31T13:00:00Z" == (await signed_in(gateway, key)).json()["expires"]


def test_a_cookie_is_good_until_it_expires_and_as_it_was_signed() -> None:
    """A second later, changed by a character, or under another secret it says nothing."""
    session = Session("ab" * 32, NOON + timedelta(hours=8))
    cookie = sign(session, SESSION_SECRET)
    late = session.expires - timedelta(seconds=1)

    assert (session, None) == (read(cookie, SESSION_SECRET, late), read(cookie, SESSION_SECRET, session.expires))
    assert None is read(cookie, "another secret of forty characters ....", NOON)
    assert [None] * 4 == [
        read(bad, SESSION_SECRET, NOON) for bad in ("", ".", f"x{cookie}", cookie[:-1] + "\N{EURO SIGN}")
    ]


@pytest.mark.parametrize(
    ("body", "content_type", "problem"),
    [
        pytest.param(
            b'{"key": "steno_x"}', "application/json", (401, "unauthenticated", "Authorization"), id="wrong"
        ),
        pytest.param(b'{"key": ""}', "application/json", (422, "field-invalid", "key"), id="empty"),
        pytest.param(b"{}", "application/json", (422, "field-invalid", "key"), id="none"),
        pytest.param(b"[]", "application/json", (422, "field-invalid", None), id="a list"),
        pytest.param(b'{"key": "a", "name": "b"}', "application/json", (422, "field-unknown", "name"), id="unknown"),
        pytest.param(b"{", "application/json", (400, "body-malformed", None), id="no JSON"),
        pytest.param(b'"' + b"x" * 5000, "application/json", (413, "body-too-large", None), id="5 kB"),
        pytest.param(b"key=steno_x", "text/plain", (415, "content-type-unsupported", "Content-Type"), id="a form"),
    ],
)
async def test_what_is_no_key_begins_no_session(
    guarded: Guarded, body: bytes, *, content_type: str, problem: tuple[int, str, str | None]
) -> None:
    """And the answer does not repeat it."""
    async with guarded(Key()) as gateway:
        response = await gateway.client.post("/session", content=body, headers={"Content-Type": content_type})

    assert problem == kind_of(response)
    assert "Set-Cookie" not in response.headers
    assert "steno_x" not in response.text


async def test_without_a_secret_there_are_no_sessions(guarded: Guarded) -> None:
    """Keys work all the same."""
    key = Key()
    async with guarded(key, session_secret=None) as gateway:
        assert (409, "sessions-off", None) == kind_of(await gateway.client.post("/session", json={"key": key.key}))
        assert 200 == (await gateway.client.get("/session", headers=key.bearer)).status_code


async def test_a_gateway_without_keys_has_no_sessions() -> None:
    """Everybody is anonymous there, which `GET /session` says."""
    async with gateway() as open_to_all:
        response = await open_to_all.client.post("/session", json={"key": "steno_x"})

        assert (409, "sessions-off", None) == kind_of(response)
