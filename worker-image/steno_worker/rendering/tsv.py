"""Tab-separated values, as Whisper's own command writes them.

Called by `rendering`. Must not know other formats.
"""

from typing import Final

from steno_worker.rendering.clock import milliseconds
from steno_worker.rendering.speakers import speaker_of
from steno_worker.rendering.spelling import one_line
from steno_worker.transcript import Transcript

_COLUMNS: Final = ("start", "end", "text", "speaker")


def to_tsv(transcript: Transcript) -> str:
    """Spell a transcript as a table, a row a segment: start and end in milliseconds, text without tabs.

    The last column, speakers, is there where some segment has one.
    """
    speakers = [speaker_of(segment) for segment in transcript.segments]
    rows = (
        (str(milliseconds(segment.start)), str(milliseconds(segment.end)), one_line(segment.text), speaker or "")
        for segment, speaker in zip(transcript.segments, speakers, strict=True)
    )
    number = len(_COLUMNS) if any(speakers) else len(_COLUMNS) - 1
    return "".join("\t".join(row[:number]) + "\n" for row in (_COLUMNS, *rows))
