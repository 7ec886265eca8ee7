"""Name what a file is that is no recording, so that its owner sees the mistake.

`probing` asks once FFmpeg has given up; nothing is refused here. Must not know FFmpeg.
"""

from pathlib import Path
from typing import Final

from steno_worker.decoding.boxes import mp4_boxes

_HEAD_BYTES: Final = 4_096

_SIGNATURES: Final[tuple[tuple[tuple[bytes, ...], str], ...]] = (
    ((b"#EXTM3U", b"[playlist]", b"<asx", b"#EXTINF"), "a playlist, which only names recordings"),
    ((b"ffconcat",), "a list of files to join, which only names recordings"),
    ((b"<MPD", b"<SmoothStreamingMedia"), "a manifest of a stream, which only names recordings"),
    ((b"v=0\n", b"v=0\r\n"), "the description of a live session, which holds no sound"),
    ((b"file:", b"http:", b"https:", b"rtsp:", b"rtmp:", b"concat:"), "an address, and not what lies there"),
    ((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*", b"BM"), "a picture"),
    ((b"%PDF",), "a PDF document"),
    ((b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"\xfd7zXZ"), "an archive; submit what is packed in it"),
    ((b"<!doctype html", b"<!DOCTYPE html", b"<html"), "a web page"),
)
"""What such files begin with, after white space, a byte order mark and XML's own first line."""

_MP4_HEADS: Final = frozenset({b"ftyp", b"mdat", b"wide", b"free"})


def describe_unreadable(recording: Path) -> str:
    """Say in a sentence what FFmpeg could not open."""
    with recording.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        if head[4:8] in _MP4_HEADS:
            names = {box.name for box in mp4_boxes(file, 0, recording.stat().st_size)}
            if b"moov" not in names:
                return (
                    "The recording (MP4) lacks its index (the moov box), without which its sound cannot be found: it "
                    "was cut off, or was still being written."
                )
    if not head.strip(b"\x00"):
        return "The recording consists of zeros, as interrupted transfers leave it."
    text = _after_prolog(head)
    for beginnings, kind in _SIGNATURES:
        if text.startswith(beginnings):
            return f"The recording is {kind}."
    if text[:4] == b"RIFF" and text[8:12] == b"WEBP":
        return "The recording is a picture."
    if _is_text(head):
        return "The recording is a text."
    return "The recording is no audio or video file that FFmpeg knows, or its head is damaged."


def _after_prolog(head: bytes) -> bytes:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    while text.startswith((b"<?xml", b"<!--")):
        _, _, text = text.partition(b">")
        text = text.lstrip()
    return text


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # a character may be cut at the end of what was read
            return False
        text = head[: error.start].decode()
    return all(character.isprintable() or character.isspace() for character in text)
