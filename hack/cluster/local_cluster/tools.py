"""Install the programs that a local cluster needs, from a cache of prebuilt ones or from their Go modules.

`tool` is called wherever a program's path is needed. A tool lies in a folder named after its pin's digest, so a
changed pin never runs yesterday's binary. Must not know what the tools are for.
"""

import json
import lzma
import mmap
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from local_cluster import commands, needs, state, steps
from local_cluster.errors import LocalClusterError
from local_cluster.pins import KUBE_NAMES, PINS, Pin

CACHE_VARIABLE: Final = "STENO_TOOL_CACHE"
"""Names a folder of prebuilt tools, each as ``NAME.xz``."""

_BUILD_SETTINGS: Final = {"CGO_ENABLED": "0", "GOFLAGS": "-trimpath -buildvcs=false", "GOWORK": "off"}


def tool(name: str) -> Path:
    """Return the path of a tool, installed first where it is not."""
    pin = pin_of(name)
    path = path_of(name)
    if not path.exists():
        with state.lock(f"tool-{pin.name}"):
            if not path.exists():  # another process may have installed it while this one waited
                _install(pin, path.parent)
    return path


def install(names: Iterable[str]) -> None:
    """Install tools, saying of each whether it was there."""
    for name in names:
        if path_of(name).exists():
            steps.present(f"tool {name}")
        else:
            tool(name)


def path_of(name: str) -> Path:
    """Return where a tool lies once it is installed."""
    pin = pin_of(name)
    return state.state_folder() / "tools" / f"{pin.name}-{pin.version}-{pin.digest()}" / name


def pin_of(name: str) -> Pin:
    """Return the pin behind a tool's name."""
    key = "kube" if name in KUBE_NAMES else name
    if key not in PINS:
        raise LocalClusterError(f"no tool is called {name}; there are {', '.join((*KUBE_NAMES, *PINS))}")
    return PINS[key]


def module_folder(module: str, version: str, purpose: str) -> Path:
    """Return the folder of a Go module's source, fetched first where it is not there."""
    go = needs.require_go(purpose)
    with tempfile.TemporaryDirectory() as elsewhere:  # outside of any module, or its go.mod would take part
        said = commands.run([go, "mod", "download", "-json", f"{module}@{version}"], folder=Path(elsewhere))
    return Path(json.loads(said)["Dir"])


def holds_proof(binary: Path, pin: Pin) -> bool:
    """Say whether a binary names the pinned version in its build information."""
    if binary.stat().st_size == 0:
        return False
    with binary.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(pin.proof()) >= 0


def _install(pin: Pin, folder: Path) -> None:
    """Fill a folder beside the final one and rename it, so that a killed installation leaves nothing half-made."""
    parent = folder.parent
    parent.mkdir(exist_ok=True)
    for killed in parent.glob(f".{pin.name}.*"):  # nobody is in them: the caller holds the tool's lock
        shutil.rmtree(killed, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix=f".{pin.name}.") as work:
        made = Path(work) / "made"
        made.mkdir()
        binary = made / pin.name
        if not _unpack(pin, binary):
            _build(pin, binary)
        binary.chmod(0o755)
        if pin.name == "kube":
            for name in KUBE_NAMES:
                (made / name).symlink_to("kube")
        made.rename(folder)


def _unpack(pin: Pin, binary: Path) -> bool:
    """Unpack a tool from the cache; False where the cache lacks it, or holds it damaged or in another version."""
    cache = os.environ.get(CACHE_VARIABLE)
    packed = Path(cache) / f"{pin.name}.xz" if cache else None
    if packed is None or not packed.exists():
        return False
    with steps.step(f"unpacking {pin.name} {pin.version}"):
        try:
            with lzma.open(packed) as source, binary.open("wb") as target:
                shutil.copyfileobj(source, target, length=1 << 20)
        except (EOFError, lzma.LZMAError):  # cut short or damaged
            return False
        return holds_proof(binary, pin)


def _build(pin: Pin, binary: Path) -> None:
    go = needs.require_go(f"building {pin.name}")
    environment = {**os.environ, **_BUILD_SETTINGS}
    with steps.step(f"building {pin.name} {pin.version} from its Go module"):
        if pin.source is None and not pin.has_replacements:
            _go_install(go, pin, binary, environment)
        else:
            folder = pin.source or module_folder(pin.module, pin.version, f"building {pin.name}")
            build: list[str | Path] = [go, "build", "-ldflags", _linker_flags(pin), "-o", binary, pin.package]
            commands.run(build, folder=folder, environment=environment)


def _go_install(go: Path, pin: Pin, binary: Path, environment: dict[str, str]) -> None:
    """Build by name and version, which leaves the version in the binary; the file's name is Go's choice."""
    package = f"{pin.module}/{pin.package}".replace("/./", "/").removesuffix("/.")
    with tempfile.TemporaryDirectory(dir=binary.parent.parent) as built:
        commands.run(
            [go, "install", "-ldflags", _linker_flags(pin), f"{package}@{pin.version}"],
            folder=Path(built),
            environment={**environment, "GOBIN": built},
        )
        (only,) = Path(built).iterdir()
        only.rename(binary)


def _linker_flags(pin: Pin) -> str:
    """Strip symbols; tell Kubernetes its version, which it does not read from the build information."""
    flags = ["-s", "-w"]
    if pin.source is not None:
        major, minor, _ = pin.version.removeprefix("v").split(".")
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
            flags += ["-X", f"{package}.gitVersion={pin.version}"]
            flags += ["-X", f"{package}.gitMajor={major}", "-X", f"{package}.gitMinor={minor}"]
    return " ".join(flags)
