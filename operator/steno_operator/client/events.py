"""Kubernetes Events on TranscriptionJobs, for whoever runs ``kubectl describe``."""

import secrets
from datetime import UTC, datetime
from typing import Final

from steno_kube import ApiServer, Resource
from steno_operator.plan import Announcement
from steno_types import API_VERSION, KIND, TranscriptionJob, shorten, to_rfc3339

EVENTS: Final = Resource("v1", "events")

COMPONENT: Final = "steno-operator"
"""Who tells, as ``kubectl describe`` shows it."""


class Events:
    """Where announcements go."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server

    async def announce(self, job: TranscriptionJob, announcement: Announcement) -> None:
        """Write one Event that is about `job`."""
        namespace, now = job.metadata.namespace, to_rfc3339(datetime.now(UTC))
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{job.metadata.name}.{secrets.token_hex(8)}", "namespace": namespace},
            "involvedObject": {
                "apiVersion": API_VERSION,
                "kind": KIND,
                "name": job.metadata.name,
                "namespace": namespace,
                "uid": job.metadata.uid,
            },
            "type": announcement.kind,
            "reason": announcement.reason,
            "message": shorten(announcement.message),
            "source": {"component": COMPONENT},
            "reportingComponent": COMPONENT,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        await self._server.create(EVENTS.all(namespace), event)
