"""The assignment: all that one attempt is told, resolved by the operator so that the worker decides nothing twice.

The operator puts it into the pod as `ASSIGNMENT_VARIABLE`; the worker reads it there, as it has no permission to
ask the API server. It carries no credentials: those reach the pod from a Secret.
"""

from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from steno_types.base import WireModel
from steno_types.manifest import JobIdentity
from steno_types.spec import EngineName, Task, TranscriptFormat

ASSIGNMENT_VARIABLE: Final = "STENO_ASSIGNMENT"
"""Environment variable of the worker's pod that holds the assignment as JSON."""

ATTEMPT_VARIABLE: Final = "STENO_ATTEMPT"
"""Environment variable of the worker's pod that holds its own name, from the downward API."""


class SourceObject(WireModel):
    """The recording, as one object of one bucket."""

    bucket: str
    key: str
    sha256: str | None = None
    """Digest that its bytes must have, in hexadecimal; None: it is not checked."""


class DestinationPrefix(WireModel):
    """Where a copy of the results goes."""

    bucket: str
    prefix: str
    """Empty, or with its trailing slash."""
    formats: tuple[TranscriptFormat, ...]


class EngineSettings(WireModel):
    """How to transcribe, every default filled in."""

    name: EngineName
    model: str
    """A name the engine knows, or a path inside the image."""
    compute_type: str | None = None
    """CTranslate2's compute type; None: the best one for the device that is found."""
    beam_size: Annotated[int, Field(ge=1, le=20)] = 5
    """Hypotheses kept while decoding; 5 is Whisper's own default (Radford et al. 2022, section 4.5)."""
    batch_size: Annotated[int | None, Field(ge=1, le=256)] = None
    """Chunks decoded at once; None: the engine's own choice for the device."""
    vad: bool = True
    """Whether silence is found and left out first."""
    options: dict[str, str] = Field(default_factory=dict)
    """More settings of the engine, by name; it refuses those that it does not know."""


class Assignment(WireModel):
    """One attempt's work."""

    job: JobIdentity
    source: SourceObject | None = None
    """The recording in S3."""
    source_url: Annotated[str | None, Field(repr=False)] = None
    """The recording's http or https address; exactly one of the two is given. Its query may be a secret."""
    results_prefix: str
    """Prefix of the store that this job's results lie under, with its trailing slash."""
    profile: str
    """Worker profile, for the record."""
    image: str
    """Worker image, for the record."""
    engine: EngineSettings
    language: str = "auto"
    """BCP 47 tag, ``auto``, or ``mixed``."""
    task: Task = Task.TRANSCRIBE
    prompt: str | None = None
    """Text that the model takes for what was said before."""
    hotwords: tuple[str, ...] = ()
    channel: int | None = None
    """Audio channel, from 0; None: all of them, mixed."""
    word_timestamps: bool = False
    destination: DestinationPrefix | None = None
    """Where a copy goes after the commit."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.source is None) == (self.source_url is None):
            raise ValueError("an assignment has exactly one of source and sourceUrl")
        return self
