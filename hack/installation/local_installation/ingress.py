"""Put an ingress controller before Steno on a local cluster: traefik, as an image that holds the pinned binary.

Called by the cluster tests; the demo has none. It serves the Ingresses of the class ``traefik``, on a port of the
node, which this machine reaches by the node's own address.
"""

from string import Template
from typing import Final

from local_cluster import images, loading, steps
from local_installation.images import ROOT
from local_installation.installation import ROLLOUT_SECONDS, Installation

NODE_PORT: Final = 30081
"""The controller's, as its manifest has it."""

HOST: Final = "steno.test"
"""The name by which its requests come, as manifests/kind/tenants-values.yaml has it."""

MANIFEST: Final = ROOT / "manifests" / "kind" / "traefik.yaml"


def install_ingress(here: Installation) -> str:
    """Bring the controller up, or find it running; gives the address of its port."""
    image = images.image_from_binary("traefik")
    loading.load(here.cluster, [image])
    with steps.step("ingress controller"):
        manifest = Template(MANIFEST.read_text()).substitute(TRAEFIK_IMAGE=image)
        here.kubectl("apply", "--filename", "-", text_in=manifest)
        inside, patience = "--namespace=traefik", f"--timeout={ROLLOUT_SECONDS}s"
        here.kubectl("rollout", "status", inside, "deployment/traefik", patience)
    address = here.kubectl(
        "get", "nodes", '--output=jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}'
    )
    return f"http://{address}:{NODE_PORT}"
