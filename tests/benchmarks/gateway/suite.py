"""The gateway's benchmark: its parts, and what they found, put together.

Called by `benchmarks.__main__` for ``make bench-gateway``. Must not know how anything is measured.
"""

import importlib.metadata
import platform
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from benchmarks import machine
from benchmarks.figures import Benchmark, Figure
from benchmarks.gateway import reads, uploads
from benchmarks.gateway.stand import Found, Terms
from local_cluster.pins import KUBERNETES, PINS

NAME: Final = "gateway"

PARTS: Final[dict[str, Callable[[Terms], Found]]] = {"uploads": uploads.measure, "reads": reads.measure}
"""By the name that ``--only`` takes, in the order in which they run."""

PACKAGES: Final = ("steno", "fastapi", "starlette", "uvicorn", "uvloop", "pydantic", "boto3")
"""Whose versions a figure of the gateway depends on."""


def measure(terms: Terms, only: Sequence[str] = ()) -> Benchmark:
    """Measure the parts named, or all; all take a quarter of an hour on two cores."""
    figures: list[Figure] = []
    meanings: dict[str, str] = {}
    notes: list[str] = []
    for part in only or PARTS:
        found, means, said = PARTS[part](terms)
        figures += found
        meanings |= means
        notes += [f"`{part}`: {note}" for note in said]
    return Benchmark(
        name=NAME,
        title="The gateway under load",
        summary=(
            "Real etcd (without fsync), API server and MinIO, as processes of this machine beside the gateway, the "
            "bare server and the bench, all over loopback. One gateway, one process, uvicorn, as the chart runs it, "
            "without keys."
        ),
        machine=machine.describe(),
        versions={
            "Python": platform.python_version(),
            "Linux": platform.release(),
            "Kubernetes": KUBERNETES,
            "minio": PINS["minio"].version,
            **{package: importlib.metadata.version(package) for package in PACKAGES},
        },
        date=datetime.now(UTC).isoformat(timespec="minutes"),
        figures=figures,
        meanings=meanings,
        notes=notes,
    )
