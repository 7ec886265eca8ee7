"""The versions of everything that is installed, and how each is built from its Go module.

`tools` and the image modules read it; a changed pin changes every digest that stands on it. Must not know about
caches.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local_cluster.digests import digest

KUBERNETES: Final = "v1.34.4"
"""Every component, in one binary `kube`. From 1.35 on the kubelet refuses cgroup v1 unless told otherwise."""

KUBE_SOURCE: Final = Path(__file__).resolve().parent.parent / "kube"
"""Our own Go module, which links the components together."""

KUBE_NAMES: Final = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubeadm",
    "kubectl",
)
"""The names under which `kube` is wanted as a tool; it answers to the name it is called by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One tool's source."""

    name: str
    """The tool's file name, and its name in a cache of prebuilt tools."""
    module: str
    """The Go module; that it is in a binary at `version` proves the binary."""
    version: str
    package: str = "."
    """The main package, relative to the module."""
    has_replacements: bool = False
    """Its go.mod holds replace lines: ``go install`` refuses it, and its binary does not name its own version."""
    source: Path | None = None
    """A folder of ours to build in, in place of the module's own; its text is part of the digest."""

    def digest(self) -> str:
        """Return what ties an installed tool to this pin."""
        parts = [self.name, self.module, self.version, self.package]
        if self.source is not None:
            parts += [path.read_text() for path in sorted(self.source.iterdir())]
        return digest(*parts)

    def proof(self) -> bytes:
        """Return the bytes that Go's build information holds in a binary of this pin."""
        if self.has_replacements:
            return f"mod\t{self.module}\t".encode()
        kind = "mod" if self.source is None else "dep"
        return f"{kind}\t{self.module}\t{self.version}\t".encode()


PINS: Final = {
    pin.name: pin
    for pin in (
        Pin(name="kube", module="k8s.io/kubernetes", version=KUBERNETES, source=KUBE_SOURCE),
        Pin(name="kind", module="sigs.k8s.io/kind", version="v0.30.0"),
        Pin(name="coredns", module="github.com/coredns/coredns", version="v1.14.5"),
        Pin(name="helm", module="helm.sh/helm/v3", version="v3.20.2", package="./cmd/helm"),
        Pin(name="minio", module="github.com/minio/minio", version="v0.0.0-20260212201848-7aac2a2c5b7c"),
        Pin(name="versitygw", module="github.com/versity/versitygw", version="v1.8.0", package="./cmd/versitygw"),
        Pin(name="kwok", module="sigs.k8s.io/kwok", version="v0.7.0", package="./cmd/kwok"),
        Pin(
            name="kueue",
            module="sigs.k8s.io/kueue",
            version="v0.14.5",
            package="./cmd/kueue",
            has_replacements=True,
        ),
        Pin(
            name="traefik",
            module="github.com/traefik/traefik/v3",
            version="v3.6.7",
            package="./cmd/traefik",
            has_replacements=True,
        ),
        Pin(
            name="toxiproxy-server",
            module="github.com/Shopify/toxiproxy/v2",
            version="v2.5.0",
            package="./cmd/server",
        ),
    )
}
"""By name, in the order in which `tools` installs them all."""
