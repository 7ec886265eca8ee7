"""Recordings of known words: espeak-ng says sentences of a seed, with pauses between them.

Called by the benchmarks. A recording is kept under ``build/bench/recordings`` by a digest of all that it was made
from, with the words and their times beside it. Must not know who transcribes them.
"""

import hashlib
import io
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream

from benchmarks.figures import BENCH
from benchmarks.sentences import Speaker

RECORDINGS: Final = BENCH / "recordings"
"""Where they are kept."""

RATE_HZ: Final = 16_000
"""Of every recording; Whisper's own."""

FORM: Final = 1
"""Raised when the same recipe comes to sound otherwise."""

VOICES: Final = ("en-us", "en-us+f3", "en-us+m3")
"""Those that the small model was trained on."""

WORDS_PER_MINUTE: Final = (140, 190)
"""How fast a sentence is said; the training's bounds, both included."""

PITCHES: Final = (38, 62)
"""On espeak-ng's scale of 0 to 99, both included; the training's."""

LEVEL: Final = 0.8
"""Of espeak-ng's own."""

SILENT_AMPLITUDE: Final = 80
"""Of 32,768: espeak-ng begins and ends with less, which is cut off."""

MARGIN_SECONDS: Final = 0.01
"""Left of it at each end."""

CODECS: Final = {".wav": "pcm_s16le", ".m4a": "aac", ".flac": "flac"}
"""By suffix."""

FRAME_SAMPLES: Final = 1_024
"""Of what is handed to an encoder at once."""

Pcm = npt.NDArray[np.int16]
"""int16, shape (num_samples,), mono, at `RATE_HZ`."""


class SpeechMissingError(Exception):
    """espeak-ng is not installed; names the command that installs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a recording is made from; equal recipes sound alike."""

    seed: int
    seconds: float = 0.0
    """At least so long; the sentence that reaches it is the last."""
    sentences: int = 0
    """At least so many."""
    pauses_seconds: tuple[float, float] = (0.25, 1.2)
    """Shortest and longest silence before each sentence, evenly spread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """What somebody says, and when."""

    text: str
    voice: str
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A file, and what is said in it."""

    path: Path
    sentences: tuple[Sentence, ...]
    seconds: float

    @property
    def text(self) -> str:
        """All that is said."""
        return " ".join(sentence.text for sentence in self.sentences)


def record(recipe: Recipe, *, suffix: str = ".wav") -> Recording:
    """Make the recording of `recipe`, unless there is one, in the container and codec of `suffix`.

    Raises
    ------
    SpeechMissingError
        It would have to be spoken, and nobody can.
    """
    spelled = json.dumps({"form": FORM, "espeak": _espeak_version(), **asdict(recipe)}, sort_keys=True)
    stem = RECORDINGS / f"{recipe.seed}-{hashlib.sha256(spelled.encode()).hexdigest()[:16]}"
    reference, path = stem.with_suffix(".json"), stem.with_suffix(suffix)
    if not (reference.exists() and path.exists()):
        RECORDINGS.mkdir(parents=True, exist_ok=True)
        samples, sentences = _speak(recipe)
        write(path, iter([samples]))
        reference.write_text(json.dumps([asdict(sentence) for sentence in sentences], indent=1))
    kept = tuple(Sentence(**said) for said in json.loads(reference.read_text()))
    return Recording(path=path, sentences=kept, seconds=duration_seconds(path))


def repeated(path: Path, times: int, *, suffix: str) -> Path:
    """Give a recording that says `path` so many times over, in a file beside it or under `RECORDINGS`."""
    RECORDINGS.mkdir(parents=True, exist_ok=True)
    long = RECORDINGS / f"{path.stem}-x{times}{suffix}"
    if not long.exists():
        samples = read(path)
        partial = long.with_stem(f"{long.stem}-partial")
        write(partial, (samples for _ in range(times)))
        partial.rename(long)
    return long


def read(recording: Path | io.BytesIO) -> Pcm:
    """Decode a recording whole; for short ones."""
    with av.open(str(recording) if isinstance(recording, Path) else recording, mode="r") as container:
        resampler = AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
        frames = [
            resampled.to_ndarray().ravel()
            for frame in (*container.decode(audio=0), None)
            for resampled in resampler.resample(frame)
        ]
    return np.concatenate(frames).astype(np.int16, copy=False)


def write(path: Path, pieces: Iterator[Pcm]) -> None:
    """Encode `pieces`, one after another, with the codec of the path's suffix; holds one piece at a time."""
    with av.open(str(path), mode="w") as container:
        stream = container.add_stream(CODECS[path.suffix], rate=RATE_HZ, layout="mono")
        if not isinstance(stream, AudioStream):
            raise TypeError(f"{CODECS[path.suffix]} is no audio codec")
        position = 0
        for piece in pieces:
            for start in range(0, len(piece), FRAME_SAMPLES):
                frame = AudioFrame.from_ndarray(
                    piece[None, start : start + FRAME_SAMPLES], format="s16", layout="mono"
                )
                frame.sample_rate = RATE_HZ
                frame.pts = position
                position += frame.samples
                container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def duration_seconds(path: Path) -> float:
    """Read the playing time out of a file's header."""
    with av.open(str(path)) as container:
        if container.duration is None:
            raise ValueError(f"{path.name} does not say how long it is")
        return container.duration / av.time_base


def _speak(recipe: Recipe) -> tuple[Pcm, list[Sentence]]:
    random = np.random.default_rng(recipe.seed)
    speaker = Speaker(random)
    pieces: list[Pcm] = []
    sentences: list[Sentence] = []
    position = 0
    while position < recipe.seconds * RATE_HZ or len(sentences) < recipe.sentences:
        pause = np.zeros(round(random.uniform(*recipe.pauses_seconds) * RATE_HZ), np.int16)
        text, voice = speaker.sentence(), VOICES[int(random.integers(len(VOICES)))]
        said = _say(
            text,
            voice=voice,
            words_per_minute=int(random.integers(*WORDS_PER_MINUTE, endpoint=True)),
            pitch=int(random.integers(*PITCHES, endpoint=True)),
        )
        start = position + len(pause)
        position = start + len(said)
        pieces += [pause, said]
        sentences.append(
            Sentence(text=text, voice=voice, start_seconds=start / RATE_HZ, end_seconds=position / RATE_HZ)
        )
    pieces.append(np.zeros(round(recipe.pauses_seconds[0] * RATE_HZ), np.int16))
    return np.concatenate(pieces), sentences


def _say(text: str, *, voice: str, words_per_minute: int, pitch: int) -> Pcm:
    command = ["espeak-ng", "-v", voice, "-s", str(words_per_minute), "-p", str(pitch), "--stdout", text]
    said = subprocess.run(command, check=True, capture_output=True).stdout
    # Its header claims a length that a pipe cannot know; FFmpeg reads on until the end.
    samples = read(io.BytesIO(said))
    loud = np.nonzero(np.abs(samples.astype(np.int32)) > SILENT_AMPLITUDE)[0]
    margin = round(MARGIN_SECONDS * RATE_HZ)
    cut = samples[max(0, loud[0] - margin) : loud[-1] + margin].astype(np.float32)
    scaled: Pcm = np.rint(cut * np.float32(LEVEL)).astype(np.int16)
    return scaled


def _espeak_version() -> str:
    if shutil.which("espeak-ng") is None:
        raise SpeechMissingError("espeak-ng is not installed; run: apt-get install espeak-ng")
    said = subprocess.run(["espeak-ng", "--version"], check=True, capture_output=True, text=True).stdout
    return said.partition("Data at")[0].strip()
