"""The gateway's settings, from its environment; the chart writes them.

Read once by `server`. The store's own settings are `steno_store.StoreSettings`.
"""

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from steno_store import MAX_PARTS, PART_BYTES


class GatewaySettings(BaseSettings):
    """Environment variables ``STENO_*``."""

    model_config = SettingsConfigDict(env_prefix="STENO_", frozen=True, use_attribute_docstrings=True)

    namespace: Annotated[str, Field(min_length=1, max_length=63)]
    """Namespace that every TranscriptionJob is made in and looked for."""
    gateway_host: str = "0.0.0.0"  # noqa: S104 -- a pod's address is not known beforehand
    """Address to listen on."""
    gateway_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """Port to listen on, probes included; 0: any free one."""
    gateway_root_path: Annotated[str, Field(pattern=r"^(/[^/]+)*$")] = ""
    """Path that an ingress strips before it forwards a request, for example /steno."""
    gateway_shutdown_seconds: Annotated[int, Field(ge=0)] = 25
    """How long a stopping gateway waits for requests under way; below the pod's terminationGracePeriodSeconds."""
    max_upload_bytes: Annotated[int, Field(ge=1, le=MAX_PARTS * PART_BYTES)] = 10 << 30
    """Largest request body that is taken; 10 GiB: sixteen hours of CD-quality stereo WAV."""
    max_concurrent_uploads: Annotated[int, Field(ge=1, le=100)] = 8
    """Uploads read at once, each holding up to four parts of 16 MiB in memory; further ones wait unread."""
    upload_idle_seconds: Annotated[float, Field(gt=0)] = 60
    """How long a client may send nothing in the middle of an upload."""
    presign_seconds: Annotated[int, Field(ge=1, le=604_800)] = 900
    """Validity of the URL that a download is redirected to; S3's maximum is 7 days."""
    release_wait_seconds: Annotated[float, Field(gt=0, le=300)] = 30
    """How long a release waits for its receipt before it answers 202."""
    log_level: Annotated[str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"
    """Least severe message that is logged."""
