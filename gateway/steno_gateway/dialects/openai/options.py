"""The fields of OpenAI's audio calls, and the job that they ask for.

Called by `routes`. What the API has and Steno cannot honour is refused by name, with why: an option that is silently
ignored is noticed only in the transcript. Pure.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from steno_gateway import problems
from steno_gateway.dialects.recording_form import Fields
from steno_gateway.problems import ProblemError
from steno_gateway.settings import ModelChoice
from steno_types import LANGUAGE_PATTERN, Engine, Source, Task, TranscriptionJobSpec

FILE_PART: Final = "file"

MISSING: Final = "missing"
"""pydantic's word for a field that is not there."""


class ResponseFormat(StrEnum):
    """A way to spell the answer."""

    JSON = "json"
    TEXT = "text"
    SRT = "srt"
    VERBOSE_JSON = "verbose_json"
    VTT = "vtt"


class Granularity(StrEnum):
    """What has times in ``verbose_json``."""

    WORD = "word"
    SEGMENT = "segment"


UNSUPPORTED: Final = {
    "include": "log-probabilities of tokens are not kept",
    "languages": "a job has one language, or has it detected",
    "known_speaker_names": "speakers are not told apart",
    "known_speaker_references": "speakers are not told apart",
}
"""Fields of the API that cannot be honoured, and why."""

_LISTS: Final = frozenset({"timestamp_granularities", "keywords"})
"""Fields that may be given more than once; clients write ``[]`` behind their names."""


def _is_zero(temperature: float) -> float:
    if temperature:
        raise ValueError("only 0 can be honoured")
    return temperature


class AudioOptions(BaseModel):
    """What both calls take."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    model: Annotated[str, Field(max_length=253)]
    """Name of a model, as ``GET /v1/models`` lists them."""
    prompt: Annotated[str | None, Field(max_length=1000)] = None
    """Text that the model takes for what was said before."""
    response_format: ResponseFormat = ResponseFormat.JSON
    """How the answer is spelled."""
    temperature: Annotated[float, Field(ge=0, le=1), AfterValidator(_is_zero)] = 0
    """Only 0: where a decoding is unsound the engine raises it by itself, as the API says of 0."""

    @property
    def streamed(self) -> bool:
        """Whether the answer is a stream of events."""
        return False

    @property
    def granularities(self) -> frozenset[Granularity]:
        """What has times in ``verbose_json``."""
        return frozenset({Granularity.SEGMENT})

    def faults(self) -> list[tuple[str, str]]:
        """Name the fields that do not go with others, and why."""
        return []

    def spec_for(self, source: Source, choice: ModelChoice, **more: Any) -> TranscriptionJobSpec:
        """Give the spec that asks for this with what the model's name stands for."""
        engine = Engine(name=choice.engine, model=choice.model)
        return TranscriptionJobSpec(
            source=source,
            profile=choice.profile,
            engine=engine if engine.to_wire() else None,
            prompt=self.prompt,
            **more,
        )


class TranscriptionOptions(AudioOptions):
    """What ``POST /v1/audio/transcriptions`` takes."""

    language: Annotated[str, Field(max_length=35, pattern=LANGUAGE_PATTERN)] = "auto"
    """ISO 639-1 code, or any tag that Steno takes."""
    timestamp_granularities: Annotated[tuple[Granularity, ...], Field(max_length=2)] = (Granularity.SEGMENT,)
    """What has times in ``verbose_json``."""
    stream: bool = False
    """Whether the answer is a stream of events."""
    chunking_strategy: Literal["auto"] | None = None
    """How the audio is cut: always at pauses, as ``auto`` says."""
    keywords: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=63)], ...], Field(max_length=50)] = ()
    """Words that are likely to occur."""

    @property
    def streamed(self) -> bool:
        """Whether the answer is a stream of events."""
        return self.stream

    @property
    def granularities(self) -> frozenset[Granularity]:
        """What has times in ``verbose_json``."""
        return frozenset(self.timestamp_granularities)

    def faults(self) -> list[tuple[str, str]]:
        """Name the fields that do not go with others, and why."""
        faults = super().faults()
        if "timestamp_granularities" in self.model_fields_set and self.response_format != ResponseFormat.VERBOSE_JSON:
            faults.append(("timestamp_granularities", "needs response_format=verbose_json"))
        if self.stream and self.response_format not in {ResponseFormat.JSON, ResponseFormat.TEXT}:
            faults.append(("response_format", "a stream is of text: only json and text go with stream=true"))
        return faults

    def spec_for(self, source: Source, choice: ModelChoice, **more: Any) -> TranscriptionJobSpec:
        """Give the spec that asks for this with what the model's name stands for."""
        return super().spec_for(
            source,
            choice,
            language=self.language,
            hotwords=self.keywords,
            word_timestamps=Granularity.WORD in self.granularities,
            **more,
        )


