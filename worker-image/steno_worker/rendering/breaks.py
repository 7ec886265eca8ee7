"""Where a text may be broken, and how well.

Called by `rendering.cues`. Knows scripts and their punctuation; must not know times or how wide a line may be.

Text is broken at spaces; where a script has none (Chinese, Japanese, Thai, Lao, Khmer, Burmese, Tibetan), between its
characters, and around emoji. A break is allowed only where one of these is known to be; everywhere else, and so in
any word of another script, there is none. That is what keeps grapheme clusters whole (UAX 29) without a library: all
that can follow the base of such a cluster is in `_JOINS_PREVIOUS` or has one of its categories. Right-to-left text is
broken at its spaces and stays in logical order, as a display wants it.
"""

import re
import unicodedata
from enum import Enum, auto
from functools import lru_cache
from typing import Final, NamedTuple

SENTENCE_BREAK: Final = 0
"""After the end of a sentence: what both Netflix (Timed Text Style Guide, General Requirements, 4) and the BBC
(Subtitle Guidelines, 3.4) ask for first. These five are costs, for `rendering.cues` to compare with its own."""
CLAUSE_BREAK: Final = 10
"""After a comma, colon or dash."""
PLAIN_BREAK: Final = 30
"""At a space, or between ideographs."""
LETTER_BREAK: Final = 60
"""Between letters of a script whose words nobody marked."""
FORBIDDEN_BREAK: Final = 200
"""Before what must not begin a line, or after what must not end one: taken only where a limit leaves no other."""

_SOUTH_EAST_ASIAN: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\ua9e0-\ua9ff\uaa60-\uaa7f"
"""Thai and Lao, Myanmar, Khmer, their symbols and extensions."""
_IDEOGRAPHIC: Final = (
    "\u2600-\u27bf\u2e80-\u312f\u3190-\ua4cf\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff9f\U0001b000-\U0001b16f"
    "\U0001f300-\U0001faff\U00020000-\U0003fffd"
)
"""Han, kana, bopomofo, Yi, their punctuation and full-width forms, emoji: class ID of UAX 14 and what goes with it.
Hangul is not here: Korean puts spaces between its words."""
_WORD_MARKS: Final = "\u0f0b\u200b"
"""Tibetan's tsheg, and the zero-width space of careful Thai and Khmer: a word or syllable ends after them."""

_LETTERS: Final = re.compile(f"[{_SOUTH_EAST_ASIAN}]")
_SPACELESS: Final = re.compile(f"[{_SOUTH_EAST_ASIAN}{_IDEOGRAPHIC}]")
_BREAKABLE: Final = re.compile(f"[{_SOUTH_EAST_ASIAN}{_IDEOGRAPHIC}{_WORD_MARKS}]")

_JOINS_PREVIOUS: Final = frozenset(
    # Spacing vowels of Thai and Lao (two of them within a cluster, all of them read with what is before), a mark of
    # Lao that Python 3.11 does not know, voicing marks of half-width kana, skin tones. Other marks and format
    # characters are known by their category.
    "\u0e30\u0e32\u0e33\u0e45\u0e46\u0eb0\u0eb2\u0eb3\u0ece\uff9e\uff9f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
)
_JOINING_CATEGORIES: Final = frozenset({"Mn", "Mc", "Me", "Cf"})
_JOINS_NEXT: Final = frozenset(
    # Zero-width and word joiner, virama of Myanmar, coeng of Khmer; vowels of Thai and Lao written before their
    # consonant; Arabic and Syriac signs that span what follows.
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u200d\u2060\u1039\u17d2\u0e40\u0e41\u0e42\u0e43\u0e44\u0ec0\u0ec1\u0ec2\u0ec3\u0ec4"
)


class _Kind(Enum):
    """What a character does to a break beside it."""

    OPENING = auto()
    """Does not end a line."""
    CLOSING = auto()
    """Does not begin a line."""
    SENTENCE_END = auto()
    """Does not begin a line."""
    CLAUSE_END = auto()
    """Does not begin a line."""
    TRAILING = auto()
    """Does not begin a line either: small kana, marks of repetition and length, units."""
    DASH = auto()
    QUOTE = auto()
    """Straight, so opening or closing."""
    OTHER = auto()


