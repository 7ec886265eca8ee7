"""Build one image, unless the one that is there was made from the same inputs.

`images` and `node_image` describe images; this makes them. Presence is a matter of a label that holds the digest of
the inputs, so an image made from yesterday's recipe is not taken for today's. Must not know any image by name.
"""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from local_cluster import state, steps
from local_cluster.docker import Docker
from local_cluster.errors import CommandFailedError

INPUTS_LABEL: Final = "dev.steno.inputs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What an image is made from."""

    reference: str
    inputs: str
    """Digest of all that the image depends on."""
    dockerfile: str
    """The Dockerfile's text."""
    fill: Callable[[Path], None]
    """Puts into an empty folder what the Dockerfile copies; may take long, and runs only if the image is made."""
    arguments: Mapping[str, str] = field(default_factory=dict)


def is_present(docker: Docker, image: Image) -> bool:
    """Say whether the image is there, made from these inputs."""
    template = f'{{{{index .Config.Labels "{INPUTS_LABEL}"}}}}'
    return docker.inspect("image", image.reference, template) == image.inputs


def ensure(docker: Docker, image: Image) -> str:
    """Make the image if need be; return its reference."""
    if is_present(docker, image):
        steps.present(f"image {image.reference}")
        return image.reference
    with state.lock("images"):
        if not is_present(docker, image):  # another process may have made it while this one waited
            with steps.step(f"image {image.reference}"):
                _build(docker, image)
    return image.reference


def build(docker: Docker, context: Path, *options: str | Path, text_in: str | None = None) -> str:
    """Build a context and return the image's id. The host's network: the daemon's own has no name server to offer."""
    # --force-rm: a build that fails or is killed leaves no container behind.
    return docker.run("build", "--quiet", "--force-rm", "--network=host", *options, context, text_in=text_in)


def arguments(values: Mapping[str, str]) -> list[str]:
    """Return the options that set build arguments."""
    return [option for name, value in values.items() for option in ("--build-arg", f"{name}={value}")]


def _build(docker: Docker, image: Image) -> None:
    replaced = docker.inspect("image", image.reference, "{{.Id}}")
    folder = state.state_folder() / "build"
    shutil.rmtree(folder, ignore_errors=True)  # a killed build's; the lock says that nobody is in it
    folder.mkdir()
    with tempfile.TemporaryDirectory(dir=folder) as work:
        context = Path(work)
        image.fill(context)
        labels = ("--label", f"{INPUTS_LABEL}={image.inputs}", "--tag", image.reference)
        build(docker, context, *labels, *arguments(image.arguments), "--file", "-", text_in=image.dockerfile)
    if replaced:
        with suppress(CommandFailedError):  # something is built on it or runs it still
            docker.run("image", "rm", replaced)
