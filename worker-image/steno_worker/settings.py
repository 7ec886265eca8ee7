"""The worker's settings, from its environment alone.

Read once: by `worker.run`, for which the operator sets ``STENO_ASSIGNMENT`` and ``STENO_ATTEMPT``, or by
`serving.serve`, which needs the rest alone: the chart's part. What is wrong with them is said with the variable's
name and never with its value, which may be a secret.
"""

import tempfile
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BeforeValidator, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

from steno_store import StoreSettings
from steno_types import ASSIGNMENT_VARIABLE, ATTEMPT_VARIABLE, Assignment, environment_faults
from steno_worker.decoding import DecodingLimits
from steno_worker.errors import SettingsInvalidError
from steno_worker.intake import AllowedHosts, IntakeLimits
from steno_worker.models import default_cache
from steno_worker.pipeline import Limits
from steno_worker.rendering import CueLayout

PREFIX: Final = "STENO_"
"""Of every environment variable below."""

POD_NAME_PATTERN: Final = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"
"""A DNS-1123 subdomain, as Kubernetes names pods; it becomes part of object keys."""


def _listed(value: object) -> object:
    """Split what is separated by commas."""
    return [item for part in value.split(",") if (item := part.strip())] if isinstance(value, str) else value


AttemptName = Annotated[str, Field(max_length=253, pattern=POD_NAME_PATTERN)]
"""Names an attempt: its pod."""


class InstallationSettings(BaseSettings):
    """Environment variables ``STENO_*`` that are alike for every attempt, and not about the store."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, use_attribute_docstrings=True)

    scratch: Path = Field(default_factory=lambda: Path(tempfile.gettempdir()))
    """Folder for the recording while it is worked on; default: the system's folder for temporary files."""
    model_cache: Path = Field(default_factory=default_cache)
    """Folder for models out of a bucket; pods may share it. Default: one among the system's temporary files."""
    progress_url: Annotated[str, Field(pattern=r"^https?://")] | None = None
    """Where progress is posted to; default: nowhere, the log has it."""
    progress_token: Path = Path("/var/run/secrets/steno/token")
    """File with the token that the pod shows there."""
    max_audio_seconds: Annotated[float, Field(gt=0)] = 43_200.0
    """Longest recording that is transcribed; 12 hours take 1.4 GB of scratch space beside the recording."""
    url_allowed_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)] = ()
    """Hosts inside the network that recordings may be fetched from: names, addresses or ranges, comma-separated."""
    url_max_bytes: Annotated[int, Field(gt=0)] = 10 * 2**30
    """Largest recording that is fetched from an address."""
    url_max_seconds: Annotated[float, Field(gt=0)] = 3_600.0
    """For which a fetch from an address may take in all."""
    subtitle_line_characters: Annotated[int, Field(ge=10, le=200)] = 42
    """Longest line of a subtitle."""
    subtitle_lines: Annotated[int, Field(ge=1, le=5)] = 2
    """Most lines of a subtitle."""

    @field_validator("url_allowed_hosts")
    @classmethod
    def _readable(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for number, host in enumerate(hosts, start=1):
            try:
                AllowedHosts.of([host])
            except ValueError:
                raise ValueError(f"entry {number} is no host name, IP address or CIDR range") from None
        return hosts

    @property
    def limits(self) -> Limits:
        """What any job may ask for."""
        return Limits(
            intake=IntakeLimits(
                max_bytes=self.url_max_bytes,
                max_seconds=self.url_max_seconds,
                allowed_hosts=self.url_allowed_hosts,
            ),
            decoding=DecodingLimits(max_seconds=self.max_audio_seconds),
        )

    @property
    def layout(self) -> CueLayout:
        """How subtitles are laid out."""
        return CueLayout(max_chars_per_line=self.subtitle_line_characters, max_lines=self.subtitle_lines)

    @classmethod
    def from_environment(cls) -> tuple[Self, StoreSettings]:
        """Read them, and the store's.

        Raises
        ------
        SettingsInvalidError
            Terminal, the platform's (exit 78); names every variable that is at fault.
        """
        try:
            settings, store = cls(), StoreSettings()
        except SettingsError as error:  # a variable that should be JSON and is not
            raise SettingsInvalidError(f"{ASSIGNMENT_VARIABLE} is not JSON; the operator writes it.") from error
        except ValidationError as error:
            raise SettingsInvalidError(_describe(error)) from error
        if not settings.scratch.is_dir():
            raise SettingsInvalidError(
                f"{PREFIX}SCRATCH is {settings.scratch}, which is no folder; mount an emptyDir there."
            )
        return settings, store


class WorkerSettings(InstallationSettings):
    """These, and the work."""

    assignment: Assignment
    """The work, as JSON."""
    attempt: AttemptName
    """Name of this pod."""


def _describe(error: ValidationError) -> str:
    """Name each variable and what is wrong with it."""
    faults = "; ".join(environment_faults(error, WorkerSettings, InstallationSettings, StoreSettings))
    ours = error.title == WorkerSettings.__name__
    by_downward_api = f" ({ATTEMPT_VARIABLE} comes from the downward API)" if ours else ""
    return f"{faults}; {'the operator' if ours else 'the chart'} sets these{by_downward_api}."
