"""Whether a recording is locked: what a shop or a streaming service sold, no decoder reads without its key.

`probing` asks. Decoding such a file gives errors at best, and noise at worst.
Must not know keys: there are none.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from av.audio.stream import AudioStream

from steno_worker.decoding.boxes import Section, mp4_boxes

LOCKED_ENTRIES: Final = {
    b"enca": "common encryption",
    b"drms": "Apple FairPlay",
    b"aavd": "Audible",
}
"""MP4 sample entries of locked audio (ISO/IEC 14496-12, 8.12; the latter two are their shops' own)."""

_CONTENT_ENCRYPTION: Final = (
    bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e"),
    bytes.fromhex("14e68a292226174cb935dae07ee9289c"),
    bytes.fromhex("338505438169e6499b74ad12cb86d58c"),
)
"""ASF's Content Encryption Object, its extended and its advanced form (ASF specification 1.2), as files have them."""

_ASF_HEADER_BYTES: Final = 65_536
"""Where these objects are looked for: ASF's header comes first and has some kilobytes."""

_PATH_TO_ENTRIES: Final = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
_FULL_BOX_BYTES: Final = 8
"""Version, flags and number of entries, before the entries of ``stsd``."""


def lock_of_file(recording: Path, container_name: str, stream: AudioStream) -> str | None:
    """Name what locks the recording's sound; None where nothing is known to."""
    with recording.open("rb") as file:
        if container_name.startswith("mov"):
            return _lock_of_mp4(file, recording.stat().st_size)
        if container_name == "asf":
            head = file.read(_ASF_HEADER_BYTES)
            return "Windows Media DRM" if any(guid in head for guid in _CONTENT_ENCRYPTION) else None
    # FFmpeg's Matroska demuxer leaves the key's id among the stream's tags.
    return "common encryption" if "enc_key_id" in stream.metadata else None


def _lock_of_mp4(file: BinaryIO, size_bytes: int) -> str | None:
    whole = Section(name=b"", body_start=0, end=size_bytes)
    for entries in _find(file, whole, _PATH_TO_ENTRIES):
        for entry in mp4_boxes(file, entries.body_start + _FULL_BOX_BYTES, min(entries.end, size_bytes)):
            if entry.name in LOCKED_ENTRIES:
                return LOCKED_ENTRIES[entry.name]
    return None


def _find(file: BinaryIO, section: Section, path: tuple[bytes, ...]) -> Iterator[Section]:
    """Walk the boxes at `path` below `section`."""
    if not path:
        yield section
        return
    for box in mp4_boxes(file, section.body_start, section.end):
        if box.name == path[0]:  # kept within its parent, so that no byte is walked twice
            within = Section(name=box.name, body_start=box.body_start, end=min(box.end, section.end))
            yield from _find(file, within, path[1:])


def locked_message(name: str, lock: str) -> str:
    """Say it to people."""
    return f"The recording ({name}) is encrypted ({lock}); export it without copy protection and submit that."
