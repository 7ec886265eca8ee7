"""What goes up to an OpenAI server: the audio unharmed, within its limits, with the fields that its model knows."""

import threading
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from steno_types import Task
from steno_worker.engines import SpeechRequest
from steno_worker.engines.openai.encoding import encode_flac
from unit.worker.engines.openai.audio_api import AudioAPI, Upload, noise, serving, tone, transcription

MEETING = Path(__file__).parents[4] / "fixtures" / "recordings" / "meeting.wav"


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[AudioAPI]:
    """Run a server."""
    with serving(monkeypatch) as api:
        yield api


def test_the_audio_arrives_sample_by_sample(api: AudioAPI) -> None:
    """FLAC loses nothing of 16 bits, full scale included."""
    samples = np.concatenate([tone(1.5), np.array([-1, 1, 0, 0.25], np.float32)])

    api.connect().decode([samples], SpeechRequest())

    (upload,) = api.uploads
    sent = np.clip(np.round(samples * 32768), -32768, 32767).astype(np.int16)
    assert ("speech.flac", 16_000) == (upload.file_name, upload.rate_hz)
    assert np.array_equal(sent, upload.samples)


@pytest.mark.parametrize(
    ("model", "request_", "endpoint", "fields"),
    [
        pytest.param(
            "whisper-1",
            SpeechRequest(),
            "transcriptions",
            {"response_format": ["verbose_json"], "timestamp_granularities[]": ["segment"]},
            id="language detected",
        ),
        pytest.param(
            "whisper-1",
            SpeechRequest(language="pt-BR", word_timestamps=True),
            "transcriptions",
            {
                "language": ["pt"],
                "response_format": ["verbose_json"],
                "timestamp_granularities[]": ["segment", "word"],
            },
            id="language and words",
        ),
        pytest.param(
            "whisper-1",
            SpeechRequest(language="mixed", prompt="Good morning.", hotwords=("Steno", "kopf")),
            "transcriptions",
            {
                "prompt": ["Steno, kopf. Good morning."],
                "response_format": ["verbose_json"],
                "timestamp_granularities[]": ["segment"],
            },
            id="mixed, with prompt and hotwords",
        ),
        pytest.param(
            "whisper-1",
            SpeechRequest(language="de", task=Task.TRANSLATE, hotwords=("Steno",)),
            "translations",
            {"prompt": ["Steno."], "response_format": ["verbose_json"]},
            id="translation",
        ),
        pytest.param(
            "gpt-4o-mini-transcribe-2025-12-15",
            SpeechRequest(language="nb-NO", prompt="God dag."),
            "transcriptions",
            {"include[]": ["logprobs"], "language": ["no"], "prompt": ["God dag."], "response_format": ["json"]},
            id="no times",
        ),
        pytest.param(
            "gpt-4o-transcribe-diarize",
            SpeechRequest(),
            "transcriptions",
            {"response_format": ["json"]},
            id="no log-probabilities",
        ),
        pytest.param(
            "mistralai/Voxtral-Mini-3B-2507",
            SpeechRequest(),
            "transcriptions",
            {"response_format": ["json"]},
            id="unknown model",
        ),
    ],
)
def test_the_form_says_what_was_asked_for(
    api: AudioAPI,
    model: str,
    request_: SpeechRequest,
    endpoint: str,
    fields: dict[str, list[str]],
) -> None:
    """Each field of a request has its place, and no model is sent a field that it does not know."""
    api.connect(model).decode([tone(0.5)], request_)

    (upload,) = api.uploads
    assert (endpoint, {"model": [model]} | fields) == (upload.endpoint, upload.fields)


def test_an_option_makes_a_model_give_times(api: AudioAPI) -> None:
    """A server's own name for a Whisper need not say that it is one."""
    server = api.connect("large-v3", responseFormat="verbose_json")

    server.decode([tone(0.5)], SpeechRequest())

    assert ["verbose_json"] == api.uploads[0].fields["response_format"]


def test_a_batch_goes_up_at_once_and_comes_back_in_order(api: AudioAPI) -> None:
    """No answer is given before all of the batch have arrived, and each still reaches its own chunk."""
    together = threading.Barrier(3, timeout=10)

    def wait_for_all(upload: Upload) -> object:
        together.wait()
        return transcription(upload)

    api.answer = wait_for_all
    server = api.connect(batch_size=3, maxRetries="0")

    heard = server.decode([tone(1), tone(3), tone(2)], SpeechRequest())

    assert ["1.0 seconds.", "3.0 seconds.", "2.0 seconds."] == [chunk.segments[0].text for chunk in heard]


@pytest.mark.parametrize("max_bytes", [pytest.param(100_000, id="least"), pytest.param(1_000_000, id="more")])
def test_the_longest_chunk_of_noise_fits_the_bytes(api: AudioAPI, max_bytes: int) -> None:
    """A chunk is planned so that even what FLAC cannot make smaller goes up in one piece."""
    api.max_bytes = max_bytes
    server = api.connect(maxBytes=str(max_bytes), maxSeconds="600")

    (heard,) = server.decode([noise(server.chunking.max_seconds)], SpeechRequest())

    (upload,) = api.uploads
    assert 0.9 * max_bytes - 20_000 < upload.file_bytes <= max_bytes
    assert 1 == len(heard.segments)


def test_a_chunk_longer_than_planned_goes_up_in_pieces(api: AudioAPI) -> None:
    """Each piece fits, none is lost, and its times count from the chunk's start."""
    api.max_bytes = 100_000
    server = api.connect(maxBytes="100000")
    chunk = noise(8)

    (heard,) = server.decode([chunk], SpeechRequest())

    assert np.array_equal(
        np.clip(np.round(chunk * 32768), -32768, 32767).astype(np.int16),
        np.concatenate([upload.samples for upload in api.uploads]),
    )
    assert [(0, 0.0, 2.0), (1, 2.0, 4.0), (2, 4.0, 6.0), (3, 6.0, 8.0)] == [
        (segment.id, segment.start, segment.end) for segment in heard.segments
    ]


def test_too_short_a_chunk_is_filled_up_with_silence(api: AudioAPI) -> None:
    """OpenAI refuses less than 0.1 s."""
    api.connect().decode([tone(0.05)], SpeechRequest())

    (upload,) = api.uploads
    assert (0.2, 0) == (upload.seconds, np.abs(upload.samples[800:]).max())


def test_flac_halves_speech() -> None:
    """What the choice of FLAC stands on: less than half the bytes of WAV, on the fixture's voices."""
    with wave.open(str(MEETING)) as meeting:
        pcm = meeting.readframes(meeting.getnframes())

    assert len(encode_flac(np.frombuffer(pcm, np.int16).astype(np.float32) / np.float32(32768))) < len(pcm) / 2
