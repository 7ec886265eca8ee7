"""Read what the package's steps leave: what is sound, what is a failure in disguise, and what it says.

Called by `steps` with the JSON of a step's file, and by `Multistep` with sound results. A step that failed may have
left ``null``, ``{}`` or a string such as ``format_transcript failed``. Pure. Must not know files, stores or the
package.
"""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

from pydantic import BaseModel, FiniteFloat, TypeAdapter, ValidationError

from steno_worker.engines.multistep.names import StepName

UNKNOWN_SPEAKER: Final = "UNKNOWN"
"""What the package calls a speaker whom it does not know."""

PERSON: Final = "Person"
"""Label of people's names among the package's entities."""

DATE: Final = "Date"
"""Label of those that are no names."""

_CORE: Final = re.compile(r"\W*(\w.*?)(?:['\u2019]s)?\W*")
"""What of a word may be a name: without punctuation around it, and without the genitive's ending."""


class UnsoundError(Exception):
    """A result is a failure in disguise; says which."""


class _Row(BaseModel):
    """A stretch of the transcript."""

    start: FiniteFloat
    end: FiniteFloat
    transcript: str


class _SpeakerRow(_Row):
    speaker: str
    duration: FiniteFloat


class _NamedRow(_Row):
    speaker_name: str | None


class _Turn(BaseModel):
    start: FiniteFloat
    end: FiniteFloat
    speaker: str


class _Entity(BaseModel):
    text: str


_SHAPES: Final[Mapping[StepName, TypeAdapter[Any]]] = {
    StepName.RAW_TRANSCRIPT: TypeAdapter(list[_Row]),
    StepName.SENTENCE_MERGE: TypeAdapter(list[_Row]),
    StepName.ENTITIES: TypeAdapter(dict[str, list[_Entity]]),
    StepName.CORRECTED_TRANSCRIPT: TypeAdapter(list[_Row]),
    StepName.DIARIZATION: TypeAdapter(list[_Turn]),
    StepName.MERGED: TypeAdapter(list[_SpeakerRow]),
    StepName.COMPRESSED: TypeAdapter(list[_SpeakerRow]),
    StepName.INTRODUCTIONS: TypeAdapter(list[_Row]),
    StepName.SPEAKER_MAP: TypeAdapter(dict[str, str | None]),
    StepName.FINAL: TypeAdapter(list[_NamedRow]),
}
"""What a sound result of each step is. A step that may find nothing may leave an empty one."""

_JSON: Final[TypeAdapter[Any]] = TypeAdapter(Any)


def sound(name: StepName, body: bytes | None) -> Any:
    """Give a step's result as the package itself would read it.

    Raises
    ------
    UnsoundError
        It is absent, no JSON, or not what the step makes when all goes well.
    """
    try:
        result = None if body is None else _JSON.validate_json(body)
    except ValidationError:
        raise UnsoundError("its file is no JSON") from None
    if result is None:
        raise UnsoundError("it gave nothing")
    if isinstance(result, str):
        raise UnsoundError("it gave a text in place of a result")
    try:
        _SHAPES[name].validate_python(result)
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise UnsoundError(f"its result is malformed ({where + ': ' if where else ''}{fault['msg']})") from None
    return result


