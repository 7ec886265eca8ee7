"""The operator's settings, from its environment; the chart writes them.

Read once by `process`. The store's own settings are `steno_store.StoreSettings`.
"""

from pathlib import Path
from typing import Annotated, Final

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from steno_types.spec import BUCKET_PATTERN

PASSED_ON: Final = (
    "url_allowed_hosts",
    "url_max_bytes",
    "url_max_seconds",
    "max_audio_seconds",
    "subtitle_line_characters",
    "subtitle_lines",
)
"""Settings that are the workers': they get them under the same names, and those that are not set not at all."""

DNS_NAME_PATTERN: Final = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"
"""An object's name (RFC 1123 subdomain)."""
_NAMESPACE: Final = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
NAMESPACES_PATTERN: Final = rf"^(\*|{_NAMESPACE}(,{_NAMESPACE})*)$"
"""All namespaces, or names of some (RFC 1123 labels), comma-separated."""


WATCH_SILENCE_SECONDS: Final = 70.0
"""A little longer than a minute: as often the API server sends a bookmark."""


class OperatorSettings(BaseSettings):
    """Environment variables ``STENO_*``, ``CACHE_EXPIRY`` and ``S3_STORAGE_BUCKET``."""

    model_config = SettingsConfigDict(
        env_prefix="STENO_", frozen=True, use_attribute_docstrings=True, populate_by_name=True
    )

    namespace: Annotated[str, Field(min_length=1, max_length=63)]
    """The operator's own namespace, where its Lease lies."""
    watch_namespaces: Annotated[str | None, Field(pattern=NAMESPACES_PATTERN)] = None
    """Namespaces whose TranscriptionJobs are served, comma-separated; ``*``: all; None: the operator's own alone."""
    leader_election: bool = True
    """Whether a Lease decides which replica acts; without it there must never be two."""
    lease_name: Annotated[str, Field(pattern=DNS_NAME_PATTERN, max_length=253)] = "steno-operator"
    """Name of that Lease; replicas that serve the same jobs share it."""
    pod_name: Annotated[str | None, Field(pattern=DNS_NAME_PATTERN, max_length=253)] = None
    """Name of this pod. What its last container held is taken over at once; None: the host's name, and it is not."""
    profiles_file: Path = Path("/etc/steno/profiles.yaml")
    """The worker profiles (`steno_operator.profiles`)."""
    worker_service_account: str = "steno-worker"
    """Service account of the worker's pods; it needs no permission."""
    store_secret: str | None = None
    """Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for the worker's pods; None: workload identity."""
    store_secrets: dict[str, str] = Field(default_factory=dict)
    """Such Secrets by namespace, where it is another than `store_secret`: tenants' own credentials; JSON object."""
    image_pull_secrets: tuple[str, ...] = ()
    """Secrets to pull the worker's image with; JSON list."""
    cache_expiry_seconds: Annotated[int, Field(ge=-1, alias="CACHE_EXPIRY")] = 604_800
    """TTL of a finished job that sets none; 7 days; -1: never."""
    default_destination_bucket: Annotated[
        str | None, Field(alias="S3_STORAGE_BUCKET", min_length=3, max_length=63, pattern=BUCKET_PATTERN)
    ] = None
    """Bucket of results whose job wants a copy and names no bucket; None: such a job is refused."""
    url_allowed_hosts: Annotated[str | None, Field(pattern=r"^[^\s,]+(,[^\s,]+)*$")] = None
    """Hosts inside the network that workers may fetch recordings from, comma-separated."""
    url_max_bytes: Annotated[int | None, Field(gt=0)] = None
    """Largest recording that a worker fetches from an address."""
    url_max_seconds: Annotated[float | None, Field(gt=0)] = None
    """For which such a fetch may take in all."""
    max_audio_seconds: Annotated[float | None, Field(gt=0)] = None
    """Longest recording that is transcribed."""
    subtitle_line_characters: Annotated[int | None, Field(ge=10, le=200)] = None
    """Longest line of a subtitle."""
    subtitle_lines: Annotated[int | None, Field(ge=1, le=5)] = None
    """Most lines of a subtitle."""
    progress_url: Annotated[str | None, Field(pattern=r"^https?://[^\s]+$")] = None
    """Where workers post their progress: the operator's Service; None: nobody takes it."""
    queue_priorities: dict[str, int] = Field(default_factory=dict)
    """Priorities of jobs that are in no queue of Kueue's, by name; higher goes first, and none is 0; JSON object."""
    complete_grace_seconds: Annotated[float, Field(ge=0)] = 600
    """For which the Job and pods of a job that completed stay to be looked at."""
    failed_grace_seconds: Annotated[float, Field(ge=0)] = 86_400
    """The same of a job that failed."""
    release_timeout_seconds: Annotated[float, Field(gt=0)] = 3600
    """After which a release lets go of a job whose pods or objects are still there; the sweep finishes it."""
    pod_start_timeout_seconds: Annotated[float, Field(gt=0)] = 900
    """For which a worker's pod that has a node may fail to pull its image, or to make its container."""
    sweep_every_seconds: Annotated[float, Field(gt=0)] = 3600
    """Between looks for objects of the store that no job names."""
    sweep_grace_seconds: Annotated[float, Field(ge=0)] = 86_400
    """For which such an object stays; a day."""
    lifecycle_rule: bool = False
    """Whether the bucket is given a lifecycle rule for Steno's prefix, as a second net below the releases."""
    health_port: Annotated[int, Field(ge=0, le=65535)] = 8081
    """Port of ``/healthz``, ``/readyz``, ``/metrics`` and ``/progress``."""
    watch_silence_seconds: Annotated[float, Field(gt=0, le=120)] = WATCH_SILENCE_SECONDS
    """After which a watch that says nothing is taken for dead and begun anew; below what the liveness probe bears."""
    concurrent_reconciles: Annotated[int, Field(ge=1, le=100)] = 16
    """Jobs reconciled at once; each waits on the API server or the store most of its time."""
    log_level: Annotated[str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"
    """Least severe message that is logged."""

    @property
    def worker_env(self) -> dict[str, str]:
        """Give the environment variables that workers get from here."""
        prefix = str(self.model_config["env_prefix"])
        set_here = {name: value for name in PASSED_ON if (value := getattr(self, name)) is not None}
        return {f"{prefix}{name}".upper(): str(value) for name, value in set_here.items()}
