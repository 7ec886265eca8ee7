"""The images that everything else is built on, and Steno's own: made here, pulled from nowhere.

`clusters`, the demo and the tests call it. Base images have fixed names, since Dockerfiles name them; what runs in a
cluster is tagged with a digest of its content, so that no stale image runs. Must not know what runs in them.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from local_cluster import building, commands, daemon, needs, packages, steps, system_path
from local_cluster.building import Image
from local_cluster.digests import LENGTH, digest
from local_cluster.docker import Docker
from local_cluster.tools import pin_of, tool

DEBIAN: Final = "steno.local/debian:bookworm"
"""Debian's minimal system with this machine's CA certificates."""

PYTHON: Final = "steno.local/python:bookworm"
"""The same with python3 and python3-venv: the base of Steno's images, given to them as PYTHON_IMAGE."""

CERTIFICATES: Final = Path("/etc/ssl/certs/ca-certificates.crt")
"""This machine's CA bundle; every image carries it."""

NOBODY: Final = "65532:65532"
"""User and group of what needs no rights."""

_RECIPES: Final = Path(__file__).resolve().parent.parent / "images"
_DEBOOTSTRAP: Final = ("debootstrap", "--variant=minbase", "--include=ca-certificates", "bookworm")
# A process tree of its own, which ends with its first process, and mounts that nobody else sees: a run killed halfway
# leaves neither a debootstrap at work nor a mounted /proc in the folder that the next run removes.
_CONFINED: Final = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
_NEEDLESS: Final = ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale")


def base_images() -> None:
    """Make Debian's and Python's base image."""
    with daemon.running() as docker:
        ensure_python(docker)


def ensure_debian(docker: Docker) -> str:
    """Make Debian's base image if need be; return its reference."""
    image = debian()
    if not building.is_present(docker, image):
        needs.require_root("making a base image with debootstrap")
        packages.install({"debootstrap": "debootstrap"})
    return building.ensure(docker, image)


def ensure_python(docker: Docker) -> str:
    """Make Python's base image if need be; return its reference."""
    ensure_debian(docker)
    dockerfile = (_RECIPES / "python.Dockerfile").read_text()
    inputs = digest(debian().inputs, dockerfile)
    return building.ensure(docker, Image(reference=PYTHON, inputs=inputs, dockerfile=dockerfile, fill=_nothing))


def image_from_binary(name: str, *, user: str = NOBODY, path: str | None = None) -> str:
    """Return the image ``steno.local/NAME:DIGEST`` that holds one tool and starts it; made if need be.

    `path` is where a chart looks for the program; default ``/usr/local/bin/NAME``.
    """
    with daemon.running() as docker:
        return binary_image(docker, name, user=user, path=path)


def binary_image(docker: Docker, name: str, *, user: str, path: str | None = None, links: Sequence[str] = ()) -> str:
    """Make an image of one statically linked tool, started by the last of its names.

    Nothing else is in it but /tmp and the CA certificates. `links` are further names of the tool, beside it.
    """
    program = PurePosixPath(path or f"/usr/local/bin/{name}")
    entrypoint = program.with_name((program.name, *links)[-1])
    dockerfile = (_RECIPES / "tool.Dockerfile").read_text() + f'ENTRYPOINT ["{entrypoint}"]\n'
    inputs = digest(pin_of(name).digest(), dockerfile, user, *links, CERTIFICATES.read_text())
    binary = tool(name)

    def fill(context: Path) -> None:
        root = context / "root"
        copied = root / program.relative_to("/")
        copied.parent.mkdir(parents=True)
        shutil.copy(binary, copied)
        for link in links:
            copied.with_name(link).symlink_to(copied.name)
        (root / "tmp").mkdir()
        (root / "tmp").chmod(0o1777)
        _add_certificates(root / "etc/ssl/certs")

    image = Image(
        reference=f"steno.local/{name}:{inputs}",
        inputs=inputs,
        dockerfile=dockerfile,
        fill=fill,
        arguments={"RUN_AS": user},
    )
    return building.ensure(docker, image)


def build_app(dockerfile: Path, context: Path, repository: str, build_args: Mapping[str, str]) -> str:
    """Build one of Steno's images; return ``REPOSITORY:TAG``, the tag being the image's own digest."""
    with daemon.running() as docker, steps.step(f"image {repository}"):
        options = building.arguments(build_args)
        image_id = building.build(docker, context, *options, "--file", dockerfile)
        reference = f"{repository}:{image_id.removeprefix('sha256:')[:LENGTH]}"
        docker.run("tag", image_id, reference)
        return reference


def debian() -> Image:
    """Describe Debian's base image; everything built on it takes its inputs into its own."""
    dockerfile = (_RECIPES / "debian.Dockerfile").read_text()
    return Image(
        reference=DEBIAN,
        inputs=digest(dockerfile, *_DEBOOTSTRAP, *_NEEDLESS, CERTIFICATES.read_text()),
        dockerfile=dockerfile,
        fill=_fill_debian,
    )


def _fill_debian(context: Path) -> None:
    """Leave the system as an archive: copied as a folder, it would lose its owners and devices."""
    root = context / "debian"
    commands.run([*_CONFINED, *_DEBOOTSTRAP, root], environment=system_path.environment())
    for folder in _NEEDLESS:
        shutil.rmtree(root / folder)
        (root / folder).mkdir()
    archive = context / "debian.tar"
    commands.run(["tar", "--create", "--file", archive, "--directory", root, "--numeric-owner", "."])
    shutil.rmtree(root)
    _add_certificates(context)


def _add_certificates(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(CERTIFICATES, folder / CERTIFICATES.name)


def _nothing(context: Path) -> None:
    """Fill a context with nothing: the Dockerfile copies nothing."""