def spaced(raw: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Put a space before each stretch of the raw transcript, as Whisper does and the package's step undoes.

    The next step joins them as they are, so that the last word of one and the first of the next would become one.
    """
    return [{**row, "transcript": f" {row['transcript'].strip()}"} for row in raw if row["transcript"].strip()]


def retimed(sentences: Sequence[Mapping[str, Any]], raw: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Time sentences by where their letters stand in the raw transcript.

    The package counts the letters of the sentences without the spaces between them against those with, and so places
    each sentence a letter earlier than the one before: a minute after an hour. Spaces are left out of both counts
    here, and the time within a stretch is taken to be even. Sentences whose letters are not those of the raw
    transcript keep their times.
    """
    said = [row for row in raw if _letters(row["transcript"])]
    if "".join(_letters(s["transcript"]) for s in sentences) != "".join(_letters(r["transcript"]) for r in said):
        return [dict(sentence) for sentence in sentences]
    ends = list(accumulate(len(_letters(row["transcript"])) for row in said))

    def time_at(letter: int, number: int) -> float:
        row, first = said[number], ends[number - 1] if number else 0
        if letter in {first, ends[number]}:  # exact where no arithmetic is needed
            return float(row["start"] if letter == first else row["end"])
        share = (letter - first) / (ends[number] - first)
        return round(float(row["start"]) + (float(row["end"]) - float(row["start"])) * share, 3)

    timed = []
    position = 0
    for sentence in sentences:
        after = position + len(_letters(sentence["transcript"]))
        if after > position:
            start, end = time_at(position, bisect_right(ends, position)), time_at(after, bisect_left(ends, after))
            timed.append({**sentence, "start": start, "end": end})
        position = after
    return timed


def _letters(text: str) -> str:
    return "".join(text.split())


def name_words(entities: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, list[dict[str, str]]]:
    """Give names as the package's correction can take them: word by word.

    It compares each word of the transcript with each name as a whole, and puts the whole in the word's place: from
    "Ann Lee" it makes "Ann lee Ann lee". So people's names are parted, and other names of several words left out.
    """
    words = {word for entity in entities.get(PERSON, ()) for word in entity["text"].split()}
    for label, found in entities.items():
        if label not in {PERSON, DATE}:
            words |= {entity["text"] for entity in found if len(entity["text"].split()) == 1}
    return {PERSON: [{"text": word} for word in sorted(words)]} if words else {}


def respelled(
    corrected: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]], words: Iterable[str]
) -> list[dict[str, Any]]:
    """Take from `corrected` which words of `rows` are names, and nothing else.

    The package drops the punctuation around a name and writes its inner capitals small. Where it did not change as
    many words as there were, the row stays as it was.
    """
    if len(corrected) != len(rows):
        return [dict(row) for row in rows]
    spellings = {word.capitalize(): word for word in words} | {word: word for word in words}

    def row_of(row: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
        before, after = row["transcript"].split(), other["transcript"].split()
        if len(before) != len(after):
            return dict(row)
        pairs = zip(before, after, strict=True)
        return {**row, "transcript": " ".join(_respelled_word(old, new, spellings) for old, new in pairs)}

    return [row_of(row, other) for row, other in zip(rows, corrected, strict=True)]


def _respelled_word(old: str, new: str, spellings: Mapping[str, str]) -> str:
    found = _CORE.fullmatch(old)
    if found is None or new == old or new.casefold() == found[1].casefold():
        return old
    return old[: found.start(1)] + spellings.get(new, new) + old[found.end(1) :]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A sentence of the transcript."""

    start_seconds: float
    end_seconds: float
    text: str
    speaker: str | None = None
    """Name or label; None where the package does not know."""


def lines_of(rows: Iterable[Mapping[str, Any]], final: Sequence[Mapping[str, Any]] = ()) -> tuple[Line, ...]:
    """Give the sentences of `rows`, each with the speaker whom `final` names for it.

    The text and times of `final` are not used: it joins sentences that are said twice, inserts ``[SILENCE]``, and
    lets each sentence begin where the one before it ends.
    """
    named: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in final:
        named[row["transcript"]].append(row)
    lines = []
    for row in rows:
        if text := row["transcript"].strip():
            speaker = max(named[row["transcript"]], key=lambda other: _shared_seconds(row, other), default=None)
            lines.append(
                Line(start_seconds=row["start"], end_seconds=row["end"], text=text, speaker=_speaker_of(speaker))
            )
    return tuple(lines)


def _shared_seconds(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """Give how long two stretches overlap; negative is how far they are apart."""
    return float(min(one["end"], other["end"]) - max(one["start"], other["start"]))


def _speaker_of(row: Mapping[str, Any] | None) -> str | None:
    name = None if row is None else row["speaker_name"]
    return None if name == UNKNOWN_SPEAKER else name
