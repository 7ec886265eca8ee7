"""What is locked is refused as locked, and not taken for damaged or, worse, for noise."""

import struct
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from av.audio.stream import AudioStream

from steno_worker.errors import AudioUndecodableError
from unit.worker.decoding.conftest import Decoded
from unit.worker.recordings import tone, write_wav

ENCRYPTION = {
    "encryption_scheme": "cenc-aes-ctr",
    "encryption_key": "00112233445566778899aabbccddeeff",
    "encryption_kid": "0123456789abcdef0123456789abcdef",
}
FRAGMENTS = {"movflags": "frag_keyframe+empty_moov"}
CONTENT_ENCRYPTION = bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e")


@pytest.mark.parametrize("options", [ENCRYPTION, ENCRYPTION | FRAGMENTS], ids=["whole", "in fragments"])
def test_an_encrypted_mp4_is_refused(
    make_recording: Callable[..., Path], decode: Callable[..., Decoded], options: dict[str, str]
) -> None:
    """Common encryption, as streaming services use it, is named."""
    recording = make_recording("a.mp4", codec="aac", container_options=options)

    with pytest.raises(AudioUndecodableError, match=r"\(mov, aac\) is encrypted \(common encryption\)"):
        decode(recording)


@pytest.mark.parametrize(
    ("entry", "lock"),
    [(b"aavd", "Audible"), (b"drms", "Apple FairPlay"), (b"enca", "common encryption")],
    ids=["audio book", "music shop", "without its keys' names"],
)
def test_a_shops_own_lock_is_refused(
    make_recording: Callable[..., Path], decode: Callable[..., Decoded], entry: bytes, lock: str
) -> None:
    """The sample entry of an MP4 tells, whatever FFmpeg makes of it."""
    recording = make_recording("a.m4b", codec="aac")
    recording.write_bytes(recording.read_bytes().replace(b"mp4a\x00\x00\x00\x00", entry + bytes(4)))

    with pytest.raises(AudioUndecodableError, match=rf"is encrypted \({lock}\)"):
        decode(recording)


def test_the_words_of_a_lock_in_the_sound_lock_nothing(tmp_path: Path, decode: Callable[..., Decoded]) -> None:
    """Only where a container puts it does such a mark count."""
    recording = write_wav(tmp_path / "a.wav", [tone()])
    recording.write_bytes(recording.read_bytes()[:-40] + b"moov enca drms" + CONTENT_ENCRYPTION + bytes(10))

    assert 16_000 == len(decode(recording).samples)


def test_a_protected_windows_media_file_is_refused(tmp_path: Path, decode: Callable[..., Decoded]) -> None:
    """ASF's header says so in an object of its own."""
    recording = write_asf(tmp_path / "a.wma", CONTENT_ENCRYPTION)

    with pytest.raises(AudioUndecodableError, match=r"\(asf, pcm_s16le\) is encrypted \(Windows Media DRM\)"):
        decode(recording)


def test_windows_media_in_the_clear_is_decoded(tmp_path: Path, decode: Callable[..., Decoded]) -> None:
    """The same file without the object is a recording like any other."""
    audio = decode(write_asf(tmp_path / "a.wma", bytes(16)))

    assert pytest.approx(1.0, abs=0.1) == audio.duration_seconds


def write_asf(path: Path, mark: bytes) -> Path:
    """Write an ASF of plain samples by FFmpeg, with one more object, named `mark`, in its header."""
    with av.open(path, mode="w", format="asf") as container:
        stream = container.add_stream("pcm_s16le", rate=16_000, layout="mono")
        assert isinstance(stream, AudioStream)
        frame = av.AudioFrame.from_ndarray(tone().reshape(1, -1), "s16", "mono")
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    body = path.read_bytes()
    (header_bytes,) = struct.unpack_from("<Q", body, 16)
    (count,) = struct.unpack_from("<I", body, 24)
    added = mark + struct.pack("<Q", 24)
    header = body[:16] + struct.pack("<QI", header_bytes + 24, count + 1) + body[28:header_bytes] + added
    path.write_bytes(header + body[header_bytes:])
    return path
