"""kopf's handlers: whatever happens to a job, its Job or its pods, its key goes into the queue, and that is all.

Registered by `process`. An event is a hint to look, never evidence: decisions read the objects afresh.
"""

from collections.abc import Mapping
from typing import Any, Final

import kopf

from steno_operator.queue import ReconcileQueue
from steno_types import GROUP, JOB_LABEL, PLURAL, VERSION

CHILDREN: Final = (("batch", "jobs"), ("", "pods"))
"""Group and plural of what a job owns; all v1, all labelled with the job's name."""


def register(registry: kopf.OperatorRegistry, queue: ReconcileQueue) -> None:
    """Put the handlers into kopf's registry."""

    # Coroutines, so that kopf calls them on its own loop: a plain function would go through a thread.
    async def job_changed(*, namespace: str | None, name: str, **_: Any) -> None:
        queue.add(f"{namespace}/{name}")

    async def child_changed(*, namespace: str | None, labels: Mapping[str, str], **_: Any) -> None:
        queue.add(f"{namespace}/{labels[JOB_LABEL]}")

    def login(**kwargs: Any) -> kopf.ConnectionInfo | None:
        return kopf.login_with_service_account(**kwargs) or kopf.login_with_kubeconfig(**kwargs)

    kopf.on.login(registry=registry)(login)
    kopf.on.event(GROUP, VERSION, PLURAL, registry=registry)(job_changed)
    for group, plural in CHILDREN:
        kopf.on.event(group, "v1", plural, id=plural, labels={JOB_LABEL: kopf.PRESENT}, registry=registry)(
            child_changed
        )


def settings() -> kopf.OperatorSettings:
    """Give kopf's settings; each differs from kopf's default for the reason beside it."""
    tuned = kopf.OperatorSettings()
    # One worker an object, and it holds its slot until idle: 5 s of idling would let 100 workers take 20 jobs/s.
    tuned.queueing.worker_limit = 100
    tuned.queueing.idle_timeout = 0.2
    # A watch that says nothing is dead: bookmarks come every minute.
    tuned.watching.inactivity_timeout = 70
    tuned.watching.server_timeout = 300
    tuned.watching.client_timeout = 310
    # Only what carries our label crosses the wire.
    for group, plural in CHILDREN:
        tuned.watching.label_selectors[group, "v1", plural] = JOB_LABEL
    # High availability is not kopf's here, and the kinds are known.
    tuned.peering.standalone = True
    tuned.scanning.disabled = True
    # Logs are logs; Events on the job are written on purpose or not at all.
    tuned.posting.enabled = False
    return tuned
