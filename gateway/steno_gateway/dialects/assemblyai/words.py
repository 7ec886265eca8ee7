"""The words of a transcript, read from the worker's JSON while it comes out of the store.

Called by `reading`. Everything else of this package that looks at what was said takes words, one after another, so
that no more of a transcript is held at once than a paragraph. Pure. Knows the format ``json`` of ``docs/outputs.md``;
must not know AssemblyAI's.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, Final

import ijson

_CONTROLS: Final = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
"""Control characters (Unicode's Cc) that are no white space."""

_SPACELESS: Final = re.compile(
    "[\u2e80-\u312f\u3190-\ua4cf\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff9f\U00020000-\U0003fffd]"
)
"""Han, kana, bopomofo, Yi, their punctuation and full-width forms: written without spaces. Korean has spaces."""


@dataclass(frozen=True, slots=True)
class Word:
    """What was said between two spaces, with its punctuation; of scripts without spaces, what the model tells."""

    text: str
    """Without white space at its ends, never empty."""
    start_ms: int
    """When it begins, from the start of the audio."""
    end_ms: int
    """When it ends; not before it begins."""
    confidence: float
    """How sure the model is of it, from 0 to 1."""
    speaker: str | None
    """Who says it; None where nobody knows."""
    spaced: bool
    """Whether a space stands between the word before and it."""
    opens_segment: bool
    """Whether the model began a new piece with it, mostly a sentence."""


def read_words(chunks: Iterable[bytes]) -> Iterator[Word]:
    """Read the words of a transcript, in their order.

    Parameters
    ----------
    chunks
        The worker's JSON, UTF-8, in any pieces.

    Yields
    ------
    Word
        With the model's own times and probabilities where the transcript has them. A segment without words is cut at
        its spaces, ideographs one by one; its time is shared out by the number of letters, as the worker's subtitles
        do it, and the confidence is that of the segment.

    Raises
    ------
    ijson.JSONError
        It is no JSON, or ends early.
    """
    before = ""
    for segment in ijson.items(ijson.from_iter(chunks), "segments.item", use_float=True):
        for word in _words_of(segment, before):
            before = word.text
            yield word


def spelled(words: Sequence[Word]) -> str:
    """Join words to the text that they are."""
    return "".join(f" {word.text}" if word.spaced and number else word.text for number, word in enumerate(words))


def _words_of(segment: Mapping[str, Any], before: str) -> Iterator[Word]:
    """Give a segment's words; `before` is the word that was said last."""
    speaker = _clean(segment.get("speaker") or "") or None
    told = [
        (text, word["word"][:1].isspace(), word["start"], word["end"], word["probability"])
        for word in segment.get("words") or ()
        if (text := _clean(word["word"]))
    ]
    for number, (text, spaced, start, end, probability) in enumerate(told or [*_shared_out(segment)]):
        start_ms = round(1000 * start)
        yield Word(
            text=text,
            start_ms=start_ms,
            end_ms=max(start_ms, round(1000 * end)),
            confidence=probability,
            speaker=speaker,
            spaced=spaced if number else _stand_apart(before, text),
            opens_segment=number == 0,
        )


def _shared_out(segment: Mapping[str, Any]) -> Iterator[tuple[str, bool, float, float, float]]:
    """Give a segment's text as words: text, whether a space stands before, start, end, probability."""
    parts = [
        (piece, not inside) for run in _clean(segment["text"]).split() for inside, piece in enumerate(_pieces(run))
    ]
    bounds = [0, *accumulate(len(piece) for piece, _ in parts)]
    start, seconds = segment["start"], segment["end"] - segment["start"]
    probability = min(1.0, math.exp(segment["avgLogProb"]))
    for (piece, spaced), (first, end) in zip(parts, pairwise(bounds), strict=True):
        times = (start + seconds * letters / bounds[-1] for letters in (first, end))
        yield piece, spaced, *times, probability


def _pieces(run: str) -> Iterator[str]:
    """Cut what stands between two spaces before each ideograph and where a script without spaces begins or ends."""
    start = 0
    for position in range(1, len(run)):
        previous, character = run[position - 1], run[position]
        if (
            (_is_spaceless(previous) or _is_spaceless(character))
            and _kind(character) in _BEGINNING
            and _kind(previous) not in _OPENING
        ):
            yield run[start:position]
            start = position
    yield run[start:]


_OPENING: Final = frozenset({"Ps", "Pi"})
_BEGINNING: Final = _OPENING | {"Ll", "Lm", "Lo", "Lt", "Lu", "Nd"}
"""Unicode's categories of what can begin a word; marks and closing punctuation stay with what is before them."""


def _kind(character: str) -> str:
    return unicodedata.category(character)


def _stand_apart(before: str, text: str) -> bool:
    """Whether a space belongs between two segments."""
    return bool(before) and not (_is_spaceless(before[-1]) and _is_spaceless(text[0]))


def _is_spaceless(character: str) -> bool:
    return _SPACELESS.match(character) is not None


def _clean(text: str) -> str:
    return " ".join(_CONTROLS.sub("", text).split())
