"""The operator's benchmark: its parts, and what they found, put together.

Called by `benchmarks.__main__` for ``make bench-operator``. Must not know how anything is measured.
"""

import importlib.metadata
import platform
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from benchmarks import machine
from benchmarks.figures import Benchmark, Figure
from benchmarks.operator import clients, creation, ends, failover, finished, life, restart
from benchmarks.operator.stand import FLAGS, Terms
from local_cluster.pins import KUBERNETES, PINS
from steno_operator.settings import OperatorSettings

NAME: Final = "operator"

PARTS: Final[dict[str, Callable[[Terms], creation.Found]]] = {
    "rates": creation.measure_rates,
    "burst": creation.measure_burst,
    "ends": ends.measure,
    "life": life.measure,
    "finished": finished.measure,
    "restart": restart.measure,
    "failover": failover.measure,
    "clients": clients.measure,
}
"""By the name that ``--only`` takes, in the order in which they run."""

PACKAGES: Final = ("steno", "kopf", "aiohttp", "lightkube", "httpx2", "pydantic", "uvloop")
"""Whose versions a figure of the operator depends on."""

TOOLS: Final = ("kwok", "minio")
"""The same of the tools beside Kubernetes."""

STATED: Final = ("concurrent", "connections", "qps", "burst")
"""Parts of the names of settings that limit the operator; their defaults are stated."""


def measure(terms: Terms, only: Sequence[str] = ()) -> Benchmark:
    """Measure the parts named, or all; all take half an hour and more on two cores."""
    figures: list[Figure] = []
    meanings: dict[str, str] = {}
    notes: list[str] = []
    for part in only or PARTS:
        found, means, said = PARTS[part](terms)
        figures += found
        meanings |= means
        # A part may be measured alone, another day.
        when = datetime.now(UTC).isoformat(timespec="minutes")
        notes += [f"`{part}`: {note}" for note in ([f"measured until {when}.", *said] if found else said)]
    return Benchmark(
        name=NAME,
        title="The operator under load",
        summary=(
            "Real etcd (without fsync), API server, controller manager, scheduler and MinIO, as processes of this "
            "machine beside the operator and the bench; every part has fresh ones. Nodes, where there are any, are "
            "kwok's. The operator runs as an ordinary service account with the chart's Role, the clock is the "
            f"bench's. The others' limits: {_flags()}. The operator's own, its defaults: {_limits()}."
        ),
        machine=machine.describe(),
        versions=_versions(),
        date=datetime.now(UTC).isoformat(timespec="minutes"),
        figures=figures,
        meanings=meanings,
        notes=notes,
    )


def merged(old: Benchmark | None, new: Benchmark) -> Benchmark:
    """Put what was measured now in the place of what was measured before; the rest of that stays."""
    if old is None:
        return new
    fresh = {figure.metric: figure for figure in new.figures}
    figures = [fresh.pop(figure.metric, figure) for figure in old.figures]
    again = {_part(note) for note in new.notes}
    return Benchmark(
        name=new.name,
        title=new.title,
        summary=new.summary,
        machine=new.machine,
        versions=new.versions,
        date=new.date,
        figures=[*figures, *fresh.values()],
        meanings={**old.meanings, **new.meanings},
        notes=[*(note for note in old.notes if _part(note) not in again), *new.notes],
    )


def _part(note: str) -> str:
    return note.partition(":")[0]


def _flags() -> str:
    return "; ".join(f"{component} {' '.join(flags)}" for component, flags in FLAGS.items())


def _limits() -> str:
    fields = OperatorSettings.model_fields
    told = [f"{name}={fields[name].default}" for name in fields if any(part in name for part in STATED)]
    return ", ".join(told) or "none"


def _versions() -> dict[str, str]:
    return {
        "Python": platform.python_version(),
        "Linux": platform.release(),
        "Kubernetes": KUBERNETES,
        **{tool: PINS[tool].version for tool in TOOLS},
        **{package: importlib.metadata.version(package) for package in PACKAGES},
    }
