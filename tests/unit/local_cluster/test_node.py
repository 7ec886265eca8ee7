"""A cluster is one container with two ports of 127.0.0.1, under a name of ours."""

import pytest

from local_cluster import node
from local_cluster.errors import NameRefusedError
from local_cluster.node import Node, Ports


@pytest.mark.parametrize("name", ["steno", "steno-test", "steno-probe-2"])
def test_our_names_are_accepted(name: str) -> None:
    """A name that begins with steno is ours."""
    node.check_name(name)


@pytest.mark.parametrize("name", ["kind", "minikube", "stenographer", "steno-", "steno/x", "Steno", "", "x-steno"])
def test_other_names_are_refused(name: str) -> None:
    """A name that is not steno, or steno with a suffix, is nobody's business here."""
    with pytest.raises(NameRefusedError, match="name it steno"):
        node.check_name(name)


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        pytest.param("steno", (None, None), Ports(8080, 9000), id="the demo's are promised"),
        pytest.param("steno", (0, 9001), Ports(0, 9001), id="unless others are given"),
        pytest.param("steno-test", (None, None), Ports(0, 0), id="another cluster's are any"),
        pytest.param("steno-test", (8081, None), Ports(8081, 0), id="unless given"),
    ],
)
def test_ports_default_by_name(name: str, given: tuple[int | None, int | None], expected: Ports) -> None:
    """Only the demo's cluster has ports of its own; 0 stands for any."""
    assert expected == node.wanted_ports(name, *given)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param(Ports(0, 0), True, id="any"),
        pytest.param(Ports(8080, 0), True, id="the same"),
        pytest.param(Ports(8080, 9001), False, id="another"),
    ],
)
def test_running_cluster_suits_its_own_ports(wanted: Ports, *, expected: bool) -> None:
    """A running cluster is kept if each port that was asked for is its own."""
    assert expected == node.suits(Ports(8080, 9000), wanted)


def test_kind_listens_on_loopback_alone() -> None:
    """Both ports and the API server are bound to 127.0.0.1."""
    configuration = node.configuration(Ports(8080, 9000))

    assert "127.0.0.1" == configuration["networking"]["apiServerAddress"]
    assert [
        {"containerPort": 30080, "hostPort": 8080, "listenAddress": "127.0.0.1"},
        {"containerPort": 30900, "hostPort": 9000, "listenAddress": "127.0.0.1"},
    ] == configuration["nodes"][0]["extraPortMappings"]


def test_node_reads_what_docker_knows() -> None:
    """A container's own description gives the ports; what it does not publish is 0."""
    described = {
        "Id": "3f8e",
        "Config": {"Image": "steno.local/kind-node:v1"},
        "State": {"Running": True},
        "HostConfig": {"PortBindings": {"30080/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]}},
    }

    assert Node(
        container_id="3f8e", image="steno.local/kind-node:v1", is_running=True, ports=Ports(8080, 0)
    ) == Node.parse(described)
