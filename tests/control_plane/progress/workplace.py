"""A namespace with jobs, their Jobs and pods, as operator and Job controller leave them.

Used by the tests of this folder: what is at work here is the intake alone.
"""

import ssl
from dataclasses import dataclass
from typing import Any

import httpx
from kubernetes import client

from steno_kube import TranscriptionJobs
from steno_types import API_VERSION, JOB_LABEL, KIND, ProgressReport, Stage
from support.kubernetes_api import Api, Raw, wait_for

SPEC: Raw = {"source": {"s3": {"key": "recordings/talk.wav"}}}
JOB_NAME_LABEL = "batch.kubernetes.io/job-name"


def pod_spec() -> Raw:
    """Describe a pod of the workers' account that a restricted namespace lets in."""
    container = {
        "name": "worker",
        "image": "steno.local/worker:test",
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    return {
        "serviceAccountName": "steno-worker",
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
    }


def labels_of(name: str) -> dict[str, str]:
    """Give the labels of whatever works, or says it works, for a job."""
    return {JOB_LABEL: name, "app": name}


@dataclass(frozen=True, slots=True)
class Workplace:
    """One namespace, and the way to the intake."""

    api: Api
    http: httpx.AsyncClient
    jobs: TranscriptionJobs
    """As the intake writes them."""

    def submit(self, name: str, **metadata: Any) -> Raw:
        """Create a job."""
        return self.api.submit(name, SPEC, **metadata)

    def work_for(self, job: Raw) -> Any:
        """Give a job its Job, and wait for the pod that the Job controller makes."""
        metadata = job["metadata"]
        owner = {"apiVersion": API_VERSION, "kind": KIND, "name": metadata["name"], "uid": metadata["uid"]}
        name = f"{metadata['name']}-{metadata['uid'][:8]}"
        return self.pod_of_a_batch_job(name, job=metadata["name"], ownerReferences=[{**owner, "controller": True}])

    def pod_of_a_batch_job(self, name: str, *, job: str, **metadata: Any) -> Any:
        """Create a Job, and wait for its pod."""
        labels = labels_of(job)
        template = {"metadata": {"labels": labels}, "spec": {**pod_spec(), "restartPolicy": "Never"}}
        spec = {"template": template, "backoffLimit": 3}
        self.api.batch.create_namespaced_job(
            self.api.namespace, {"metadata": {"name": name, "labels": labels, **metadata}, "spec": spec}
        )
        return self._pod(f"{JOB_NAME_LABEL}={name}")

    def pod_of_a_deployment(self, name: str, *, job: str) -> Any:
        """Create a Deployment whose pods carry the label of a job's, and wait for one."""
        labels = labels_of(job)
        spec = {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod_spec()},
        }
        apps: Any = client.AppsV1Api(self.api.connection)
        apps.create_namespaced_deployment(self.api.namespace, {"metadata": {"name": name}, "spec": spec})
        return self._pod(f"app={job},!{JOB_NAME_LABEL}")

    def bare_pod(self, name: str, *, job: str) -> Any:
        """Create a pod that nobody controls, with the label of a job's."""
        metadata = {"name": name, "labels": labels_of(job)}
        return self.api.core.create_namespaced_pod(self.api.namespace, {"metadata": metadata, "spec": pod_spec()})

    def remove(self, pod: Any) -> None:
        """Delete a pod, and wait until it is gone."""
        name = pod.metadata.name
        self.api.core.delete_namespaced_pod(name, self.api.namespace, grace_period_seconds=0)

        def gone() -> bool | None:
            found = self.api.core.list_namespaced_pod(self.api.namespace, field_selector=f"metadata.name={name}")
            return True if not found.items else None

        wait_for(gone, f"{name} to go")

    def _pod(self, selector: str) -> Any:
        def look() -> Any:
            return next(
                iter(self.api.core.list_namespaced_pod(self.api.namespace, label_selector=selector).items), None
            )

        return wait_for(look, f"a pod with {selector}")

    async def report(self, token: str, percent: int = 40, stage: Stage = Stage.TRANSCRIBE) -> httpx.Response:
        """Post progress as a worker does."""
        report = ProgressReport(stage=stage, percent=percent, processed_seconds=percent, total_seconds=100)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return await self.http.post("/progress", content=report.model_dump_json(by_alias=True), headers=headers)

    def status_at_the_api_server(self, token: str) -> int:
        """Show a token to the API server itself, and give the status of its answer."""
        configuration = self.api.connection.configuration
        trust = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.get(f"{configuration.host}/api/v1", headers=headers, verify=trust, trust_env=False).status_code

    def progress(self, name: str) -> Raw | None:
        """Read how far a job's status says it is."""
        job = self.api.job(name)
        assert job is not None
        found: Raw | None = job.get("status", {}).get("progress")
        return found
