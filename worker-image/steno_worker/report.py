"""The quality report: how much of the speech a transcript covers, and what was done to get there.

Engines keep its record (`Coverage`), `pipeline` judges it and makes the whole, `rendering` spells it. Its JSON form
is a published contract, as the transcript's. Must not know how anything was decoded.
"""

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field

from steno_types import JobIdentity
from steno_types.base import WireModel

SCHEMA_VERSION: Final = 1
"""Raised when a reader of older reports would misunderstand newer ones."""

Seconds = Annotated[float, Field(ge=0)]


class Fault(StrEnum):
    """What can be wrong with one decoding of a chunk."""

    REPETITION = "repetition"
    """Its text compresses too well, or says the same words over and over."""
    LOW_PROBABILITY = "lowProbability"
    """The model itself doubts its words."""
    GAP = "gap"
    """Speech in the chunk has no words."""


class Drop(StrEnum):
    """Why a stretch of found speech has no text."""

    NO_SPEECH = "noSpeech"
    """The model takes it for something else: music, noise."""
    UNINTELLIGIBLE = "unintelligible"
    """No decoding of it was sound, at any temperature."""
    GAP = "gap"
    """The model passed over it."""


class DroppedSpan(WireModel):
    """A stretch of found speech without text."""

    start: Seconds
    end: Seconds
    reason: Drop


class RedecodedChunk(WireModel):
    """A chunk that was decoded more than once."""

    start: Seconds
    end: Seconds
    faults: tuple[Fault, ...]
    """Of its first decoding."""
    temperature: Annotated[float, Field(ge=0)]
    """Of the decoding that was kept."""


class Coverage(WireModel):
    """What of the speech has text."""

    speech_seconds: Seconds
    """Seconds in which speech was found."""
    covered_seconds: Seconds
    """Seconds of these with text."""
    dropped: tuple[DroppedSpan, ...] = ()
    """The rest, as far as it is longer than a pause in speaking."""
    redecoded: tuple[RedecodedChunk, ...] = ()
    """Chunks whose first decoding was unsound."""
    repaired_times: Annotated[int, Field(ge=0)] = 0
    """Segments or words whose times were put in order."""


class Report(WireModel):
    """The whole; its JSON form is the ``report`` output."""

    schema_version: Literal[1] = SCHEMA_VERSION
    """Version of this form."""
    job: JobIdentity
    """The job it was made for."""
    audio_seconds: Seconds
    """Playing time of the audio that was decoded."""
    coverage: Coverage
    """What of the speech has text."""
    warnings: tuple[str, ...] = ()
    """What a reader of the transcript should know, in sentences."""
