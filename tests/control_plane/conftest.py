"""A real control plane and a real object store for the whole tier; a namespace and an operator for each test."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from local_cluster.control_plane import ControlPlane
from local_cluster.object_stores import MinioServer
from steno_store import ObjectStore
from support.kubernetes_api import Api, wait_for
from support.operator_process import OperatorProcess
from support.s3_buckets import S3Account

ROOT = Path(__file__).parents[2]
CRD = ROOT / "crds" / "transcriptionjobs.steno.dev.yaml"

PROFILES = {
    "default": "cpu",
    "profiles": {
        "cpu": {
            "image": "steno.local/worker:test",
            "engines": ["faster-whisper"],
            "engine": {"name": "faster-whisper", "model": "tiny"},
        },
        "gpu": {
            "image": "steno.local/worker:test",
            "engines": ["faster-whisper"],
            "engine": {"name": "faster-whisper", "model": "large-v3-turbo"},
            "gpu": {"resourceName": "nvidia.com/gpu", "count": 1},
            "nodeSelector": {"steno.dev/gpu": "true"},
            "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        },
    },
}

MakeOperator = Callable[..., OperatorProcess]
"""Starts an operator for a namespace, a replica where it has one already: ``make(api, **settings)``; ``server=`` and
``kubeconfig=`` name another store and another way to the API server."""


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    """The control plane of the tier, with Steno's CRD."""
    with ControlPlane() as running:
        api = Api(running.kubeconfig)
        definition = yaml.safe_load(CRD.read_text())
        api.extensions.create_custom_resource_definition(definition)

        def established() -> bool | None:
            crd = api.extensions.read_custom_resource_definition(definition["metadata"]["name"])
            conditions = crd.status.conditions or []
            return any(c.type == "Established" and c.status == "True" for c in conditions) or None

        wait_for(established, "the CRD to be established")
        yield running


@pytest.fixture(scope="session")
def minio() -> Iterator[MinioServer]:
    """The object store of the tier; whoever stops one makes their own."""
    with MinioServer() as running:
        yield running


def account_of(server: MinioServer) -> S3Account:
    """Give the keys to a server."""
    return S3Account(server.endpoint, server.access_key, server.secret_key)


@pytest.fixture(scope="session")
def store(minio: MinioServer) -> Iterator[ObjectStore]:
    """Steno's bucket, as operator and worker share it."""
    with closing(account_of(minio)) as account, closing(account.store(account.new_bucket())) as connected:
        yield connected


def new_namespace(control_plane: ControlPlane) -> Api:
    """Make a namespace as a careful cluster has it: with the restricted Pod Security Standard enforced."""
    bound = Api(control_plane.kubeconfig, f"test-{secrets.token_hex(4)}")
    bound.create_namespace(labels={"pod-security.kubernetes.io/enforce": "restricted"})
    account = {"metadata": {"name": "steno-worker"}}
    bound.core.create_namespaced_service_account(bound.namespace, account)
    return bound


@pytest.fixture
def api(control_plane: ControlPlane) -> Api:
    """The API server, bound to a fresh namespace."""
    return new_namespace(control_plane)


@pytest.fixture(scope="session")
def make_operator(
    minio: MinioServer, store: ObjectStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MakeOperator]:
    """Start operators; its settings may be changed by name. What a test has not ended ends with the session."""
    folder = tmp_path_factory.mktemp("operators")
    profiles = folder / "profiles.yaml"
    profiles.write_text(yaml.safe_dump(PROFILES))
    started: list[OperatorProcess] = []

    def make(
        api: Api, *, kubeconfig: Path | None = None, server: MinioServer = minio, **changes: str
    ) -> OperatorProcess:
        environment = {
            "KUBECONFIG": str(kubeconfig or api.kubeconfig),
            "STENO_NAMESPACE": api.namespace,
            # Started again it is a container of the same pod, so that nothing waits for the lease of the one before.
            "STENO_POD_NAME": f"steno-operator-{len(started)}",
            "STENO_PROFILES_FILE": str(profiles),
            "STENO_STORE_SECRET": "steno-store",
            "STENO_STORE_BUCKET": store.bucket,
            "STENO_STORE_ENDPOINT": server.endpoint,
            "AWS_ACCESS_KEY_ID": server.access_key,
            "AWS_SECRET_ACCESS_KEY": server.secret_key,
            **changes,
        }
        operator = OperatorProcess(environment, folder / f"{api.namespace}-{len(started)}.log")
        started.append(operator)
        operator.start()
        return operator

    yield make
    for operator in started:
        operator.kill()


@pytest.fixture
def operator(api: Api, make_operator: MakeOperator) -> Iterator[OperatorProcess]:
    """An operator of the test's own, for its own namespace."""
    running = make_operator(api)
    yield running
    running.kill()
