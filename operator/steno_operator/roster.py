"""All jobs at a glance: where each stands, and whose turn it is.

Fed by `handlers` with raw objects, and by `process` at the start; asked by `controller` for turns and by the metrics
for counts. Rests on what the watches showed, so a turn may come a moment late, and after a lost event to one job too
many: the next look counts again. Single event loop; some hundred bytes a job.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from steno_operator.installation import Installation
from steno_operator.policies.admission import Waiter, admitted

Raw = Mapping[str, Any]

UNKNOWN: Final = "unknown"
"""In place of a profile that the installation does not have: what a job asks for is a user's text."""


class RosterStanding(StrEnum):
    """Where a job stands: finer than `steno_types.Standing`, which says what it does to its queue."""

    PENDING = "pending"
    """It has no Job and could have one."""
    SUSPENDED = "suspended"
    LAUNCHED = "launched"
    """It has a Job, and no worker runs yet."""
    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"
    RELEASING = "releasing"


@dataclass(slots=True)
class _Entry:
    profile: str
    queue: str | None
    priority: int
    created: str
    standing: RosterStanding
    nodes: set[str] = field(default_factory=set)
    """Names of its pods that have a node."""


class Roster:
    """Where every job stands."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._entries: dict[str, _Entry] = {}
        self._turns: dict[str, set[str]] = {}
        self._launching: set[str] = set()
        self._changed: set[str] = set()
        self.on_change: Callable[[], None] = lambda: None
        """Called when `turns` may give something new."""

    def keys(self, *, with_ended: bool) -> list[str]:
        """Give the keys of all jobs, or of all that have not ended."""
        over = set() if with_ended else {RosterStanding.COMPLETE, RosterStanding.FAILED}
        return [key for key, entry in self._entries.items() if entry.standing not in over]

    def saw_job(self, key: str, raw: Raw) -> None:
        """Take in a job as it is now."""
        entry = self._entry(raw)
        before = self._entries.get(key)
        if before is not None:
            entry.nodes = before.nodes
            if entry == before:
                return  # its progress, and whatever else is no matter here
            self._changed.add(before.profile)
        self._entries[key] = entry
        if entry.standing is not RosterStanding.PENDING:
            self._launching.discard(key)
        self._change(entry)

    def saw_pod(self, key: str, raw: Raw) -> None:
        """Take in a pod of a job."""
        entry = self._entries.get(key)
        if entry is None:
            return
        name = raw["metadata"]["name"]
        over = raw.get("status", {}).get("phase") in {"Failed", "Succeeded"}
        if over:
            self.lost_pod(key, name)
        elif raw.get("spec", {}).get("nodeName") and name not in entry.nodes:
            entry.nodes.add(name)
            self._change(entry)

    def lost_pod(self, key: str, name: str) -> None:
        """Forget a pod."""
        entry = self._entries.get(key)
        if entry is not None and name in entry.nodes:
            entry.nodes.discard(name)
            self._change(entry)

    def lost_job(self, key: str) -> None:
        """Forget a job."""
        entry = self._entries.pop(key, None)
        self._launching.discard(key)
        if entry is not None:
            self._change(entry)

    def admits(self, key: str) -> bool:
        """Whether it is the job's turn to be given a Job; where that is limited, a place is kept for it."""
        entry = self._entries.get(key)
        if entry is None or not self._limits(entry):
            return True
        if key in self._launching:
            return True
        if key in self._turns.get(entry.profile, set()):
            self._launching.add(key)
            return True
        return False

    def turns(self) -> list[str]:
        """Work out anew whose turn it is, for the profiles where something changed; gives those who may go on."""
        ready: list[str] = []
        for profile in sorted(self._changed):
            limit = self._limit(profile)
            if limit is None:
                continue
            mine = {key: entry for key, entry in self._entries.items() if entry.profile == profile}
            waiting = [
                Waiter(key=key, priority=entry.priority, created=entry.created)
                for key, entry in mine.items()
                if entry.standing is RosterStanding.PENDING and entry.queue is None and key not in self._launching
            ]
            unscheduled = sum(
                key in self._launching or (entry.standing is RosterStanding.LAUNCHED and not entry.nodes)
                for key, entry in mine.items()
                if entry.queue is None
            )
            turn = admitted(waiting, limit=limit, unscheduled=unscheduled)
            self._turns[profile] = set(turn)
            ready += turn
        self._changed.clear()
        return ready

    def limits_any(self) -> bool:
        """Whether there is any limit, so that all jobs must be known before the first turn."""
        return any(profile.max_unscheduled is not None for profile in self._installation.profiles.profiles.values())

    def counts(self) -> Counter[tuple[str, RosterStanding]]:
        """Count the jobs by profile and standing; zeros included, of the profiles that there are."""
        profiles = self._installation.profiles.profiles
        counts = Counter({(profile, standing): 0 for profile in profiles for standing in RosterStanding})
        counts.update((entry.profile, entry.standing) for entry in self._entries.values())
        return counts

    def profile_name(self, asked: str | None) -> str:
        """Name the profile of a job that asks for one, or for none."""
        profiles = self._installation.profiles
        name = asked or profiles.default
        return name if name in profiles.profiles else UNKNOWN

    def _change(self, entry: _Entry) -> None:
        self._changed.add(entry.profile)
        self.on_change()

    def _limit(self, profile: str) -> int | None:
        found = self._installation.profiles.profiles.get(profile)
        return found.max_unscheduled if found is not None else None

    def _limits(self, entry: _Entry) -> bool:
        return entry.queue is None and self._limit(entry.profile) is not None

    def _entry(self, raw: Raw) -> _Entry:
        spec, metadata = raw["spec"], raw["metadata"]
        priorities = self._installation.queue_priorities
        return _Entry(
            profile=self.profile_name(spec.get("profile")),
            queue=spec.get("queueName"),
            priority=priorities.get(spec.get("queuePriority") or "", 0),
            created=metadata.get("creationTimestamp", ""),
            standing=_standing(raw),
        )


def _standing(raw: Raw) -> RosterStanding:
    status, spec = raw.get("status", {}), raw["spec"]
    if "deletionTimestamp" in raw["metadata"]:
        return RosterStanding.RELEASING
    true = {c["type"] for c in status.get("conditions", []) if c["status"] == "True"}
    if "Complete" in true:
        return RosterStanding.COMPLETE
    if "Failed" in true:
        return RosterStanding.FAILED
    if spec.get("suspend"):
        return RosterStanding.SUSPENDED
    if "Running" in true:
        return RosterStanding.RUNNING
    return (
        RosterStanding.LAUNCHED
        if status.get("jobRef") or status.get("stopping") or spec.get("cancel")
        else RosterStanding.PENDING
    )
