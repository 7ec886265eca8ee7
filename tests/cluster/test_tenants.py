"""Two tenants of one installation on a real cluster: neither gets at anything of the other's, by whatever way."""

import io
from pathlib import Path

import pytest
from minio import Minio
from minio.error import S3Error

from cluster.tenancy import ARCHIVE, ARCHIVE_STORE, MOST_JOBS
from local_installation.installation import BUCKET, NAMESPACE, Installation
from support.kubernetes_api import Api, wait_for
from support.rest import Rest

QUOTA = "steno-worker"
"""The chart's name for it, and for the NetworkPolicy."""


def upload(rest: Rest, recording: Path) -> str:
    """Send a recording without making a task of it."""
    answer = rest.http.put("/uploads/talk.wav", content=recording.read_bytes())
    assert 201 == answer.status_code, answer.text
    upload_id: str = answer.json()["upload"]
    return upload_id


def used(api: Api) -> str | None:
    """Read how many jobs the quota counts."""
    quota = api.core.read_namespaced_resource_quota(QUOTA, api.namespace)
    counted: str | None = (quota.status.used or {}).get("count/transcriptionjobs.steno.dev")
    return counted


def statuses(rest: Rest, task_id: str, upload_id: str) -> dict[str, int]:
    """Try all that one may do to a task and to an upload; gives what each came to."""
    calls = {
        "status": ("GET", f"/status/{task_id}", None),
        "events": ("GET", f"/events/{task_id}", None),
        "download": ("GET", f"/download/{task_id}", None),
        "patch": ("PATCH", f"/jobs/{task_id}", {"ttl_seconds_after_finished": 0}),
        "suspend": ("POST", f"/suspend/{task_id}", None),
        "cancel": ("POST", f"/cancel/{task_id}", None),
        "retry": ("POST", f"/retry/{task_id}", None),
        "release": ("DELETE", f"/release/{task_id}", None),
        "upload": ("GET", f"/uploads/{upload_id}", None),
        "delete": ("DELETE", f"/uploads/{upload_id}", None),
        "transcript": ("GET", f"/v2/transcript/{task_id}", None),
    }
    return {
        name: rest.http.request(method, path, json=body).status_code for name, (method, path, body) in calls.items()
    }


def test_a_tenants_task_runs_in_its_namespace_and_with_its_rights(
    installation: Installation, archive_api: Api, archive: Rest, meeting: Path
) -> None:
    """Its own service account, its own credentials for the store, which open its own part of it and nothing else."""
    task = archive.submit(meeting, name="tape.wav", profile="fake")
    status = archive.http.get(task["status_url"], params={"wait": 60}, timeout=90).json()

    assert ("completed", "tape.wav") == (status["status"], status["file_name"]), status["error"]
    (pod,) = archive_api.pods(task["task_id"])
    secrets = {source.secret_ref.name for source in pod.spec.containers[0].env_from or [] if source.secret_ref}
    assert ("steno-worker", {"archive-store"}) == (pod.spec.service_account_name, secrets)
    assert [ARCHIVE] == archive.http.get("/session").json()["namespace"].split()
    assert 200 == archive.http.get(task["download_url"], params={"fmt": "txt"}).status_code

    assert 200 == archive.http.delete(task["release_url"]).status_code
    left = installation.store().list_objects(BUCKET, prefix=f"steno/{ARCHIVE}/", recursive=True)
    assert [] == [entry.object_name for entry in left]


def test_a_tenants_workers_reach_its_own_part_of_the_store_alone(
    installation: Installation, rest: Rest, meeting: Path
) -> None:
    """What a worker's credentials open, by the documented policy: not the neighbour's recordings, nor the root."""
    name, secret = ARCHIVE_STORE.values()
    address = installation.store_url.removeprefix("http://")
    store = Minio(address, access_key=name, secret_key=secret, secure=False, region="us-east-1")
    upload_id = upload(rest, meeting)
    (neighbours,) = (
        entry.object_name or ""
        for entry in installation.store().list_objects(BUCKET, prefix=f"steno/{NAMESPACE}/", recursive=True)
        if upload_id in (entry.object_name or "")
    )

    store.put_object(BUCKET, f"steno/{ARCHIVE}/results/own.txt", io.BytesIO(b"own"), 3)
    for refused in (
        lambda: store.get_object(BUCKET, neighbours),
        lambda: store.put_object(BUCKET, neighbours, io.BytesIO(b"mine"), 4),
        lambda: [*store.list_objects(BUCKET, prefix=f"steno/{NAMESPACE}/")],
        lambda: store.put_object(BUCKET, "steno/installation.json", io.BytesIO(b"{}"), 2),
    ):
        with pytest.raises(S3Error, match="AccessDenied"):
            refused()

    installation.store().remove_object(BUCKET, f"steno/{ARCHIVE}/results/own.txt")
    assert 200 == rest.http.delete(f"/uploads/{upload_id}").status_code


