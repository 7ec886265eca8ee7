"""The transcript: what was said when, and by which engine it was heard.

Engines make its segments, `pipeline` the whole, `rendering` spells it. Its JSON form is a published contract: fields
are only ever added while `SCHEMA_VERSION` stays the same. Must not know where a recording comes from.
"""

from typing import Annotated, Final, Literal

from pydantic import Field

from steno_types import JobIdentity, Task
from steno_types.base import WireModel

SCHEMA_VERSION: Final = 1
"""Raised when a reader of older transcripts would misunderstand newer ones."""

Seconds = Annotated[float, Field(ge=0)]
"""Offset from the start of the recording's audio."""


class Word(WireModel):
    """One word of a segment."""

    start: Seconds
    """When it begins."""
    end: Seconds
    """When it ends."""
    word: str
    """With the space before it, if any, so that the words joined are the segment's text."""
    probability: Annotated[float, Field(ge=0, le=1)]
    """How sure the model is of it."""


class Segment(WireModel):
    """What the model heard as one piece, mostly a sentence."""

    id: Annotated[int, Field(ge=0)]
    """Its place in the transcript, from 0."""
    start: Seconds
    """When it begins."""
    end: Seconds
    """When it ends."""
    text: str
    """Without spaces around it."""
    avg_log_prob: float
    """Mean log-probability of its decoding window's tokens; below -1 Whisper itself doubts (Radford 2022, 4.5)."""
    no_speech_prob: float
    """Probability that its decoding window holds no speech."""
    compression_ratio: float
    """Of its decoding window's text under zlib; above 2.4 the model likely repeats itself (Radford 2022, 4.5)."""
    temperature: Annotated[float, Field(ge=0)] = 0.0
    """Sampling temperature that it was decoded with; 0: the most likely words (beam search)."""
    redecoded: tuple[str, ...] | None = None
    """Why its chunk was decoded again (`steno_worker.report.Fault`); absent where the first decoding was sound."""
    language: str | None = None
    """BCP 47 tag of its chunk, where the job's language is ``mixed``."""
    speaker: str | None = None
    """Who speaks, as the engine numbers or names them; absent where it cannot tell speakers apart."""
    tokens: tuple[int, ...] = ()
    """The model's own tokens, where the engine tells; not part of the ``json`` output, which they would double."""
    words: tuple[Word, ...] | None = None
    """Present when the job asked for word timestamps."""


class EngineInfo(WireModel):
    """What heard it."""

    name: str
    """The engine, for example faster-whisper."""
    version: str
    """Its release."""
    model: str
    """The model, as the job or its profile names it."""
    device: str
    """cpu, cuda or remote."""
    compute_type: str
    """The compute type in use, as CTranslate2 names it; none without a model, remote where a server has it."""
    beam_size: int | None = None
    """Hypotheses kept while decoding; absent where the engine does not say."""
    model_digest: str | None = None
    """Digest of the model's files, as ``sha256:<hex>``; absent where the engine cannot see them."""


class Transcript(WireModel):
    """The whole; its JSON form is the ``json`` output."""

    schema_version: Literal[1] = SCHEMA_VERSION
    """Version of this form."""
    job: JobIdentity
    """The job it was made for."""
    language: str | None = None
    """BCP 47 tag as given or detected; absent when none was given and no speech was found."""
    duration_seconds: Seconds
    """Playing time of the audio that was decoded."""
    task: Task = Task.TRANSCRIBE
    """Whether this is what was said, or its translation into English."""
    engine: EngineInfo
    """What heard it."""
    segments: tuple[Segment, ...]
    """In the order of their start; empty when no speech was found."""
