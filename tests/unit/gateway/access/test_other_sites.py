"""A page of another site cannot make its reader's browser act here, and calls only where it is allowed to."""

import pytest

from support.api_keys import Key
from support.gateway import gateway, kind_of
from unit.gateway.access.conftest import Guarded

OTHER_SITE = (403, "other-site", "Origin")
BODY = {"s3": {"key": "talk.wav"}}
PAGE = "https://app.example.org"

FORGED = [
    pytest.param({"Sec-Fetch-Site": "cross-site"}, id="another site"),
    pytest.param({"Sec-Fetch-Site": "same-site", "Origin": "http://other.gateway"}, id="a sibling"),
    pytest.param({"Origin": "https://evil.example"}, id="an old browser"),
    pytest.param({"Origin": "null"}, id="a sandboxed frame"),
]
OWN = [
    pytest.param({"Sec-Fetch-Site": "same-origin", "Origin": "http://gateway"}, id="the page"),
    pytest.param({"Origin": "https://gateway"}, id="the page behind TLS, an old browser"),
    pytest.param({"Sec-Fetch-Site": "none"}, id="the reader"),
    pytest.param({}, id="no browser"),
]


@pytest.mark.parametrize("headers", FORGED)
async def test_a_cookie_writes_nothing_for_another_site(guarded: Guarded, headers: dict[str, str]) -> None:
    """Even where it came along; with a key in its hand the page may."""
    key = Key()
    async with guarded(key) as gateway:
        await gateway.client.post("/session", json={"key": key.key})
        forged = await gateway.client.post("/transcribe", json=BODY, headers=headers)
        signed_in = await gateway.client.post("/session", json={"key": key.key}, headers=headers)
        made = len(await gateway.jobs.list("speech"))
        with_key = await gateway.client.post("/transcribe", json=BODY, headers={**headers, **key.bearer})

    assert [OTHER_SITE] * 2 == [kind_of(forged), kind_of(signed_in)]
    assert (0, 202) == (made, with_key.status_code)


@pytest.mark.parametrize("headers", OWN)
async def test_a_cookie_writes_for_its_own_page(guarded: Guarded, headers: dict[str, str]) -> None:
    """And for programs, which no page sends."""
    key = Key()
    async with guarded(key) as gateway:
        await gateway.client.post("/session", json={"key": key.key})

        assert 202 == (await gateway.client.post("/transcribe", json=BODY, headers=headers)).status_code


@pytest.mark.parametrize("headers", FORGED)
async def test_an_open_gateway_takes_nothing_from_other_sites(headers: dict[str, str]) -> None:
    """A demo on loopback is within reach of every page that its owner opens."""
    async with gateway() as open_to_all:
        refused = await open_to_all.client.post("/transcribe", json=BODY, headers=headers)

        assert OTHER_SITE == kind_of(refused)
        assert () == await open_to_all.jobs.list("speech")


async def test_pages_of_other_sites_are_told_nothing_by_default(guarded: Guarded) -> None:
    """No header lets a browser give them an answer."""
    key = Key()
    async with guarded(key) as gateway:
        answer = await gateway.client.get("/queue", headers={**key.bearer, "Origin": PAGE})
        asked = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}
        preflight = await gateway.client.options("/transcribe", headers=asked)

    assert [] == [name for name in (*answer.headers, *preflight.headers) if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("allowed", "origin", "told"),
    [
        pytest.param(f"{PAGE},https://b.example.org", PAGE, PAGE, id="listed"),
        pytest.param(PAGE, "https://evil.example", None, id="not listed"),
        pytest.param("*", "https://any.example", "*", id="any"),
    ],
)
async def test_a_listed_page_may_call_with_a_key(
    guarded: Guarded, *, allowed: str, origin: str, told: str | None
) -> None:
    """It reads the answer and what it needs of the headers; never with cookies."""
    key = Key()
    async with guarded(key, cors_origins=allowed) as gateway:
        asked = {
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
        }
        preflight = await gateway.client.options("/transcribe", headers=asked)
        sent = {**key.bearer, "Origin": origin, "Sec-Fetch-Site": "cross-site"}
        answer = await gateway.client.post("/transcribe", json=BODY, headers=sent)

    assert [told] * 2 == [r.headers.get("Access-Control-Allow-Origin") for r in (preflight, answer)]
    assert "Access-Control-Allow-Credentials" not in {**preflight.headers, **answer.headers}
    assert (200 if told else 400, 202) == (preflight.status_code, answer.status_code)
    if told:
        assert {"Location", "Retry-After"} <= {*answer.headers["Access-Control-Expose-Headers"].split(", ")}


async def test_a_listed_page_may_call_an_open_gateway() -> None:
    """There is no key to send."""
    async with gateway(cors_origins=PAGE) as open_to_all:
        headers = {"Origin": PAGE, "Sec-Fetch-Site": "cross-site"}

        assert 202 == (await open_to_all.client.post("/transcribe", json=BODY, headers=headers)).status_code
