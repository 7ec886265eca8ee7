"""Whether Steno's checks see a decoding that went wrong, where one is known to have gone wrong.

Called by `worker`. Whisper's own loop, conditioned on the text before, carries an error on from window to window: the
small model runs into loops and loses most of what follows. Its windows are compared with what was said, and then
shown to `steno_worker.speech.faults`, which knows nothing of that. Must not know Steno's engine.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from faster_whisper import WhisperModel

from benchmarks.figures import Figure, figure
from benchmarks.sides import BEAM_SIZE, bare_model
from benchmarks.speech import RATE_HZ, Recording, read, record
from benchmarks.word_errors import RECIPES, errors_of
from steno_worker.report import Fault
from steno_worker.speech.faults import faults_of
from steno_worker.speech.vad import find_speech
from steno_worker.transcript import Segment

WINDOW_SECONDS: Final = 30.0
"""Whisper's; nothing longer is asked for speech at once."""

LOOP: Final = re.compile(r"(.{3,}?)\1{2,}")
"""Three characters or more, three times in a row."""

HALF: Final = 50.0
"""Word error rate, in percent, from which a window counts as wrong."""

_ABOUT: Final = "conditioned decoding"

MEANINGS: Final = {
    f"{_ABOUT}, windows that are wrong": (
        "Share of the windows of bare sequential decoding, conditioned on the text before, in which at least half of "
        "the words are wrong; the recordings are those of the word errors."
    ),
    f"{_ABOUT}, wrong windows flagged": "Share of these that Steno's checks would decode again.",
    f"{_ABOUT}, looping windows flagged": (
        "The same of those wrong windows in which three characters or more follow themselves twice."
    ),
    f"{_ABOUT}, other windows flagged": "Share of the windows less than half wrong that the checks flag as well.",
}
"""What each metric says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One window of the decoding, judged twice."""

    text: str
    wrong_percent: float
    """Its word error rate."""
    faults: tuple[Fault, ...]
    """What Steno's checks say."""


def measure(*, say: Callable[[str], None]) -> tuple[list[Figure], dict[str, str]]:
    """Measure all; gives the figures and what they mean."""
    model = bare_model()
    windows = [window for recipe in RECIPES for window in _windows(model, record(recipe))]
    wrong = [window for window in windows if window.wrong_percent >= HALF]
    others = [window for window in windows if window.wrong_percent < HALF]
    loops = [window for window in wrong if LOOP.search(window.text)]
    say(f"conditioned decoding: {len(wrong)} of {len(windows)} windows wrong, {len(loops)} loop")
    names = iter(MEANINGS)
    return [
        figure(next(names), "%", 100 * len(wrong) / len(windows)),
        figure(next(names), "%", _flagged(wrong)),
        figure(next(names), "%", _flagged(loops)),
        figure(next(names), "%", _flagged(others)),
    ], MEANINGS


def _flagged(windows: list[Window]) -> float | None:
    return 100 * sum(bool(window.faults) for window in windows) / len(windows) if windows else None


def _windows(model: WhisperModel, recording: Recording) -> Iterator[Window]:
    segments_of: defaultdict[int, list[Any]] = defaultdict(list)
    heard, _ = model.transcribe(
        str(recording.path), language="en", beam_size=BEAM_SIZE, condition_on_previous_text=True
    )
    for segment in heard:
        segments_of[segment.seek].append(segment)
    samples = read(recording.path).astype(np.float32) / np.float32(2**15)
    ends = [*sorted(segments_of), round(recording.seconds * model.frames_per_second)]
    for start, end in pairwise(ends):
        start_seconds, end_seconds = start / model.frames_per_second, end / model.frames_per_second
        said = tuple(
            sentence
            for sentence in recording.sentences
            if start_seconds <= (sentence.start_seconds + sentence.end_seconds) / 2 < end_seconds
        )
        if not said:
            continue
        window = samples[round(start_seconds * RATE_HZ) : round(end_seconds * RATE_HZ)]
        text = " ".join(segment.text.strip() for segment in segments_of[start])
        reference = Recording(path=recording.path, sentences=said, seconds=end_seconds - start_seconds)
        yield Window(
            text=text,
            wrong_percent=errors_of([reference], [text]).rate,
            faults=faults_of(
                [_segment(segment, start_seconds) for segment in segments_of[start]],
                find_speech(window, WINDOW_SECONDS),
            ),
        )


def _segment(segment: Any, offset_seconds: float) -> Segment:
    return Segment(
        id=segment.id,
        start=max(0.0, segment.start - offset_seconds),
        end=max(0.0, segment.end - offset_seconds),
        text=segment.text.strip(),
        avg_log_prob=segment.avg_logprob,
        no_speech_prob=segment.no_speech_prob,
        compression_ratio=segment.compression_ratio,
        temperature=segment.temperature or 0.0,
    )
