"""Install Steno on a local cluster, with Helm, as its users do.

Called by the demo and by the cluster tests. Refuses any cluster that is not `local_cluster`'s own: its kubeconfig is
never the user's.
"""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Final

from minio import Minio

from local_cluster import clusters, loading, steps
from local_cluster.tools import tool
from local_installation.images import ROOT, StenoImages, build

NAMESPACE: Final = "steno"
RELEASE: Final = "steno"
BUCKET: Final = "steno"
ACCESS_KEY: Final = "steno-dev"
SECRET_KEY: Final = "steno-dev-secret"  # noqa: S105 -- the local store's, written in manifests/kind
ROLLOUT_SECONDS: Final = 180

_MANIFESTS: Final = ROOT / "manifests" / "kind"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A Steno that runs on a local cluster."""

    cluster: str
    gateway_url: str
    store_url: str
    images: StenoImages

    @property
    def kubeconfig(self) -> Path:
        """The cluster's own kubeconfig."""
        return clusters.kubeconfig_path(self.cluster)

    @property
    def context(self) -> str:
        """The kubeconfig's context; always begins with ``kind-steno``."""
        return f"kind-{self.cluster}"

    def kubectl(self, *arguments: str, text_in: str | None = None, may_fail: bool = False) -> str:
        """Run kubectl against this cluster and give what it prints."""
        command = [str(tool("kubectl")), "--kubeconfig", str(self.kubeconfig), "--context", self.context, *arguments]
        return _run(command, text_in=text_in, may_fail=may_fail)

    def helm(self, *arguments: str) -> str:
        """Run Helm against this cluster and give what it prints."""
        target = ["--kubeconfig", str(self.kubeconfig), "--kube-context", self.context]
        return _run([str(tool("helm")), *target, *arguments])

    def store(self) -> Minio:
        """Connect to the object store from outside the cluster."""
        return Minio(
            self.store_url.removeprefix("http://"), access_key=ACCESS_KEY, secret_key=SECRET_KEY, secure=False
        )


def install(cluster: str, *, manifests: Sequence[str] = (), values: Sequence[Path] = ()) -> Installation:
    """Bring up cluster, images, store and Steno; what is there already stays.

    Parameters
    ----------
    cluster
        Its name.
    manifests
        What the values speak of and the chart does not make, as YAML: namespaces of tenants, Secrets.
    values
        Files of the chart's values beside those of the local cluster, which they override.
    """
    ports = clusters.up(cluster)
    images = build()
    loading.load(cluster, images.in_cluster)
    here = Installation(
        cluster=cluster,
        gateway_url=f"http://127.0.0.1:{ports.gateway}",
        store_url=f"http://127.0.0.1:{ports.store}",
        images=images,
    )
    with steps.step("object store"):
        _install_store(here)
    with steps.step("Steno"):
        for manifest in manifests:
            here.kubectl("apply", "--filename", "-", text_in=manifest)
        _install_steno(here, values)
    return here


def _install_store(here: Installation) -> None:
    manifest = Template((_MANIFESTS / "minio.yaml").read_text()).substitute(MINIO_IMAGE=here.images.minio)
    here.kubectl("apply", "--filename", "-", text_in=manifest)
    here.kubectl("apply", "--filename", str(_MANIFESTS / "namespace.yaml"))
    here.kubectl("rollout", "status", "--namespace", "minio", "deployment/minio", f"--timeout={ROLLOUT_SECONDS}s")
    store = here.store()
    if not store.bucket_exists(BUCKET):
        store.make_bucket(BUCKET)


def _install_steno(here: Installation, values: Sequence[Path]) -> None:
    settings = {
        "operator.image": _split(here.images.operator),
        "gateway.image": _split(here.images.gateway),
        "store": {"publicEndpoint": here.store_url},
        "profiles.items.tiny": {"image": here.images.worker_tiny},
        "profiles.items.tiny-gpu": {"image": here.images.worker_tiny},
        "profiles.items.fake": {"image": here.images.worker_tiny},
        "profiles.items.slow": {"image": here.images.worker_tiny},
        "profiles.items.fake-gpu": {"image": here.images.worker_tiny},
    }
    files = [flag for file in (_MANIFESTS / "values.yaml", *values) for flag in ("--values", str(file))]
    flags = [
        flag
        for place, fields in settings.items()
        for field, value in fields.items()
        for flag in ("--set-string", f"{place}.{field}={value}")
    ]
    try:
        here.helm(
            *("upgrade", "--install", RELEASE, str(ROOT / "charts" / "steno"), "--namespace", NAMESPACE),
            *(*files, *flags),
            *("--wait", f"--timeout={ROLLOUT_SECONDS}s"),
        )
    except InstallationError as error:
        # Helm says that it waited in vain; the pods say for what.
        release = f"--selector=app.kubernetes.io/instance={RELEASE}"
        pods = here.kubectl("get", "pods", "--namespace", NAMESPACE, may_fail=True)
        logs = here.kubectl("logs", "--namespace", NAMESPACE, release, "--prefix", "--tail=5", may_fail=True)
        raise InstallationError(f"{error}\n{pods}{logs}") from error


def _split(reference: str) -> dict[str, str]:
    repository, _, tag = reference.rpartition(":")
    return {"repository": repository, "tag": tag}


def _run(command: Sequence[str], *, text_in: str | None = None, may_fail: bool = False) -> str:
    done = subprocess.run(command, input=text_in, capture_output=True, text=True, check=False)
    if done.returncode != 0 and not may_fail:
        raise InstallationError(f"{Path(command[0]).name} failed ({done.returncode}): {done.stderr.strip()}")
    return done.stdout


class InstallationError(Exception):
    """A step of the installation failed; the message is the tool's own."""


def describe(here: Installation) -> str:
    """Say as JSON what is installed where; for people who debug."""
    return json.dumps({"cluster": here.cluster, "gateway": here.gateway_url, "store": here.store_url})
