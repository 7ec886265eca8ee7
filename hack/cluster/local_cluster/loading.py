"""Put images of the Docker daemon into a cluster's node.

`__main__`, the demo and the cluster tests call it. Goes to the node's containerd itself: kind asks the node's
crictl what is there, which Debian has no package of, and so would send every image every time.
"""

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path

from local_cluster import commands, daemon, steps
from local_cluster.docker import Docker
from local_cluster.errors import CommandFailedError, LocalClusterError
from local_cluster.node import check_name, container_name

_CTR = ("ctr", "--namespace=k8s.io")


def load(cluster: str, references: Iterable[str]) -> None:
    """Load images into a cluster; one that is there already, with the same content, costs nothing."""
    check_name(cluster)
    with daemon.running() as docker:
        node = container_name(cluster)
        missing = []
        for reference in dict.fromkeys(references):
            wanted = docker.inspect("image", reference, "{{.Id}}")
            if wanted is None:
                raise LocalClusterError(f"Docker has no image {reference}: build it first")
            if _loaded_id(docker, node, reference) == wanted:
                steps.present(f"{reference} in {cluster}")
            else:
                missing.append(reference)
        if missing:
            with steps.step(f"loading {', '.join(missing)} into {cluster}"):
                _transfer(docker, node, missing)


def _loaded_id(docker: Docker, node: str, reference: str) -> str | None:
    """Return the id of the image that the node has under a name: the digest of its configuration."""
    inspect = ("exec", node, *_CTR)
    listed = docker.run(*inspect, "images", "ls", f"name=={reference}").splitlines()[1:]
    if not listed:
        return None
    manifest_digest = listed[0].split()[2]
    manifest = json.loads(docker.run(*inspect, "content", "get", manifest_digest))
    return str(manifest.get("config", {}).get("digest"))


def _transfer(docker: Docker, node: str, references: list[str]) -> None:
    """Stream the images from the daemon to the node, with no archive between."""
    save: list[str | Path] = [docker.client, "save", *references]
    receive: list[str | Path] = [docker.client, "exec", "--interactive", node, *_CTR, "images", "import", "-"]
    with subprocess.Popen(commands.mortal(save), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as sender:
        received = subprocess.run(
            commands.mortal(receive), stdin=sender.stdout, capture_output=True, text=True, check=False
        )
        complaint = sender.stderr.read().decode(errors="replace") if sender.stderr else ""
    if sender.returncode != 0:
        raise CommandFailedError(commands.failure_text(save, sender.returncode, complaint))
    if received.returncode != 0:
        raise CommandFailedError(
            commands.failure_text(receive, received.returncode, received.stdout + received.stderr)
        )
