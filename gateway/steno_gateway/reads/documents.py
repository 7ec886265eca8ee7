"""The status of a task, and the queue, as JSON: spelled once for all that ask.

Asked by the routes that show or push a task. What has ended says the same for ever; what waits or runs says another
thing in each moment of the `Outlook`.
"""

from collections.abc import Iterable
from typing import Final

from pydantic_core import to_json

from steno_gateway.reads.cache import Record
from steno_gateway.reads.outlook import Outlook
from steno_gateway.tasks import views
from steno_gateway.tasks.views import Links
from steno_types import TranscriptionJob

KEPT_MOST: Final = 10_000
"""Documents, of about 1.5 kB each; beyond that the oldest goes."""


class Documents:
    """The documents of one gateway."""

    def __init__(self, outlook: Outlook) -> None:
        self._outlook = outlook
        self._kept: dict[tuple[str, str], tuple[str, int, bytes]] = {}
        self._queues: dict[str, tuple[int, bytes]] = {}

    def status(self, job: TranscriptionJob, links: Links) -> bytes:
        """Give what ``GET /status`` answers for the job."""
        metadata = job.metadata
        version = metadata.resource_version
        key = metadata.uid, links.root_path
        kept = self._kept.get(key)
        if kept is not None and kept[0] == version and kept[1] == _FOR_EVER:
            return kept[2]
        moment = self._outlook.moment()
        if kept is not None and kept[0] == version and kept[1] == moment.serial:
            return kept[2]
        document = to_json(views.status(job, links, moment))
        serial = moment.serial if job.status.terminal is None else _FOR_EVER
        if kept is None and len(self._kept) >= KEPT_MOST:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = version, serial, document
        return document

    def queue(self, namespace: str, records: Iterable[Record]) -> bytes:
        """Give what ``GET /queue`` answers for a namespace, whose jobs `records` are: counted once in each moment."""
        moment = self._outlook.moment()
        kept = self._queues.get(namespace)
        if kept is None or kept[0] != moment.serial:
            kept = self._queues[namespace] = moment.serial, to_json(views.queue(records, moment))
        return kept[1]


_FOR_EVER: Final = 0
"""In place of a moment's serial number."""
