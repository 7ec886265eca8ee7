"""The real source of multistep-transcriber, and stand-ins for the models that it would load.

Its own control flow, caching and error handling run as they are. Only what needs PyTorch, a GPU or a network is
replaced, from outside: modules under the names that it imports, each hearing, finding or failing as `Models` says.
Used by the ``test_multistep_*`` modules that need the source; they are skipped where `SOURCE_VARIABLE` names none.
"""

import importlib
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from steno_types import EngineSettings
from steno_worker.decoding import audio_of
from steno_worker.engines import Hearing, SpeechRequest, Work
from steno_worker.engines.multistep import Multistep
from steno_worker.models import LocatedModel
from steno_worker.samples import SAMPLE_RATE_HZ, Samples
from steno_worker.speech.spans import Span, to_samples
from unit.worker.engines.decoders import MemoryCheckpoints

SOURCE_VARIABLE = "STENO_MULTISTEP_SOURCE"

HF_TOKEN = "hf_hunter2hunter2"

Said = tuple[float, float, str]
"""Start and end in seconds, and words."""

MEETING: tuple[Said, ...] = (
    (0.0, 4.0, " Good evening, I am Ann from the board."),
    (4.0, 9.0, " Thank you Anne for that."),
    (9.0, 12.0, " I am Bob of the union."),
    (12.0, 16.0, " The bridge is closed."),
)
"""Two people; the second time, the first one's name is misspelt."""

TURNS: tuple[Said, ...] = (
    (0.0, 0.5, "SPEAKER_09"),  # the package drops the first turn, whoever's it is
    (0.6, 3.9, "SPEAKER_00"),
    (4.1, 8.9, "SPEAKER_01"),
    (9.1, 15.9, "SPEAKER_01"),
)
"""Who speaks when."""


@dataclass(kw_only=True)
class Models:
    """What the models make of the recording, and which of them fail."""

    said: Sequence[Said] = MEETING
    turns: Sequence[Said] = TURNS
    names: Sequence[str] = ("Ann", "Bob")
    """People, as the models for names find them; `Anne` is taken for a misspelling of `Ann`, and so on."""
    language: str = "en"
    real_whisper: bool = False
    """Whether faster-whisper itself is used."""
    broken: dict[str, Exception] = field(default_factory=dict)
    """Raised by the model of that name."""
    calls: Counter[str] = field(default_factory=Counter)
    """How often each was asked."""
    tokens: list[str | None] = field(default_factory=list)
    """Those that the diarization model was fetched with."""

    def asked(self, model: str) -> None:
        """Count a call, and fail if told to."""
        self.calls[model] += 1
        if model in self.broken:
            raise self.broken[model]

    def modules(self) -> dict[str, Any]:
        """Give the modules that the package imports, by name."""
        return {
            "torch": SimpleNamespace(device=str, cuda=SimpleNamespace(is_available=lambda: False)),
            "pyannote": SimpleNamespace(),
            "pyannote.audio": SimpleNamespace(Pipeline=SimpleNamespace(from_pretrained=self._diarization)),
            "ollama": SimpleNamespace(chat=self._chat),
            "gliner": SimpleNamespace(GLiNER=SimpleNamespace(from_pretrained=lambda _: self._entities())),
            "spacy": SimpleNamespace(load=self._spacy),
            "setfit": SimpleNamespace(SetFitModel=SimpleNamespace(from_pretrained=lambda _: self._introductions())),
            "sentence_transformers": SimpleNamespace(
                SentenceTransformer=lambda _: SimpleNamespace(encode=_letters_of),
                util=SimpleNamespace(cos_sim=self._similarities),
            ),
            "treeseg": SimpleNamespace(TreeSeg=None),  # imported by the package, and used for topics alone
        }

    def whisper(self, name: str) -> Any:
        """Stand in for faster-whisper's model."""
        self.asked("load")

        def transcribe(path: str) -> Any:
            self.asked("whisper")
            assert Path(path).suffix == ".wav"  # the one kind of file that it promises to read
            return (SimpleNamespace(start=start, end=end, text=text) for start, end, text in self.said), None

        def detect_language(samples: Samples) -> Any:
            self.asked("language")
            assert len(samples)
            return self.language, 0.9, []

        return SimpleNamespace(
            name=name,
            logger=SimpleNamespace(setLevel=lambda _: None),
            model=SimpleNamespace(device="cpu", compute_type="int8", is_multilingual=True),
            transcribe=transcribe,
            detect_language=detect_language,
        )

    def _diarization(self, _: str, *, token: str | None) -> Any:
        self.tokens.append(token)

        def pipeline(path: str) -> Any:
            self.asked("diarization")
            assert Path(path).is_file()
            turns = [(SimpleNamespace(start=start, end=end), speaker) for start, end, speaker in self.turns]
            return SimpleNamespace(speaker_diarization=turns)  # as pyannote.audio 4 wraps it

        return _Pipeline(pipeline)

    def _spacy(self, _: str) -> Any:
        self.asked("spacy")

        def parse(text: str) -> Any:
            found = re.findall(r"\S.*?(?:[.!?]|$)", text)
            return SimpleNamespace(sents=[SimpleNamespace(text=sentence) for sentence in found])

        parse.pipe_names = []  # type: ignore[attr-defined]
        parse.add_pipe = lambda _: None  # type: ignore[attr-defined]
        return parse

    def _entities(self) -> Any:
        def predict(sentences: list[str], labels: list[str], *, threshold: float) -> Any:
            self.asked("gliner")
            assert ("Person", 0.65) == (labels[0], threshold)
            return [
                [{"label": "Person", "text": name, "score": 0.9} for name in self.names if name in sentence]
                for sentence in sentences
            ]

        return SimpleNamespace(batch_predict_entities=predict)

    def _introductions(self) -> Any:
        def predict(sentences: list[str]) -> list[str]:
            self.asked("setfit")
            return ["introduction" if "I am" in sentence else "other" for sentence in sentences]

        return SimpleNamespace(predict=predict)

    def _similarities(self, word: str, names: list[str]) -> Any:
        self.asked("similarity")
        stem = re.sub(r"\W|e$", "", re.sub(r"\W", "", word))
        return [np.array([float(stem in name.lower().split()) for name in names])]

    def _chat(self, *, model: str, messages: list[dict[str, str]], **_: Any) -> Any:
        self.asked("llm")
        assert model
        listed = re.findall(r"^- (.+)$", messages[1]["content"], flags=re.MULTILINE)
        content = '{"nouns": ' + str(sorted(listed)).replace("'", '"') + "}"
        return SimpleNamespace(message=SimpleNamespace(content=content))


