"""API keys on a real cluster: who is let in through the ingress, and what a changed Secret changes."""

from collections.abc import Iterator

import httpx
import pytest

from cluster.tenancy import Keys
from local_installation.ingress import HOST
from local_installation.installation import NAMESPACE, Installation
from support.api_keys import Key
from support.kubernetes_api import wait_for

REQUEST = {"url": "https://example.com/a.mp3", "suspend": True}
GATEWAYS = "--selector=app.kubernetes.io/name=steno-gateway"
AT_EVERY_REPLICA = 4
"""Requests in a row; the ingress gives them to the replicas by turns."""


@pytest.fixture
def http(ingress_url: str) -> Iterator[httpx.Client]:
    """Nobody in particular, through the ingress."""
    with httpx.Client(base_url=ingress_url, headers={"Host": HOST}, timeout=60) as client:
        yield client


def test_nobody_is_let_in_without_a_key(http: httpx.Client, keys: Keys) -> None:
    """No key, a wrong one, and one that may read alone."""
    without = http.get("/jobs")
    wrong = http.get("/jobs", headers={"Authorization": "Bearer steno_none"})
    read = http.get("/jobs", headers=keys.reader.bearer)
    written = http.post("/transcribe", json=REQUEST, headers=keys.reader.bearer)

    assert [401, 401, 200, 403] == [answer.status_code for answer in (without, wrong, read, written)]
    assert 'Bearer realm="steno"' == without.headers["www-authenticate"]


def test_a_key_is_given_and_taken_away_without_a_restart(
    installation: Installation, http: httpx.Client, keys: Keys
) -> None:
    """The Secret is changed, the kubelet brings it, and every replica reads it; streams and tasks go on."""
    guest = Key("guest", namespace=NAMESPACE, scopes=["read"])
    pods = ("get", "pods", "--namespace", NAMESPACE, GATEWAYS, "--output=jsonpath={.items[*].metadata.uid}")
    before = installation.kubectl(*pods)

    def answers(secret: str, status: int) -> list[int]:
        installation.kubectl("apply", "--filename", "-", text_in=secret)
        # The kubelet looks after a mounted Secret once a minute, or when its pod changes.
        mark = f"steno.dev/keys-changed={status}"
        installation.kubectl("annotate", "pods", "--namespace", NAMESPACE, GATEWAYS, "--overwrite", mark)

        def all_say() -> list[int] | None:
            said = [http.get("/session", headers=guest.bearer).status_code for _ in range(AT_EVERY_REPLICA)]
            return said if said == [status] * AT_EVERY_REPLICA else None

        return wait_for(all_say, f"the new key to be answered {status}", timeout_seconds=120)

    unknown = http.get("/session", headers=guest.bearer).status_code
    given = answers(keys.secret(guest), 200)
    taken = answers(keys.secret(), 401)

    assert 401 == unknown
    assert [[200] * AT_EVERY_REPLICA, [401] * AT_EVERY_REPLICA] == [given, taken]
    assert 200 == http.get("/session", headers=keys.newsroom.bearer).status_code
    assert before == installation.kubectl(*pods)


def test_a_session_counts_at_every_replica(http: httpx.Client, keys: Keys) -> None:
    """A page trades its key at one of them; the other takes the cookie, and for a page of another site's nothing."""
    signed_in = http.post("/session", json={"key": keys.newsroom.key})
    cookie = {"Cookie": signed_in.headers["set-cookie"].partition(";")[0]}
    shown = [http.get("/session", headers=cookie).json()["name"] for _ in range(AT_EVERY_REPLICA)]
    forged = http.post("/transcribe", json=REQUEST, headers=cookie | {"Origin": "https://evil.example"})
    own = http.post("/transcribe", json=REQUEST, headers=cookie | {"Origin": f"http://{HOST}"})

    assert ["newsroom"] * AT_EVERY_REPLICA == shown
    assert {"httponly", "samesite=strict"} <= {
        part.strip().lower() for part in signed_in.headers["set-cookie"].split(";")
    }
    assert (403, "urn:steno:problem:other-site") == (forged.status_code, forged.json()["type"])
    assert 202 == own.status_code, own.text
    assert 200 == http.delete(own.json()["release_url"], headers=keys.newsroom.bearer).status_code
