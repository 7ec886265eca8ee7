"""Define TranscriptionJobs at a fresh API server, as an installation would.

Called by the stands of the operator's and the gateway's benchmarks.
"""

from pathlib import Path

import yaml

from support.kubernetes_api import Api, wait_for


def define(api: Api, tree: Path) -> None:
    """Create the definition of the repository `tree`, and wait until the server serves it."""
    definition = yaml.safe_load((tree / "crds" / "transcriptionjobs.steno.dev.yaml").read_text())
    api.extensions.create_custom_resource_definition(definition)

    def established() -> bool | None:
        crd = api.extensions.read_custom_resource_definition(definition["metadata"]["name"])
        return any(c.type == "Established" and c.status == "True" for c in crd.status.conditions or []) or None

    wait_for(established, "the CRD to be established")
