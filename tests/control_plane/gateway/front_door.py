"""A gateway without keys over a real API server and a real store, and what its clients and the operator do.

Used by the tests of this folder that need no tenants.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from local_cluster.object_stores import MinioServer
from steno_store import Layout, ObjectStore
from support.gateway_process import GatewayProcess
from support.kubernetes_api import Api

NOON = "2026-01-31T12:00:00Z"

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontDoor:
    """One gateway and what stands behind it."""

    http: httpx.Client
    gateway: GatewayProcess
    api: Api
    store: ObjectStore

    def transcribe(self, body: Raw | None = None, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Send JSON that names a recording."""
        return self.http.post("/transcribe", json=body or {"s3": {"key": "talk.wav"}}, headers=dict(headers or {}))

    def upload(self, recording: bytes, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Send a recording."""
        return self.http.post("/transcribe", files={"file": ("talk.wav", recording)}, headers=dict(headers or {}))

    def finish(self, task_id: str, *, end: str = "Complete", outputs: dict[str, bytes] | None = None) -> None:
        """Have a task end as the operator writes it down, with renderings by their formats."""
        job = self.api.job(task_id)
        assert job is not None
        prefix = Layout("steno").results(self.api.namespace, task_id, job["metadata"]["uid"])
        told = []
        for fmt, body in (outputs or {}).items():
            key = f"{prefix}attempts/pod/transcript.{fmt}"
            self.store.put(key, body)
            told.append({"format": fmt, "uri": self.store.uri(key), "bytes": len(body), "sha256": "ab" * 32})
        condition = {"type": end, "status": "True", "reason": "Test", "lastTransitionTime": NOON}
        self.api.patch_status(task_id, {"conditions": [condition], "outputs": told})

    def let_go(self, task_id: str) -> None:
        """Take the finalizer away, as the operator does at the end of a release."""
        self.api.patch(task_id, {"metadata": {"finalizers": None}})


@contextmanager
def front_door(
    api: Api,
    store: ObjectStore,
    minio: MinioServer,
    folder: Path,
    *,
    kubeconfig: Path | None = None,
    endpoint: str | None = None,
    **settings: str,
) -> Iterator[FrontDoor]:
    """Run a gateway for the namespace; `kubeconfig` and `endpoint` name other ways to API server and store."""
    environment = {
        "KUBECONFIG": str(kubeconfig or api.kubeconfig),
        "STENO_NAMESPACE": api.namespace,
        "STENO_ANONYMOUS": "true",
        "STENO_RELEASE_WAIT_SECONDS": "1",
        "STENO_STORE_BUCKET": store.bucket,
        "STENO_STORE_ENDPOINT": endpoint or minio.endpoint,
        "AWS_ACCESS_KEY_ID": minio.access_key,
        "AWS_SECRET_ACCESS_KEY": minio.secret_key,
        **settings,
    }
    folder.mkdir(exist_ok=True)
    gateway = GatewayProcess(environment, folder / "gateway.log")
    gateway.start()
    try:
        with httpx.Client(base_url=gateway.url, trust_env=False, timeout=60) as http:
            yield FrontDoor(http=http, gateway=gateway, api=api, store=store)
    finally:
        gateway.stop()
