"""Sentences and paragraphs: runs of words that belong together.

Called by `documents`. Pure, and lazy: a run is given as soon as the word after it is known. Knows punctuation of many
scripts; must not know JSON or HTTP.

A sentence ends with its punctuation, where the speaker changes, at a pause of `SENTENCE_PAUSE_MS` and, in speech that
nobody punctuated, with a segment once it has `MAX_SENTENCE_WORDS`. A full stop may also end an abbreviation::

    title or initial   Dr. Mr. z.B. J.          never ends a sentence
    before a number    No. Nr. Fig.             does not there
    ordinal            3. (one or two digits)   ends one at the end of a segment, which mostly is a sentence
    other              etc. p.m. U.S. Inc.      the same

and before a small letter nothing ends: "Really?" she said.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

from steno_gateway.dialects.assemblyai.words import Word, spelled

SENTENCE_PAUSE_MS: Final = 2000
"""Silence between two words that ends a sentence without punctuation; pauses for breath are below a second."""

MAX_SENTENCE_WORDS: Final = 60
"""Words after which a sentence without punctuation ends with its segment; three times an English one's mean."""

PARAGRAPH_PAUSE_MS: Final = 2000
"""Silence between two sentences that begins a new paragraph."""

MAX_PARAGRAPH_WORDS: Final = 100
"""Words after which a paragraph ends with its sentence: about 40 seconds of English speech."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Passage:
    """Words in a row; never none."""

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        """What they say."""
        return spelled(self.words)

    @property
    def start_ms(self) -> int:
        """When the first begins."""
        return self.words[0].start_ms

    @property
    def end_ms(self) -> int:
        """When the last ends."""
        return max(word.end_ms for word in self.words)

    @property
    def speaker(self) -> str | None:
        """Who speaks first; sentences and paragraphs have one speaker."""
        return self.words[0].speaker


def sentences(words: Iterable[Word]) -> Iterator[Passage]:
    """Cut `words` into sentences."""
    gathered: list[Word] = []
    for word, following in _with_next(words):
        gathered.append(word)
        if following is None or _ends_sentence(word, following, length=len(gathered)):
            yield Passage(tuple(gathered))
            gathered.clear()


def paragraphs(words: Iterable[Word]) -> Iterator[Passage]:
    """Cut `words` into paragraphs of whole sentences: by speaker, at long pauses, and by length."""
    gathered: list[Word] = []
    for sentence, following in _with_next(sentences(words)):
        gathered += sentence.words
        if (
            following is None
            or following.speaker != sentence.speaker
            or following.start_ms - sentence.end_ms >= PARAGRAPH_PAUSE_MS
            or len(gathered) >= MAX_PARAGRAPH_WORDS
        ):
            yield Passage(tuple(gathered))
            gathered.clear()


def _with_next(items: Iterable[_T]) -> Iterator[tuple[_T, _T | None]]:
    """Give each item with the one after it; None after the last."""
    held: list[_T] = []
    for item in items:
        if held:
            yield held.pop(), item
        held.append(item)
    if held:
        yield held.pop(), None


def _ends_sentence(word: Word, following: Word, *, length: int) -> bool:
    return (
        following.speaker != word.speaker
        or following.start_ms - word.end_ms >= SENTENCE_PAUSE_MS
        or (following.opens_segment and length >= MAX_SENTENCE_WORDS)
        or _punctuation_ends_it(word.text.rstrip(_CLOSING), following)
    )


def _punctuation_ends_it(text: str, following: Word) -> bool:
    if not text or unicodedata.normalize("NFKC", text)[-1] not in _SENTENCE_ENDS:
        return False
    first = following.text.lstrip(_OPENING)[:1]
    if first.islower():
        return False
    if not text.endswith(".") or text.endswith(".."):
        return True
    stem = text[:-1].lstrip(_OPENING).casefold()
    if stem in _TITLES or (len(stem) == 1 and stem.isalpha() and stem not in _ONE_LETTER_WORDS):
        return False
    if stem in _BEFORE_NUMBERS and first.isdecimal():
        return False
    in_doubt = stem in _ABBREVIATIONS or _DOTTED.fullmatch(stem) or _ORDINAL.fullmatch(stem)
    return not in_doubt or following.opens_segment


_SENTENCE_ENDS: Final = frozenset(
    ".!?。\u061f\u06d4\u0964\u0965\u1362\u1367\u17d4\u17d5\u104b\u0f0d\u203c\u2047\u2048\u2049"
)
"""The same of Arabic, Urdu, Devanagari, Ethiopic, Khmer, Burmese and Tibetan among them; full-width forms and the
ellipsis are known by what NFKC makes of them."""

_CLOSING: Final = "\"'\u2019\u201d\u00bb\u203a)]}\uff09\u300d\u300f\u3011\u300b\u3009\u201c\u00ab"
"""Quotation marks and brackets that may stand behind the punctuation; German's closing ones among them."""

_OPENING: Final = "\"'\u2018\u201c\u201e\u201a\u00ab\u00bb\u2039\u203a([{\u00bf\u00a1\u300c\u300e\uff08\u2014\u2013-"
"""What may stand before a sentence's first letter."""

_DOTTED: Final = re.compile(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,2}")
"""``u.s``, ``p.m``, ``z.b``, its last full stop taken off."""

_ORDINAL: Final = re.compile(r"\d{1,2}")

_ONE_LETTER_WORDS: Final = frozenset("i\u00e0\u00e9\u0443\u044f\u043e\u0438")
"""Letters that are words and may end a sentence: "So do I." Others are initials, or grades and gates, which lose."""

_BEFORE_NUMBERS: Final = frozenset({"no", "nr", "fig", "figs", "p", "pp", "vol", "art", "sec", "ch"})
"""Abbreviations before a number; elsewhere they are words, as in: No. I did not."""

# fmt: off
_TITLES: Final = frozenset({
    "mr", "mrs", "ms", "dr", "prof", "st", "mt", "gen", "col", "sgt", "capt", "lt", "rep", "sen", "gov", "rev", "hon",
    "pres", "messrs", "mx", "vs", "e.g", "i.e", "cf", "viz",
    "hr", "fr", "z.b", "d.h", "u.a", "bzw", "ca", "ggf", "evtl", "vgl", "dipl", "ing",
    "mme", "mlle", "mm", "p.ex", "sra", "srta", "ud", "uds", "dra", "dott", "sig", "dhr", "mevr", "bijv",
})
"""What a name, number or word follows, in English, German, French, Spanish, Italian and Dutch."""

_ABBREVIATIONS: Final = frozenset({
    "etc", "jr", "sr", "inc", "ltd", "co", "corp", "bros", "dept", "est", "approx", "ave", "blvd", "rd", "al",
    "usw", "usf", "str", "gmbh", "mio", "mrd", "mind", "max", "min", "ecc", "enz",
    "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
})
"""What may stand in the middle of a sentence or at its end."""
# fmt: on
