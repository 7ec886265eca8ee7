"""What of the store there is in a namespace, and what its TranscriptionJobs name of it: plain sets, to be compared.

Made by `sweep` of the store's keys and by `client.references` of the jobs. Pure. Reads jobs as the API server has
them: one that this version cannot parse, a newer one's, names its objects too.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from steno_store import Layout
from steno_types import RESULTS_PREFIX_ANNOTATION, UPLOAD_ID_PATTERN

_UPLOAD_ID: Final = re.compile(UPLOAD_ID_PATTERN.strip("^$"))
_DIRECTORY: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?-[0-9a-f]{8}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Uploads and results of one namespace."""

    uploads: frozenset[str] = frozenset()
    """Upload ids."""
    results: frozenset[str] = frozenset()
    """Directories of results: the last step of each prefix, ``<name>-<uid8>``, without its slash."""

    def __len__(self) -> int:
        return len(self.uploads) + len(self.results)

    def __sub__(self, other: Self) -> Self:
        return type(self)(uploads=self.uploads - other.uploads, results=self.results - other.results)


def union(names: Iterable[Names]) -> Names:
    """Put together what each names."""
    each = [*names]
    return Names(
        uploads=frozenset().union(*(one.uploads for one in each)),
        results=frozenset().union(*(one.results for one in each)),
    )


def is_upload_id(text: str) -> bool:
    """Whether the gateway could have made an upload of that name."""
    return _UPLOAD_ID.fullmatch(text) is not None


def is_directory(text: str) -> bool:
    """Whether a job's results could lie in a directory of that name."""
    return _DIRECTORY.fullmatch(text) is not None


def names_of(raw: Mapping[str, Any], layout: Layout) -> Names:
    """Give what one job names: its results, and every upload or results that any text of its spec could mean.

    Its own fields are not asked for by name: a newer version may have others. A job that reads its recording from the
    store by key, ``source.s3``, names what lies there. A text that only looks like an upload id does no harm.
    """
    metadata = raw["metadata"]
    namespace, name = metadata["namespace"], metadata["name"]
    results = {layout.results(namespace, name, metadata["uid"])}
    noted = (metadata.get("annotations") or {}).get(RESULTS_PREFIX_ANNOTATION, "")
    if layout.is_results(noted, namespace, name):
        results.add(noted)
    own = Names(results=frozenset(_first_step(prefix, layout.all_results(namespace)) for prefix in results))
    return union([own, *(_meant(text, namespace, layout) for text in _texts(raw.get("spec")))])


def _meant(text: str, namespace: str, layout: Layout) -> Names:
    upload_id = text
    if text.startswith(layout.uploads(namespace)):
        upload_id = _first_step(text, layout.uploads(namespace))
    elif text.startswith(layout.all_results(namespace)):
        return Names(results=frozenset({_first_step(text, layout.all_results(namespace))}))
    return Names(uploads=frozenset({upload_id}) if is_upload_id(upload_id) else frozenset())


def _first_step(key: str, prefix: str) -> str:
    return key.removeprefix(prefix).partition("/")[0]


def _texts(value: Any) -> Iterator[str]:
    """Walk all text below `value`."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
