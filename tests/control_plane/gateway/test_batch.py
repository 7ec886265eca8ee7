"""Many recordings in one request, over a real API server and the lists of a real store."""

from contextlib import closing
from pathlib import Path

from control_plane.conftest import account_of
from control_plane.gateway.front_door import front_door
from local_cluster.control_plane import ControlPlane
from local_cluster.object_stores import MinioServer
from steno_store import ObjectStore
from support.api_proxy import ApiProxy, Write
from support.kubernetes_api import Api

KEY = {"Idempotency-Key": "nightly"}


def test_a_prefix_of_another_bucket_is_taken_in_key_order(
    api: Api, store: ObjectStore, minio: MinioServer, tmp_path: Path
) -> None:
    """Folders are left out, a page begins behind a key, and the same call again makes nothing new."""
    with closing(account_of(minio)) as account:
        bucket = account.new_bucket()
        for key in ("talks/", "talks/b.wav", "talks/a b+ü.wav", "talks/2026/c.wav", "other/d.wav"):
            account.client.put_object(Bucket=bucket, Key=key, Body=b"")
        with front_door(api, store, minio, tmp_path / "a") as door:
            body = {"s3_prefix": {"bucket": bucket, "prefix": "talks/"}, "language": "de"}
            first, again = [door.http.post("/batches", json=body, headers=KEY).json() for _ in range(2)]
            behind = {**body, "s3_prefix": {**body["s3_prefix"], "after": "talks/a b+ü.wav"}}  # type: ignore[dict-item]
            rest = door.http.post("/batches", json=behind, headers=KEY).json()
            unknown = door.http.post("/batches", json={"s3_prefix": {"bucket": "nowhere-at-all", "prefix": "a/"}})

    keys = ["talks/2026/c.wav", "talks/a b+ü.wav", "talks/b.wav"]
    jobs = {job["metadata"]["name"]: job["spec"] for job in api.jobs()}
    assert keys == [item["key"] for item in first["items"]]
    assert keys == [jobs[item["task"]["task_id"]]["source"]["s3"]["key"] for item in first["items"]]
    assert {"de"} == {spec["language"] for spec in jobs.values()}
    assert (3, [True] * 3, [True]) == (
        len(jobs),
        [item["replayed"] for item in again["items"]],
        [item["replayed"] for item in rest["items"]],
    )
    assert (422, "s3_prefix.bucket") == (unknown.status_code, unknown.json()["field"])


def test_a_batch_is_finished_by_sending_it_again(
    control_plane: ControlPlane, api: Api, store: ObjectStore, minio: MinioServer, tmp_path: Path
) -> None:
    """Items that the API server did not answer for are made the second time; none is made twice."""
    made = 0

    def only_some(write: Write) -> bool:
        nonlocal made
        made += write.what == "POST transcriptionjobs"
        return write.what != "POST transcriptionjobs" or made % 3 != 0

    body = {"items": [{"s3": {"key": f"{n}.wav"}} for n in range(60)]}
    with (
        ApiProxy(control_plane, tmp_path / "proxy.kubeconfig") as proxy,
        front_door(api, store, minio, tmp_path / "a", kubeconfig=proxy.kubeconfig) as door,
    ):
        proxy.before = only_some
        first = door.http.post("/batches", json=body, headers=KEY).json()
        proxy.before = lambda _: True
        again = door.http.post("/batches", json=body, headers=KEY).json()

    keys = [job["spec"]["source"]["s3"]["key"] for job in api.jobs()]
    told = {item["index"]: item["task"] for item in first["items"]}
    assert 0 < first["refused"] < 60
    assert (60, 0, 60, 60) == (again["accepted"], again["refused"], len(keys), len(set(keys)))
    assert first["accepted"] == sum(item["replayed"] for item in again["items"])
    assert all(told[item["index"]] in (None, item["task"]) for item in again["items"])
