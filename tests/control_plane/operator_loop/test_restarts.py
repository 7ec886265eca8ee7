"""An operator that dies, at any moment, and comes back: jobs end as they would have, with one Job each."""

import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from control_plane.conftest import MakeOperator, account_of
from control_plane.operator_loop.attempts import SOURCE, Attempts
from local_cluster.control_plane import ControlPlane
from local_cluster.object_stores import MinioServer
from steno_store import ObjectStore
from steno_types import Reason
from support import kubelet
from support.api_proxy import ApiProxy, Write
from support.kubernetes_api import Api, wait_for
from support.operator_process import OperatorProcess

Raw = dict[str, Any]

LIFE = [
    "PATCH transcriptionjobs",  # finalizer, prefix
    "POST jobs",
    "PATCH transcriptionjobs/status",  # Queued
    "PATCH transcriptionjobs/status",  # Running
    "PATCH transcriptionjobs/status",  # the end
    "DELETE jobs",
    "PATCH transcriptionjobs/status",  # the receipt
    "PATCH transcriptionjobs",  # the finalizer
]
"""Every write of a job's life, from its creation to its release."""


class Killer:
    """Kills the operator at each new step of a job's life, before the write or after it."""

    def __init__(self, proxy: ApiProxy, *, before: bool) -> None:
        self.killed_at: list[str] = []
        self._operator: OperatorProcess | None = None
        self._survived: Counter[str] = Counter()
        if before:
            proxy.before = self._before
        else:
            proxy.after = self._after

    def watch(self, operator: OperatorProcess) -> None:
        """Take an operator on."""
        self._operator = operator

    def _before(self, write: Write) -> bool:
        # The write that a killed operator repeats gets through, and the next one of its kind is a new step.
        if self._survived[write.what] < self.killed_at.count(write.what):
            self._survived[write.what] += 1
            return True
        return self._kill(write)

    def _after(self, write: Write) -> bool:
        return self._kill(write) if write.status < 300 else True

    def _kill(self, write: Write) -> bool:
        if write.what.endswith(("leases", "events")):
            return True  # of the process, and told afterwards: no step of the job
        self.killed_at.append(write.what)
        if self._operator is not None:
            os.kill(self._operator.pid, signal.SIGKILL)
        return False


@pytest.mark.parametrize(
    ("before", "failing"),
    [
        pytest.param(True, False, id="before each write, a job that completes"),
        pytest.param(False, True, id="after each write, a job that fails"),
    ],
)
def test_an_operator_that_dies_at_every_step(
    control_plane: ControlPlane,
    api: Api,
    make_operator: MakeOperator,
    store: ObjectStore,
    tmp_path: Path,
    *,
    before: bool,
    failing: bool,
) -> None:
    """Killed at each write of a job's life and started again, it ends the life the same way, with one Job."""
    with ApiProxy(control_plane, tmp_path / "kubeconfig") as proxy:
        killer = Killer(proxy, before=before)
        operator = make_operator(api, kubeconfig=proxy.kubeconfig)
        killer.watch(operator)
        attempts = Attempts(api, store)

        def alive() -> None:
            if not operator.alive:
                operator.start()

        def phase(wanted: str) -> Raw:
            def look() -> Raw | None:
                alive()
                job = api.job("talk")
                return job if job and job.get("status", {}).get("phase") == wanted else None

            return wait_for(look, f"talk to be {wanted}")

        api.submit("talk", {**SOURCE, "backoffLimit": 0})
        phase("Queued")
        pod = attempts.start("talk")
        phase("Processing")
        if failing:
            attempts.end("talk", pod, 75, said=Reason.DEVICE_OUT_OF_MEMORY)
        else:
            attempts.claim("talk", pod)
            kubelet.end(api, pod, exit_code=0)
        ended = phase("Failed" if failing else "Completed")
        api.delete("talk")

        def gone() -> bool | None:
            alive()
            return True if api.job("talk") is None else None

        wait_for(gone, "talk to go")
        operator.kill()

    # It died at every step; at more of them where the pod was seen between two of its states.
    assert [] == [*(Counter(LIFE) - Counter(killer.killed_at)).elements()]
    assert {*LIFE} == {*killer.killed_at}
    assert 1 == len([write for write in proxy.writes if (write.what, write.status) == ("POST jobs", 201)])
    assert pod.metadata.labels["batch.kubernetes.io/job-name"] == ended["status"]["jobRef"]["name"]
    assert failing == ("failure" in ended["status"])
    assert store.is_empty(f"steno/{api.namespace}/")


