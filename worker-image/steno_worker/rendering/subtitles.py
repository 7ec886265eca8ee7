"""Subtitles as files: SubRip and WebVTT.

Called by `rendering` with the cues that `rendering.cues` laid out. Must not know segments.
"""

import re
from collections.abc import Iterable
from typing import Final

from steno_worker.rendering.clock import timestamp
from steno_worker.rendering.cues import Cue

_ARROW: Final = re.compile(r"--+>")
"""What a reader of SubRip takes for the sign between two times."""

_VTT_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
"""Characters that WebVTT acts on (W3C WebVTT, "cue text span"); without the last, no text or name holds an arrow."""


def to_srt(cues: Iterable[Cue]) -> str:
    """Spell cues as SubRip, numbered from 1; empty without cues. Speakers are named where the cues' text does.

    Notes
    -----
    The format knows no escapes: an arrow of the text loses a dash, as in Whisper's own writer, and what looks like
    markup stays as it is.
    """
    return "\n".join(
        f"{number}\n{_times(cue, point=',')}\n{_ARROW.sub('->', _text(cue))}\n" for number, cue in enumerate(cues, 1)
    )


def to_vtt(cues: Iterable[Cue]) -> str:
    """Spell cues as WebVTT, without styles or positions; each in the voice of its speaker, where it has one.

    Notes
    -----
    A voice counts for its own cue alone, and needs no end tag where it is all of it (W3C WebVTT, "cue voice span").
    """
    return "WEBVTT\n" + "".join(f"\n{_times(cue, point='.')}\n{_voice(cue)}{_in_vtt(_text(cue))}\n" for cue in cues)


def _voice(cue: Cue) -> str:
    return "" if cue.speaker is None else f"<v {_in_vtt(cue.speaker)}>"


def _in_vtt(text: str) -> str:
    return text.translate(_VTT_ESCAPES)


def _times(cue: Cue, *, point: str) -> str:
    return f"{timestamp(cue.start_ms, point=point)} --> {timestamp(cue.end_ms, point=point)}"


def _text(cue: Cue) -> str:
    return "\n".join(cue.lines)
