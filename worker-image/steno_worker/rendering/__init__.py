"""Spell a transcript and its report in every format that Steno offers.

Called by `pipeline` once the transcript is whole. Pure. Every rendering is UTF-8 with LF line ends and ends with one,
unless it is empty. Each format has its module; ``docs/outputs.md`` describes them to their readers. Must not know
where renderings go.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from steno_types import TranscriptFormat
from steno_worker.rendering.cues import CueLayout, lay_out
from steno_worker.rendering.openai_json import to_verbose_json
from steno_worker.rendering.own_json import report_to_json, transcript_to_json
from steno_worker.rendering.readable import NO_SPEECH, to_markdown, to_text
from steno_worker.rendering.spelling import well_formed
from steno_worker.rendering.subtitles import to_srt, to_vtt
from steno_worker.rendering.tsv import to_tsv
from steno_worker.report import Report
from steno_worker.transcript import Transcript

__all__ = ["DEFAULT_LAYOUT", "NO_SPEECH", "CueLayout", "Rendering", "file_suffix", "render_all"]


DEFAULT_LAYOUT: Final = CueLayout()
"""How subtitles look where nobody asks for anything else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """A transcript, or what there is to say of it, in one format."""

    format: TranscriptFormat
    content_type: str
    body: bytes


def render_all(transcript: Transcript, report: Report, layout: CueLayout = DEFAULT_LAYOUT) -> Iterator[Rendering]:
    """Spell `transcript` and `report` in every format, each once.

    Yields
    ------
    Rendering
        Made when it is asked for and not kept here: a caller that drops each before the next holds one at a time.
    """
    transcript = well_formed(transcript)
    # No local name for a body: this frame would keep it alive beside the next one.
    yield _rendering(TranscriptFormat.JSON, transcript_to_json(transcript))
    yield _rendering(TranscriptFormat.VERBOSE_JSON, to_verbose_json(transcript))
    yield _rendering(TranscriptFormat.MARKDOWN, to_markdown(transcript))
    yield _rendering(TranscriptFormat.SRT, to_srt(lay_out(transcript.segments, layout, names=True)))
    yield _rendering(TranscriptFormat.VTT, to_vtt(lay_out(transcript.segments, layout)))
    yield _rendering(TranscriptFormat.TEXT, to_text(transcript))
    yield _rendering(TranscriptFormat.TSV, to_tsv(transcript))
    yield _rendering(TranscriptFormat.REPORT, report_to_json(report))


def file_suffix(transcript_format: TranscriptFormat) -> str:
    """Give what follows a job's or a transcript's name and a dot where this format lies in a file or object."""
    return _FILES[transcript_format].suffix


def _rendering(transcript_format: TranscriptFormat, text: str) -> Rendering:
    return Rendering(
        format=transcript_format, content_type=_FILES[transcript_format].content_type, body=text.encode()
    )


class _File(NamedTuple):
    """How a format lies in a file."""

    suffix: str
    content_type: str


_FILES: Final = {
    TranscriptFormat.JSON: _File("json", "application/json"),
    TranscriptFormat.VERBOSE_JSON: _File("verbose.json", "application/json"),
    TranscriptFormat.MARKDOWN: _File("md", "text/markdown; charset=utf-8"),
    # SubRip is registered nowhere; this is what players and libmagic call it.
    TranscriptFormat.SRT: _File("srt", "application/x-subrip; charset=utf-8"),
    TranscriptFormat.VTT: _File("vtt", "text/vtt; charset=utf-8"),
    TranscriptFormat.TEXT: _File("txt", "text/plain; charset=utf-8"),
    TranscriptFormat.TSV: _File("tsv", "text/tab-separated-values; charset=utf-8"),
    TranscriptFormat.REPORT: _File("report.json", "application/json"),
}
