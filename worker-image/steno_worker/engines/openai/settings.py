"""What a job and its worker profile may set for the engine `openai`.

Read by `OpenAIServer.load`. Environment: ``OPENAI_API_KEY``, which is neither logged nor quoted, and
``OPENAI_BASE_URL``. Must not know models or the client.
"""

import re
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, HttpUrl, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from steno_types import environment_faults
from steno_worker.engines.options import EngineOptions
from steno_worker.errors import SettingsInvalidError


class AnswerFormat(StrEnum):
    """What a server is asked to answer in."""

    JSON = "json"
    """The text alone."""
    VERBOSE_JSON = "verbose_json"
    """Segments with times."""


class OpenAIOptions(EngineOptions):
    """Options of the engine `openai`."""

    max_bytes: Annotated[int | None, Field(ge=100_000, le=2_000_000_000)] = None
    """Largest upload that the server takes, in bytes; default: 25,000,000, whatever the model."""
    max_retries: Annotated[int, Field(ge=0, le=10)] = 4
    """How often a request is repeated that met with a rate limit, an error of the server or no answer."""
    max_seconds: Annotated[float | None, Field(ge=1, le=7200)] = None
    """Longest chunk, in seconds; default: 300 with times, 30 without, and never more than fits `maxBytes`."""
    overlap_seconds: Annotated[float | None, Field(ge=0, le=30)] = None
    """How much a chunk repeats of the one before where no silence parts them, in seconds; default: 2 with times, 0
    without."""
    response_format: AnswerFormat | None = None
    """`verbose_json` for a model that gives times, `json` for one that does not; default: the former for models with
    whisper in their name."""
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 300.0
    """How long the server may take to answer one request, in seconds."""


def _header_value(key: str) -> str:
    """Take the new line off that files of Secrets often end with, and refuse what the client could not send."""
    if not re.fullmatch(r"[!-~]+", key := key.strip()):
        raise ValueError("it is empty, or has characters that no HTTP header takes")
    return key


class OpenAISettings(BaseSettings):
    """Environment variables ``OPENAI_*``."""

    model_config = SettingsConfigDict(env_prefix="OPENAI_", frozen=True, use_attribute_docstrings=True)

    api_key: Annotated[SecretStr, BeforeValidator(_header_value)]
    """From a Secret; any value for a server that asks for none."""
    base_url: HttpUrl | None = None
    """Address of the server's API, mostly with ``/v1`` at its end; default: OpenAI's."""

    @classmethod
    def from_environment(cls) -> Self:
        """Read them; `SettingsInvalidError` names what is wrong, without its value."""
        try:
            return cls()
        except ValidationError as error:
            faults = "; ".join(environment_faults(error, cls))
            raise SettingsInvalidError(
                f"{faults}; the worker profile gives these to the engine openai, the key from a Secret."
            ) from None  # pydantic's own words quote the values
