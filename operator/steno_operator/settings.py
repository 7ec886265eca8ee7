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


class OperatorSettings(BaseSettings):
    """Environment variables ``STENO_*``, ``CACHE_EXPIRY`` and ``S3_STORAGE_BUCKET``."""

    model_config = SettingsConfigDict(
        env_prefix="STENO_", frozen=True, use_attribute_docstrings=True, populate_by_name=True
    )

    namespace: Annotated[str, Field(min_length=1, max_length=63)]
    """Namespace whose TranscriptionJobs are served."""
    profiles_file: Path = Path("/etc/steno/profiles.yaml")
    """The worker profiles (`steno_operator.profiles`)."""
    worker_service_account: str = "steno-worker"
    """Service account of the worker's pods; it needs no permission."""
    store_secret: str | None = None
    """Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for the worker's pods; None: workload identity."""
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
    health_port: Annotated[int, Field(ge=0, le=65535)] = 8081
    """Port of ``/healthz``."""
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
