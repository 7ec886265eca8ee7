"""Spell a transcript in every format that Steno offers.

Called by `pipeline` once the transcript is whole. Pure. Every rendering is UTF-8 with LF line ends and ends with one,
unless it is empty. Must not know where renderings go.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from steno_worker.transcript import Segment, Transcript

NO_SPEECH: Final = "No speech was found in the recording."
"""What a reader is told instead of an empty page."""

_MARKDOWN_ACTIVE: Final = re.compile(r"([\\`*_\[\]<>~|&])")
"""Characters in the middle of a line that Markdown or HTML would act on (CommonMark 0.31, section 2.4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """A transcript in one format."""

    format: str
    content_type: str
    body: bytes


def render_all(transcript: Transcript) -> tuple[Rendering, ...]:
    """Spell `transcript` in every format."""
    return tuple(
        Rendering(format=name, content_type=content_type, body=render(transcript).encode())
        for name, (content_type, render) in _FORMATS.items()
    )


def clock_time(seconds: float) -> str:
    """Spell an offset as hh:mm:ss, rounded down; hours grow past two digits where needed."""
    minutes, whole_seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{whole_seconds:02d}"


def _to_json(transcript: Transcript) -> str:
    return transcript.model_dump_json(by_alias=True, exclude_none=True, indent=1) + "\n"


def _to_markdown(transcript: Transcript) -> str:
    engine = transcript.engine
    about = (
        f"{transcript.language or 'language unknown'} · {clock_time(transcript.duration_seconds)} · "
        f"{engine.name} {engine.version}, {engine.model} ({engine.compute_type}, {engine.device})"
    )
    paragraphs = [
        f"[{clock_time(segment.start)}] {_escaped(_one_line(segment))}" for segment in transcript.segments
    ] or [NO_SPEECH]
    return "\n\n".join([f"# Transcript of {transcript.job.name}", _escaped(about), *paragraphs]) + "\n"


def _to_text(transcript: Transcript) -> str:
    return "".join(f"{_one_line(segment)}\n" for segment in transcript.segments)


def _escaped(text: str) -> str:
    return _MARKDOWN_ACTIVE.sub(r"\\\1", text)


def _one_line(segment: Segment) -> str:
    return " ".join(segment.text.split())


_FORMATS: Final[dict[str, tuple[str, Callable[[Transcript], str]]]] = {
    "json": ("application/json", _to_json),
    "md": ("text/markdown; charset=utf-8", _to_markdown),
    "txt": ("text/plain; charset=utf-8", _to_text),
}
