"""What servers answer, in either format and as far as it is read.

`server` reads an answer, `segments` and `words` make the transcript's out of it. Nothing is asked of a server that
some of them leave out. Must not know the client, nor what was sent.
"""

import math
from typing import Annotated

from pydantic import AfterValidator, BaseModel, FiniteFloat, ValidationError

from steno_worker.errors import EngineFailedError
from steno_worker.languages import tag_of


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


Number = Annotated[float | None, AfterValidator(_finite)]
"""A number that a server may leave out, or give as NaN."""


class AnsweredWord(BaseModel):
    """A word with its times from the upload's start."""

    word: str
    start: FiniteFloat
    end: FiniteFloat
    probability: Number = None
    """Given by servers that run faster-whisper or whisper.cpp."""


class AnsweredSegment(BaseModel):
    """A segment with its times from the upload's start, and Whisper's numbers where they are told."""

    text: str
    start: FiniteFloat
    end: FiniteFloat
    avg_logprob: Number = None
    compression_ratio: Number = None
    no_speech_prob: Number = None
    temperature: Number = None
    tokens: tuple[int, ...] | None = None
    words: tuple[AnsweredWord, ...] | None = None
    """Here by whisper.cpp; OpenAI and others give all words in one list."""


class _LogProbability(BaseModel):
    logprob: Number = None


class _DetectedLanguage(BaseModel):
    code: str


class Answer(BaseModel):
    """The whole."""

    text: str
    language: str | None = None
    """A name (OpenAI, whisper.cpp) or a code (vLLM, faster-whisper's servers)."""
    languages: tuple[_DetectedLanguage, ...] | None = None
    """By gpt-transcribe."""
    segments: tuple[AnsweredSegment, ...] | None = None
    words: tuple[AnsweredWord, ...] | None = None
    logprobs: tuple[_LogProbability, ...] | None = None

    @property
    def spoken_language(self) -> str | None:
        """BCP 47 tag of the language detected; None where the server does not say, or says several."""
        codes = [language.code for language in self.languages or ()]
        return tag_of(codes[0] if len(codes) == 1 else self.language or "")

    @property
    def spoken_words(self) -> tuple[AnsweredWord, ...] | None:
        """All words; None where the server gives none at all."""
        if self.words is not None:
            return self.words
        inner = [segment.words for segment in self.segments or () if segment.words is not None]
        return tuple(word for words in inner for word in words) if inner else None

    @property
    def mean_log_prob(self) -> float | None:
        """Mean of the tokens' log-probabilities; None where the server gives none."""
        tokens = [token.logprob for token in self.logprobs or () if token.logprob is not None]
        return sum(tokens) / len(tokens) if tokens else None


def read_answer(content: bytes, *, server: str) -> Answer:
    """Read what `server` (host and port) answered.

    Raises
    ------
    EngineFailedError
        Retryable (exit 75): it is no transcription; says where, and quotes nothing.
    """
    try:
        return Answer.model_validate_json(content)
    except ValidationError as error:
        places = {".".join(str(part) for part in fault["loc"]) for fault in error.errors(include_input=False)}
        raise EngineFailedError(
            f"The server at {server} answered with something that is no transcription "
            f"(at {', '.join(sorted(places - {''})) or 'its beginning'}); "
            f"check that OPENAI_BASE_URL ends with /v1."
        ) from None  # pydantic's own words quote the answer
