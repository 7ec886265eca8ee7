"""An installation with two tenants: the gateway under the account that the chart makes for it, and a key for each.

Used by `test_tenants`.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from control_plane.conftest import account_of, new_namespace
from control_plane.rights.installed import apply, part_of, rendered
from local_cluster.control_plane import ControlPlane
from local_cluster.object_stores import MinioServer
from steno_store import ObjectStore
from support.api_keys import Key, write_keys
from support.gateway_process import GatewayProcess
from support.kubernetes_api import Api

ACCOUNT = "steno-gateway"
TOKEN_SECONDS = 3600

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """One tenant, as its own programs see it and as its namespace is."""

    api: Api
    http: httpx.Client
    """Shows its key."""

    def submit(self, recording: bytes = b"RIFF....WAVE", *, headers: Mapping[str, str] | None = None) -> str:
        """Send a recording; gives the task's id."""
        made = self.http.post("/transcribe", files={"file": ("talk.wav", recording)}, headers=headers)
        assert 202 == made.status_code, made.text
        task_id: str = made.json()["task_id"]
        return task_id

    def job(self, task_id: str) -> Raw:
        """Read the task's job, past the gateway."""
        found = self.api.job(task_id)
        assert found is not None
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenancy:
    """The installation."""

    home: Api
    """The release's namespace."""
    one: Tenant
    other: Tenant
    gateway: GatewayProcess
    store: ObjectStore
    user: str
    """The gateway's account, as the API server names it."""


@contextmanager
def tenancy(control_plane: ControlPlane, minio: MinioServer, folder: Path) -> Iterator[Tenancy]:
    """Install it, and run the gateway as a process."""
    home, one, other = (new_namespace(control_plane) for _ in range(3))
    with ExitStack() as undo:
        account = undo.enter_context(closing(account_of(minio)))
        store = undo.enter_context(closing(account.store(account.new_bucket())))
        tenants = f"tenants[0].name={one.namespace},tenants[1].name={other.namespace}"
        objects = rendered(home.namespace, "--set", tenants, "--set", "gateway.existingKeysSecret=steno-keys")
        apply(home, *_grants(objects))
        keys = [Key("one", namespace=one.namespace), Key("other", namespace=other.namespace)]
        gateway = GatewayProcess(
            {
                **_environment(objects),
                "KUBECONFIG": str(_kubeconfig(home, control_plane, folder)),
                "STENO_NAMESPACE": home.namespace,
                "STENO_API_KEYS_FILE": str(write_keys(folder / "keys.yaml", *keys)),
                "STENO_STORE_BUCKET": store.bucket,
                "STENO_STORE_ENDPOINT": minio.endpoint,
                "AWS_ACCESS_KEY_ID": minio.access_key,
                "AWS_SECRET_ACCESS_KEY": minio.secret_key,
            },
            folder / "gateway.log",
        )
        undo.callback(gateway.stop)
        gateway.start()
        first, second = (
            Tenant(
                api=api,
                http=undo.enter_context(
                    httpx.Client(base_url=gateway.url, headers=key.bearer, trust_env=False, timeout=60)
                ),
            )
            for api, key in zip((one, other), keys, strict=True)
        )
        user = f"system:serviceaccount:{home.namespace}:{ACCOUNT}"
        yield Tenancy(home=home, one=first, other=second, gateway=gateway, store=store, user=user)


def _grants(objects: tuple[Raw, ...]) -> Iterator[Raw]:
    """Give the gateway's account and all that the chart grants it."""
    return (
        each
        for each in objects
        if part_of(each) == "gateway" and each["kind"] in {"ServiceAccount", "Role", "RoleBinding"}
    )


def _environment(objects: tuple[Raw, ...]) -> dict[str, str]:
    """Give the chart's settings of the gateway."""
    (deployment,) = (each for each in objects if (each["kind"], part_of(each)) == ("Deployment", "gateway"))
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return {entry["name"]: entry["value"] for entry in container["env"] if "value" in entry}


def _kubeconfig(home: Api, control_plane: ControlPlane, folder: Path) -> Path:
    """Make a way to the API server under the gateway's own account."""
    asked = {"spec": {"expirationSeconds": TOKEN_SECONDS}}
    token = home.core.create_namespaced_service_account_token(ACCOUNT, home.namespace, asked).status.token
    told = json.loads(control_plane.kubeconfig.read_text())
    told["users"][0]["user"] = {"token": token}
    kubeconfig = folder / "gateway.kubeconfig"
    kubeconfig.write_text(json.dumps(told))
    return kubeconfig
