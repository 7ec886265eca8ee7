"""Install Kueue on a local cluster, with Helm, as its users do.

Called by the cluster tests that are about queues; the demo has none. The chart is that of the pinned Go module, the
image holds the binary built from it. Steno's own installation must not need it.
"""

from pathlib import Path
from typing import Final

from local_cluster import images, loading, steps, tools
from local_cluster.pins import PINS
from local_installation.images import ROOT
from local_installation.installation import ROLLOUT_SECONDS, Installation

NAMESPACE: Final = "kueue-system"
RELEASE: Final = "kueue"

PROGRAM: Final = "/manager"
"""The path by which Kueue's chart starts it."""

CERTIFICATE: Final = "kueue-webhook-server-cert"
"""The Secret that Kueue fills with its webhooks' certificate, and has mounted."""

MANAGER: Final = "kueue-controller-manager"

VALUES: Final = ROOT / "manifests" / "kind" / "kueue-values.yaml"


def install_kueue(here: Installation) -> None:
    """Bring Kueue up beside Steno; one that is there stays. Queues are its caller's."""
    pin = PINS["kueue"]
    chart = tools.module_folder(pin.module, pin.version, "Kueue's chart") / "charts" / "kueue"
    image = images.image_from_binary(pin.name, path=PROGRAM)
    loading.load(here.cluster, [image])
    with steps.step("Kueue"):
        _install(here, chart, image)


def _install(here: Installation, chart: Path, image: str) -> None:
    repository, _, tag = image.rpartition(":")
    place = "controllerManager.manager.image"
    here.helm(
        *("upgrade", "--install", RELEASE, str(chart), "--namespace", NAMESPACE, "--create-namespace"),
        *("--values", str(VALUES)),
        *("--set-string", f"{place}.repository={repository}", "--set-string", f"{place}.tag={tag}"),
    )
    inside, patience = f"--namespace={NAMESPACE}", f"--timeout={ROLLOUT_SECONDS}s"
    here.kubectl("wait", inside, r"--for=jsonpath={.data.tls\.crt}", f"secret/{CERTIFICATE}", patience)
    # The kubelet looks after a mounted Secret once a minute, or when its pod changes.
    here.kubectl("annotate", inside, "pods", "--all", "--overwrite", "steno.dev/certificate=there")
    here.kubectl("rollout", "status", inside, f"deployment/{MANAGER}", patience)
