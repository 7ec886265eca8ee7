"""A webhook that the API server asks before it makes a Job, and that fails: the job says so, and goes on after it."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from kubernetes.client import AdmissionregistrationV1Api

from control_plane.operator_loop.attempts import Attempts, condition
from support.kubernetes_api import Api, Raw, wait_for

SECRET = "hunter2"


def a_webhook(api: Api, name: str) -> Raw:
    """Have the API server ask, before it makes a Job in the namespace, at a port where nobody listens."""
    rule = {"apiGroups": ["batch"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["jobs"]}
    return {
        "metadata": {"name": f"{api.namespace}-{name}"},
        "webhooks": [
            {
                "name": f"{name}.example.dev",
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "failurePolicy": "Fail",
                "timeoutSeconds": 1,
                "clientConfig": {"url": "https://127.0.0.1:9/jobs"},
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": api.namespace}},
                "objectSelector": {"matchLabels": {"steno.dev/job": name}},
                "rules": [rule],
            }
        ],
    }


def wait_until_it_fails(api: Api, name: str) -> None:
    """Wait until the API server knows the webhook: until it makes no Job for the job, not even in a dry run."""
    labels = {"steno.dev/job": name}
    container = {"name": "worker", "image": "steno.local/worker:test"}
    pod = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    body = {"metadata": {"name": name, "labels": labels}, "spec": {"template": pod}}

    def refused() -> bool | None:
        try:
            api.batch.create_namespaced_job(api.namespace, body, dry_run="All")
        except Api.refusal as refusal:
            return refusal.status == HTTPStatus.INTERNAL_SERVER_ERROR or None
        return None

    wait_for(refused, "the webhook to be asked")


@pytest.fixture
def webhook(attempts: Attempts, name: str) -> Iterator[str]:
    """The webhook, for the Jobs of one job; gives its name."""
    api = attempts.api
    registration: Any = AdmissionregistrationV1Api(api.connection)
    made = registration.create_validating_webhook_configuration(a_webhook(api, name))
    wait_until_it_fails(api, name)
    yield made.metadata.name
    if registration.list_validating_webhook_configuration(field_selector=f"metadata.name={made.metadata.name}").items:
        registration.delete_validating_webhook_configuration(made.metadata.name)


def test_a_job_says_which_webhook_fails(attempts: Attempts, name: str, webhook: str) -> None:
    """It is Queued in the API server's words, an Event says so, and it is launched once the webhook is gone."""
    api = attempts.api
    api.submit(name, {"source": {"url": f"https://media.example.org/talk.mp3?signature={SECRET}"}})

    job = attempts.wait_for_condition(name, "Queued", reason="JobNotCreated")

    message = condition(job, "Queued")["message"]
    assert message.startswith("The API server fails to create the worker's Job, and is asked again: ")
    assert f'failed calling webhook "{name}.example.dev"' in message
    assert "connection refused" in message
    assert SECRET not in str(job["status"])
    event = attempts.wait_for_event(name, "JobNotCreated")
    assert ("Warning", message) == (event.type, event.message)
    assert ([], "Queued") == (api.batch_jobs(name), job["status"]["phase"])

    registration: Any = AdmissionregistrationV1Api(api.connection)
    registration.delete_validating_webhook_configuration(webhook)

    done = attempts.complete(name)
    assert {"JobNotCreated"} == {reason for _, reason in attempts.told(name)}
    assert "JobNotCreated" not in str(done["status"]["conditions"])
