"""The image of a kind node, made from Debian packages, kind's own files and the kube binary.

It carries the images of the control plane, so that a node starts without any registry.

`clusters` calls `ensure`. Must not know clusters' names or ports.
"""

import shutil
from pathlib import Path
from typing import Final

from local_cluster import building, commands, images, tools
from local_cluster.building import Image
from local_cluster.digests import digest
from local_cluster.docker import Docker
from local_cluster.pins import KUBERNETES, PINS

_REPOSITORY: Final = "steno.local/kind-node"
_RECIPES: Final = Path(__file__).resolve().parent.parent / "node"
_ROOT: Final = "0:0"
"""The control plane's user, as in Kubernetes' own images: static pods write to the node's folders."""

_NAMES: Final = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "pause")
"""What one image of the kube binary serves as; its entry point is the last, the others are named by their
manifests."""


def reference() -> str:
    """Return the node image's name, which holds the digest of its inputs: a node made from another image is stale."""
    return f"{_REPOSITORY}:{KUBERNETES}-{_inputs()}"


def is_present(docker: Docker) -> bool:
    """Say whether the node image need not be made."""
    return docker.inspect("image", reference(), "{{.Id}}") is not None


def ensure(docker: Docker) -> str:
    """Make the node image, and what it stands on, if need be; return its reference."""
    if is_present(docker):
        return reference()
    kind = PINS["kind"]
    kind_files = (
        tools.module_folder(kind.module, kind.version, "the files of kind's node image") / "images/base/files"
    )
    images.ensure_debian(docker)
    control_plane = _control_plane_images(docker)

    def fill(context: Path) -> None:
        for recipe in _RECIPES.iterdir():
            shutil.copy(recipe, context)
        shutil.copytree(kind_files, context / "kind", copy_function=shutil.copyfile)
        for copied in (context / "kind").rglob("*"):
            if copied.is_dir():
                copied.chmod(0o755)  # the module cache is read-only
        shutil.copy(tools.path_of("kube"), context)
        _save(docker, control_plane, context / "control-plane.tar")

    pause = next(name for name in control_plane if "/pause:" in name)
    image = Image(
        reference=reference(),
        inputs=_inputs(),
        dockerfile=(_RECIPES / "Dockerfile").read_text(),
        fill=fill,
        arguments={"PAUSE_IMAGE": pause, "KUBERNETES": KUBERNETES},
    )
    made = building.ensure(docker, image)
    _remove_others(docker)
    return made


def _inputs() -> str:
    recipes = [path.read_text() for path in sorted(_RECIPES.iterdir())]
    pins = [PINS[name].digest() for name in ("coredns", "kind", "kube")]
    return digest(images.debian().inputs, *pins, *recipes, *_NAMES)


def _control_plane_images(docker: Docker) -> dict[str, str]:
    """Map the names by which kubeadm will ask for its images to ours, which hold the same programs."""
    kube = images.binary_image(docker, "kube", user=_ROOT, links=_NAMES)
    coredns = images.binary_image(docker, "coredns", user=_ROOT)
    kube_proxy = _kube_proxy_image(docker)
    ours = {"coredns": coredns, "kube-proxy": kube_proxy}
    listed = commands.run([tools.tool("kubeadm"), "config", "images", "list", "--kubernetes-version", KUBERNETES])
    return {name: ours.get(name.rpartition(":")[0].rpartition("/")[2], kube) for name in listed.split()}


def _kube_proxy_image(docker: Docker) -> str:
    dockerfile = (_RECIPES / "kube-proxy.Dockerfile").read_text()
    inputs = digest(images.debian().inputs, PINS["kube"].digest(), dockerfile)
    kube = tools.tool("kubectl").with_name("kube")
    image = Image(
        reference=f"steno.local/kube-proxy:{inputs}",
        inputs=inputs,
        dockerfile=dockerfile,
        fill=lambda context: _copy(kube, context),
    )
    return building.ensure(docker, image)


def _copy(file: Path, folder: Path) -> None:
    shutil.copy(file, folder)


def _save(docker: Docker, names: dict[str, str], archive: Path) -> None:
    """Write our images into one archive under kubeadm's names, which the daemon then forgets again."""
    for name, ours in names.items():
        docker.run("tag", ours, name)
    docker.run("save", "--output", archive, *names)
    docker.run("image", "rm", *names)


def _remove_others(docker: Docker) -> None:
    """Remove node images of other inputs, most of a gigabyte each, unless a cluster still runs on one."""
    for found in docker.run("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", _REPOSITORY).split():
        if found != reference() and not docker.run("ps", "--all", "--quiet", "--filter", f"ancestor={found}"):
            docker.run("image", "rm", found)