class _Pipeline:
    """pyannote.audio's pipeline: called with a file, once it was moved to a device."""

    def __init__(self, call: Any) -> None:
        self._call = call

    def to(self, device: str) -> None:
        """Stay where it is."""
        assert device == "cpu"

    def __call__(self, path: str) -> Any:
        return self._call(path)


def _letters_of(text: Any, *, convert_to_tensor: bool) -> Any:
    assert convert_to_tensor
    return text


@contextmanager
def the_source(models: Models, environment: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Import the package's real source, with `models` for its models; skips the test where there is none."""
    folder = os.environ.get(SOURCE_VARIABLE)
    if not folder:
        pytest.skip(f"needs {SOURCE_VARIABLE}, the folder of multistep-transcriber's source")
    environment.setattr(sys, "dont_write_bytecode", True)  # the folder is not ours
    environment.syspath_prepend(folder)
    for variable in ("OMP_NUM_THREADS", "PYANNOTE_METRICS_ENABLED"):  # the engine sets them for the process
        environment.setenv(variable, "1")
    environment.setenv("HF_TOKEN", HF_TOKEN)
    environment.setenv("LLM_PROVIDER", "ollama")
    environment.setenv("OLLAMA_HOST", "ollama:11434")
    for name, module in models.modules().items():
        environment.setitem(sys.modules, name, module)
    try:
        package = importlib.import_module("mst")
        if not models.real_whisper:
            package.steps.transcription.WhisperModel = models.whisper
        yield package
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "mst"]:
            del sys.modules[name]


def loud(samples: Samples, max_seconds: float) -> list[Span]:
    """Find sound, in place of a model that finds speech."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.abs(samples) > 0, [0]]).astype(int)))
    longest = to_samples(max_seconds)
    return [
        Span(start=start, end=min(start + longest, int(last)))
        for first, last in edges.reshape(-1, 2)
        for start in range(int(first), int(last), longest)
    ]


def sound(*spans: tuple[float, float], seconds: float = 16.0) -> Samples:
    """Give `seconds` that are loud in `spans`, or throughout."""
    samples = np.zeros(round(seconds * SAMPLE_RATE_HZ), np.float32)
    for start, end in spans or ((0.0, seconds),):
        samples[to_samples(start) : to_samples(end)] = 0.5
    return samples


@dataclass(kw_only=True)
class Desk:
    """Where a test transcribes: the engine's real code, over the package's."""

    folder: Path
    checkpoints: MemoryCheckpoints = field(default_factory=MemoryCheckpoints)
    progress: list[float] = field(default_factory=list)

    def transcribe(self, samples: Samples | None = None, *, vad: bool = True, **options: str) -> Hearing:
        """Load the engine with `options` and hear `samples`, or sixteen loud seconds."""
        engine = Multistep.load(settings(**options), locate=somewhere, find_speech=loud)
        scratch = self.folder / f"scratch-{len(list(self.folder.iterdir()))}"
        scratch.mkdir()
        with audio_of(sound() if samples is None else samples, self.folder) as audio:
            return engine.transcribe(
                Work(
                    request=SpeechRequest(),
                    audio=audio,
                    recording=self.folder / "recording-as-it-came.mp4",
                    scratch=scratch,
                    checkpoints=self.checkpoints,
                    vad=vad,
                    progress=self.progress.append,
                )
            )


def somewhere(name: str) -> LocatedModel:
    """Find any model, in a folder that nobody looks into."""
    digest: Future[str] = Future()
    digest.set_result("sha256:0")
    return LocatedModel(path=Path("models", name), digesting=digest)


def settings(*, model: str = "distil-large-v3", **options: str) -> EngineSettings:
    """Ask for the engine; options by their names in a job."""
    return EngineSettings.model_validate({"name": "multistep", "model": model, "options": options})


def texts(hearing: Hearing) -> list[str]:
    """Give what was heard."""
    return [segment.text for segment in hearing.segments]