def test_what_is_the_neighbours_is_not_there(
    archive_api: Api, api: Api, archive: Rest, by_ingress: Rest, meeting: Path
) -> None:
    """404, by whatever call and in both directions; and no task is made of the other's upload or recording."""
    upload_id = upload(by_ingress, meeting)
    suspended = by_ingress.http.post("/transcribe", json={"upload": upload_id, "suspend": True}).json()
    theirs = archive.http.post("/transcribe", json={"url": "https://example.com/a.mp3", "suspend": True}).json()
    before = api.job(suspended["task_id"]), archive_api.job(theirs["task_id"])

    tried = statuses(archive, suspended["task_id"], upload_id)
    back = statuses(by_ingress, theirs["task_id"], "0" * 32)
    named = archive.http.post("/transcribe", json={"upload": upload_id})
    by_key = archive.http.post("/transcribe", json={"s3": {"key": f"steno/{NAMESPACE}/uploads/{upload_id}"}})
    listed = archive.http.get("/jobs").json()["tasks"]

    assert {404} == {*tried.values()}, tried
    assert {404} == {*back.values()}, back
    assert [410, 422] == [answer.status_code for answer in (named, by_key)], (named.text, by_key.text)
    assert [theirs["task_id"]] == [task["task_id"] for task in listed]
    assert before == (api.job(suspended["task_id"]), archive_api.job(theirs["task_id"]))
    for rest, task in ((by_ingress, suspended), (archive, theirs)):
        assert 200 == rest.http.delete(f"/release/{task['task_id']}").status_code


def test_one_idempotency_key_of_two_tenants_is_two(archive: Rest, by_ingress: Rest) -> None:
    """Who guesses another's key gets a task of their own."""
    request = {"url": "https://example.com/a.mp3", "suspend": True}
    tasks = [
        rest.http.post("/transcribe", headers={"Idempotency-Key": "1"}, json=request)
        for rest in (archive, by_ingress)
    ]

    assert 2 == len({task.json()["task_id"] for task in tasks})
    assert all("Idempotent-Replay" not in task.headers for task in tasks)
    for rest, task in zip((archive, by_ingress), tasks, strict=True):
        assert 200 == rest.http.delete(task.json()["release_url"]).status_code


def test_a_quota_that_is_used_up_is_said(archive: Rest, archive_api: Api) -> None:
    """The tenant's ResourceQuota ends its tasks, not the neighbours'; what is refused leaves nothing."""
    archive_api.wait_for_quota(QUOTA)
    # What earlier tests have released is counted out a moment later.
    wait_for(lambda: used(archive_api) == "0" or None, "the quota to be free", timeout_seconds=60)
    request = {"url": "https://example.com/a.mp3", "suspend": True}
    made = [archive.http.post("/transcribe", json=request) for _ in range(MOST_JOBS + 1)]

    assert [202] * MOST_JOBS + [503] == [answer.status_code for answer in made]
    assert "urn:steno:problem:cluster-refuses" == made[-1].json()["type"]
    for answer in made[:MOST_JOBS]:
        assert 200 == archive.http.delete(answer.json()["release_url"]).status_code


def test_the_network_of_a_tenants_workers_is_closed(installation: Installation) -> None:
    """The policy is there and chooses the workers' pods; that it holds is the cluster's network's business."""
    label = "--output=jsonpath={.spec.podSelector.matchLabels}"
    said = installation.kubectl("get", "networkpolicy", QUOTA, "--namespace", ARCHIVE, label)

    assert '"app.kubernetes.io/name":"steno-worker"' in said
