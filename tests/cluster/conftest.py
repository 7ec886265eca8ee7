"""Steno on a real kind cluster for the whole tier: made for it, removed after it, on free ports.

Two replicas of the gateway that ask for keys, behind their Service and behind an ingress controller; two tenants.
"""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cluster.tenancy import ARCHIVE, VALUES, Keys, let_into_the_store, tenant
from local_cluster import clusters
from local_installation.ingress import HOST, install_ingress
from local_installation.installation import NAMESPACE, Installation, install
from support.kubernetes_api import Api, wait_for
from support.rest import Rest

CLUSTER = "steno-test"

RECORDINGS = Path(__file__).parents[1] / "fixtures" / "recordings"


@pytest.fixture(scope="session")
def keys() -> Keys:
    """The installation's API keys."""
    return Keys()


@pytest.fixture(scope="session")
def installation(keys: Keys) -> Iterator[Installation]:
    """A Steno of this checkout; a cluster that a killed run left behind is used or made anew, and removed."""
    try:
        here = install(CLUSTER, manifests=[keys.secret(), tenant()], values=[VALUES])
        let_into_the_store(here)
        # On a cluster that was left behind the kubelet brings the new keys within a minute or so.
        wait_for(
            lambda: True if _all_replicas_know(here, keys) else None,
            "the gateway to know its keys",
            timeout_seconds=180,
        )
        yield here
    finally:
        clusters.down(CLUSTER)


def _all_replicas_know(here: Installation, keys: Keys) -> bool:
    """Ask over many connections: each reaches any of the replicas."""
    asked = [httpx.get(f"{here.gateway_url}/session", headers=keys.newsroom.bearer) for _ in range(10)]
    return all(answer.status_code == 200 for answer in asked)


@pytest.fixture(scope="session")
def api(installation: Installation) -> Api:
    """The cluster's API server, bound to Steno's namespace."""
    assert installation.context.startswith("kind-steno")
    return Api(installation.kubeconfig, NAMESPACE, context=installation.context)


@pytest.fixture(scope="session")
def archive_api(installation: Installation) -> Api:
    """The same, bound to the tenant's namespace."""
    return Api(installation.kubeconfig, ARCHIVE, context=installation.context)


@pytest.fixture(scope="session")
def ingress_url(installation: Installation) -> str:
    """The ingress controller's port; it serves Steno to requests for `HOST`."""
    url = install_ingress(installation)

    def serves() -> bool | None:
        try:
            return httpx.get(f"{url}/healthz", headers={"Host": HOST}).status_code == 200 or None
        except httpx.TransportError:
            return None  # the way from the node's port to the pod is a moment in the making

    wait_for(serves, "the ingress controller to serve Steno")
    return url


@pytest.fixture
def rest(installation: Installation, keys: Keys) -> Iterator[Rest]:
    """The gateway, as an application speaks to it by its Service."""
    with httpx.Client(base_url=installation.gateway_url, headers=keys.newsroom.bearer, timeout=60) as http:
        yield Rest(http)


@pytest.fixture
def by_ingress(ingress_url: str, keys: Keys) -> Iterator[Rest]:
    """The gateway behind the ingress controller, which gives each request to the replica whose turn it is."""
    with httpx.Client(base_url=ingress_url, headers=keys.newsroom.bearer | {"Host": HOST}, timeout=60) as http:
        yield Rest(http)


@pytest.fixture
def archive(ingress_url: str, keys: Keys) -> Iterator[Rest]:
    """The same, as the other tenant speaks to it."""
    with httpx.Client(base_url=ingress_url, headers=keys.archive.bearer | {"Host": HOST}, timeout=60) as http:
        yield Rest(http)


@pytest.fixture
def meeting() -> Path:
    """Nine sentences by three synthetic voices, 28.7 s."""
    return RECORDINGS / "meeting.wav"
