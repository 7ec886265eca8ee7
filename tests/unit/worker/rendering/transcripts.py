"""What the tests of renderings share: transcripts made in one line, and the texts that renderings must survive."""

import random
from collections.abc import Iterable, Sequence
from typing import Any, Final

from steno_types import JobIdentity
from steno_worker.rendering import render_all
from steno_worker.report import Coverage, Drop, DroppedSpan, Fault, RedecodedChunk, Report
from steno_worker.transcript import EngineInfo, Segment, Transcript, Word

JOB: Final = JobIdentity(namespace="team", name="talk", uid="89abcdef")

ENGINE: Final = EngineInfo(
    name="faster-whisper", version="1.2.1", model="large-v3", device="cuda", compute_type="float16", beam_size=5
)

REPORT: Final = Report(
    job=JOB,
    audio_seconds=60,
    coverage=Coverage(
        speech_seconds=30,
        covered_seconds=28.5,
        dropped=(DroppedSpan(start=3, end=4.5, reason=Drop.NO_SPEECH),),
        redecoded=(RedecodedChunk(start=0, end=9, faults=(Fault.LOW_PROBABILITY,), temperature=0.2),),
        repaired_times=1,
    ),
    warnings=("Much of the recording is silence.",),
)
"""In which there is something of everything."""

HOSTILE_TEXTS: Final = {
    "an arrow": "from --> to, and ---> <!----> more",
    "a whole cue": "bye 7 00:00:01,000 --> 00:00:02,000 hello",
    "a tag": "<b>bold</b> & <i>italic",
    "an entity": "&amp; &lt;b&gt; &#60;",
    "blank lines": "one\n\n\ntwo\r\n\r\nthree",
    "separators": "one\u2028two\u2029three\x85four\x0bfive\x0csix\x1cseven",
    "controls": "bell\x07 escape\x1b[31m delete\x7f",
    "tabs": "one\ttwo\t\tthree",
    "a header": "WEBVTT NOTE STYLE REGION",
    "digits": "1 2 3",
    "emoji": "family 👨‍👩‍👧‍👦 thumb 👍🏽 flags 🇯🇵🇩🇪 keycap 1️⃣",
    "arabic": "مَرْحَبًا بِكُمْ فِي هَذَا البَرْنَامَجِ",
    "hebrew": "שָׁלוֹם עֲלֵיכֶם",
    "japanese": "「そうですね」と彼は言いました。コーヒーを飲みながら、長い間話しました。",
    "nothing": " \n ",
    "controls alone": "\x07\x01",
}

_VOCABULARIES: Final = {
    "words": [
        "a",
        "the",
        "speech",
        "recognition,",
        "meeting.",
        "why?",
        "Grüße",
        "(so)",
        "3.5",
        "%",
        '"quoted"',
        "dash…",
    ],
    "long words": [
        "Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrikant",
        "a",
        "https://example.org/" + "x" * 60,
    ],
    "kana": list("今日は天気がいいですね、そう。「」っー"),
    "thai": ["ที่", "นี่", "น้ำ", "เรา", "ไป", "ครับ", "กัน", " "],
    "clusters": ["👨‍👩‍👧‍👦", "👍🏽", "🇯🇵 ", "1️⃣ ", "e\u0301 ", "が", " क्षि ", " 한국 ", "は\u3099"],
    "arabic": ["مَرْحَبًا", "بِكُمْ", "فِي", "هَذَا", "البَرْنَامَجِ،", "نَتَحَدَّثُ", "اليَوْمَ؟"],
}

VOCABULARIES: Final = tuple(_VOCABULARIES)


def a_segment(text: str, *, start: float = 0.0, end: float = 3.0, **more: Any) -> Segment:
    """Make a segment; all but its text and times is of no interest."""
    settings = {"id": 0, "avg_log_prob": -0.2, "no_speech_prob": 0.01, "compression_ratio": 1.5, **more}
    return Segment(start=start, end=end, text=text, **settings)


def a_spoken_segment(words: Sequence[tuple[str, float, float]]) -> Segment:
    """Make a segment of words: each with the space before it, if any, its start and its end."""
    text = "".join(word for word, _, _ in words).strip()
    timed = tuple(Word(word=word, start=start, end=end, probability=0.9) for word, start, end in words)
    return a_segment(text, start=timed[0].start, end=timed[-1].end, words=timed)


def a_transcript(*segments: Segment, **more: Any) -> Transcript:
    """Make a transcript of segments, which are numbered in their order."""
    numbered = tuple(segment.model_copy(update={"id": number}) for number, segment in enumerate(segments))
    settings = {"job": JOB, "language": "de", "duration_seconds": 3725.5, "engine": ENGINE, **more}
    return Transcript(segments=numbered, **settings)


def bodies(transcript: Transcript, report: Report = REPORT) -> dict[str, str]:
    """Render everything, by format."""
    return {rendering.format.value: rendering.body.decode() for rendering in render_all(transcript, report)}


def without_spaces(texts: Iterable[str]) -> str:
    """Join texts to their characters that are no white space."""
    return "".join("".join(texts).split())


def random_segments(vocabulary: str, seed: int, *, with_words: bool) -> list[Segment]:
    """Make 40 segments of 1 to 60 words, with pauses; about one in four runs into the next, and some take no time."""
    draw = random.Random(seed)  # noqa: S311  (the same segments each time)
    spaced = vocabulary in {"words", "long words", "arabic"}
    segments: list[Segment] = []
    clock = 0.0
    for _ in range(40):
        start = clock
        timed: list[Word] = []
        for _ in range(draw.randint(1, 60)):
            seconds = draw.choice([0.0, 0.0004, 0.2, 0.35, 0.8])
            text = draw.choice(_VOCABULARIES[vocabulary])
            timed.append(Word(word=f" {text}" if spaced else text, start=clock, end=clock + seconds, probability=0.9))
            clock += seconds + draw.choice([0.0, 0.0, 0.0, 0.1, 2.5])
        text = "".join(word.word for word in timed).strip()
        segments.append(a_segment(text, start=start, end=clock, words=tuple(timed) if with_words else None))
        clock = max(start, clock + draw.choice([-1.5, 0.0, 0.0, 3.0]))
    return segments