def test_what_happens_while_nobody_looks_is_seen_afterwards(
    api: Api, operator: OperatorProcess, store: ObjectStore
) -> None:
    """Jobs that are created, end, or are deleted while no operator runs are taken up by the next one."""
    attempts = Attempts(api, store)
    for name in ("ends", "goes"):
        attempts.submit(name)
    pod = attempts.start("ends")
    operator.kill()
    attempts.claim("ends", pod)
    kubelet.end(api, pod, exit_code=0)
    api.delete("goes")
    api.submit("comes", SOURCE)

    operator.start()

    api.wait_for_phase("ends", "Completed")
    api.wait_for_phase("comes", "Queued")
    api.wait_until_gone("goes")


def test_a_job_deleted_by_hand_is_made_anew(attempts: Attempts, name: str) -> None:
    """A Job that vanished without an outcome is a counted attempt; another one follows, and the work goes on."""
    attempts.submit(name)
    (first,) = attempts.api.batch_jobs(name)
    attempts.api.batch.delete_namespaced_job(
        first.metadata.name, attempts.api.namespace, propagation_policy="Foreground"
    )

    def anew() -> Any:
        return next((j for j in attempts.api.batch_jobs(name) if j.metadata.uid != first.metadata.uid), None)

    second = wait_for(anew, "another Job")

    job = attempts.complete(name)
    assert f"{first.metadata.name}-1" == second.metadata.name
    assert [("JobLost", True)] == [
        (attempt["reason"], attempt["counted"]) for attempt in job["status"]["attempts"] if "reason" in attempt
    ]
    assert second.metadata.uid == job["status"]["jobRef"]["uid"]


def test_a_job_deleted_by_hand_is_answered_from_its_manifest(attempts: Attempts, name: str) -> None:
    """A Job that vanished after its attempt had won is not made again: the work is done."""
    attempts.submit(name)
    pod = attempts.start(name)
    attempts.api.wait_for_phase(name, "Processing")
    attempts.claim(name, pod)
    (batch_job,) = attempts.api.batch_jobs(name)

    attempts.api.batch.delete_namespaced_job(
        batch_job.metadata.name, attempts.api.namespace, propagation_policy="Foreground"
    )

    attempts.api.wait_for_phase(name, "Completed")
    assert [] == [j for j in attempts.api.batch_jobs(name) if j.metadata.uid != batch_job.metadata.uid]


def test_a_restored_job_finds_its_results(attempts: Attempts, name: str) -> None:
    """A job restored from a backup, with a new uid and its old annotation, is answered from its manifest."""
    attempts.submit(name)
    old = attempts.complete(name)
    backup = {"annotations": old["metadata"]["annotations"]}
    attempts.api.patch(name, {"metadata": {"finalizers": None}})
    attempts.api.delete(name)  # as a cluster that is lost: nothing releases
    attempts.api.wait_until_gone(name)

    attempts.api.submit(name, old["spec"], **backup)

    job = attempts.api.wait_for_phase(name, "Completed")
    assert old["metadata"]["uid"] != job["metadata"]["uid"]
    assert old["status"]["outputs"] == job["status"]["outputs"]
    assert old["status"]["completionTime"] == job["status"]["completionTime"]


def test_sigterm_ends_the_operator_promptly(api: Api, operator: OperatorProcess, store: ObjectStore) -> None:
    """Asked to end in the midst of things, it does, with exit code 0 and without a traceback."""
    attempts = Attempts(api, store)
    attempts.submit("talk", ttlSecondsAfterFinished=3600)

    assert 0 == operator.stop()
    assert "Traceback" not in operator.log.read_text()


def test_a_store_that_hangs_does_not_keep_the_operator(
    api: Api, make_operator: MakeOperator, store: ObjectStore
) -> None:
    """A call that waits for a store which neither answers nor refuses is left behind at the end."""
    with MinioServer() as server:
        account = account_of(server)
        account.client.create_bucket(Bucket=store.bucket)
        operator = make_operator(api, server=server)
        Attempts(api, store).submit("talk")
        account.close()
        os.kill(server.pid, signal.SIGSTOP)
        try:
            api.delete("talk")
            wait_for(lambda: "DeleteObjects" in operator.log.read_text() or None, "the operator to be stuck")

            assert 0 == operator.stop()
        finally:
            os.kill(server.pid, signal.SIGCONT)
