"""The answers of OpenAI's audio calls, made of what the worker rendered.

Called by `routes` and `stream`. Pure.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from steno_gateway.dialects.openai.options import Granularity, ResponseFormat
from steno_types import TranscriptFormat

RENDERINGS: Final = {
    ResponseFormat.JSON: TranscriptFormat.VERBOSE_JSON,
    ResponseFormat.TEXT: TranscriptFormat.VERBOSE_JSON,
    ResponseFormat.SRT: TranscriptFormat.SRT,
    ResponseFormat.VERBOSE_JSON: TranscriptFormat.VERBOSE_JSON,
    ResponseFormat.VTT: TranscriptFormat.VTT,
}
"""What each answer is made of. ``json`` and ``text`` have the text of ``verbose_json``, since Steno's own ``txt``
says who speaks."""

MEDIA_TYPES: Final = {
    ResponseFormat.JSON: "application/json",
    ResponseFormat.TEXT: "text/plain; charset=utf-8",
    ResponseFormat.SRT: "text/plain; charset=utf-8",
    ResponseFormat.VERBOSE_JSON: "application/json",
    ResponseFormat.VTT: "text/plain; charset=utf-8",
}
"""As OpenAI answers; its clients take what begins with ``text/`` for a string."""


def answer_of(rendering: bytes, form: ResponseFormat, granularities: frozenset[Granularity]) -> bytes:
    """Spell the answer; `rendering` is the transcript in the format that `RENDERINGS` names."""
    if form in {ResponseFormat.SRT, ResponseFormat.VTT}:
        return rendering
    transcript = json.loads(rendering)
    if form is ResponseFormat.TEXT:
        return f"{transcript['text']}\n".encode()
    usage = {"type": "duration", "seconds": transcript["duration"]}
    if form is ResponseFormat.JSON:
        return _json({"text": transcript["text"], "usage": usage})
    left_out = {
        name
        for name, granularity in (("words", Granularity.WORD), ("segments", Granularity.SEGMENT))
        if granularity not in granularities
    }
    kept = {name: value for name, value in transcript.items() if name not in left_out}
    if Granularity.WORD in granularities:
        kept.setdefault("words", [])  # the worker leaves them out where nothing is said
    return _json({**kept, "usage": usage})


def events_of(rendering: bytes) -> Iterator[dict[str, Any]]:
    """Spell the events of a stream: the text segment by segment, then whole; of ``verbose_json``."""
    transcript = json.loads(rendering)
    text: str = transcript["text"]
    at = 0
    for segment in transcript["segments"]:
        # The whole text is that of the segments without the spaces at its ends.
        delta = segment["text"] if at else segment["text"].lstrip()
        delta = delta[: len(text) - at]
        if delta:
            at += len(delta)
            yield {"type": "transcript.text.delta", "delta": delta}
    yield {"type": "transcript.text.done", "text": text}


def _json(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer, ensure_ascii=False).encode()
