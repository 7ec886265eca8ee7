"""The assignment: all that one attempt is told, resolved by the operator so that the worker decides nothing twice.

The operator puts it into the pod as `ASSIGNMENT_VARIABLE`; the worker reads it there, as it has no permission to
ask the API server. It carries no credentials: those reach the pod from a Secret.
"""

from typing import Annotated, Final

from pydantic import Field

from steno_types.base import WireModel
from steno_types.manifest import JobIdentity
from steno_types.spec import EngineName

ASSIGNMENT_VARIABLE: Final = "STENO_ASSIGNMENT"
"""Environment variable of the worker's pod that holds the assignment as JSON."""

ATTEMPT_VARIABLE: Final = "STENO_ATTEMPT"
"""Environment variable of the worker's pod that holds its own name, from the downward API."""


class SourceObject(WireModel):
    """The recording, as one object of one bucket."""

    bucket: str
    key: str


class EngineSettings(WireModel):
    """How to transcribe, every default filled in."""

    name: EngineName
    model: str
    """A name the engine knows, or a path inside the image."""
    compute_type: str | None = None
    """CTranslate2's compute type; None: the best one for the device that is found."""
    beam_size: Annotated[int, Field(ge=1, le=20)] = 5
    """Hypotheses kept while decoding; 5 is Whisper's own default (Radford et al. 2022, section 4.5)."""


class Assignment(WireModel):
    """One attempt's work."""

    job: JobIdentity
    source: SourceObject
    results_prefix: str
    """Prefix of the store that this job's results lie under, with its trailing slash."""
    profile: str
    """Worker profile, for the record."""
    image: str
    """Worker image, for the record."""
    engine: EngineSettings
    language: str = "auto"
    """BCP 47 tag, or ``auto``."""
    word_timestamps: bool = False
