"""``encode=false`` brings samples without a head; the worker reads what the gateway makes of them."""

from pathlib import Path

import numpy as np
import pytest

from steno_gateway.dialects.asr_webservice.options import PCM_HZ, WAV_HEADER
from steno_worker.decoding import start_decoding
from support.installation import Installation


async def test_bare_samples_are_stored_with_a_head(installation: Installation) -> None:
    """The worker is told nothing else of what they are."""
    answer = await installation.http.post("/asr", params={"encode": "false"}, files={"audio_file": b"\x01\x00" * 9})

    assert 200 == answer.status_code
    assert [WAV_HEADER + b"\x01\x00" * 9] == list(installation.gateway.uploads().values())


async def test_no_samples_are_an_empty_file(installation: Installation) -> None:
    """The head alone is no recording."""
    answer = await installation.http.post("/asr", params={"encode": "false"}, files={"audio_file": b""})

    assert (400, "urn:steno:problem:file-empty") == (answer.status_code, answer.json()["type"])
    assert {} == installation.gateway.uploads()


@pytest.mark.parametrize("seconds", [1, 3])
def test_the_worker_hears_what_was_sent(tmp_path: Path, seconds: int) -> None:
    """Every sample, at its time, without a warning that the head's size is none."""
    sent = (np.sin(np.arange(PCM_HZ * seconds) / PCM_HZ * 2 * np.pi * 440) * 20_000).astype("<i2")
    recording = tmp_path / "recording"
    recording.write_bytes(WAV_HEADER + sent.tobytes())

    with start_decoding(recording, tmp_path / "spool") as audio:
        audio.wait()
        heard = audio.read(0, audio.num_samples)

        assert (PCM_HZ * seconds, ()) == (audio.num_samples, audio.warnings)
    assert np.array_equal(sent / np.float32(32_768), heard)
