"""One key, one task, by the API server's own rules: over replicas, lost answers and names that come again."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from control_plane.gateway.front_door import front_door
from local_cluster.control_plane import ControlPlane
from local_cluster.object_stores import MinioServer
from steno_kube import ConflictError, InvalidResourceError, TranscriptionJobs, connect
from steno_store import Layout, ObjectStore
from steno_types import S3Source, Source, TranscriptionJobSpec
from support.api_proxy import ApiProxy, Write
from support.kubernetes_api import Api

KEY = {"Idempotency-Key": "8d0f0c5e"}
SPEC = TranscriptionJobSpec(source=Source(s3=S3Source(key="talk.wav")))


def of_jobs(write: Write) -> bool:
    """Whether a write is the creation of a job."""
    return write.what == "POST transcriptionjobs"


def test_twins_at_two_replicas_are_one_task(api: Api, store: ObjectStore, minio: MinioServer, tmp_path: Path) -> None:
    """Many requests with one key at the same time, each with its recording: one job and one upload stay."""
    with ExitStack() as undo:
        doors = [undo.enter_context(front_door(api, store, minio, tmp_path / name)) for name in "ab"]
        pool = undo.enter_context(ThreadPoolExecutor(16))
        answers = [*pool.map(lambda n: doors[n % 2].upload(b"sound" * 1000, headers=KEY), range(16))]

    (job,) = api.jobs()
    uploads = [found.key for found in store.list(Layout("steno").uploads(api.namespace))]
    assert {(202, job["metadata"]["name"])} == {(answer.status_code, answer.json()["task_id"]) for answer in answers}
    assert 15 == sum(answer.headers.get("Idempotent-Replay") == "true" for answer in answers)
    assert [job["spec"]["source"]["upload"]["id"]] == [key.rpartition("/")[2] for key in uploads]


@pytest.mark.parametrize("key", [KEY, {}], ids=["with a key", "without one"])
def test_a_lost_answer_loses_no_task(
    control_plane: ControlPlane,
    api: Api,
    store: ObjectStore,
    minio: MinioServer,
    tmp_path: Path,
    *,
    key: dict[str, str],
) -> None:
    """The API server made the job, and the connection broke before it said so: the client hears of its task."""
    with (
        ApiProxy(control_plane, tmp_path / "proxy.kubeconfig") as proxy,
        front_door(api, store, minio, tmp_path / "a", kubeconfig=proxy.kubeconfig) as door,
    ):
        proxy.after = lambda write: not of_jobs(write)
        answer = door.upload(b"sound", headers=key)

        (job,) = api.jobs()
        assert (202, job["metadata"]["name"]) == (answer.status_code, answer.json()["task_id"])
        assert store.exists(Layout("steno").upload(api.namespace, job["spec"]["source"]["upload"]["id"]))


def test_a_request_that_never_arrived_may_be_sent_again(
    control_plane: ControlPlane, api: Api, store: ObjectStore, minio: MinioServer, tmp_path: Path
) -> None:
    """503 with Retry-After, and the same key works once the API server is back."""
    with (
        ApiProxy(control_plane, tmp_path / "proxy.kubeconfig") as proxy,
        front_door(api, store, minio, tmp_path / "a", kubeconfig=proxy.kubeconfig) as door,
    ):
        proxy.before = lambda write: not of_jobs(write)
        refused = door.transcribe(headers=KEY)
        proxy.before = lambda _: True
        answer = door.transcribe(headers=KEY)

        assert (503, "5") == (refused.status_code, refused.headers["Retry-After"])
        assert (202, 1) == (answer.status_code, len(api.jobs()))
        assert "Idempotent-Replay" not in answer.headers


def test_a_key_is_free_again_once_its_task_is_gone(
    api: Api, store: ObjectStore, minio: MinioServer, tmp_path: Path
) -> None:
    """While the old task goes the answer is 409; the new one has its name, and is another."""
    with front_door(api, store, minio, tmp_path / "a") as door:
        task_id = door.transcribe(headers=KEY).json()["task_id"]
        old = api.job(task_id)
        other = door.transcribe({"s3": {"key": "other.wav"}}, headers=KEY)
        released = door.http.delete(f"/release/{task_id}")
        releasing = door.transcribe(headers=KEY)
        door.let_go(task_id)
        api.wait_until_gone(task_id)
        again = door.transcribe(headers=KEY)
        status = door.http.get(f"/status/{task_id}")

    new = api.job(task_id)
    assert old is not None
    assert new is not None
    assert [409, 202, 409, 202, 200] == [a.status_code for a in (other, released, releasing, again, status)]
    assert ["idempotency-key-reused", "idempotency-key-releasing"] == [
        answer.json()["type"].rpartition(":")[2] for answer in (other, releasing)
    ]
    assert "5" == releasing.headers["Retry-After"]
    assert old["metadata"]["uid"] != new["metadata"]["uid"]


async def test_a_deletion_never_meets_the_next_job_of_a_name(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of keys come again: who says which one is meant deletes no other."""
    monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig))
    server = connect("test")
    try:
        jobs = TranscriptionJobs(server)
        old = await jobs.create(api.namespace, "tsj-1", SPEC, labels={"steno.dev/api-key": "radio"})
        gone = await jobs.delete(api.namespace, "tsj-1", uid=old.metadata.uid)
        new = await jobs.create(api.namespace, "tsj-1", SPEC, finalizers=("steno.dev/test",))

        with pytest.raises(ConflictError):
            await jobs.delete(api.namespace, "tsj-1", uid=old.metadata.uid)
        kept = await jobs.get(api.namespace, "tsj-1")
        leaving = await jobs.delete(api.namespace, "tsj-1", uid=new.metadata.uid)

        assert ({"steno.dev/api-key": "radio"}, None) == (old.metadata.labels, gone)
        assert kept.metadata.deletion_timestamp is None
        assert leaving is not None
        assert leaving.metadata.deletion_timestamp is not None
    finally:
        await server.close()
        api.patch("tsj-1", {"metadata": {"finalizers": None}})


async def test_only_what_may_change_is_changed(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A merge patch of the spec is held to the CRD's rules, and to the version that it was decided on."""
    monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig))
    server = connect("test")
    try:
        jobs = TranscriptionJobs(server)
        job = await jobs.create(api.namespace, "tsj-1", SPEC)
        changed = await jobs.patch_spec(
            job, {"suspend": True, "queuePriority": "high", "ttlSecondsAfterFinished": 60}
        )
        taken = await jobs.patch_spec(changed, {"queuePriority": None, "cancel": True})

        with pytest.raises(ConflictError):
            await jobs.patch_spec(changed, {"suspend": False})
        for fixed in ({"language": "de"}, {"cancel": False}):
            with pytest.raises(InvalidResourceError):
                await jobs.patch_spec(taken, fixed)
        assert ("high", 60, True) == (
            changed.spec.queue_priority,
            changed.spec.ttl_seconds_after_finished,
            changed.spec.suspend,
        )
        assert (None, 60, True) == (
            taken.spec.queue_priority,
            taken.spec.ttl_seconds_after_finished,
            taken.spec.cancel,
        )
    finally:
        await server.close()
