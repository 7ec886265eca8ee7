"""The operator's settings, from its environment; the chart writes them.

Read once by `process`. The store's own settings are `steno_store.StoreSettings`.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class OperatorSettings(BaseSettings):
    """Environment variables ``STENO_*`` and ``CACHE_EXPIRY``."""

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
    health_port: Annotated[int, Field(ge=0, le=65535)] = 8081
    """Port of ``/healthz``."""
    concurrent_reconciles: Annotated[int, Field(ge=1, le=100)] = 16
    """Jobs reconciled at once; each waits on the API server or the store most of its time."""
    log_level: Annotated[str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"
    """Least severe message that is logged."""
