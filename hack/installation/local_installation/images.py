"""Build Steno's images for the local cluster.

Called by `installation`. The tags are digests of what is in them, so a changed line of code is a changed tag and a
cluster never runs yesterday's.
"""

from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Final

from local_cluster import images

ROOT: Final = Path(__file__).resolve().parents[3]
"""The repository."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StenoImages:
    """References of all that the local installation runs."""

    operator: str
    gateway: str
    worker: str
    """The worker as users get it, without a model."""
    worker_tiny: str
    """The worker with the test model inside."""
    minio: str

    @property
    def in_cluster(self) -> tuple[str, ...]:
        """Those that pods run; the bare worker is only built upon."""
        return tuple(reference for reference in astuple(self) if reference != self.worker)


def build() -> StenoImages:
    """Build them all; what has not changed comes from Docker's cache."""
    images.base_images()
    base = {"PYTHON_IMAGE": images.PYTHON}

    def build_part(folder: str) -> str:
        name = folder.removesuffix("-image")
        return images.build_app(ROOT / folder / "Dockerfile", ROOT, f"steno.local/steno-{name}", base)

    worker = build_part("worker-image")
    models = ROOT / "tests" / "fixtures" / "models"
    return StenoImages(
        operator=build_part("operator"),
        gateway=build_part("gateway"),
        worker=worker,
        worker_tiny=images.build_app(
            models / "Dockerfile", models, "steno.local/steno-worker-tiny", {"WORKER_IMAGE": worker}
        ),
        minio=images.image_from_binary("minio"),
    )