_KINDS: Final = {
    **dict.fromkeys("\xa1\xbf", _Kind.OPENING),
    # The same of Arabic, Devanagari, Ethiopic, Khmer and Tibetan among them.
    **dict.fromkeys(".!?。\u061f\u06d4\u0964\u0965\u1362\u17d5\u0f0d", _Kind.SENTENCE_END),
    **dict.fromkeys(",;:、\u060c\u061b\u1363\u104a", _Kind.CLAUSE_END),
    **dict.fromkeys("\u2013\u2014", _Kind.DASH),
    **dict.fromkeys("\"'", _Kind.QUOTE),
    # W3C, Requirements for Japanese Text Layout, 3.1.7; Thai and Lao abbreviations.
    **dict.fromkeys(
        "%\u2030・々〻ゝゞヽヾーぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ\u0e2f\u0eaf", _Kind.TRAILING
    ),
}
_KINDS_BY_CATEGORY: Final = {
    "Ps": _Kind.OPENING,
    "Pi": _Kind.OPENING,
    "Pe": _Kind.CLOSING,
    "Pf": _Kind.CLOSING,
}
_BEGIN_NO_LINE: Final = frozenset({_Kind.CLOSING, _Kind.SENTENCE_END, _Kind.CLAUSE_END, _Kind.TRAILING})


class Piece(NamedTuple):
    """A part of a text without a break inside: mostly a word."""

    text: str
    """Without white space."""
    columns: int
    """Width of it, and at least 1."""
    spaced: bool
    """Whether a space stands before it, unless it begins a line."""
    cost: int
    """Of a break before it, as the constants above."""


def pieces(line: str) -> list[Piece]:
    """Take `line`, whose words stand one space apart, to its pieces; joined again they are the line."""
    result: list[Piece] = []
    for word in line.split(" "):
        ended = 0
        for part in _parts(word):
            spaced = ended == 0 and bool(result)
            cost = _cost(result[-1].text, word[:ended] or result[-1].text, part, spaced=spaced) if result else 0
            result.append(Piece(part, max(1, columns(part)), spaced, cost))
            ended += len(part)
    return result


def columns(text: str) -> int:
    """Measure `text`: wide East Asian characters are 2 columns (UAX 11), marks and format characters none."""
    return len(text) if text.isascii() else sum(map(_columns_of, text))


def is_spaceless(character: str) -> bool:
    """Whether no space is written between `character` and its neighbours."""
    return _SPACELESS.match(character) is not None


@lru_cache(maxsize=4096)  # a language's letters, many times over
def _columns_of(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


@lru_cache(maxsize=4096)
def _joins_previous(character: str) -> bool:
    return character in _JOINS_PREVIOUS or unicodedata.category(character) in _JOINING_CATEGORIES


@lru_cache(maxsize=4096)
def _kind(character: str) -> _Kind:
    if kind := _KINDS_BY_CATEGORY.get(unicodedata.category(character)):
        return kind
    # Full-width and half-width forms are known by their usual one; an ellipsis, by its last dot.
    return _KINDS.get(character) or _KINDS.get(unicodedata.normalize("NFKC", character)[-1], _Kind.OTHER)


def _parts(word: str) -> list[str]:
    if not _BREAKABLE.search(word):
        return [word]
    parts: list[str] = []
    start, base = 0, word[0]
    for position in range(1, len(word)):
        character, previous = word[position], word[position - 1]
        if _joins_previous(character):
            continue
        if previous not in _JOINS_NEXT and (previous in _WORD_MARKS or is_spaceless(base) or is_spaceless(character)):
            parts.append(word[start:position])
            start = position
        base = character
    return [*parts, word[start:]]


def _cost(piece: str, word: str, after: str, *, spaced: bool) -> int:
    """Judge the break between `piece`, which ends `word`, and the piece `after`."""
    if all(_kind(character) is _Kind.OPENING for character in piece) or all(
        _kind(character) in _BEGIN_NO_LINE for character in after
    ):
        return FORBIDDEN_BREAK
    match _end(word):
        case _Kind.SENTENCE_END:
            return SENTENCE_BREAK
        case _Kind.CLAUSE_END | _Kind.DASH:
            return CLAUSE_BREAK
    if not spaced and piece[-1] not in _WORD_MARKS and _LETTERS.match(after):
        return LETTER_BREAK
    return PLAIN_BREAK


def _end(word: str) -> _Kind:
    """Give the kind of the last character that is no quote or closing bracket."""
    for character in reversed(word):
        if (kind := _kind(character)) not in {_Kind.CLOSING, _Kind.QUOTE}:
            return kind
    return _Kind.OTHER
