"""Tab-separated values, as Whisper's own command writes them.

Called by `rendering`. Must not know other formats.
"""

from typing import Final

from steno_worker.rendering.clock import milliseconds
from steno_worker.rendering.spelling import one_line
from steno_worker.transcript import Transcript

_HEADER: Final = "start\tend\ttext\n"


def to_tsv(transcript: Transcript) -> str:
    """Spell a transcript as a table, a row a segment: start and end in milliseconds, text without tabs."""
    return _HEADER + "".join(
        f"{milliseconds(segment.start)}\t{milliseconds(segment.end)}\t{one_line(segment.text)}\n"
        for segment in transcript.segments
    )
