"""What every decision knows of the installation, beside the job: profiles, layout of the store, settings.

Made once by `process`, handed to `reconcile`. Values only, so that decisions stay pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from steno_operator.profiles import WorkerProfiles
from steno_store.keys import Layout
from steno_types import RESULTS_PREFIX_ANNOTATION, TranscriptionJob


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The installation that a decision is made for."""

    profiles: WorkerProfiles
    layout: Layout
    bucket: str
    """Bucket of Steno's store."""
    cache_expiry_seconds: int
    """TTL of a finished job that sets none; negative: never."""
    worker_service_account: str
    default_destination_bucket: str | None = None
    """Bucket of copies whose job names none; None: such a job is refused."""
    worker_env: tuple[tuple[str, str], ...] = ()
    """Environment variables that every worker gets: where the store is, and what is allowed."""
    store_secret: str | None = None
    """Secret with the store's credentials, mounted as environment variables."""
    store_secrets: Mapping[str, str] = field(default_factory=dict)
    """By namespace, where it is another one: a tenant's, good for the tenant's part of the store alone."""
    image_pull_secrets: tuple[str, ...] = ()
    progress_url: str | None = None
    """Where workers post their progress; None: nobody takes it."""
    queue_priorities: Mapping[str, int] = field(default_factory=dict)
    """Priorities by name, for jobs that are in no queue of Kueue's; higher goes first, and none is 0."""
    complete_grace_seconds: float = 600
    """For which the Job and pods of a job that completed stay to be looked at."""
    failed_grace_seconds: float = 86_400
    """The same of one that failed."""
    release_timeout_seconds: float = 3600
    """After which a release lets go of a job whose pods or objects are still there."""
    pod_start_timeout_seconds: float = 900
    """For which a pod that has a node may fail to pull its image, or to make its container."""

    def store_secret_in(self, namespace: str) -> str | None:
        """Give the Secret with the store's credentials that workers in a namespace get."""
        return self.store_secrets.get(namespace, self.store_secret)

    def results_prefix(self, job: TranscriptionJob) -> str:
        """Where the job's results lie: as its annotation says, if that can be true, else by its uid.

        A restored job has another uid and finds its results by the annotation; a user may edit the annotation, and
        gains nothing by it but the results of a job of the same name.
        """
        noted = job.metadata.annotations.get(RESULTS_PREFIX_ANNOTATION, "")
        if self.layout.is_results(noted, job.metadata.namespace, job.metadata.name):
            return noted
        return self.layout.results(job.metadata.namespace, job.metadata.name, job.metadata.uid)
