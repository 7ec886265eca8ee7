"""From samples to transcript and report: what an incomplete one costs, and what a reader is told."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from steno_types import JobIdentity, Task
from steno_worker.checkpoints import NoCheckpoints
from steno_worker.decoding import audio_of
from steno_worker.engines import SpeechRequest
from steno_worker.errors import TranscriptIncompleteError
from steno_worker.report import Coverage, Drop, DroppedSpan
from steno_worker.samples import SAMPLE_RATE_HZ
from steno_worker.transcribing import Transcribed, transcribe
from unit.worker.attempts import ScriptedEngine

JOB = JobIdentity(namespace="team", name="talk", uid="89abcdef-0000-4000-8000-000000000000")


@pytest.fixture
def heard(tmp_path: Path) -> Callable[..., Transcribed]:
    """Have a scripted engine hear two seconds; its coverage is as if there were more."""

    def run(engine: ScriptedEngine, **request: object) -> Transcribed:
        with audio_of(np.zeros(2 * SAMPLE_RATE_HZ, np.float32), tmp_path) as audio:
            return transcribe(
                tmp_path / "recording",
                audio,
                engine,
                SpeechRequest(**request),  # type: ignore[arg-type]  # of many kinds
                job=JOB,
                vad=True,
                checkpoints=NoCheckpoints(),
                scratch=tmp_path,
                progress=lambda _: None,
            )

    return run


def coverage(speech_seconds: float, *dropped: tuple[float, float, Drop]) -> Coverage:
    """Account for so much speech, of which some has no text."""
    spans = tuple(DroppedSpan(start=start, end=end, reason=reason) for start, end, reason in dropped)
    missing = sum(span.end - span.start for span in spans)
    return Coverage(speech_seconds=speech_seconds, covered_seconds=speech_seconds - missing, dropped=spans)


def test_transcript_and_report_speak_of_the_same_job(heard: Callable[..., Transcribed]) -> None:
    """Both carry the job and the duration; the transcript its task, language and engine."""
    transcribed = heard(ScriptedEngine(), language="de", task=Task.TRANSLATE)

    transcript, report = transcribed.transcript, transcribed.report
    assert (JOB, JOB) == (transcript.job, report.job)
    assert (2.0, 2.0) == (transcript.duration_seconds, report.audio_seconds)
    assert ("de", Task.TRANSLATE, "scripted") == (transcript.language, transcript.task, transcript.engine.name)
    assert () == transcribed.warnings


@pytest.mark.parametrize(
    ("speech_seconds", "dropped", "said"),
    [
        pytest.param(60.0, (5.0, 15.0, Drop.GAP), None, id="ten seconds are tolerated"),
        pytest.param(60.0, (5.0, 15.1, Drop.GAP), "10.1 s have no text: 5.0-15.1 s (gap)", id="more are not"),
        pytest.param(3600.0, (0.0, 360.0, Drop.GAP), None, id="a tenth of a long recording is tolerated"),
        pytest.param(3600.0, (0.0, 361.0, Drop.UNINTELLIGIBLE), "361.0 s have no text", id="more is not"),
        pytest.param(3600.0, (0.0, 3600.0, Drop.NO_SPEECH), None, id="music is not missing"),
    ],
)
def test_a_transcript_that_lacks_speech_fails(
    heard: Callable[..., Transcribed], speech_seconds: float, dropped: tuple[float, float, Drop], said: str | None
) -> None:
    """Nothing is cut off in silence: beyond the tolerance the job fails, and the message says where."""
    engine = ScriptedEngine(coverage=coverage(speech_seconds, dropped))

    if said is None:
        assert heard(engine).report.coverage.dropped
    else:
        with pytest.raises(TranscriptIncompleteError) as failure:
            heard(engine)
        assert said in str(failure.value)


def test_a_long_list_of_gaps_is_cut_short(heard: Callable[..., Transcribed]) -> None:
    """A message names five of them; the rest is counted."""
    gaps = [(20.0 * number, 20.0 * number + 5, Drop.GAP) for number in range(8)]

    with pytest.raises(TranscriptIncompleteError, match=r"80\.0-85\.0 s \(gap\) and 3 more\.$"):
        heard(ScriptedEngine(coverage=coverage(160.0, *gaps)))


@pytest.mark.parametrize(
    ("dropped", "warning"),
    [
        pytest.param((3.0, 7.0, Drop.GAP), "4.0 s of speech have no text; the report says where.", id="gap"),
        pytest.param(
            (3.0, 63.0, Drop.NO_SPEECH),
            "60.0 s that sounded like speech were taken for something else; the report says where.",
            id="music",
        ),
    ],
)
def test_what_is_missing_is_a_warning(
    heard: Callable[..., Transcribed], dropped: tuple[float, float, Drop], warning: str
) -> None:
    """What is tolerated is told."""
    transcribed = heard(ScriptedEngine(coverage=coverage(100.0, dropped)))

    assert (warning,) == transcribed.warnings == transcribed.report.warnings


def test_no_speech_at_all_is_one_warning(heard: Callable[..., Transcribed]) -> None:
    """An empty transcript says so, and no more."""
    engine = ScriptedEngine(lines=(), coverage=coverage(60.0, (0.0, 60.0, Drop.NO_SPEECH)))

    assert ("No speech was found in the recording.",) == heard(engine).warnings
