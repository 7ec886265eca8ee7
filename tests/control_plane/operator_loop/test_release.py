"""Releases on a real control plane and a real store: whatever state a job is in, nothing of it is left."""

import secrets
from typing import Any

import pytest

from control_plane.conftest import MakeOperator, account_of
from control_plane.operator_loop.attempts import SOURCE, Attempts
from local_cluster.object_stores import MinioServer
from steno_store import Layout, ObjectStore
from steno_types import FINALIZER
from support.kubernetes_api import Api, wait_for

Raw = dict[str, Any]

LAYOUT = Layout("steno")


def released(api: Api, name: str) -> Raw:
    """Delete a job, follow it until it is gone, and give the receipt that the last event carried."""
    job = api.job(name)
    assert job is not None
    api.delete(name)
    receipt: Raw = api.watch_until_gone(job)[-1]["status"]["release"]
    return receipt


def new_upload(api: Api, store: ObjectStore, body: bytes = b"12345") -> str:
    """Upload a recording, as the gateway does, and give its id."""
    upload_id = secrets.token_hex(16)
    store.put(LAYOUT.upload(api.namespace, upload_id), body)
    return upload_id


@pytest.mark.parametrize("state", ["waiting", "running", "completed", "failed"])
def test_a_release_in_any_state_leaves_nothing(served: Api, attempts: Attempts, name: str, state: str) -> None:
    """Job, pods, results, unfinished uploads and the recording's upload go; the receipt counts what was there."""
    store = attempts.store
    upload_id = new_upload(served, store)
    attempts.submit(name, source={"upload": {"id": upload_id}}, backoffLimit=0)
    objects = {"waiting": 1, "running": 2, "completed": 5, "failed": 2}[state]
    if state == "completed":
        attempts.complete(name)  # three outputs and a manifest
    elif state != "waiting":
        pod = attempts.start(name)
        served.wait_for_phase(name, "Processing")
        if state == "running":
            # What an attempt has begun to write when it is cut off.
            store.start_upload(f"{attempts.prefix(name)}attempts/{pod.metadata.name}/transcript.json")
        else:
            attempts.end(name, pod, 1)
            served.wait_for_phase(name, "Failed")
    prefix = attempts.prefix(name)

    receipt = released(served, name)

    assert (objects, True) == (receipt["objects"], receipt["verifiedEmpty"])
    assert receipt["bytes"] >= 5
    assert store.is_empty(prefix)
    assert store.is_empty(LAYOUT.upload(served.namespace, upload_id) + "/")
    assert [] == list(store.list(LAYOUT.upload(served.namespace, upload_id)))
    assert ([], []) == (served.batch_jobs(name), served.pods(name))


def test_a_job_that_was_never_launched_is_released(served: Api, name: str) -> None:
    """A job that is deleted the moment it is created is gone as well, whoever was first."""
    served.submit(name, SOURCE, finalizers=[FINALIZER])
    served.delete(name)

    served.wait_until_gone(name)

    wait_for(lambda: True if not served.batch_jobs(name) else None, "its Job to be gone")


def test_a_pod_that_is_slow_to_go_is_waited_for(served: Api, attempts: Attempts, name: str) -> None:
    """While a worker may still write, nothing is deleted behind its back: pods first, objects after."""
    attempts.submit(name)
    pod = attempts.start(name)
    hold = {"metadata": {"finalizers": [*(pod.metadata.finalizers or []), "example.dev/slow-kubelet"]}}
    served.core.patch_namespaced_pod(pod.metadata.name, served.namespace, hold)
    job = served.wait_for_phase(name, "Processing")
    served.delete(name)

    def going() -> bool | None:
        return True if served.pods(name)[0].metadata.deletion_timestamp else None

    wait_for(going, "the pod to be on its way out")
    attempts.claim(name, pod)  # its last word
    served.core.patch_namespaced_pod(pod.metadata.name, served.namespace, {"metadata": {"finalizers": None}})

    receipt = served.watch_until_gone(job)[-1]["status"]["release"]
    assert (4, True) == (receipt["objects"], receipt["verifiedEmpty"])


def test_an_upload_goes_with_the_last_job_that_names_it(served: Api, attempts: Attempts, name: str) -> None:
    """The first release leaves a shared upload alone, the last takes it along; neither leaves a marker."""
    upload_id = new_upload(served, attempts.store)
    upload = LAYOUT.upload(served.namespace, upload_id)
    for number in (1, 2):
        attempts.submit(f"{name}-{number}", source={"upload": {"id": upload_id}})

    first = released(served, f"{name}-1")
    between = [found.key for found in attempts.store.list(upload)]
    last = released(served, f"{name}-2")

    assert (0, 1) == (first["objects"], last["objects"])
    assert [upload] == between
    assert [] == list(attempts.store.list(upload))


def test_two_jobs_of_one_upload_released_together_take_it_along(served: Api, attempts: Attempts, name: str) -> None:
    """Neither of two jobs that go at the same time leaves the upload to the other."""
    upload_id = new_upload(served, attempts.store)
    names = [f"{name}-{number}" for number in range(4)]
    for each in names:
        attempts.submit(each, source={"upload": {"id": upload_id}})

    for each in names:
        served.delete(each)
    for each in names:
        served.wait_until_gone(each)

    assert [] == list(attempts.store.list(LAYOUT.upload(served.namespace, upload_id)))


def test_a_store_that_is_down_delays_a_release_and_loses_nothing(
    api: Api, make_operator: MakeOperator, store: ObjectStore
) -> None:
    """The finalizer holds the job while the store is away; once it is back, the release ends by itself."""
    with MinioServer() as server:
        account = account_of(server)
        account.client.create_bucket(Bucket=store.bucket)
        own = account.store(store.bucket)
        operator = make_operator(api, server=server)
        attempts = Attempts(api, own)
        attempts.submit("talk")
        job = attempts.complete("talk")
        server.stop()
        api.delete("talk")

        def tried() -> bool | None:
            return "reconcile of" in operator.log.read_text() or None

        wait_for(tried, "the operator to have tried")
        held = api.job("talk")
        server.start()

        receipt = api.watch_until_gone(job, timeout_seconds=60)[-1]["status"]["release"]
        assert held is not None
        assert [FINALIZER] == held["metadata"]["finalizers"]
        assert (4, True) == (receipt["objects"], receipt["verifiedEmpty"])
        assert own.is_empty(f"steno/{api.namespace}/")
        operator.kill()
        own.close()
        account.close()
