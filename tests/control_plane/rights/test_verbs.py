"""Every right that the chart grants the operator is used, and no other is missed, whatever it has to do."""

from pathlib import Path

import httpx
import pytest

from control_plane.conftest import MakeOperator, new_namespace
from control_plane.operator_loop.attempts import SOURCE, Attempts
from control_plane.progress.tokens import token_of
from control_plane.rights.audited import FORBIDDEN, Asked, AuditLog, Right
from control_plane.rights.installed import install
from local_cluster.control_plane import ControlPlane
from steno_operator.batch_job import QUEUE_PRIORITY_LABEL
from steno_store import ObjectStore
from steno_types import ProgressReport, Reason, Stage
from support.kubernetes_api import Api, wait_for
from support.operator_process import OperatorProcess

NOT_USED_HERE = {Right("update", "steno.dev", "transcriptionjobs/finalizers")}
"""Asked for by an admission plugin, OwnerReferencesPermissionEnforcement, of whoever creates a Job that blocks its
owner's deletion; OpenShift has it on, and no request ever says so."""

SETTINGS = {
    "STENO_COMPLETE_GRACE_SECONDS": "0",
    "STENO_FAILED_GRACE_SECONDS": "0",
    "STENO_SWEEP_EVERY_SECONDS": "1",
    "STENO_SWEEP_GRACE_SECONDS": "0",
}
"""So that nothing takes longer than a test has time for."""


def report_progress(operator: OperatorProcess, api: Api, pod: object) -> int:
    """Say as a worker how far it is; gives the status of the answer."""
    report = ProgressReport(stage=Stage.TRANSCRIBE, percent=40, processed_seconds=40, total_seconds=100)
    headers = {"Authorization": f"Bearer {token_of(api, pod)}", "Content-Type": "application/json"}
    body = report.model_dump_json(by_alias=True)
    return httpx.post(f"{operator.url}/progress", content=body, headers=headers, trust_env=False).status_code


def complete_and_expire(attempts: Attempts, operator: OperatorProcess) -> None:
    """Let a job run with progress, complete, and go when its TTL is over; its Jobs go before it."""
    attempts.submit("talk")
    pod = attempts.run("talk")
    assert 200 == report_progress(operator, attempts.api, pod)
    attempts.claim("talk", pod)
    attempts.end("talk", pod, 0)
    attempts.api.wait_for_phase("talk", "Completed")
    attempts.wait_for_no_batch_job("talk")
    attempts.wants("talk", ttlSecondsAfterFinished=0)
    attempts.api.wait_until_gone("talk")


def fail_once(attempts: Attempts) -> None:
    """Let a job's first attempt fail, and the second succeed."""
    attempts.submit("retry", backoffLimit=1)
    pod = attempts.run("retry")
    attempts.end("retry", pod, 75, said=Reason.DEVICE_OUT_OF_MEMORY)
    attempts.next_pod("retry", than=pod)
    attempts.complete("retry")


def suspend_and_release(attempts: Attempts) -> None:
    """Suspend a job that runs, resume it, and delete it as it runs again."""
    attempts.submit("walk")
    attempts.run("walk")
    attempts.wants("walk", suspend=True)
    attempts.wait_for_condition("walk", "Suspended")
    attempts.wait_for_no_batch_job("walk")
    attempts.wants("walk", suspend=False)
    attempts.wait_for_batch_job("walk", 1)
    attempts.run("walk")
    attempts.api.delete("walk")
    attempts.api.wait_until_gone("walk")


def change_priority(attempts: Attempts) -> None:
    """Raise a job that waits in a queue of Kueue's."""
    attempts.api.submit("queued", {**SOURCE, "queueName": "recordings", "queuePriority": "low"})
    attempts.wait_for_batch_job("queued", 0)
    attempts.wants("queued", queuePriority="high")

    def raised() -> bool | None:
        (batch_job,) = attempts.api.batch_jobs("queued")
        return batch_job.metadata.labels.get(QUEUE_PRIORITY_LABEL) == "high" or None

    wait_for(raised, "the new priority to reach the Job")


def leave_a_pod_behind(attempts: Attempts) -> None:
    """Delete a Job without its pod, as by ``kubectl delete job --cascade=orphan``, and then the job."""
    attempts.submit("orphan")
    attempts.run("orphan")
    batch_job = attempts.wait_for_batch_job("orphan", 0)
    attempts.api.batch.delete_namespaced_job(
        batch_job.metadata.name, attempts.api.namespace, propagation_policy="Orphan"
    )
    attempts.api.delete("orphan")
    attempts.api.wait_until_gone("orphan")


def abandon_an_upload(attempts: Attempts) -> None:
    """Leave an upload that no job names, and wait for the sweep to delete it."""
    key = f"steno/{attempts.api.namespace}/uploads/{'ab' * 16}"
    attempts.store.put(key, b"abc")
    wait_for(lambda: None if attempts.store.exists(key) else True, "the sweep", timeout_seconds=60)


@pytest.fixture
def api(control_plane: ControlPlane) -> Api:
    """The namespace of the release, which the operator serves."""
    return new_namespace(control_plane)


def test_each_right_is_used_and_none_is_missed(
    api: Api,
    control_plane: ControlPlane,
    make_operator: MakeOperator,
    *,
    own_store: ObjectStore,
    audit_log: AuditLog,
    tmp_path: Path,
) -> None:
    """What the operator asks of the API server is what its roles hold, and nothing it asks is refused."""
    installed = install(api, control_plane, tmp_path)
    settings = installed.environment | SETTINGS | {"STENO_STORE_BUCKET": own_store.bucket}
    operator = make_operator(api, kubeconfig=installed.kubeconfig, **settings)
    attempts = Attempts(api, own_store)

    complete_and_expire(attempts, operator)
    fail_once(attempts)
    suspend_and_release(attempts)
    change_priority(attempts)
    leave_a_pod_behind(attempts)
    abandon_an_upload(attempts)

    assert 0 == operator.stop()
    asked = [*audit_log.of(installed.user)]
    assert [] == [request for request in asked if request.code == FORBIDDEN]
    assert named(installed.granted - NOT_USED_HERE) == named({request.right for request in asked})
    assert NOT_USED_HERE <= installed.granted
    assert [] == [request for request in asked if request.right.resource == "secrets"]
    assert {api.namespace} == namespaces(asked)


def named(rights: set[Right]) -> list[str]:
    """Spell rights for people, in order."""
    return [str(right) for right in sorted(rights)]


def namespaces(asked: list[Asked]) -> set[str]:
    """Give the namespaces that were asked about; TokenReviews are in none."""
    return {request.namespace for request in asked} - {""}
