"""Two tenants with a key each, over a real API server and a real store: whatever one tries, nothing crosses."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from kubernetes import client

from control_plane.gateway.tenancy import Raw, Tenancy, tenancy
from local_cluster.control_plane import ControlPlane
from local_cluster.object_stores import MinioServer
from steno_gateway.access.permission import Call, calls_of
from steno_gateway.app import routes
from support.kubernetes_api import Api

TASKS = ("{task_id}", "{transcript_id}")
BODIES: dict[tuple[str, str], Any] = {("PATCH", "/jobs/{task_id}"): {"queue_priority": "high"}}
"""What a call needs beside its path to be refused for nothing but its id."""


@pytest.fixture(scope="module")
def installed(
    control_plane: ControlPlane, minio: MinioServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tenancy]:
    """An installation with two tenants."""
    with tenancy(control_plane, minio, tmp_path_factory.mktemp("tenancy")) as running:
        yield running


def calls_about_a_task() -> list[Call]:
    """List the calls of all APIs whose path names a task, but for the socket."""
    return [
        call
        for call in calls_of(routes().routes)
        if call.method != "WEBSOCKET" and any(t in call.path for t in TASKS)
    ]


def ask(tenant: httpx.Client, call: Call, task_id: str) -> httpx.Response:
    """Make a call about a task; of a stream the beginning is enough."""
    path = call.path.replace("{task_id}", task_id).replace("{transcript_id}", task_id)
    body = BODIES.get((call.method, call.path))
    with tenant.stream(
        call.method, path, params={"words": "a"} if "word-search" in path else {}, json=body
    ) as answer:
        if answer.status_code != 200:
            answer.read()
        return answer


@pytest.mark.parametrize("call", calls_about_a_task(), ids=lambda call: f"{call.method} {call.path}")
def test_a_task_of_another_tenant_is_not_there(installed: Tenancy, call: Call) -> None:
    """404 for every call there is, and the task is as it was."""
    task_id = installed.other.submit()
    before = installed.other.job(task_id)

    refused = ask(installed.one.http, call, task_id)

    unknown = ask(installed.one.http, call, "tsj-never-was")
    assert (404, 404) == (refused.status_code, unknown.status_code), refused.text
    assert refused.text.replace(task_id, "tsj-never-was") == unknown.text
    assert before == installed.other.job(task_id)


def test_the_calls_are_those_that_there_are(installed: Tenancy) -> None:
    """Of REST and of AssemblyAI's dialect, and their owner is not told 404: the tests above can fail."""
    found = {(call.method, call.path) for call in calls_about_a_task()}
    task_id = installed.other.submit()

    owner = {
        call.path: ask(installed.other.http, call, task_id).status_code
        for call in calls_about_a_task()
        if call.method == "GET"
    }
    assert {
        ("GET", "/status/{task_id}"),
        ("DELETE", "/release/{task_id}"),
        ("GET", "/v2/transcript/{transcript_id}"),
    } <= found
    assert [] == [path for path, status in owner.items() if status == 404]


def test_a_socket_of_another_tenants_task_is_refused(installed: Tenancy) -> None:
    """At the handshake, as any other call; its owner's is opened."""
    task_id = installed.other.submit()
    handshake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }

    statuses = []
    for tenant in (installed.one, installed.other):
        with tenant.http.stream("GET", f"/ws/{task_id}", headers=handshake) as answer:
            statuses.append(answer.status_code)

    assert [404, 101] == statuses


def upload_of(installed: Tenancy) -> tuple[str, str]:
    """Have an upload of the other tenant's; gives its id and its key in the store."""
    upload_id = installed.other.job(installed.other.submit())["spec"]["source"]["upload"]["id"]
    return upload_id, f"steno/{installed.other.api.namespace}/uploads/{upload_id}"


def test_an_upload_of_another_tenant_cannot_be_named(installed: Tenancy) -> None:
    """Neither by its id, nor by its key in the store, nor by an address; its owner may."""
    upload_id, key = upload_of(installed)
    before = len(installed.one.api.jobs())
    dialect_address = f"{installed.gateway.url}/v2/upload/{upload_id}"
    asked: list[tuple[int, str, Raw]] = [
        (410, "/transcribe", {"upload": upload_id}),
        (422, "/transcribe", {"s3": {"key": key}}),
        (422, "/transcribe", {"s3": {"bucket": installed.store.bucket, "key": key}}),
        (422, "/batches", {"s3_prefix": {"prefix": f"steno/{installed.other.api.namespace}/"}}),
        (404, "/v2/transcript", {"audio_url": dialect_address}),
    ]

    refused = [installed.one.http.post(path, json=body).status_code for _, path, body in asked]
    batch = installed.one.http.post("/batches", json={"items": [{"s3": {"key": key}}, {"upload": upload_id}]}).json()
    own = installed.other.http.post("/transcribe", json={"upload": upload_id})

    assert [status for status, _, _ in asked] == refused
    assert (0, 2) == (batch["accepted"], batch["refused"])
    assert before == len(installed.one.api.jobs())
    assert 202 == own.status_code


