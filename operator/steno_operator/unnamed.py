"""Since when nobody names something in the store: one small marker for each, in the store itself.

Called by `sweep`. The store's own dates say when a recording was written, not since when it is of no use: a job may
have named it for a week. So the first sweep that finds it unnamed puts a marker, and one that finds it named again
takes the marker away. Markers are the store's because operators come and go.

Any clock may be set, so two have to agree on a marker's age, and the shorter one counts::

    by the store      last write of an object that this sweep has just put ─ last write of the marker, of one list
    by the operators  now, by who looks ─ the time in the marker, by who put it

One clock that is ahead, or runs ahead meanwhile, thus hastens nothing. To one that was set back a marker comes from
the future: it begins anew by both, so it stays no longer than a grace after the last such step.

Blocks.
"""

from datetime import datetime, timedelta

from pydantic import ValidationError

from steno_operator.names import Names
from steno_store import Layout, ObjectNotFoundError, ObjectStore
from steno_types import Time
from steno_types.base import WireModel


class Unnamed(WireModel):
    """What a marker says."""

    since: Time
    """When it was first seen that nobody named it, by the clock of the operator that saw it."""


class Markers:
    """The markers of one namespace."""

    def __init__(self, store: ObjectStore, layout: Layout, namespace: str) -> None:
        self._store = store
        self._layout = layout
        self._namespace = namespace

    def settle(self, unnamed: Names, now: datetime, grace_seconds: float) -> Names:
        """Have a marker for each of `unnamed` and for nothing else; gives those whose marker is older than that.

        A marker that cannot be read begins anew, like one from the future.
        """
        clock = self._layout.sweep_clock(self._namespace)
        if unnamed:
            self._store.put(clock, b"")
        written = {found.key: found.modified for found in self._store.list(self._layout.sweep(self._namespace))}
        uploads = {self._layout.unnamed_upload(self._namespace, name): name for name in unnamed.uploads}
        results = {self._layout.unnamed_results(self._namespace, name): name for name in unnamed.results}
        for key in sorted(written.keys() - uploads.keys() - results.keys()):
            self._store.delete(key)  # the clock too
        due = set()
        for key in sorted([*uploads, *results]):
            age = self._age(key, now, written, clock)
            if age is None or age < timedelta():
                self._put(key, now)
            elif age.total_seconds() >= grace_seconds:
                due.add(key)
        return Names(
            uploads=frozenset(uploads[key] for key in due & uploads.keys()),
            results=frozenset(results[key] for key in due & results.keys()),
        )

    def remove(self, names: Names) -> None:
        """Take the markers of these away: they are gone, or named again."""
        for name in sorted(names.uploads):
            self._store.delete(self._layout.unnamed_upload(self._namespace, name))
        for name in sorted(names.results):
            self._store.delete(self._layout.unnamed_results(self._namespace, name))

    def _age(self, key: str, now: datetime, written: dict[str, datetime], clock: str) -> timedelta | None:
        """Give a marker's age by the clock that makes it younger; None: there is none that says one."""
        if key not in written or (since := self._since(key)) is None:
            return None
        # A list that does not show the clock yet says nothing about anybody's age.
        return min(written.get(clock, written[key]) - written[key], now - since)

    def _since(self, key: str) -> datetime | None:
        try:
            return Unnamed.model_validate_json(self._store.get(key)).since
        except (ObjectNotFoundError, ValidationError):
            return None

    def _put(self, key: str, now: datetime) -> None:
        body = Unnamed(since=now).model_dump_json(by_alias=True).encode()
        self._store.put(key, body, content_type="application/json")
