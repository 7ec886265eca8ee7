"""Whatever is no recording is refused by name, and no other file or server is reached through it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from steno_worker.decoding import start_decoding
from steno_worker.errors import AudioUndecodableError, NoAudioStreamError
from unit.worker.decoding.conftest import Decoded
from unit.worker.recordings import write_recording

PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n"
DESCRIPTION = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n"
MANIFEST = '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{neighbour}</BaseURL></MPD>\n'


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        pytest.param("a.wav", b"", "is an empty file", id="empty"),
        pytest.param("a.wav", bytes(5000), "consists of zeros", id="zeros"),
        pytest.param("a.wav", b"Minutes of the meeting\n" * 200, "is a text", id="text"),
        pytest.param("a.wav", "Besprechung über Öl\n".encode() * 300, "is a text", id="text in another language"),
        pytest.param("a.m3u8", PLAYLIST.format("{neighbour}").encode(), "is a playlist", id="playlist of a file"),
        pytest.param("a.m3u8", PLAYLIST.format("http://127.0.0.1:9/").encode(), "is a playlist", id="of an address"),
        pytest.param("a.wav", PLAYLIST.format("{neighbour}").encode(), "is a playlist", id="disguised playlist"),
        pytest.param("a.pls", b"[playlist]\nFile1={neighbour}\n", "is a playlist", id="older playlist"),
        pytest.param("a.wav", b"ffconcat version 1.0\nfile '{neighbour}'\n", "list of files", id="concat script"),
        pytest.param("a.mpd", MANIFEST.encode(), "manifest of a stream", id="dash"),
        pytest.param("a.sdp", DESCRIPTION.encode(), "live session", id="session description"),
        pytest.param("a.wav", b"file:{neighbour}\n", "is an address", id="address of a file"),
        pytest.param("a.wav", b"\x89PNG\r\n\x1a\n" + bytes(200), "is a picture", id="png"),
        pytest.param("a.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(200), "is a picture", id="jpeg"),
        pytest.param("a.webp", b"RIFF\xd0\x00\x00\x00WEBPVP8 " + bytes(200), "is a picture", id="webp"),
        pytest.param("a.pdf", b"%PDF-1.7\n" + bytes(range(256)), "is a PDF", id="pdf"),
        pytest.param("a.docx", b"PK\x03\x04" + bytes(range(256)), "is an archive", id="archive"),
        pytest.param("a.mp3", b"\n<!DOCTYPE html><html>Not found</html>", "is a web page", id="error page"),
        pytest.param("a.mp3", bytes(range(256)) * 400, "no audio or video file", id="noise"),
        pytest.param("a.wav", b"\x01\x02\x03\xfe" * 100, "no audio or video file", id="unknown"),
    ],
)
def test_what_is_no_recording_is_undecodable(
    decode: Callable[..., Decoded], tmp_path: Path, name: str, body: bytes, said: str
) -> None:
    """Text, playlists, pictures and noise are refused by what they are."""
    neighbour = write_recording(tmp_path / "neighbour.wav")
    recording = tmp_path / name
    recording.write_bytes(body.replace(b"{neighbour}", str(neighbour).encode()))

    with pytest.raises(AudioUndecodableError, match=said):
        decode(recording)


@pytest.mark.parametrize(
    ("options", "kept_bytes", "said"),
    [
        pytest.param({"name": "a.wav"}, 78, r"\(wav, pcm_s16le\)", id="wav without a sample"),
        pytest.param({"name": "a.wav"}, 30, "head is damaged", id="torn wav header"),
        pytest.param({"name": "a.mp4", "codec": "aac"}, 6000, "lacks its index", id="mp4 without its index"),
        pytest.param({"name": "a.ogg", "codec": "libopus", "rate_hz": 48_000}, 20, "head is damaged", id="torn ogg"),
    ],
)
def test_what_breaks_off_before_its_first_sample_is_undecodable(
    tmp_path: Path, decode: Callable[..., Decoded], options: dict[str, Any], kept_bytes: int, said: str
) -> None:
    """There is nothing to transcribe, and the message says why."""
    recording = write_recording(tmp_path / options["name"], **{k: v for k, v in options.items() if k != "name"})
    recording.write_bytes(recording.read_bytes()[:kept_bytes])

    with pytest.raises(AudioUndecodableError, match=said):
        decode(recording)


def test_a_silent_film_has_no_audio_stream(make_recording: Callable[..., Path], tmp_path: Path) -> None:
    """A video without sound is refused at once, by what it holds instead."""
    film = make_recording("film.mp4", codec=None, video_codec="mpeg4")

    with pytest.raises(NoAudioStreamError, match=r"holds video \(mpeg4\) and no audio"):
        start_decoding(film, tmp_path / "spool")

    assert [film] == list(tmp_path.iterdir())
