"""Random histories: what may happen to a job, drawn from a seed.

Used by ``test_histories.py``; `stage` plays them. A step names what happens, not when it is possible: one that cannot
be done just then is left out by the player, and its log says so.
"""

import os
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from control_plane.operator_loop.attempts import SOURCE
from steno_types import Reason

SEED_VARIABLE: Final = "STENO_HISTORIES_SEED"
"""One seed, or a range as in ``101-200``, in place of the tier's own."""

SEEDS: Final = "1-100"
"""Of the tier."""

BUCKET: Final = "talks"
"""Of copies."""

ENDS: Final = (
    (0, None),
    (1, Reason.INTERNAL_ERROR),
    (65, Reason.AUDIO_UNDECODABLE),
    (66, Reason.SOURCE_NOT_FOUND),
    (69, Reason.STORAGE_UNAVAILABLE),
    (70, None),
    (75, Reason.DEVICE_OUT_OF_MEMORY),
    (75, Reason.DEVICE_OUT_OF_MEMORY),
    (78, Reason.OUTPUT_FORBIDDEN),
    (137, None),
    (143, Reason.TERMINATED),
)
"""Exit codes, and the words that go with them; a worker that ends well without a manifest is among them."""

STEPS: Final = {
    "start": 14,
    "seen": 5,
    "end": 7,
    "win": 6,
    "claim": 2,
    "delete pod": 3,
    "evict": 3,
    "disrupt": 3,
    "delete batch job": 3,
    "orphan": 1,
    "suspend": 4,
    "resume": 5,
    "cancel": 2,
    "ttl": 2,
    "release": 1,
    "kill the operator": 1.0,
    "burst of faults": 0.8,
    "store away": 0.3,
}
"""What happens, and how often."""

TERMINAL_CODES: Final = frozenset({65, 66, 78})
"""With which a worker ends that may have claimed its failure."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens."""

    what: str
    """Of `STEPS`."""
    exit_code: int = 0
    said: Reason | None = None
    claimed: bool = False
    """Whether a failure is claimed by the worker itself."""
    value: Any = None

    def __str__(self) -> str:
        more = [f"code {self.exit_code}"] * (self.what == "end") + [self.said] * (self.said is not None)
        more += ["claimed"] * self.claimed + [f"{self.value}"] * (self.value is not None)
        return " ".join([self.what, *(str(word) for word in more)])


@dataclass(frozen=True, slots=True)
class History:
    """What happens to one job."""

    seed: int
    spec: dict[str, Any]
    from_upload: bool
    steps: tuple[Step, ...]
    stays_suspended: bool
    """Whether nobody resumes it at the end, should it be suspended then."""

    @property
    def name(self) -> str:
        """Of the job."""
        return f"h{self.seed}"


def seeds() -> list[int]:
    """Give the seeds that are asked for, or the tier's own."""
    first, _, last = os.environ.get(SEED_VARIABLE, SEEDS).partition("-")
    return [*range(int(first), int(last or first) + 1)]


def history(seed: int) -> History:
    """Draw a history; equal seeds give equal histories."""
    random = Random(seed)  # noqa: S311 -- chance that can be repeated
    spec: dict[str, Any] = {**SOURCE, "backoffLimit": random.randint(0, 3)}
    if random.random() < 0.2:
        spec["outputs"] = {"destination": {"s3": {"bucket": BUCKET, "prefix": f"h{seed}"}}}
    if random.random() < 0.15:
        spec["suspend"] = True
    for limit in ("activeDeadlineSeconds", "pendingDeadlineSeconds", "stallSeconds"):
        if random.random() < 0.3:
            spec[limit] = 3600
    if random.random() < 0.3:
        spec["ttlSecondsAfterFinished"] = random.choice([-1, 3600])
    steps = [_step(random) for _ in range(random.randint(3, 12))]
    return History(
        seed=seed,
        spec=spec,
        from_upload=random.random() < 0.2,
        steps=tuple(steps),
        stays_suspended=random.random() < 0.5,
    )


def _step(random: Random) -> Step:
    (what,) = random.choices([*STEPS], weights=[*STEPS.values()])
    if what == "end":
        exit_code, said = random.choice(ENDS)
        claimed = exit_code in TERMINAL_CODES and random.random() < 0.5
        return Step(what, exit_code=exit_code, said=said if random.random() < 0.7 else None, claimed=claimed)
    values: dict[str, list[Any]] = {
        "delete batch job": ["Background", "Foreground"],
        "delete pod": [0, None],
        "disrupt": ["EvictionByEvictionAPI", "PreemptionByScheduler", "TerminationByKubelet"],
        "ttl": [-1, 0, 3600],
    }
    return Step(what, value=random.choice(values[what])) if what in values else Step(what)
