"""Everything a stranger may hand in, through a whole pod: the right reason, the right exit code, nothing left behind.

What each part makes of it in detail is tested beside that part; here the engine is the real one, and so is its VAD.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from steno_store import StoreForbiddenError
from steno_types import Assignment, Outcome, Reason
from unit.worker.attempts import UPLOAD_KEY, Ended, Pod
from unit.worker.recordings import cut, tone, write_recording, write_silence, write_wav

Write = Callable[[Path], Path]
Run = Callable[[Path], Ended]

ENCRYPTED = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": "00" * 16, "encryption_kid": "11" * 16}
RATE_HZ = 16_000


@pytest.fixture
def run(pod: Pod, assignment: Assignment, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Hand a file in, and run an attempt under a limit of a minute."""
    monkeypatch.setenv("STENO_MAX_AUDIO_SECONDS", "60")

    def attempt(recording: Path) -> Ended:
        pod.store.put(UPLOAD_KEY, recording.read_bytes())
        return pod.run(assignment=assignment)

    return attempt


def written(name: str, **options: Any) -> Write:
    """Write a recording of a tone under `name`."""
    return lambda folder: write_recording(folder / name, **options)


def of_bytes(name: str, body: bytes) -> Write:
    """Write a file that is none."""

    def write(folder: Path) -> Path:
        (folder / name).write_bytes(body)
        return folder / name

    return write


def cut_short(name: str, kept: float, **options: Any) -> Write:
    """Write a recording of which an upload brought only a part."""
    return lambda folder: cut(write_recording(folder / name, seconds=8.0, **options), kept=kept)


def music(folder: Path) -> Path:
    """Write ten seconds of chords."""
    seconds = np.arange(10 * RATE_HZ) / RATE_HZ
    chords = np.array([[262, 330, 392], [220, 262, 330], [175, 220, 262], [196, 247, 294]])[
        (seconds // 0.5 % 4).astype(int)
    ]
    waves = np.sin(2 * np.pi * chords * seconds[:, None]).sum(axis=1) * np.exp(-3 * (seconds % 0.5))
    return write_wav(folder / "a.wav", [(waves / 3 * 20_000).astype(np.int16)])


@pytest.mark.parametrize(
    ("write", "reason", "said"),
    [
        pytest.param(of_bytes("a.wav", b""), Reason.AUDIO_UNDECODABLE, "empty file", id="empty"),
        pytest.param(
            of_bytes("a.wav", b"Minutes\n" * 99), Reason.AUDIO_UNDECODABLE, "is a text", id="text named wav"
        ),
        pytest.param(
            of_bytes("a.m3u8", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"),
            Reason.AUDIO_UNDECODABLE,
            "is a playlist",
            id="m3u8",
        ),
        pytest.param(
            of_bytes("a.txt", b"ffconcat version 1.0\nfile '/etc/passwd'\n"),
            Reason.AUDIO_UNDECODABLE,
            "list of files",
            id="concat",
        ),
        pytest.param(
            written("a.mp4", codec=None, video_codec="mpeg4"), Reason.NO_AUDIO_STREAM, "no audio", id="silent film"
        ),
        pytest.param(
            written("a.mp4", codec="aac", container_options=ENCRYPTED),
            Reason.AUDIO_UNDECODABLE,
            "is encrypted",
            id="encrypted",
        ),
        pytest.param(
            cut_short("a.mp4", 0.6, codec="aac"),
            Reason.AUDIO_UNDECODABLE,
            "lacks its index",
            id="mp4 without its index",
        ),
        pytest.param(
            lambda folder: write_silence(folder / "a.ogg", codec="libopus", rate_hz=48_000, seconds=120),
            Reason.AUDIO_TOO_LONG,
            "longer than the 60.0 s",
            id="opus that expands beyond the limit",
        ),
    ],
)
def test_what_cannot_be_transcribed_fails_for_good(
    run: Run, tmp_path: Path, write: Write, reason: Reason, said: str
) -> None:
    """Exit 65, the user's: claimed at once, said in a sentence, and no file is left."""
    ended = run(write(tmp_path))

    assert (65, reason) == (ended.exit_code, ended.reason)
    assert ended.manifest is not None
    assert ended.manifest.failure is not None
    assert said in ended.manifest.failure.message
    assert [] == ended.scratch_files


@pytest.mark.parametrize(
    ("write", "seconds"),
    [
        pytest.param(written("a.wav", seconds=0.05), 0.05, id="a twentieth of a second"),
        pytest.param(
            lambda folder: write_silence(folder / "a.flac", codec="flac", rate_hz=16_000, seconds=20),
            20.0,
            id="silence",
        ),
        pytest.param(music, 10.0, id="music"),
        pytest.param(written("a.wav", rate_hz=1_000), 2.0, id="1,000 Hz"),
        pytest.param(written("a.wav", rate_hz=192_000), 2.0, id="192 kHz"),
        pytest.param(written("a.wav", layout="7.1"), 2.0, id="eight channels"),
        pytest.param(
            lambda folder: write_wav(folder / "a.wav", [tone(seconds=2.0)], data_bytes=0x70000000),
            2.0,
            id="header that claims days",
        ),
        pytest.param(
            lambda folder: written("a.flac", codec="flac")(folder).rename(folder / "a.mp3"), 2.0, id="wrong extension"
        ),
    ],
)
def test_what_has_no_speech_is_complete_and_empty(run: Run, tmp_path: Path, write: Write, seconds: float) -> None:
    """Unusual or wordless as it is, a recording gives a transcript: empty, with a warning."""
    ended = run(write(tmp_path))

    assert (0, None) == (ended.exit_code, ended.reason)
    assert ended.manifest is not None
    assert ended.manifest.media is not None
    assert Outcome.COMPLETE == ended.manifest.outcome
    assert pytest.approx(seconds, abs=0.1) == ended.manifest.media.duration_seconds
    assert 0.0 == ended.manifest.media.speech_seconds
    assert "No speech was found in the recording." in ended.manifest.warnings
    assert [] == ended.scratch_files


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(cut_short("a.mp3", 0.6, codec="libmp3lame", rate_hz=44_100), id="mp3"),
        pytest.param(cut_short("a.m4a", 0.6, codec="aac", container_options={"movflags": "faststart"}), id="m4a"),
        pytest.param(
            cut_short("a.mp4", 0.6, codec="aac", container_options={"movflags": "frag_keyframe+empty_moov"}), id="mp4"
        ),
        pytest.param(cut_short("a.wav", 0.6), id="wav"),
    ],
)
def test_what_is_cut_off_is_transcribed_with_a_warning(run: Run, tmp_path: Path, write: Write) -> None:
    """What is there is worth having; what is not is said."""
    ended = run(write(tmp_path))

    assert 0 == ended.exit_code
    assert ended.manifest is not None
    assert 1 == sum("breaks off" in warning for warning in ended.manifest.warnings)


