"""A pod in the test's own process, and an engine that knows its lines.

The pod is `steno_worker.worker.run` with an in-memory store; its environment is set as the operator would set it, as
that is the worker's interface.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from steno_store import ObjectStore, read_manifest
from steno_types import Assignment, EngineSettings, Manifest, Reason, TerminationMessage
from steno_worker.checkpoints import Checkpoints, NoCheckpoints
from steno_worker.decoding import Audio
from steno_worker.engines import Engine, Hearing, SpeechRequest, Work, load_engine
from steno_worker.report import Coverage
from steno_worker.sigterm import SigtermWatch
from steno_worker.transcript import EngineInfo, Segment
from steno_worker.worker import run
from support.object_store import InMemoryObjectStore

FIXTURES = Path(__file__).parents[2] / "fixtures"
MODEL = FIXTURES / "models" / "whisper-espeak" / "ct2-int8"
SMALL_WHISPER: dict[str, Any] = {"name": "faster-whisper", "model": str(MODEL), "options": {"maxChunkSeconds": "12"}}
"""Engine settings of the model that was trained on windows of a few sentences."""
UPLOAD_KEY = "steno/team/uploads/0123456789abcdef0123456789abcdef"
RESULTS_PREFIX = "steno/team/jobs/talk-89abcdef/"
POD_NAME = "talk-89abcdef-x7k2p"


@dataclass(kw_only=True)
class ScriptedEngine:
    """An engine that hears what it is told to hear."""

    lines: tuple[str, ...] = ("Good morning everyone.", "That is all.")
    raises: Exception | None = None
    """Raised in place of the lines."""
    coverage: Coverage = field(default_factory=lambda: Coverage(speech_seconds=2.0, covered_seconds=2.0))
    requests: list[SpeechRequest] = field(default_factory=list)
    """What it was asked, job by job."""
    loads: int = 0
    """How often it was loaded."""
    on_load: Callable[[], None] = lambda: None
    info: EngineInfo = field(
        default_factory=lambda: EngineInfo(
            name="scripted", version="1", model="none", device="cpu", compute_type="int8", beam_size=5
        )
    )

    def load(self, settings: EngineSettings) -> "ScriptedEngine":
        """Stand in for `load_engine`."""
        del settings
        self.loads += 1
        self.on_load()
        return self

    def check(self, request: SpeechRequest) -> None:
        """Take everything on."""
        self.requests.append(request)

    def transcribe(self, work: Work) -> Hearing:
        """Say the lines, one a second."""
        if self.raises is not None:
            raise self.raises
        language = work.request.language
        segments = tuple(
            Segment(
                id=number,
                start=number,
                end=number + 0.5,
                text=line,
                avg_log_prob=-0.1,
                no_speech_prob=0.0,
                compression_ratio=1.0,
            )
            for number, line in enumerate(self.lines)
        )
        return Hearing(language="en" if language == "auto" else language, segments=segments, coverage=self.coverage)


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What one attempt left behind."""

    exit_code: int
    termination: TerminationMessage | None
    manifest: Manifest | None
    scratch_files: list[Path]
    log_context: dict[str, str]
    """What its last line of the log had besides its own."""

    @property
    def reason(self) -> Reason | None:
        """Of the termination message."""
        return self.termination.reason if self.termination else None


@dataclass(kw_only=True)
class Pod:
    """Runs attempts at one job."""

    store: InMemoryObjectStore
    folder: Path
    environment: pytest.MonkeyPatch

    def run(
        self,
        *,
        attempt: str = POD_NAME,
        load: Callable[[EngineSettings], Engine] = load_engine,
        assignment: Assignment,
    ) -> Ended:
        """Run one attempt to its end."""
        scratch, termination = self.folder / "scratch", self.folder / "termination-log"
        scratch.mkdir(exist_ok=True)
        termination.unlink(missing_ok=True)
        for name, value in {
            "STENO_ASSIGNMENT": assignment.model_dump_json(by_alias=True),
            "STENO_ATTEMPT": attempt,
            "STENO_STORE_BUCKET": self.store.bucket,
            "STENO_SCRATCH": str(scratch),
            "STENO_TERMINATION_MESSAGE": str(termination),
        }.items():
            self.environment.setenv(name, value)

        def connect(_: object) -> ObjectStore:
            return self.store

        log_context: dict[str, str] = {}
        exit_code = run(log_context, SigtermWatch(), connect=connect, load=load)
        return Ended(
            exit_code=exit_code,
            termination=TerminationMessage.model_validate_json(termination.read_bytes())
            if termination.exists()
            else None,
            manifest=self._manifest(),
            scratch_files=list(scratch.rglob("*")),
            log_context=log_context,
        )

    def _manifest(self) -> Manifest | None:
        failing, self.store.failing = self.store.failing, None
        forbidden, self.store.forbidden_prefixes = self.store.forbidden_prefixes, ()
        try:
            return read_manifest(self.store, RESULTS_PREFIX)
        finally:
            self.store.failing, self.store.forbidden_prefixes = failing, forbidden


def work_on(audio: Audio, *, checkpoints: Checkpoints | None = None, vad: bool = True, **request: Any) -> Work:
    """Give an engine a recording's samples to work on, and nothing else."""
    return Work(
        request=SpeechRequest(**request),
        audio=audio,
        recording=Path("/nonexistent"),
        scratch=Path("/nonexistent"),
        checkpoints=checkpoints or NoCheckpoints(),
        vad=vad,
        progress=lambda _: None,
    )
