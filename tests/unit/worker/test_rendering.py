"""The three renderings, letter by letter."""

import json

import pytest

from steno_types import JobIdentity
from steno_worker.rendering import clock_time, render_all
from steno_worker.transcript import EngineInfo, Segment, Transcript, Word

TRANSCRIPT = Transcript(
    job=JobIdentity(namespace="team", name="talk", uid="89abcdef"),
    language="de",
    duration_seconds=3725.5,
    engine=EngineInfo(
        name="faster-whisper", version="1.2.1", model="large-v3", device="cuda", compute_type="float16", beam_size=5
    ),
    segments=(
        Segment(
            id=0,
            start=0.5,
            end=1.74,
            text="Grüße, 世界 👋",
            avg_log_prob=-0.2,
            no_speech_prob=0.01,
            compression_ratio=1.5,
            words=(
                Word(start=0.5, end=1.1, word=" Grüße,", probability=0.9),
                Word(start=1.1, end=1.74, word=" 世界 👋", probability=0.8),
            ),
        ),
        Segment(
            id=1,
            start=3661.99,
            end=3663,
            text="Use <b>, *stars* & [brackets],\nplease.",
            avg_log_prob=-0.3,
            no_speech_prob=0,
            compression_ratio=1.5,
        ),
    ),
)

GOLDEN_JSON = """\
{
 "schemaVersion": 1,
 "job": {
  "namespace": "team",
  "name": "talk",
  "uid": "89abcdef"
 },
 "language": "de",
 "durationSeconds": 3725.5,
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
   "text": "Use <b>, *stars* & [brackets],\\nplease.",
   "avgLogProb": -0.3,
   "noSpeechProb": 0.0,
   "compressionRatio": 1.5
  }
 ]
}
"""

GOLDEN_MARKDOWN = r"""# Transcript of talk

de · 01:02:05 · faster-whisper 1.2.1, large-v3 (float16, cuda)

[00:00:00] Grüße, 世界 👋

[01:01:01] Use \<b\>, \*stars\* \& \[brackets\], please.
"""

GOLDEN_TEXT = """\
Grüße, 世界 👋
Use <b>, *stars* & [brackets], please.
"""

SILENCE = TRANSCRIPT.model_copy(update={"segments": (), "language": None})


@pytest.mark.parametrize(
    ("name", "content_type", "golden"),
    [
        pytest.param("json", "application/json", GOLDEN_JSON, id="json"),
        pytest.param("md", "text/markdown; charset=utf-8", GOLDEN_MARKDOWN, id="md"),
        pytest.param("txt", "text/plain; charset=utf-8", GOLDEN_TEXT, id="txt"),
    ],
)
def test_a_rendering_is_its_golden_text(name: str, content_type: str, golden: str) -> None:
    """Each format spells the same transcript its own way: Unicode whole, one line or paragraph a segment."""
    rendering = {rendering.format: rendering for rendering in render_all(TRANSCRIPT)}[name]

    assert golden == rendering.body.decode()
    assert content_type == rendering.content_type


def test_silence_is_rendered_as_such() -> None:
    """Without speech the JSON has no segment and no language, the Markdown says so, and the text is empty."""
    bodies = {rendering.format: rendering.body.decode() for rendering in render_all(SILENCE)}

    assert [] == json.loads(bodies["json"])["segments"]
    assert "language" not in json.loads(bodies["json"])
    assert bodies["md"].endswith("cuda)\n\nNo speech was found in the recording.\n")
    assert not bodies["txt"]


def test_the_json_form_can_be_read_back() -> None:
    """Nothing is lost on the way to JSON and back."""
    body = render_all(TRANSCRIPT)[0].body

    assert TRANSCRIPT == Transcript.model_validate_json(body)


@pytest.mark.parametrize(
    ("seconds", "spelled"),
    [
        pytest.param(0.0, "00:00:00", id="start"),
        pytest.param(59.999, "00:00:59", id="rounded down"),
        pytest.param(3600.0, "01:00:00", id="an hour"),
        pytest.param(360_000.0, "100:00:00", id="a hundred hours"),
    ],
)
def test_clock_times(seconds: float, spelled: str) -> None:
    """Offsets are spelled as hours, minutes and seconds."""
    assert spelled == clock_time(seconds)
