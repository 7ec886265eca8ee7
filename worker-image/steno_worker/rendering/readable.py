"""The formats for reading: Markdown and plain text.

Called by `rendering`. Must not know other formats.
"""

import re
from typing import Final

from steno_worker.rendering.clock import clock_time
from steno_worker.rendering.speakers import introduced
from steno_worker.rendering.spelling import one_line
from steno_worker.transcript import Segment, Transcript

NO_SPEECH: Final = "No speech was found in the recording."
"""What a reader is told instead of an empty page."""

_MARKDOWN_ACTIVE: Final = re.compile(r"([\\`*_\[\]<>~|&])")
"""Characters in the middle of a line that Markdown or HTML would act on (CommonMark 0.31, section 2.4)."""


def to_markdown(transcript: Transcript) -> str:
    """Spell a transcript as a page: a heading, what heard it, and a paragraph a segment with its start.

    A speaker who takes over from another is named.
    """
    engine = transcript.engine
    about = (
        f"{transcript.language or 'language unknown'} · {clock_time(transcript.duration_seconds)} · "
        f"{engine.name} {engine.version}, {engine.model} ({engine.compute_type}, {engine.device})"
    )
    paragraphs = [_paragraph(segment, name) for segment, name in introduced(transcript.segments)] or [NO_SPEECH]
    return "\n\n".join([f"# Transcript of {transcript.job.name}", _escaped(about), *paragraphs]) + "\n"


def to_text(transcript: Transcript) -> str:
    """Spell a transcript's words, a line a segment, and who says them where another takes over."""
    return "".join(
        f"{'' if name is None else f'{name}: '}{one_line(segment.text)}\n"
        for segment, name in introduced(transcript.segments)
    )


def _paragraph(segment: Segment, name: str | None) -> str:
    who = "" if name is None else f"**{_escaped(name)}:** "
    return f"[{clock_time(segment.start)}] {who}{_escaped(one_line(segment.text))}"


def _escaped(text: str) -> str:
    return _MARKDOWN_ACTIVE.sub(r"\\\1", text)
