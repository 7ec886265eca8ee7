"""Find words and phrases in what was said.

Called by `documents`. Pure. Letters alone are compared: not their case, nor their width, nor the punctuation around a
word. Inside a word all counts, so that ``it's`` and ``its`` are two.
"""

import unicodedata
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import dropwhile
from typing import Final

from steno_gateway.dialects.assemblyai.words import Word

MAX_PHRASE_WORDS: Final = 5
"""Of one phrase, as AssemblyAI has it."""


@dataclass(slots=True)
class Found:
    """Where one phrase was said."""

    phrase: str
    """As it was asked for."""
    times_ms: list[tuple[int, int]] = field(default_factory=list)
    """When: start of its first word, end of its last."""
    indexes: list[int] = field(default_factory=list)
    """Which word of the transcript it begins with, from 0."""


def search(words: Iterable[Word], phrases: Sequence[str]) -> list[Found]:
    """Find `phrases`, each of at most `MAX_PHRASE_WORDS`.

    Returns
    -------
    list[Found]
        In the order of `phrases`, without those never said and those without a letter or digit. Occurrences of one
        phrase do not overlap.
    """
    sought = {key: Found(phrase) for phrase in reversed(phrases) if (key := normalized(phrase))}
    by_first: dict[str, list[str]] = {}
    for key in sought:
        by_first.setdefault(key[0], []).append(key)
    longest = max(map(len, sought), default=0)
    window: deque[tuple[int, Word, str]] = deque()
    ended = dict.fromkeys(sought, -1)
    for entry in _keyed(words):
        window.append(entry)
        while window and _reach(window) >= longest:
            _match(window, by_first, sought, ended)
            window.popleft()
    while window:
        _match(window, by_first, sought, ended)
        window.popleft()
    order = {normalized(phrase): None for phrase in phrases}
    return [sought[key] for key in order if key in sought and sought[key].indexes]


def normalized(text: str) -> str:
    """Spell `text` as it is compared: its words one space apart, each without punctuation at its ends."""
    return " ".join(key for word in text.split() if (key := _key(word)))


def _keyed(words: Iterable[Word]) -> Iterable[tuple[int, Word, str]]:
    """Number the words, and leave out those that are punctuation alone."""
    return ((index, word, key) for index, word in enumerate(words) if (key := _key(word.text)))


def _reach(window: Sequence[tuple[int, Word, str]]) -> int:
    """Count the characters from the window's first word on."""
    return sum(len(key) + word.spaced for _, word, key in window) - window[0][1].spaced


def _match(
    window: Sequence[tuple[int, Word, str]],
    by_first: Mapping[str, Sequence[str]],
    sought: Mapping[str, Found],
    ended: dict[str, int],
) -> None:
    """Note each phrase that begins with the window's first word."""
    index, first, key = window[0]
    for candidate in by_first.get(key[0], ()):
        if candidate.startswith(key) and index > ended[candidate]:
            last = _last_of(candidate, window)
            if last is not None:
                sought[candidate].indexes.append(index)
                sought[candidate].times_ms.append((first.start_ms, last[1].end_ms))
                ended[candidate] = last[0]


def _last_of(candidate: str, window: Sequence[tuple[int, Word, str]]) -> tuple[int, Word] | None:
    """Find the word that `candidate` ends with, if the words from the window's first on are it."""
    said = ""
    for index, word, key in window:
        said += f" {key}" if said and word.spaced else key
        if len(said) >= len(candidate):
            return (index, word) if said == candidate else None
    return None


@lru_cache(maxsize=4096)  # most words are said many times
def _key(word: str) -> str:
    plain = unicodedata.normalize("NFKC", word).casefold().replace("\u2019", "'")
    kept = "".join(dropwhile(_is_mark, plain))
    return "".join(dropwhile(_is_mark, reversed(kept)))[::-1]


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] not in "LNM"
