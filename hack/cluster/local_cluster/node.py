"""The one container that a cluster is: its name and ports, what kind is told of it, what Docker knows of it.

`clusters` and `loading` read it. Makes and removes nothing.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

from local_cluster.docker import Docker
from local_cluster.errors import NameRefusedError

CLUSTER_NAME: Final = re.compile(r"steno(-[a-z0-9-]{0,30}[a-z0-9])?")
"""What a cluster of ours is called; no other is touched."""

GATEWAY_NODE_PORT: Final = 30080
STORE_NODE_PORT: Final = 30900


class Ports(NamedTuple):
    """Ports of 127.0.0.1; 0 stands for any that is free."""

    gateway: int
    store: int


DEMO_NAME: Final = "steno"
DEMO_PORTS: Final = Ports(gateway=8080, store=9000)
"""What `make demo` promises; every other cluster takes free ports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What Docker says of the container."""

    container_id: str
    image: str
    """The reference it was made from."""
    is_running: bool
    ports: Ports

    @classmethod
    def find(cls, docker: Docker, cluster: str) -> Self | None:
        """Return the cluster's node, in whatever state; None where there is none."""
        described = docker.inspect("container", container_name(cluster), "{{json .}}")
        return None if described is None else cls.parse(json.loads(described))

    @classmethod
    def parse(cls, described: dict[str, Any]) -> Self:
        """Read what ``docker inspect`` prints."""
        bindings = described["HostConfig"]["PortBindings"] or {}

        def host_port(node_port: int) -> int:
            bound = bindings.get(f"{node_port}/tcp") or [{}]
            return int(bound[0].get("HostPort") or 0)

        return cls(
            container_id=described["Id"],
            image=described["Config"]["Image"],
            is_running=described["State"]["Running"],
            ports=Ports(gateway=host_port(GATEWAY_NODE_PORT), store=host_port(STORE_NODE_PORT)),
        )


def container_name(cluster: str) -> str:
    """Return the name that kind gives the container of a single-node cluster."""
    return f"{cluster}-control-plane"


def check_name(cluster: str) -> None:
    """Raise `NameRefusedError` for a cluster that is not ours."""
    if not CLUSTER_NAME.fullmatch(cluster):
        raise NameRefusedError(
            f"{cluster!r} is no cluster of ours: name it steno, or steno- and up to 31 of a-z, 0-9, -"
        )


def wanted_ports(cluster: str, gateway_port: int | None, store_port: int | None) -> Ports:
    """Fill in the defaults of a name for ports that were not given."""
    default = DEMO_PORTS if cluster == DEMO_NAME else Ports(gateway=0, store=0)
    return Ports(
        gateway=default.gateway if gateway_port is None else gateway_port,
        store=default.store if store_port is None else store_port,
    )


def suits(found: Ports, wanted: Ports) -> bool:
    """Say whether a running cluster's ports are those that are wanted."""
    return all(want in {0, have} for have, want in zip(found, wanted, strict=True))


def configuration(ports: Ports) -> dict[str, Any]:
    """Return kind's configuration: one node, everything on 127.0.0.1."""
    mappings = ((GATEWAY_NODE_PORT, ports.gateway), (STORE_NODE_PORT, ports.store))
    return {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "networking": {
            "apiServerAddress": "127.0.0.1",
            "disableDefaultCNI": True,  # the node image carries a bridge
        },
        "featureGates": {"KubeletInUserNamespace": True},  # the kubelet may lack CAP_SYS_RESOURCE
        "nodes": [
            {
                "role": "control-plane",
                "extraPortMappings": [
                    {"containerPort": inside, "hostPort": outside, "listenAddress": "127.0.0.1"}
                    for inside, outside in mappings
                ],
            }
        ],
    }
