"""What every decision knows of the installation, beside the job: profiles, layout of the store, settings.

Made once by `process`, handed to `reconcile`. Values only, so that decisions stay pure.
"""

from dataclasses import dataclass

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
    image_pull_secrets: tuple[str, ...] = ()

    def results_prefix(self, job: TranscriptionJob) -> str:
        """Where the job's results lie: as its annotation says, if that can be true, else by its uid.

        A restored job has another uid and finds its results by the annotation; a user may edit the annotation, and
        gains nothing by it but the results of a job of the same name.
        """
        noted = job.metadata.annotations.get(RESULTS_PREFIX_ANNOTATION, "")
        if self.layout.is_results(noted, job.metadata.namespace, job.metadata.name):
            return noted
        return self.layout.results(job.metadata.namespace, job.metadata.name, job.metadata.uid)
