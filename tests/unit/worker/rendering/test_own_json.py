"""Steno's own JSON, letter by letter."""

import json

from steno_worker.report import Report
from steno_worker.transcript import Transcript, Word
from unit.worker.rendering.transcripts import REPORT, a_segment, a_transcript, bodies

TRANSCRIPT = a_transcript(
    a_segment(
        "Grüße, 世界 👋",
        start=0.5,
        end=1.74,
        tokens=(50364, 440),
        words=(
            Word(start=0.5, end=1.1, word=" Grüße,", probability=0.9),
            Word(start=1.1, end=1.74, word=" 世界 👋", probability=0.8),
        ),
    ),
    a_segment(
        "Two\nlines.",
        start=3661.99,
        end=3663,
        no_speech_prob=0,
        temperature=0.4,
        redecoded=("gap",),
        language="en",
        speaker="Ann\tLee",
    ),
)

GOLDEN = """\
{
 "schemaVersion": 1,
 "job": {
  "namespace": "team",
  "name": "talk",
  "uid": "89abcdef"
 },
 "language": "de",
 "durationSeconds": 3725.5,
 "task": "transcribe",
 "engine": {
  "name": "faster-whisper",
  "version": "1.2.1",
  "model": "large-v3",
  "device": "cuda",
  "computeType": "float16",
  "beamSize": 5
 },
 "segments": [
  {
   "id": 0,
   "start": 0.5,
   "end": 1.74,
   "text": "Grüße, 世界 👋",
   "avgLogProb": -0.2,
   "noSpeechProb": 0.01,
   "compressionRatio": 1.5,
   "temperature": 0.0,
   "words": [
    {
     "start": 0.5,
     "end": 1.1,
     "word": " Grüße,",
     "probability": 0.9
    },
    {
     "start": 1.1,
     "end": 1.74,
     "word": " 世界 👋",
     "probability": 0.8
    }
   ]
  },
  {
   "id": 1,
   "start": 3661.99,
   "end": 3663.0,
   "text": "Two\\nlines.",
   "avgLogProb": -0.2,
   "noSpeechProb": 0.0,
   "compressionRatio": 1.5,
   "temperature": 0.4,
   "redecoded": [
    "gap"
   ],
   "language": "en",
   "speaker": "Ann\\tLee"
  }
 ]
}
"""

GOLDEN_REPORT = """\
{
 "schemaVersion": 1,
 "job": {
  "namespace": "team",
  "name": "talk",
  "uid": "89abcdef"
 },
 "audioSeconds": 60.0,
 "coverage": {
  "speechSeconds": 30.0,
  "coveredSeconds": 28.5,
  "dropped": [
   {
    "start": 3.0,
    "end": 4.5,
    "reason": "noSpeech"
   }
  ],
  "redecoded": [
   {
    "start": 0.0,
    "end": 9.0,
    "faults": [
     "lowProbability"
    ],
    "temperature": 0.2
   }
  ],
  "repairedTimes": 1
 },
 "warnings": [
  "Much of the recording is silence."
 ]
}
"""


def test_a_transcript_is_its_golden_text() -> None:
    """All that is known is there under its documented name, Unicode whole; tokens and unset fields are not."""
    assert GOLDEN == bodies(TRANSCRIPT)["json"]


def test_a_report_is_its_golden_text() -> None:
    """The report is spelled like the transcript."""
    assert GOLDEN_REPORT == bodies(TRANSCRIPT)["report"]


def test_a_transcript_can_be_read_back() -> None:
    """Nothing but the tokens is lost on the way to JSON and back."""
    without_tokens = TRANSCRIPT.model_copy(
        update={"segments": tuple(segment.model_copy(update={"tokens": ()}) for segment in TRANSCRIPT.segments)}
    )

    assert without_tokens == Transcript.model_validate_json(bodies(TRANSCRIPT)["json"])


def test_a_report_can_be_read_back() -> None:
    """Nothing of a report is lost."""
    assert REPORT == Report.model_validate_json(bodies(TRANSCRIPT)["report"])


def test_silence_has_no_segments_and_no_language() -> None:
    """Without speech the list is there and empty, and the language is left out."""
    silence = json.loads(bodies(a_transcript(language=None))["json"])

    assert [] == silence["segments"]
    assert "language" not in silence
