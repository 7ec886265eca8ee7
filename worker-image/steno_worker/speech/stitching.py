"""Put what was heard chunk by chunk into one line of time.

Called by `engines.chunked`. Pure. Must not know where the segments come from.
"""

import re
from collections.abc import Sequence
from typing import Final

from steno_worker.transcript import Segment, Word

_TOKEN: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]|[^\W\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]+")
"""A word, or one character of the scripts that are written without spaces (kana, Han, Thai)."""

MISHEARD_TOKENS: Final = 2
"""Last words of a chunk that its cut may have spoilt, so that the next chunk's version of them counts."""

MAX_REPEATED_TOKENS: Final = 60
"""Words of an overlap that are compared; more than anyone says in its few seconds."""


def in_order(segments: Sequence[Segment], seconds: float) -> tuple[tuple[Segment, ...], int]:
    """Hold times within [0, `seconds`], starts before ends, and nothing before what precedes it.

    Gives the segments, and how many segments and words had to be changed. Models name times that lie outside of what
    they heard; a last segment whose end was never told ends with the chunk, which is no change worth counting.
    """
    ordered: list[Segment] = []
    repaired = 0
    earliest = 0.0
    for segment in segments:
        start, end = _within(segment.start, segment.end, earliest, seconds)
        words, repaired_words = _words_in_order(segment.words, start, end)
        repaired += repaired_words + (start != segment.start or end != min(segment.end, round(seconds, 3)))
        ordered.append(segment.model_copy(update={"start": start, "end": end, "words": words}))
        earliest = end
    return tuple(ordered), repaired


def _words_in_order(words: tuple[Word, ...] | None, start: float, end: float) -> tuple[tuple[Word, ...] | None, int]:
    if words is None:
        return None, 0
    ordered: list[Word] = []
    earliest = start
    for word in words:
        begin, finish = _within(word.start, word.end, earliest, end)
        ordered.append(word.model_copy(update={"start": begin, "end": finish}))
        earliest = finish
    return tuple(ordered), sum(before != after for before, after in zip(words, ordered, strict=True))


def _within(start: float, end: float, earliest: float, latest: float) -> tuple[float, float]:
    begin = min(max(start, earliest), latest)
    return round(begin, 3), round(min(max(end, begin), latest), 3)


def stitched(before: Sequence[Segment], after: Sequence[Segment]) -> tuple[list[Segment], list[Segment]]:
    """Take what two chunks that overlap both heard out of one of them.

    `before` and `after` are their segments, on one line of time. The longest run of words that ends the one and opens
    the other is kept once. The cut may have spoilt the last words of `before`: these are then taken from `after`.
    Where the two heard nothing alike, everything stays: words said twice are a smaller fault than words lost.
    """
    heard = _tokens(before)[-MAX_REPEATED_TOKENS:]
    again = _tokens(after)[:MAX_REPEATED_TOKENS]
    for spoilt in range(min(MISHEARD_TOKENS, len(heard)) + 1):
        end = len(heard) - spoilt
        for length in range(min(end, len(again)), 0, -1):
            if heard[end - length : end] == again[:length]:
                return _without_last(before, spoilt), _without_first(after, length)
    return list(before), list(after)


def _tokens(segments: Sequence[Segment]) -> list[str]:
    return [token.group().casefold() for segment in segments for token in _TOKEN.finditer(segment.text)]


def _without_first(segments: Sequence[Segment], count: int) -> list[Segment]:
    left = list(segments)
    while count and left:
        segment = left.pop(0)
        tokens = list(_TOKEN.finditer(segment.text))
        if len(tokens) <= count:
            count -= len(tokens)
            continue
        kept = segment.text[tokens[count].start() :]
        words = None if segment.words is None else _last_words(segment.words, len(tokens) - count)
        start = words[0].start if words else segment.start
        left.insert(0, segment.model_copy(update={"text": kept, "words": words, "start": start}))
        count = 0
    return left


def _without_last(segments: Sequence[Segment], count: int) -> list[Segment]:
    left = list(segments)
    while count and left:
        segment = left.pop()
        tokens = list(_TOKEN.finditer(segment.text))
        if len(tokens) <= count:
            count -= len(tokens)
            continue
        kept = segment.text[: tokens[len(tokens) - count].start()].rstrip()
        words = None if segment.words is None else _first_words(segment.words, len(tokens) - count)
        end = words[-1].end if words else segment.end
        left.append(segment.model_copy(update={"text": kept, "words": words, "end": end}))
        count = 0
    return left


def _first_words(words: Sequence[Word], tokens: int) -> tuple[Word, ...]:
    kept: list[Word] = []
    for word in words:
        if tokens <= 0:
            break
        tokens -= len(_TOKEN.findall(word.word))
        kept.append(word)
    return tuple(kept)


def _last_words(words: Sequence[Word], tokens: int) -> tuple[Word, ...]:
    kept: list[Word] = []
    for word in reversed(words):
        if tokens <= 0:
            break
        tokens -= len(_TOKEN.findall(word.word))
        kept.append(word)
    return tuple(reversed(kept))
