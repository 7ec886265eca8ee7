"""Kubernetes Events on TranscriptionJobs, for whoever runs ``kubectl describe``."""

import secrets
from datetime import UTC, datetime
from typing import Final

from lightkube import AsyncClient
from lightkube.models.core_v1 import EventSource, ObjectReference
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Event

from steno_kube import translated
from steno_operator.plan import Announcement
from steno_types import API_VERSION, KIND, TranscriptionJob, shorten

COMPONENT: Final = "steno-operator"
"""Who tells, as ``kubectl describe`` shows it."""


class Events:
    """Where announcements go."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def announce(self, job: TranscriptionJob, announcement: Announcement) -> None:
        """Write one Event that is about `job`."""
        now = datetime.now(UTC)
        event = Event(
            metadata=ObjectMeta(name=f"{job.metadata.name}.{secrets.token_hex(8)}", namespace=job.metadata.namespace),
            involvedObject=ObjectReference(
                apiVersion=API_VERSION,
                kind=KIND,
                name=job.metadata.name,
                namespace=job.metadata.namespace,
                uid=job.metadata.uid,
            ),
            type=announcement.kind,
            reason=announcement.reason,
            message=shorten(announcement.message),
            source=EventSource(component=COMPONENT),
            reportingComponent=COMPONENT,
            firstTimestamp=now,
            lastTimestamp=now,
            count=1,
        )
        with translated():
            await self._client.create(event)
