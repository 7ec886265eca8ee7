"""Since when nobody names something in the store: one small marker for each, in the store itself.

Called by `sweep`. The store's own dates say when a recording was written, not since when it is of no use: a job may
have named it for a week. So the first sweep that finds it unnamed puts a marker with its own time, and one that finds
it named again takes the marker away. Markers are the store's because operators come and go.

Blocks.
"""

from datetime import datetime

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

        A marker from the future, a wrong clock's, or one that cannot be read begins anew.
        """
        standing = {found.key for found in self._store.list(self._layout.sweep(self._namespace))}
        uploads = {self._layout.unnamed_upload(self._namespace, name): name for name in unnamed.uploads}
        results = {self._layout.unnamed_results(self._namespace, name): name for name in unnamed.results}
        for key in sorted(standing - uploads.keys() - results.keys()):
            self._store.delete(key)
        due = set()
        for key in sorted([*uploads, *results]):
            since = self._since(key) if key in standing else None
            if since is None or since > now:
                self._put(key, now)
            elif (now - since).total_seconds() >= grace_seconds:
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

    def _since(self, key: str) -> datetime | None:
        try:
            return Unnamed.model_validate_json(self._store.get(key)).since
        except (ObjectNotFoundError, ValidationError):
            return None

    def _put(self, key: str, now: datetime) -> None:
        body = Unnamed(since=now).model_dump_json(by_alias=True).encode()
        self._store.put(key, body, content_type="application/json")