class TranslationOptions(AudioOptions):
    """What ``POST /v1/audio/translations`` takes."""

    def spec_for(self, source: Source, choice: ModelChoice, **more: Any) -> TranscriptionJobSpec:
        """Give the spec that asks for this with what the model's name stands for."""
        return super().spec_for(source, choice, task=Task.TRANSLATE, **more)


Options = TypeVar("Options", bound=AudioOptions)


class Asked(Generic[Options]):
    """Reads a form's fields as `options`, against the models there are."""

    def __init__(self, options: type[Options], models: Mapping[str, ModelChoice]) -> None:
        self._options = options
        self._models = models

    def check_some(self, fields: Fields) -> None:
        """Refuse what cannot be honoured among fields of which more may come."""
        self._read(fields, whole=False)

    def read(self, fields: Fields) -> tuple[Options, ModelChoice]:
        """Give the options, and what their model's name stands for."""
        options = self._read(fields, whole=True)
        return options, find_model(self._models, options.model)

    def _read(self, fields: Fields, *, whole: bool) -> Options:
        values = self._gathered(fields)
        if not whole:
            # Stands in for one that may come behind the recording.
            values.setdefault("model", next(iter(self._models)))
        try:
            options = self._options.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            field = str(first["loc"][0]) if first["loc"] else None
            said = "is missing" if first["type"] == MISSING else first["msg"].removeprefix("Value error, ")
            raise _invalid(field, f"{field}: {said}.") from error
        find_model(self._models, options.model)
        if whole and (faults := options.faults()):
            raise _invalid(faults[0][0], "; ".join(f"{field}: {why}" for field, why in faults) + ".")
        return options

    def _gathered(self, fields: Fields) -> dict[str, str | list[str]]:
        """Give the fields by name, those that are lists as such; an empty value is none."""
        values: dict[str, str | list[str]] = {}
        for spelled, value in fields:
            name, bracket, inside = spelled.partition("[")
            self._refuse_unknown(name, spelled)
            if name in _LISTS:
                gathered = values.setdefault(name, [])
                if isinstance(gathered, list):
                    gathered.append(value)
            elif bracket or inside:
                raise _invalid(name, f"{name}: only plain values can be honoured, not {spelled}.")
            elif name in values:
                raise _invalid(name, f"{name}: is given twice.")
            elif value:
                values[name] = value
        return values

    def _refuse_unknown(self, name: str, spelled: str) -> None:
        if name in self._options.model_fields:
            return
        if name in UNSUPPORTED and self._options is TranscriptionOptions:
            raise _invalid(name, f"{name} cannot be honoured: {UNSUPPORTED[name]}.", remedy="Leave the field out.")
        raise ProblemError(
            problems.FIELD_UNKNOWN,
            f"There is no field {spelled[:_SHOWN]!r}.",
            field=spelled[:_SHOWN],
            remedy=f"Leave it out; this call takes {', '.join([FILE_PART, *self._options.model_fields])}.",
        )


_SHOWN: Final = 64
"""Characters of an unknown field's name that are repeated."""


def find_model(models: Mapping[str, ModelChoice], name: str) -> ModelChoice:
    """Give what the name of a model stands for, or say that it stands for nothing."""
    try:
        return models[name]
    except KeyError:
        raise ProblemError(
            problems.MODEL_UNKNOWN,
            f"The model {name[:_SHOWN]!r} does not exist.",
            field="model",
            remedy="GET /v1/models lists those there are.",
        ) from None


def _invalid(
    field: str | None, detail: str, *, remedy: str = "Correct the field and send the request again."
) -> ProblemError:
    return ProblemError(problems.FIELD_INVALID, detail, field=field, remedy=remedy)