def test_an_upload_of_another_tenant_cannot_be_changed(installed: Tenancy) -> None:
    """It is not there, and it stays."""
    upload_id, key = upload_of(installed)

    about_it = [
        installed.one.http.get(f"/uploads/{upload_id}"),
        installed.one.http.delete(f"/uploads/{upload_id}"),
        installed.one.http.put(f"/uploads/{upload_id}/parts/1", content=b"x"),
        installed.one.http.post(f"/uploads/{upload_id}/complete"),
    ]

    assert [404] * 4 == [answer.status_code for answer in about_it]
    assert installed.store.exists(key)


def test_results_are_not_delivered_into_another_tenants_part(installed: Tenancy) -> None:
    """A destination inside Steno's own prefix is refused, anybody's part of it."""
    path = f"s3://{installed.store.bucket}/steno/{installed.other.api.namespace}/jobs/"

    refused = installed.one.http.post("/transcribe", json={"s3": {"key": "talk.wav"}, "s3_path": path})

    assert 422 == refused.status_code, refused.text


def test_lists_and_queue_hold_only_ones_own(installed: Tenancy) -> None:
    """Of the REST API and of AssemblyAI's."""
    own, foreign = installed.one.submit(), installed.other.submit()

    for tenant, seen, hidden in ((installed.one, own, foreign), (installed.other, foreign, own)):
        for path in ("/jobs", "/v2/transcript"):
            listed = tenant.http.get(path, params={"limit": 100})
            assert (200, True, False) == (listed.status_code, seen in listed.text, hidden in listed.text), path
        depth = sum(tenant.http.get("/queue").json()["depth"].values())
        assert len(tenant.api.jobs()) == depth


def test_events_tell_only_of_ones_own(installed: Tenancy) -> None:
    """A stream that is open while the other tenant submits hears nothing of it."""
    with installed.one.http.stream("GET", "/events") as stream:
        lines = stream.iter_lines()
        next(lines)
        foreign = installed.other.submit()
        own = installed.one.submit()

        heard = "\n".join([*itertools.takewhile(lambda line: own not in line, lines), own])

    assert foreign not in heard


def test_an_idempotency_key_is_its_tenants(installed: Tenancy) -> None:
    """The same key and body of another tenant is another task; the same tenant's is the same."""
    key = {"Idempotency-Key": "monday"}

    one, again, other = (tenant.submit(headers=key) for tenant in (installed.one, installed.one, installed.other))

    assert (one, True) == (again, one != other)


def test_nothing_is_done_without_a_key(installed: Tenancy) -> None:
    """There are keys, so nobody is anonymous."""
    task_id = installed.other.submit()

    with httpx.Client(base_url=installed.gateway.url, trust_env=False) as nobody:
        statuses = {ask(nobody, call, task_id).status_code for call in calls_about_a_task()}

    assert {401} == statuses


def test_the_audit_log_says_who_tried(installed: Tenancy) -> None:
    """One line of JSON each, with caller, path and outcome; the process writes nothing else there."""
    task_id = installed.other.submit()
    installed.one.http.delete(f"/release/{task_id}")

    lines = [json.loads(line) for line in installed.gateway.audit_log.read_text().splitlines()]
    (tried,) = (line for line in lines if line["path"] == f"/release/{task_id}")
    assert ("one", installed.one.api.namespace, "DELETE", 404, [task_id]) == tuple(
        tried[field] for field in ("caller", "namespace", "method", "status", "tasks")
    )


VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
RESOURCES = (
    ("steno.dev", "transcriptionjobs", ""),
    ("steno.dev", "transcriptionjobs", "status"),
    ("", "secrets", ""),
    ("", "configmaps", ""),
    ("", "pods", ""),
    ("", "pods", "log"),
    ("", "events", ""),
    ("", "namespaces", ""),
    ("", "serviceaccounts", "token"),
    ("batch", "jobs", ""),
    ("coordination.k8s.io", "leases", ""),
    ("rbac.authorization.k8s.io", "roles", ""),
)


def may(api: Api, user: str, namespace: str, verb: str, resource: tuple[str, str, str]) -> bool:
    """Ask the API server itself whether a user may do something."""
    group, plural, subresource = resource
    attributes = {
        "namespace": namespace,
        "verb": verb,
        "group": group,
        "resource": plural,
        "subresource": subresource,
    }
    authorization: Any = client.AuthorizationV1Api(api.connection)
    review = authorization.create_subject_access_review({"spec": {"user": user, "resourceAttributes": attributes}})
    allowed: bool = review.status.allowed
    return allowed


def test_the_gateway_may_do_what_it_should_and_no_more(installed: Tenancy, api: Api) -> None:
    """With jobs, in its own namespace and those of its tenants; nothing elsewhere, and nothing with anything else."""
    served = [installed.home.namespace, installed.one.api.namespace, installed.other.api.namespace]

    allowed = {
        (namespace, verb, "/".join(filter(None, resource[1:])))
        for namespace in (*served, api.namespace, "")
        for verb in VERBS
        for resource in RESOURCES
        if may(installed.home, installed.user, namespace, verb, resource)
    }

    verbs = ("get", "list", "watch", "create", "patch", "delete")
    assert {(namespace, verb, "transcriptionjobs") for namespace in served for verb in verbs} == allowed