def test_an_object_deleted_while_it_is_read_is_not_found(
    pod: Pod, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look finds it, the read does not: exit 66, claimed."""
    found = pod.store.head(UPLOAD_KEY)
    pod.store.delete(UPLOAD_KEY)
    monkeypatch.setattr(pod.store, "head", lambda *_, **__: found)

    ended = pod.run(assignment=assignment)

    assert (66, Reason.SOURCE_NOT_FOUND) == (ended.exit_code, ended.reason)
    assert ended.manifest is not None
    assert [] == ended.scratch_files


def test_a_key_that_may_not_be_read_is_forbidden(pod: Pod, assignment: Assignment) -> None:
    """Exit 66, and the message names the object."""
    pod.store.failing, pod.store.failing_calls = StoreForbiddenError("AccessDenied"), frozenset({"head", "stream"})

    ended = pod.run(assignment=assignment)

    assert (66, Reason.SOURCE_FORBIDDEN) == (ended.exit_code, ended.reason)
    assert ended.termination is not None
    assert f"s3://steno/{UPLOAD_KEY}" in ended.termination.message


@pytest.mark.parametrize(
    ("address", "said"),
    [
        pytest.param("http://127.0.0.1:9/a.wav?token=hunter2", "loopback", id="loopback"),
        pytest.param("http://10.0.0.1/a.wav?token=hunter2", "private", id="private"),
        pytest.param("http://169.254.169.254/latest?token=hunter2", "metadata", id="metadata service"),
        pytest.param("http://[::ffff:10.0.0.1]/a.wav?token=hunter2", "private", id="an IPv4 address in an IPv6 one"),
    ],
)
def test_an_address_inside_is_not_asked(pod: Pod, assignment: Assignment, address: str, said: str) -> None:
    """Exit 66 before any connection; the class of the address is named, the query is not."""
    ended = pod.run(assignment=assignment.model_copy(update={"source": None, "source_url": address}))

    assert (66, Reason.SOURCE_FORBIDDEN) == (ended.exit_code, ended.reason)
    assert ended.termination is not None
    assert said in ended.termination.message
    assert "hunter2" not in ended.termination.message
    assert ended.manifest is not None
    assert "hunter2" not in ended.manifest.model_dump_json()
