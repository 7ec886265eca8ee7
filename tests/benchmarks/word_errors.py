"""How many words Steno gets wrong in long recordings, against every way of calling bare faster-whisper.

Called by `worker`. Error rates are pooled over recordings of different seeds. What two systems differ by is resampled
over the recordings, as errors within one hang together: the same recordings are drawn for both, with replacement
(a paired bootstrap, Bisani and Ney 2004). Must not know times or memory.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import jiwer
import numpy as np
import numpy.typing as npt

from benchmarks.figures import Figure, figure
from benchmarks.sides import BATCH_SIZE, CHUNK_SECONDS, Steno, bare_batched, bare_model, bare_sequential
from benchmarks.speech import Recipe, Recording, record

RECIPES: Final = tuple(Recipe(seed=seed, seconds=240) for seed in range(800, 812))
"""Twelve recordings of four minutes."""

DRAWS: Final = 10_000
"""Of the bootstrap."""

BOOTSTRAP_SEED: Final = 1
"""So that the same errors give the same interval."""

BATCHED: Final[dict[str, dict[str, Any]]] = {
    "batched, defaults": {},
    "batched, times": {"without_timestamps": False},
    "batched, times, 12 s": {"without_timestamps": False, "chunk_length": CHUNK_SECONDS, "batch_size": BATCH_SIZE},
}
"""Ways of calling the batched pipeline; the last is told what Steno is told."""

SEQUENTIAL: Final[dict[str, dict[str, Any]]] = {
    "sequential, unconditioned": {"condition_on_previous_text": False},
    "sequential, unconditioned, VAD": {"condition_on_previous_text": False, "vad_filter": True},
    "sequential, defaults": {},
}
"""Ways of calling the sequential loop; its default is to condition each window on the text before."""

TOLD_ALIKE: Final = "batched, times, 12 s"
"""The way that is told what Steno is told."""

_normal: Final = jiwer.Compose(
    [
        jiwer.ToLowerCase(),
        jiwer.RemovePunctuation(),  # type: ignore[no-untyped-call]
        jiwer.RemoveMultipleSpaces(),
        jiwer.Strip(),
        jiwer.ReduceToListOfListOfWords(),
    ]
)
"""How both texts are brought to words before they are compared."""

Counts = npt.NDArray[np.int64]
"""int64, shape (num_recordings,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """What one system gets wrong, recording by recording."""

    wrong: Counts
    """Words substituted, left out or put in."""
    words: Counts
    """In the reference."""

    @property
    def rate(self) -> float:
        """In percent, over all recordings."""
        return float(100 * self.wrong.sum() / self.words.sum())


def measure(*, say: Callable[[str], None]) -> tuple[list[Figure], dict[str, str]]:
    """Measure all; gives the figures and what they mean."""
    recordings = [record(recipe) for recipe in RECIPES]
    steno, model = Steno(), bare_model()
    systems: dict[str, Callable[[Recording], str]] = {"Steno": lambda heard: steno.transcribe(heard.path).text}
    for name, options in BATCHED.items():
        systems[name] = lambda heard, options=options: bare_batched(model, heard.path, **options).text  # type: ignore[misc]
    for name, options in SEQUENTIAL.items():
        systems[name] = lambda heard, options=options: bare_sequential(model, heard.path, **options).text  # type: ignore[misc]
    errors = {}
    for name, system in systems.items():
        errors[name] = errors_of(recordings, [system(recording) for recording in recordings])
        say(f"word errors: {name} {errors[name].rate:.2f} %")
    return _figures(errors)


def errors_of(recordings: list[Recording], heard: list[str]) -> Errors:
    """Count the word errors of each recording; case and punctuation do not count."""
    compared = [
        jiwer.process_words(recording.text, text, reference_transform=_normal, hypothesis_transform=_normal)
        for recording, text in zip(recordings, heard, strict=True)
    ]
    return Errors(
        wrong=np.array([each.substitutions + each.deletions + each.insertions for each in compared]),
        words=np.array([each.substitutions + each.deletions + each.hits for each in compared]),
    )


def interval_of_difference(one: Errors, other: Errors) -> tuple[float, float]:
    """Give the 95 % interval of `one.rate` minus `other.rate`, in points, by a paired bootstrap over recordings."""
    count = len(one.words)
    drawn = np.random.default_rng(BOOTSTRAP_SEED).integers(count, size=(DRAWS, count))
    rates = [100 * each.wrong[drawn].sum(axis=1) / each.words[drawn].sum(axis=1) for each in (one, other)]
    low, high = np.percentile(rates[0] - rates[1], [2.5, 97.5])
    return float(low), float(high)


def _figures(errors: dict[str, Errors]) -> tuple[list[Figure], dict[str, str]]:
    steno = errors["Steno"]
    bare = {name: of for name, of in errors.items() if name != "Steno"}
    usual = min((name for name in bare if name != TOLD_ALIKE), key=lambda name: bare[name].rate)
    meanings = {
        "word errors": (
            f"Word error rate of Steno over {len(RECIPES)} recordings of {round(RECIPES[0].seconds / 60)} minutes "
            f"({int(steno.words.sum())} words), against the lowest of the bare ways below but the last batched one, "
            f"chosen afterwards: {usual}. Case and punctuation do not count."
        ),
        "word errors, told alike": (
            f"The same against the batched pipeline told what Steno is told: {TOLD_ALIKE}. It hears nothing again."
        ),
    }
    figures = [
        figure("word errors", "%", steno.rate, baseline=bare[usual].rate, goal="<= 1"),
        *_difference("word errors", steno, bare[usual], meanings),
        figure("word errors, told alike", "%", steno.rate, baseline=bare[TOLD_ALIKE].rate),
        *_difference("word errors, told alike", steno, bare[TOLD_ALIKE], meanings),
    ]
    for name, of in bare.items():
        metric = f"word errors of bare faster-whisper, {name}"
        figures.append(figure(metric, "%", of.rate))
        meanings[metric] = _called(name)
    return figures, meanings


def _difference(metric: str, steno: Errors, bare: Errors, meanings: dict[str, str]) -> list[Figure]:
    low, high = interval_of_difference(steno, bare)
    names = [f"{metric}, difference {part}" for part in ("", "at least", "at most")]
    names[0] = names[0].strip()
    meanings |= {
        names[0]: "Steno's rate minus the other's; below 0 Steno is better.",
        names[1]: (
            f"Lower end of its 95 % interval, by a paired bootstrap over the recordings ({DRAWS} draws). Above 0 "
            "Steno would be worse beyond chance."
        ),
        names[2]: "Upper end of the same interval.",
    }
    return [
        figure(names[0], "points", steno.rate - bare.rate),
        figure(names[1], "points", low, goal="<= 0"),
        figure(names[2], "points", high),
    ]


def _called(name: str) -> str:
    """Say how faster-whisper is called."""
    options = BATCHED.get(name, SEQUENTIAL.get(name, {}))
    spelled = ", ".join(f"{option}={value}" for option, value in options.items()) or "its defaults"
    kind = "BatchedInferencePipeline.transcribe" if name in BATCHED else "WhisperModel.transcribe"
    return f"`{kind}`, beam 5, with {spelled}."
