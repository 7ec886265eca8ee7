"""What every format does to text before it is spelled.

Called by the formats' modules. Must not know any format.
"""

import re
from typing import Final

from steno_worker.transcript import Segment, Transcript

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
"""Half a character of UTF-16; a server's JSON can carry one, and UTF-8 has no bytes for it."""

_CONTROLS: Final = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
"""Control characters (Unicode's Cc) that are no white space: nothing to read, and orders to a terminal."""


def one_line(text: str) -> str:
    """Give `text` as a line: single spaces for any white space, line ends of all kinds among it; no controls."""
    return " ".join(_CONTROLS.sub("", text).split())


def well_formed(transcript: Transcript) -> Transcript:
    """Give `transcript` with each lone surrogate replaced by U+FFFD, and each pair by its character."""
    if not any(_SURROGATE.search(text) for segment in transcript.segments for text in _texts(segment)):
        return transcript
    return transcript.model_copy(update={"segments": tuple(_well_formed(segment) for segment in transcript.segments)})


def _texts(segment: Segment) -> tuple[str, ...]:
    return (segment.text, segment.speaker or "", *(word.word for word in segment.words or ()))


def _well_formed(segment: Segment) -> Segment:
    words = segment.words and tuple(
        word.model_copy(update={"word": _without_surrogates(word.word)}) for word in segment.words
    )
    speaker = segment.speaker and _without_surrogates(segment.speaker)
    return segment.model_copy(update={"text": _without_surrogates(segment.text), "speaker": speaker, "words": words})


def _without_surrogates(text: str) -> str:
    return text.encode("utf-16-le", errors="surrogatepass").decode("utf-16-le", errors="replace")
