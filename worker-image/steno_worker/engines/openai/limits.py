"""What a model takes and gives: bytes, seconds, formats, and so how speech is cut for it.

Called by `server`; `forms` asks what the model can do. All of it is known by the model's name and the options, before
anything is sent. Must not know the client.
"""

import math
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, Self

from steno_worker.engines import Chunking
from steno_worker.engines.openai.encoding import seconds_that_fit
from steno_worker.engines.openai.settings import AnswerFormat, OpenAIOptions
from steno_worker.errors import OptionUnsupportedError

MAX_UPLOAD_BYTES: Final = 25_000_000
"""OpenAI's guide: "File uploads are currently limited to 25 MB". Its servers count 26,214,400, vLLM's default is the
same (VLLM_MAX_AUDIO_CLIP_FILESIZE_MB); what is left holds the form's other fields."""

TIMED_CHUNK_SECONDS: Final = 300.0
"""Chunks for models that give times: few requests, not much lost when one fails, and half of what vLLM takes
(VLLM_MAX_AUDIO_DECODE_DURATION_S, 600 by default)."""

UNTIMED_CHUNK_SECONDS: Final = 30.0
"""Chunks for models that give none: each becomes one segment, so its length is how exact the transcript's times are.
30 s is also the window of Whisper's kind of models; shorter ones would lack context."""

TIMED_OVERLAP_SECONDS: Final = 2.0
"""Longer than nearly any word. Without times there is no overlap, as nothing would tell what was heard twice."""

PARALLEL_REQUESTS: Final = 4
"""Where a job gives no batch size: enough to hide the way there and back, few enough for the lowest rate limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelTraits:
    """What is known of models by their name."""

    max_seconds: float = math.inf
    """Longest audio of a request that OpenAI takes; an option cannot raise it."""
    whisper: bool = False
    """Whether it is a Whisper: gives times, translates, and knows 100 languages."""
    log_probs: bool = False
    """Whether it gives its tokens' log-probabilities on request."""


MODELS: Final = {
    # Longer audio needs a ``chunking_strategy`` (API reference), which is of no use to what cuts by itself.
    "gpt-4o*-transcribe-diarize*": ModelTraits(max_seconds=30),
    # 1,400 s is what OpenAI's servers now refuse by; when these models were new they said 1,500 s.
    "gpt-4o*-transcribe*": ModelTraits(max_seconds=1400, log_probs=True),
    # Of Whisper, no length is documented; none was refused that fits the bytes.
    "*whisper*": ModelTraits(whisper=True),
    "*": ModelTraits(),
}
"""Traits by the pattern of a model's name in lower case; the first that fits counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model at a server, as its name and the options describe it."""

    name: str
    traits: ModelTraits
    answer_format: AnswerFormat
    max_bytes: int
    """Largest upload."""

    @classmethod
    def of(cls, name: str, options: OpenAIOptions) -> Self:
        """Describe the model `name`; where they differ, the options are right."""
        traits = next(traits for pattern, traits in MODELS.items() if fnmatchcase(name.lower(), pattern))
        return cls(
            name=name,
            traits=traits,
            answer_format=options.response_format
            or (AnswerFormat.VERBOSE_JSON if traits.whisper else AnswerFormat.JSON),
            max_bytes=options.max_bytes or MAX_UPLOAD_BYTES,
        )

    @property
    def gives_times(self) -> bool:
        """Whether its answers say when something was said."""
        return self.answer_format is AnswerFormat.VERBOSE_JSON

    def chunking(self, options: OpenAIOptions, *, batch_size: int | None) -> Chunking:
        """Say how speech should be cut for it.

        Raises
        ------
        OptionUnsupportedError
            Terminal, the user's (exit 65): the chunks asked for are longer than the model takes, or overlap by more
            than half.
        """
        if options.max_seconds is not None and options.max_seconds > self.traits.max_seconds:
            raise OptionUnsupportedError(
                f"engine.options.maxSeconds is more than the model {self.name} takes, {self.traits.max_seconds:g} s."
            )
        usual, overlap = (
            (TIMED_CHUNK_SECONDS, TIMED_OVERLAP_SECONDS) if self.gives_times else (UNTIMED_CHUNK_SECONDS, 0.0)
        )
        max_seconds = min(options.max_seconds or usual, seconds_that_fit(self.max_bytes))
        if options.overlap_seconds is not None and 2 * options.overlap_seconds > max_seconds:
            raise OptionUnsupportedError(
                f"engine.options.overlapSeconds is more than half of a chunk, which has {max_seconds:g} s at most."
            )
        overlap = min(overlap, max_seconds / 2) if options.overlap_seconds is None else options.overlap_seconds
        return Chunking(
            max_seconds=max_seconds,
            overlap_seconds=overlap,
            batch_size=batch_size or PARALLEL_REQUESTS,
        )
