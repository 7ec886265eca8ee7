"""The worker's settings, from its environment alone.

Read once by `worker.run`. The operator sets ``STENO_ASSIGNMENT`` and ``STENO_ATTEMPT``, the chart the rest. What is
wrong with them is said with the variable's name and never with its value, which may be a secret.
"""

import tempfile
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from steno_store import StoreSettings
from steno_types import ASSIGNMENT_VARIABLE, ATTEMPT_VARIABLE, Assignment, environment_faults
from steno_worker.errors import SettingsInvalidError

PREFIX: Final = "STENO_"
"""Of every environment variable below."""

POD_NAME_PATTERN: Final = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"
"""A DNS-1123 subdomain, as Kubernetes names pods; it becomes part of object keys."""


class WorkerSettings(BaseSettings):
    """Environment variables ``STENO_*`` that are not about the store."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, use_attribute_docstrings=True)

    assignment: Assignment
    """The work, as JSON."""
    attempt: Annotated[str, Field(max_length=253, pattern=POD_NAME_PATTERN)]
    """Name of this pod."""
    scratch: Path = Field(default_factory=lambda: Path(tempfile.gettempdir()))
    """Folder for the recording while it is worked on; default: the system's folder for temporary files."""

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


def _describe(error: ValidationError) -> str:
    """Name each variable and what is wrong with it."""
    faults = "; ".join(environment_faults(error, WorkerSettings, StoreSettings))
    ours = error.title == WorkerSettings.__name__
    by_downward_api = f" ({ATTEMPT_VARIABLE} comes from the downward API)" if ours else ""
    return f"{faults}; {'the operator' if ours else 'the chart'} sets these{by_downward_api}."
