"""Limits, retries and changes of tasks hold over a real API server, and over its replicas of the gateway."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from control_plane.gateway.front_door import front_door
from local_cluster.object_stores import MinioServer
from steno_store import Layout, ObjectStore
from support.kubernetes_api import Api


def test_a_full_queue_takes_exactly_so_many(api: Api, store: ObjectStore, minio: MinioServer, tmp_path: Path) -> None:
    """Of many at once; and one that ends makes room."""
    with front_door(api, store, minio, tmp_path / "a", STENO_MAX_UNFINISHED="5") as door:
        with ThreadPoolExecutor(20) as pool:
            answers = [*pool.map(lambda _: door.transcribe(), range(20))]
        refused = [answer for answer in answers if answer.status_code == 429]
        task_id = next(answer.json()["task_id"] for answer in answers if answer.status_code == 202)
        door.http.post(f"/cancel/{task_id}")
        full = door.transcribe()
        door.finish(task_id, end="Failed")
        door.http.get(f"/status/{task_id}", params={"wait": 10})
        next_one = door.transcribe()

    assert (15, {"30"}) == (len(refused), {answer.headers["Retry-After"] for answer in refused})
    assert [429, 202] == [full.status_code, next_one.status_code]
    assert 6 == len(api.jobs())


def test_a_retry_uses_the_upload_again(api: Api, store: ObjectStore, minio: MinioServer, tmp_path: Path) -> None:
    """No second upload, and an upload that is gone makes no task."""
    with front_door(api, store, minio, tmp_path / "a") as door:
        task_id = door.upload(b"sound").json()["task_id"]
        early = door.http.post(f"/retry/{task_id}")
        door.finish(task_id, end="Failed")
        door.http.get(f"/status/{task_id}", params={"wait": 10})
        again = door.http.post(f"/retry/{task_id}")
        old, new = api.job(task_id), api.job(again.json()["task_id"])
        store.delete(Layout("steno").upload(api.namespace, old["spec"]["source"]["upload"]["id"]))  # type: ignore[index]
        late = door.http.post(f"/retry/{task_id}")

    assert old is not None
    assert new is not None
    assert [409, 202, 410] == [answer.status_code for answer in (early, again, late)]
    assert old["spec"] == new["spec"]
    assert task_id == new["metadata"]["annotations"]["steno.dev/retry-of"]
    assert 2 == len(api.jobs())


def test_replicas_take_turns_with_one_task(api: Api, store: ObjectStore, minio: MinioServer, tmp_path: Path) -> None:
    """What one has changed the other goes on from, however often they change."""
    with ExitStack() as undo:
        one, other = (undo.enter_context(front_door(api, store, minio, tmp_path / name)) for name in "ab")
        task_id = one.transcribe().json()["task_id"]
        for _ in range(10):
            assert one.http.post(f"/suspend/{task_id}").json()["suspend"]
            assert not other.http.post(f"/resume/{task_id}").json()["suspend"]
        changed = other.http.patch(f"/jobs/{task_id}", json={"ttl_seconds_after_finished": -1})
        cancelled = one.http.post(f"/cancel/{task_id}")

    job = api.job(task_id)
    assert job is not None
    assert [-1, True] == [changed.json()["ttl_seconds_after_finished"], cancelled.json()["cancel"]]
    assert (False, True, -1) == tuple(job["spec"][name] for name in ("suspend", "cancel", "ttlSecondsAfterFinished"))
