"""Two replicas of the gateway on a real cluster: which of them answers a request is nobody's concern."""

import json
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from local_installation.installation import NAMESPACE, Installation
from support.kubernetes_api import Api, wait_for
from support.rest import Rest

GATEWAYS = "app.kubernetes.io/name=steno-gateway"
NOT_YET = {"url": "https://example.com/talk.mp3", "suspend": True}
"""A task that no worker runs for."""

AT_ONCE = 8
"""Requests of a client that sends the same over and over."""


def replicas(api: Api) -> list[str]:
    """Name the gateway's pods that serve."""
    return [
        pod.metadata.name
        for pod in api.core.list_namespaced_pod(NAMESPACE, label_selector=GATEWAYS).items
        if pod.metadata.deletion_timestamp is None
        and any(said.type == "Ready" and said.status == "True" for said in pod.status.conditions or [])
    ]


def wrote_for(installation: Installation, pod: str, task_id: str) -> bool:
    """Say whether a replica's audit log has a write that came to a task."""
    lines = installation.kubectl("logs", "--namespace", NAMESPACE, pod, "--tail=2000").splitlines()
    return any(task_id in json.loads(line)["tasks"] for line in lines if line.startswith('{"time"'))


def test_one_task_comes_of_one_key_whoever_is_asked(
    installation: Installation, api: Api, by_ingress: Rest, meeting: Path
) -> None:
    """The same form eight times at once, to both replicas: one makes the task, the others find it."""
    key = {"Idempotency-Key": str(uuid.uuid4())}
    form = {"files": {"file": ("talk.wav", meeting.read_bytes(), "audio/wav")}, "data": {"profile": "fake"}}

    def submit(_: int) -> httpx.Response:
        return by_ingress.http.post("/transcribe", headers=key, **form)  # type: ignore[arg-type]

    with ThreadPoolExecutor(AT_ONCE) as crowd:
        answers = list(crowd.map(submit, range(AT_ONCE)))

    assert {202} == {answer.status_code for answer in answers}, [answer.text for answer in answers]
    (task_id,) = {answer.json()["task_id"] for answer in answers}
    assert AT_ONCE - 1 == sum(answer.headers.get("Idempotent-Replay") == "true" for answer in answers)
    assert [True, True] == [wrote_for(installation, pod, task_id) for pod in replicas(api)]
    other = by_ingress.http.post("/transcribe", headers=key, json={"url": "https://example.com/other.mp3"})
    assert (409, "urn:steno:problem:idempotency-key-reused") == (other.status_code, other.json()["type"])
    assert 200 == by_ingress.http.delete(f"/release/{task_id}").status_code


def test_every_client_sees_its_own_writes(by_ingress: Rest) -> None:
    """The ingress gives each request to the other replica; none of them says 404, or what was before."""
    seen = []
    for _ in range(6):
        made = by_ingress.http.post("/transcribe", json=NOT_YET)
        task_id = made.json()["task_id"]
        status = by_ingress.http.get(f"/status/{task_id}").json()
        patched = by_ingress.http.patch(f"/jobs/{task_id}", json={"ttl_seconds_after_finished": 77})
        listed = by_ingress.http.get("/jobs", params={"limit": 1}).json()["tasks"][0]["task_id"]
        again = by_ingress.http.patch(f"/jobs/{task_id}", json={"ttl_seconds_after_finished": None}).json()
        released = by_ingress.http.delete(f"/release/{task_id}").status_code
        gone = by_ingress.http.get(f"/status/{task_id}").status_code
        seen.append(
            (
                (made.status_code, status["status"], status["suspended"]),
                (patched.status_code, listed == task_id, again["ttl_seconds_after_finished"]),
                (released, gone),
            )
        )

    assert [((202, "pending", True), (200, True, None), (200, 404))] * len(seen) == seen


@contextmanager
def asking(rest: Rest) -> Iterator[list[Any]]:
    """Ask without a pause; gives what went wrong."""
    wrong: list[Any] = []
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            try:
                answer = rest.http.get("/jobs", params={"limit": 1})
            except httpx.TransportError as error:
                wrong.append(repr(error))
            else:
                if answer.status_code != 200:
                    wrong.append((answer.status_code, answer.text))

    asker = threading.Thread(target=ask)
    asker.start()
    try:
        yield wrong
    finally:
        over.set()
        asker.join()


def test_a_replica_that_goes_is_missed_by_nobody(installation: Installation, api: Api, by_ingress: Rest) -> None:
    """It serves until no proxy sends it anything more, and another takes its place."""
    leaving, _ = replicas(api)

    with asking(by_ingress) as wrong:
        installation.kubectl("delete", "pod", "--namespace", NAMESPACE, leaving, "--timeout=60s")
        wait_for(lambda: True if len(replicas(api)) == 2 else None, "another replica", timeout_seconds=90)

    assert [] == wrong
    assert leaving not in replicas(api)


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz"])
def test_probes_ask_for_no_key(installation: Installation, path: str) -> None:
    """The kubelet and Prometheus have none."""
    assert 200 == httpx.get(f"{installation.gateway_url}{path}").status_code
