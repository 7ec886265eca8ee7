"""Who is let in, as whom, and how everybody else is refused."""

from typing import Any

import pytest

from support.api_keys import Key, write_keys
from support.gateway import Gateway, gateway, kind_of, problem_of
from unit.gateway.access.conftest import Guarded

UNAUTHENTICATED = (401, "unauthenticated", "Authorization")


async def name_of(gateway: Gateway, **headers: str) -> str:
    """Ask the gateway who one is."""
    response = await gateway.client.get("/session", headers=headers)
    assert 200 == response.status_code, response.text
    name: str = response.json()["name"]
    return name


@pytest.mark.parametrize(
    "spelled",
    [
        pytest.param("Bearer {}", id="as OpenAI's clients do"),
        pytest.param("bearer   {} ", id="in small letters"),
        pytest.param("{}", id="as AssemblyAI's clients do"),
    ],
)
async def test_a_key_says_who_asks(guarded: Guarded, spelled: str) -> None:
    """Either spelling of the header."""
    key = Key(requests_per_minute=60, max_unfinished=3)
    async with guarded(key, Key("archive")) as gateway:
        response = await gateway.client.get("/session", headers={"Authorization": spelled.format(key.key)})

    assert {
        "name": "newsroom",
        "namespace": "speech",
        "scopes": ["read", "write"],
        "requests_per_minute": 60,
        "max_unfinished": 3,
        "expires": None,
    } == response.json()
    assert "no-store" == response.headers["Cache-Control"]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([], id="nothing"),
        pytest.param([("Authorization", "")], id="an empty header"),
        pytest.param([("Authorization", "Bearer")], id="no key"),
        pytest.param([("Authorization", "Bearer steno_wrong")], id="a wrong key"),
        pytest.param([("Authorization", "Basic bmV3c3Jvb206")], id="another scheme"),
        pytest.param([("Authorization", "Bearer \xff\xfe")], id="no ASCII"),
        pytest.param([("Authorization", "Bearer " + "x" * 10_000)], id="10 kB"),
        pytest.param([("Cookie", "steno_session=x.y")], id="a cookie of nobody's"),
    ],
)
async def test_without_a_good_key_nothing_is_answered(guarded: Guarded, headers: list[tuple[str, str]]) -> None:
    """401, with the scheme that is asked for; whether a task exists is not told."""
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    async with guarded(Key()) as gateway:
        for path in ("/session", "/queue", "/status/tsj-1", "/download/tsj-1"):
            refused = await gateway.client.get(path, headers=raw)

            assert UNAUTHENTICATED == kind_of(refused), path
            assert 'Bearer realm="steno"' == refused.headers["WWW-Authenticate"]


async def test_two_keys_at_once_are_none(guarded: Guarded) -> None:
    """Which of them counted would be a guess."""
    one, other = Key(), Key("archive")
    async with guarded(one, other) as gateway:
        refused = await gateway.client.get("/session", headers=[*one.bearer.items(), *other.bearer.items()])

    assert UNAUTHENTICATED == kind_of(refused)


async def test_an_expired_key_is_refused(guarded: Guarded) -> None:
    """As an unknown one is: the test's clock stands past its end."""
    key = Key(expires="2026-01-31T12:00:00Z")
    async with guarded(key) as gateway:
        assert UNAUTHENTICATED == kind_of(await gateway.client.get("/queue", headers=key.bearer))


@pytest.mark.parametrize(
    ("scopes", "method", "path", "lacks"),
    [
        pytest.param(["write"], "GET", "/queue", "read", id="read"),
        pytest.param(["read", "admin"], "POST", "/transcribe", "write", id="write"),
        pytest.param(["read"], "DELETE", "/release/tsj-1", "write", id="release"),
    ],
)
async def test_a_key_without_the_scope_is_told_which(
    guarded: Guarded, scopes: list[str], *, method: str, path: str, lacks: str
) -> None:
    """403 names the scope; nothing was done."""
    key = Key(scopes=scopes)
    async with guarded(key) as gateway:
        await gateway.a_job()
        refused = await gateway.client.request(method, path, headers=key.bearer)

        assert (403, "scope-missing", None) == kind_of(refused)
        assert repr(lacks) in problem_of(refused)["detail"]
        assert 1 == len(await gateway.jobs.list("speech"))


async def test_a_write_key_that_reads_not_still_submits(guarded: Guarded) -> None:
    """A scope includes no other: a drop box takes recordings in and shows none."""
    key = Key(scopes=["write"])
    async with guarded(key) as gateway:
        body = {"s3": {"key": "talk.wav"}}
        assert 202 == (await gateway.client.post("/transcribe", json=body, headers=key.bearer)).status_code


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer whatever-a-client-insists-on"}], ids=["no", "any"])
async def test_without_keys_everybody_is_anonymous(headers: dict[str, str]) -> None:
    """Where there are no keys none is looked at: clients of other APIs cannot do without one."""
    async with gateway(anonymous=True) as open_to_all:
        assert "anonymous" == await name_of(open_to_all, **headers)


async def test_beside_keys_only_whoever_shows_none_is_anonymous(guarded: Guarded) -> None:
    """A mistyped key is refused, and does not fall into the anonymous tenant."""
    key = Key()
    async with guarded(key, anonymous=True) as gateway:
        assert "anonymous" == await name_of(gateway)
        assert "newsroom" == await name_of(gateway, **key.bearer)
        mistyped = {"Authorization": f"Bearer {key.key}x"}
        assert UNAUTHENTICATED == kind_of(await gateway.client.get("/session", headers=mistyped))


async def test_a_key_of_another_tenant_sees_nothing(guarded: Guarded) -> None:
    """Their task is not there: 404, as for one that never was."""
    ours, theirs = Key(), Key("films", namespace="films")
    async with guarded(ours, theirs, namespaces="films") as gateway:
        await gateway.a_job("tsj-1")
        answers: list[Any] = [
            await gateway.client.request(method, path, headers=theirs.bearer)
            for method, path in (
                ("GET", "/status/tsj-1"),
                ("GET", "/download/tsj-1"),
                ("DELETE", "/release/tsj-1"),
            )
        ]

        assert [(404, "task-unknown", "task_id")] * 3 == [kind_of(answer) for answer in answers]
        assert 200 == (await gateway.client.get("/status/tsj-1", headers=ours.bearer)).status_code


async def test_a_revoked_key_ends_with_its_entry(guarded: Guarded, keys_path: Any) -> None:
    """Without a restart; the file is looked at once a second."""
    key = Key()
    async with guarded(key) as gateway:
        assert "newsroom" == await name_of(gateway, **key.bearer)
        write_keys(keys_path)
        while (await gateway.client.get("/session", headers=key.bearer)).status_code == 200:
            pass  # a second at most

        assert UNAUTHENTICATED == kind_of(await gateway.client.get("/session", headers=key.bearer))
