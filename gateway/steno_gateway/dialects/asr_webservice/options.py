"""The query parameters of both calls, and the job that they ask for.

Called by `routes`. What the service has and Steno cannot honour is refused by name. Pure.
"""

import struct
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from steno_gateway import problems
from steno_gateway.dialects.recording_form import Fields
from steno_gateway.problems import ProblemError
from steno_types import LANGUAGE_PATTERN, Engine, Source, Task, TranscriptFormat, TranscriptionJobSpec

FILE_PART: Final = "audio_file"

PCM_HZ: Final = 16_000
"""Of what ``encode=false`` brings: the service hands it to Whisper as it is."""

_UNKNOWN_BYTES: Final = 0xFFFFFFFF
"""What a WAV header says whose writer did not know how much would follow; decoders then read to the end."""

_PCM_BYTES: Final = 2
"""Of one sample: signed 16 bits, little-endian."""

WAV_HEADER: Final = struct.pack(
    "<4sI4s4sIHHIIHH4sI",
    b"RIFF",
    _UNKNOWN_BYTES,
    b"WAVE",
    b"fmt ",
    16,  # bytes of what follows, up to "data"
    1,  # PCM
    1,  # channel
    PCM_HZ,
    PCM_HZ * _PCM_BYTES,
    _PCM_BYTES,
    8 * _PCM_BYTES,
    b"data",
    _UNKNOWN_BYTES,
)
"""Put before bare samples, so that the worker knows what they are (Microsoft, "Multimedia Programming Interface",
1991, chapter 3)."""


class OutputFormat(StrEnum):
    """A way to spell the answer."""

    TXT = "txt"
    VTT = "vtt"
    SRT = "srt"
    TSV = "tsv"
    JSON = "json"


RENDERINGS: Final = {
    OutputFormat.TXT: TranscriptFormat.TEXT,
    OutputFormat.VTT: TranscriptFormat.VTT,
    OutputFormat.SRT: TranscriptFormat.SRT,
    OutputFormat.TSV: TranscriptFormat.TSV,
}
"""Answers that are as the worker renders them; ``json`` is made by `answers`."""


def _is_false(value: bool) -> bool:  # noqa: FBT001 -- pydantic calls it
    if value:
        raise ValueError("speakers are not told apart")
    return value


class DetectQuery(BaseModel):
    """What ``POST /detect-language`` takes."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    encode: bool = True
    """Whether the recording is a file of any kind; false: bare samples, 16 bits, mono, 16 kHz."""

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, values: Any) -> Any:
        """Take an empty value for none, as the service does."""
        return {name: value for name, value in values.items() if value != ""} if isinstance(values, dict) else values

    @property
    def lead(self) -> bytes:
        """What is put before the recording's bytes."""
        return b"" if self.encode else WAV_HEADER

    def spec_for(self, source: Source) -> TranscriptionJobSpec:
        """Give the spec that asks for this."""
        return TranscriptionJobSpec(source=source)


class AsrQuery(DetectQuery):
    """What ``POST /asr`` takes."""

    task: Task = Task.TRANSCRIBE
    """Text in the language spoken, or in English."""
    language: Annotated[str, Field(max_length=35, pattern=LANGUAGE_PATTERN)] = "auto"
    """Whisper's code of the language; absent: detected."""
    initial_prompt: Annotated[str | None, Field(max_length=1000)] = None
    """Text that the model takes for what was said before."""
    vad_filter: bool | None = None
    """Whether silence is found and left out first; absent: as the worker profile says."""
    word_timestamps: bool = False
    """Whether ``json`` has the times of words."""
    output: OutputFormat = OutputFormat.TXT
    """How the answer is spelled."""
    diarize: Annotated[bool, AfterValidator(_is_false)] = False
    """Only false: speakers are not told apart."""

    def spec_for(self, source: Source) -> TranscriptionJobSpec:
        """Give the spec that asks for this."""
        return TranscriptionJobSpec(
            source=source,
            task=self.task,
            language=self.language,
            prompt=self.initial_prompt,
            engine=None if self.vad_filter is None else Engine(vad=self.vad_filter),
            word_timestamps=self.word_timestamps,
        )


def refuse(fields: Fields) -> None:
    """Refuse parts of the form beside the recording: all options are query parameters."""
    if fields:
        name = fields[0][0][:_SHOWN]
        raise ProblemError(
            problems.FIELD_UNKNOWN,
            f"There is no part {name!r}.",
            field=name,
            remedy="Put options into the query of the address, as in /asr?output=json&language=de.",
        )


_SHOWN: Final = 64
"""Characters of an unknown part's name that are repeated."""
