"""Steno on a real kind cluster for the whole tier: made for it, removed after it, on free ports."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local_cluster import clusters
from local_installation.installation import NAMESPACE, Installation, install
from support.kubernetes_api import Api
from support.rest import Rest

CLUSTER = "steno-test"

RECORDINGS = Path(__file__).parents[1] / "fixtures" / "recordings"


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    """A Steno of this checkout; a cluster that a killed run left behind is used or made anew, and removed."""
    try:
        yield install(CLUSTER)
    finally:
        clusters.down(CLUSTER)


@pytest.fixture(scope="session")
def api(installation: Installation) -> Api:
    """The cluster's API server, bound to Steno's namespace."""
    assert installation.context.startswith("kind-steno")
    return Api(installation.kubeconfig, NAMESPACE, context=installation.context)


@pytest.fixture
def rest(installation: Installation) -> Iterator[Rest]:
    """The gateway, as an application speaks to it."""
    with httpx.Client(base_url=installation.gateway_url, timeout=60) as http:
        yield Rest(http)


@pytest.fixture
def meeting() -> Path:
    """Nine sentences by three synthetic voices, 28.7 s."""
    return RECORDINGS / "meeting.wav"
