"""OpenAI's ``verbose_json``, as its audio API answers.

Called by `rendering`. Fields and their spelling are those of the API's reference
(``CreateTranscriptionResponseVerboseJson``); ``usage``, which is for billing and may be absent, is. Must not know
other formats.
"""

import json
from collections import Counter
from typing import Any, Final

from steno_types import Task
from steno_worker.languages import ENGLISH, UNDETERMINED, openai_name
from steno_worker.rendering.breaks import is_spaceless
from steno_worker.transcript import Segment, Transcript

_FRAMES_PER_SECOND: Final = 100
"""Whisper counts ``seek`` in its frames of 10 ms (Radford et al. 2022, section 2.2)."""


def to_verbose_json(transcript: Transcript) -> str:
    """Spell a transcript on one line; ``words`` is there when a segment has words."""
    texts = [_as_spoken(segment.text) for segment in transcript.segments]
    answer: dict[str, Any] = {
        "task": transcript.task.value,
        "language": _language(transcript),
        "duration": transcript.duration_seconds,
        "text": "".join(texts).strip(),
    }
    if any(segment.words is not None for segment in transcript.segments):
        answer["words"] = [
            {"word": word.word.strip(), "start": word.start, "end": word.end}
            for segment in transcript.segments
            for word in segment.words or ()
        ]
    answer["segments"] = [_segment(segment, text) for segment, text in zip(transcript.segments, texts, strict=True)]
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n"


def _segment(segment: Segment, text: str) -> dict[str, Any]:
    return {
        "id": segment.id,
        # The API tells where its 30-second window began, to seek to; here it is where the segment itself does.
        "seek": int(segment.start * _FRAMES_PER_SECOND),
        "start": segment.start,
        "end": segment.end,
        "text": text,
        "tokens": segment.tokens,
        "temperature": segment.temperature,
        "avg_logprob": segment.avg_log_prob,
        "compression_ratio": segment.compression_ratio,
        "no_speech_prob": segment.no_speech_prob,
    }


def _as_spoken(text: str) -> str:
    """Put before `text` the space that Whisper's tokens begin with, in scripts that have spaces."""
    return text if not text or is_spaceless(text[0]) else f" {text}"


def _language(transcript: Transcript) -> str:
    if transcript.task is Task.TRANSLATE:  # the API names the language of the text, which is English
        return ENGLISH
    return openai_name(transcript.language or _most_spoken(transcript) or UNDETERMINED)


def _most_spoken(transcript: Transcript) -> str | None:
    """Give the language of most of the time, where segments have one of their own."""
    seconds: Counter[str] = Counter()
    for segment in transcript.segments:
        if segment.language is not None:
            seconds[segment.language] += segment.end - segment.start  # type: ignore[assignment]  # counts may be real
    return max(seconds, key=lambda tag: seconds[tag], default=None)
