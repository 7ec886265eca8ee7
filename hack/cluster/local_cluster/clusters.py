"""kind clusters by name: make, find, remove.

`__main__`, the demo and the cluster tests call it. Docker alone knows a cluster's ports; beside it are kept its
kubeconfig and a mark that it was finished. Must not know what is deployed in it.
"""

import json
import shutil
import time
from pathlib import Path
from typing import Final

from local_cluster import commands, daemon, docker, loopback, needs, node_image, state, steps
from local_cluster.docker import Docker
from local_cluster.errors import LocalClusterError
from local_cluster.node import Node, Ports, check_name, configuration, suits, wanted_ports
from local_cluster.tools import tool

READY_SECONDS: Final = 120
"""How long a new cluster may take until its node is Ready; 20 s on two idle cores."""

ALIVE_SECONDS: Final = 15
"""How long a running cluster may take to prove that it lives, on a busy machine, before it is made anew."""

RESOLVER: Final = {
    "spec": {
        "replicas": 1,
        "template": {"spec": {"containers": [{"name": "coredns", "readinessProbe": {"periodSeconds": 1}}]}},
    }
}
"""Changed of CoreDNS: one node needs one, asked every second whether it is ready, which saves 20 s over every ten."""


def up(name: str, *, gateway_port: int | None = None, store_port: int | None = None) -> Ports:
    """Return the ports of a cluster that is up, made if need be.

    A port of 0 is any: a running cluster's own, else a free one. None is the name's default. A cluster that is
    half-made, dead, made from another node image or on other ports is removed and made anew.
    """
    check_name(name)
    wanted = wanted_ports(name, gateway_port, store_port)
    with state.lock(f"cluster-{name}"), daemon.in_use():
        found = docker.find()
        if found and (node := _living_node(found, name)) and suits(node.ports, wanted):
            steps.present(f"cluster {name}")
            return node.ports
        _check_needs(found)
        _check_ports(wanted, Node.find(found, name) if found else None)
        running = found or daemon.ensure()
        _delete(running, name)
        ports = _filled(wanted)
        for program in ("kind", "kubectl"):  # a step of its own, so not within one
            tool(program)
        image = node_image.ensure(running)
        with steps.step(f"cluster {name}"):
            _create(running, name, ports, image)
        return ports


def down(name: str) -> None:
    """Remove a cluster, and stop our Docker daemon if nothing runs in it any more."""
    check_name(name)
    with state.lock(f"cluster-{name}"):
        with daemon.in_use():
            found = docker.find()
            # A daemon that was killed left containers behind, which only a daemon removes.
            if found is None and (_folder(name).exists() or daemon.left_processes()):
                found = daemon.ensure()
            if found is None or not _delete(found, name):
                steps.absent(f"cluster {name}")
        daemon.stop_if_idle()


def ports(name: str) -> Ports:
    """Return the ports of a cluster that is there."""
    check_name(name)
    found = docker.find()
    node = Node.find(found, name) if found else None
    if node is None:
        raise LocalClusterError(f"there is no cluster {name}: make it with `up {name}`")
    return node.ports


def kubeconfig_path(name: str) -> Path:
    """Return where the cluster's kubeconfig lies; ~/.kube/config is left to its user."""
    check_name(name)
    return _folder(name) / "kubeconfig"


def _check_needs(found: Docker | None) -> None:
    """Fail now, not after minutes of work, if something is missing."""
    needs.require_disk(state.state_folder())
    if found is None:
        needs.require_root("starting a Docker daemon")
    if found is None or not node_image.is_present(found):
        needs.require_root("making images with debootstrap")
        needs.require_apt("debootstrap")
        needs.require_go("the files of kind's node image")


def _check_ports(wanted: Ports, held: Node | None) -> None:
    """Make sure of the ports that were asked for, but for those of the cluster that is about to be removed."""
    ours = held.ports if held and held.is_running else ()
    for port, option in zip(wanted, ("--gateway-port", "--store-port"), strict=True):
        if port and port not in ours:
            needs.require_port(port, option)


def _filled(wanted: Ports) -> Ports:
    """Choose free ports where any will do."""
    free = iter(loopback.free_ports(len(wanted)))
    return Ports(*(port or next(free) for port in wanted))


def _create(running: Docker, name: str, ports: Ports, image: str) -> None:
    """Make a cluster; the mark comes last, so that one whose making was cut short is known."""
    folder = _folder(name)
    folder.mkdir(parents=True, exist_ok=True)
    kubeconfig = kubeconfig_path(name)
    commands.run(
        [
            *(tool("kind"), "create", "cluster", "--name", name, "--image", image),
            *("--kubeconfig", kubeconfig, "--wait", f"{READY_SECONDS}s", "--config", "-"),
        ],
        environment=running.environment,
        text_in=json.dumps(configuration(ports)),
    )
    # kind warns where its time is up, and ends well all the same; and it does not wait for names to be resolved.
    commands.run([*_node_is_ready(name), f"--timeout={READY_SECONDS}s"])
    resolver = [*_kubectl(name), "--namespace=kube-system"]
    commands.run([*resolver, "patch", "deployment", "coredns", "--patch", json.dumps(RESOLVER)])
    commands.run([*resolver, "rollout", "status", "deployment", "coredns", f"--timeout={READY_SECONDS}s"])
    node = Node.find(running, name)
    if node is None:
        raise LocalClusterError(f"cluster {name} was removed while it was being made")
    _mark(name).write_text(node.container_id)


def _delete(running: Docker, name: str) -> bool:
    """Remove what there is of a cluster; False where there was nothing."""
    folder = _folder(name)
    if Node.find(running, name) is None and not folder.exists():
        return False
    with steps.step(f"removing cluster {name}"):
        commands.run(
            [tool("kind"), "delete", "cluster", "--name", name, "--kubeconfig", kubeconfig_path(name)],
            environment=running.environment,
        )
        shutil.rmtree(folder, ignore_errors=True)
    return True


def _living_node(running: Docker, name: str) -> Node | None:
    """Return the node of a cluster that was finished, is of today's image, and answers; None otherwise."""
    node = Node.find(running, name)
    if node is None or not node.is_running or node.image != node_image.reference():
        return None
    try:
        finished = _mark(name).read_text() == node.container_id
    except FileNotFoundError:
        finished = False
    return node if finished and _answers(name) else None


def _answers(name: str) -> bool:
    deadline = time.monotonic() + ALIVE_SECONDS
    while not commands.succeeds([*_node_is_ready(name), "--timeout=5s"]):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True


def _node_is_ready(name: str) -> list[str | Path]:
    return [*_kubectl(name), "wait", "--for=condition=Ready", "node", "--all"]


def _kubectl(name: str) -> list[str | Path]:
    return [tool("kubectl"), "--kubeconfig", kubeconfig_path(name)]


def _mark(name: str) -> Path:
    return _folder(name) / "finished"


def _folder(name: str) -> Path:
    return state.state_folder() / "clusters" / name
