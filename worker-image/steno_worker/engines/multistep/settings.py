"""What a job and its worker profile may set for the engine `multistep`, and what of it is absent.

Read by `Multistep.load`. The package reads some variables of the environment on its own; what it would do without
them, such as ask a language model at an address of its author's, is refused here first. Must not import the package.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import Field, HttpUrl, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from steno_types import environment_faults
from steno_worker.engines.options import EngineOptions
from steno_worker.errors import SettingsInvalidError


class MultistepOptions(EngineOptions):
    """Options of the engine `multistep`."""

    entities: bool = True
    """Whether names are looked for and their spelling in the transcript is made uniform; needs a language model."""
    language_model: Annotated[str, Field(min_length=1, max_length=128)] = "glm-4.7-flash"
    """Language model that chooses among spellings, by its name at its server."""
    sentence_model: Annotated[str, Field(min_length=1, max_length=256)] = "en_core_web_sm"
    """spaCy model that finds the ends of sentences, by name or folder."""
    speakers: bool = True
    """Whether speakers are told apart and named by their introductions; needs `HF_TOKEN`."""


class MultistepEnvironment(BaseSettings):
    """Environment variables, as the package spells them; an empty one is an absent one."""

    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True, use_attribute_docstrings=True)

    llm_provider: Literal["openai", "ollama"] = "openai"
    """Who has the language model: a server that speaks OpenAI's chat API, or Ollama."""
    ollama_host: str | None = None
    """Ollama's host and port."""
    openai_base_url: HttpUrl | None = None
    """Address of the server with OpenAI's API, mostly with ``/v1`` at its end."""
    openai_api_key: SecretStr | None = None
    """Its key, from a Secret; any value for a server that asks for none."""
    hf_token: SecretStr | None = None
    """Token of the Hugging Face Hub, from a Secret: the diarization model is for those who accepted its terms."""

    @classmethod
    def read(cls, options: MultistepOptions) -> Self:
        """Read them.

        Raises
        ------
        SettingsInvalidError
            Terminal, the platform's (exit 78); names the variables that are malformed, or absent and needed.
        """
        try:
            environment = cls()
        except ValidationError as error:
            faults = environment_faults(error, cls)
        else:
            faults = list(environment._absent(options))
            if not faults:
                return environment
        raise SettingsInvalidError(
            f"{'; '.join(faults)}; the worker profile gives these to the engine multistep, secrets from a Secret."
        ) from None  # pydantic's own words quote the values

    def _absent(self, options: MultistepOptions) -> Iterator[str]:
        """Say what is needed and absent, and what to do without."""
        for_model = "engine.options.entities needs it unless it is false"
        if options.entities and self.llm_provider == "ollama" and self.ollama_host is None:
            yield f"OLLAMA_HOST is not set ({for_model})"
        if options.entities and self.llm_provider == "openai":
            if self.openai_base_url is None:
                yield f"OPENAI_BASE_URL is not set ({for_model})"
            if self.openai_api_key is None:
                yield f"OPENAI_API_KEY is not set ({for_model})"
        if options.speakers and self.hf_token is None:
            yield "HF_TOKEN is not set (engine.options.speakers needs it unless it is false)"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be told."""
        return tuple(secret.get_secret_value() for secret in (self.openai_api_key, self.hf_token) if secret)

    def transcriber_config(self, options: MultistepOptions, *, model: str) -> dict[str, Any]:
        """Spell all that is set as the package's ``TranscriberConfig`` does."""
        config: dict[str, Any] = {
            "llm": {"provider": self.llm_provider},
            "transcription": {"whisper_model": model},
            "merge_sentences": {"spacy_model": options.sentence_model},
            "entities": {"similar_names_model": options.language_model},
        }
        if self.openai_base_url is not None:
            config["llm"]["openai_base_url"] = str(self.openai_base_url)
        if self.openai_api_key is not None:
            config["llm"]["openai_api_key"] = self.openai_api_key.get_secret_value()
        if self.hf_token is not None:
            config["diarization"] = {"hf_token": self.hf_token.get_secret_value()}
        return config
