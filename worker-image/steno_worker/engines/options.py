"""What an engine's own options are, and what is wrong with those that a job gives.

Each engine declares its options as a subclass of `EngineOptions` and reads them when it is loaded. A field's name, in
camelCase, is the option's; its docstring is the option's line in ``docs/engines.md``, which a unit test holds to it.
The values come from `EngineSettings.options`, strings all of them. Must not know what an engine does with an option.
"""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from steno_types import EngineSettings
from steno_worker.errors import OptionUnsupportedError


class EngineOptions(BaseModel):
    """An engine's options; every one has a default."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )

    @classmethod
    def read(cls, settings: EngineSettings) -> Self:
        """Read the options of `settings`.

        Raises
        ------
        OptionUnsupportedError
            Terminal, the user's (exit 65); names every option that is unknown or malformed, without its value.
        """
        try:
            return cls.model_validate(settings.options)
        except ValidationError as error:
            faults = error.errors(include_url=False, include_input=False, include_context=False)
            told = " ".join(cls._told(fault, engine=settings.name) for fault in faults)
            raise OptionUnsupportedError(told) from None  # pydantic's own words quote the values

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Give the options' names as a job spells them, in the order of their declaration."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())

    @classmethod
    def _told(cls, fault: Any, *, engine: str) -> str:
        """Say one of pydantic's faults in a sentence."""
        option = ".".join(str(part) for part in ("engine.options", *fault["loc"][:1]))
        if fault["type"] == "extra_forbidden":
            known = ", ".join(cls.names())
            there_are = f"there are {known}" if known else "it has none"
            return f"{option} is no option of the engine {engine}; {there_are}."
        return f"{option} is malformed ({fault['msg']})."
