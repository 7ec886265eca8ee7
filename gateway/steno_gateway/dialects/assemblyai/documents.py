"""What was said, as AssemblyAI's JSON: made piece by piece from words that come one after another.

Called by the routes, which send the pieces as they come. Pure. No document is ever whole in memory: a recording of
twelve hours has a hundred thousand words, and ten megabytes of this.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from steno_gateway.dialects.assemblyai.sentences import Passage
from steno_gateway.dialects.assemblyai.word_search import Found
from steno_gateway.dialects.assemblyai.words import Word

CHUNK_CHARACTERS: Final = 64 << 10
"""Of one piece that is sent."""

_dumps: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""One encoder for all: `json.dumps` would make one for each word."""


def transcript(said: Iterable[Word], again: Callable[[], Iterable[Word]], fields: Mapping[str, Any]) -> Iterator[str]:
    """Give the whole transcript: `fields`, of which there is at least one, then what was said.

    Parameters
    ----------
    said
        The words.
    again
        Gives the same words once more; asked where speakers are known, since utterances repeat them all.
    """
    heard = _Heard()
    yield f'{_dumps(fields)[:-1]},"words":'
    yield from _array(map(_word, heard.over(said)))
    yield f',"text":{_dumps(heard.text)},"confidence":{_dumps(heard.confidence)},"utterances":'
    if heard.has_speakers:
        yield from _array(_run(run) for _, run in groupby(again(), key=lambda word: word.speaker))
    else:
        yield "null"
    yield "}"


def passages(name: str, runs: Iterable[Passage], fields: Mapping[str, Any]) -> Iterator[str]:
    """Give `fields`, sentences or paragraphs, as `name` says, and the mean confidence of all words; 0 without any."""
    words = 0
    confidence = 0.0

    def counted() -> Iterator[Iterator[str]]:
        nonlocal words, confidence
        for run in runs:
            words += len(run.words)
            confidence += sum(word.confidence for word in run.words)
            yield _run(run.words)

    yield f'{_dumps(fields)[:-1]},"{name}":'
    yield from _array(counted())
    yield f',"confidence":{_dumps(confidence / words if words else 0.0)}}}'


def matches(transcript_id: str, found: Sequence[Found]) -> dict[str, Any]:
    """Give what a search found."""
    return {
        "id": transcript_id,
        "total_count": sum(len(each.indexes) for each in found),
        "matches": [
            {"text": each.phrase, "count": len(each.indexes), "timestamps": each.times_ms, "indexes": each.indexes}
            for each in found
        ],
    }


def in_chunks(pieces: Iterable[str]) -> Iterator[bytes]:
    """Join small pieces, as each that is sent costs a turn of the event loop."""
    held: list[str] = []
    characters = 0
    for piece in pieces:
        held.append(piece)
        characters += len(piece)
        if characters >= CHUNK_CHARACTERS:
            yield "".join(held).encode()
            held.clear()
            characters = 0
    yield "".join(held).encode()


class _Heard:
    """What words together come to, while they go by."""

    def __init__(self) -> None:
        self.start_ms = 0
        self.end_ms = 0
        self.has_speakers = False
        self.speaker: str | None = None
        """Of the first word."""
        self._text = bytearray()
        self._words = 0
        self._sum = 0.0

    @property
    def text(self) -> str:
        """The words joined."""
        return self._text.decode()

    @property
    def confidence(self) -> float | None:
        """Mean over the words; None without any."""
        return self._sum / self._words if self._words else None

    def over(self, words: Iterable[Word]) -> Iterator[Word]:
        """Give `words` on."""
        for word in words:
            if not self._words:
                self.start_ms, self.speaker = word.start_ms, word.speaker
            elif word.spaced:
                self._text += b" "
            self._text += word.text.encode()
            self._words += 1
            self._sum += word.confidence
            self.end_ms = max(self.end_ms, word.end_ms)
            self.has_speakers = self.has_speakers or word.speaker is not None
            yield word


def _word(word: Word) -> str:
    return _dumps(
        {
            "text": word.text,
            "start": word.start_ms,
            "end": word.end_ms,
            "confidence": word.confidence,
            "speaker": word.speaker,
        }
    )


def _run(words: Iterable[Word]) -> Iterator[str]:
    """Give words that belong together; an utterance may be hours long."""
    heard = _Heard()
    yield '{"words":'
    yield from _array(map(_word, heard.over(words)))
    told = {
        "text": heard.text,
        "start": heard.start_ms,
        "end": heard.end_ms,
        "confidence": heard.confidence,
        "speaker": heard.speaker,
        "channel": None,
    }
    yield f",{_dumps(told)[1:]}"


def _array(items: Iterable[str | Iterator[str]]) -> Iterator[str]:
    """Give items, each whole or in pieces."""
    yield "["
    for number, each in enumerate(items):
        if number:
            yield ","
        if isinstance(each, str):
            yield each
        else:
            yield from each
    yield "]"
