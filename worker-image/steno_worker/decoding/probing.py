"""Open a recording, refuse what is none, and choose the stream to hear.

`audio` calls `open_source` before any thread runs, so that most refusals come at once; `decoder` works with the
`Source`. Must not know samples.
"""

import errno
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self, cast

import av
from av.audio.format import AudioFormat
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Discard, Stream

from steno_worker.decoding.claims import Claims, claims_of, guessed_seconds
from steno_worker.decoding.encryption import lock_of_file, locked_message
from steno_worker.decoding.limits import DecodingLimits
from steno_worker.decoding.mixing import check_channel
from steno_worker.decoding.unreadable import describe_unreadable
from steno_worker.errors import AudioTooLongError, AudioUndecodableError, NoAudioStreamError

CONTAINERS: Final = (
    "aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dts,eac3,flac,flv,gsm,loas,matroska,mov,mp3,mpeg,mpegts,mxf,"
    "ogg,rm,tta,voc,w64,wav,webm,wv"
)
"""FFmpeg's names of the accepted containers; playlists (hls, dash, concat, sdp), pictures and subtitles are none."""

_OPTIONS: Final = {"format_whitelist": CONTAINERS, "protocol_whitelist": "none"}
"""The recording itself is read through a Python file object, for which no protocol is needed."""

_HOUR_SECONDS: Final = 3600

_PLACED_LAYOUTS: Final = frozenset(
    {"mono", "stereo", "downmix", "2.1", "3.0", "3.0(back)", "3.1", "4.0", "quad", "quad(side)", "4.1"}
    | {"5.0", "5.0(side)", "5.1", "5.1(side)", "6.0", "6.0(front)", "6.1", "6.1(back)", "6.1(front)"}
    | {"7.0", "7.0(front)", "7.1", "7.1(wide)", "7.1(wide-side)", "hexagonal", "octagonal"}
)
"""Channel layouts that are kept, so that FFmpeg weighs the channels; see `_num_channels`."""


class StoppableFile:
    """The recording as FFmpeg reads it: nameless, since a name's ending decides nothing, and over once `stopped`."""

    name = "recording"

    def __init__(self, recording: Path, stopped: threading.Event) -> None:
        self._file = recording.open("rb", buffering=0)  # FFmpeg buffers
        self._stopped = stopped

    def read(self, size: int) -> bytes:
        """Read up to `size` bytes; none at the end, or when asked to stop."""
        return b"" if self._stopped.is_set() else self._file.read(size)

    def seek(self, offset: int, whence: int) -> int:
        """Move as files do; to where no file goes, a damaged one may send FFmpeg, which wants an error's number."""
        try:
            return self._file.seek(offset, whence)
        except OSError:
            return -errno.EINVAL

    def tell(self) -> int:
        """Tell the position as files do."""
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A recording, open, and the stream of it that is heard."""

    file: StoppableFile
    container: InputContainer
    stream: AudioStream
    name: str
    """Container and codec, for messages."""
    num_channels: int
    """Of the stream by its header; 0 where only the frames tell."""
    claims: Claims
    guessed_seconds: float | None
    """Duration by header or by FFmpeg's guess."""

    @property
    def format_name(self) -> str:
        """FFmpeg's first name of the container."""
        return self.container.format.name.split(",")[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.container.close()
        self.file.close()


def open_source(recording: Path, *, limits: DecodingLimits, channel: int | None, stopped: threading.Event) -> Source:
    """Open a recording and choose its best audio stream; see `audio.start_decoding` for the errors."""
    if recording.stat().st_size == 0:
        raise AudioUndecodableError("The recording is an empty file.")
    file = StoppableFile(recording, stopped)
    try:
        container = _open_container(file, recording)
        try:
            source = _choose(recording, file, container)
            _check(source, limits, channel, recording.stat().st_size)
        except BaseException:
            container.close()
            raise
    except BaseException:
        file.close()
        raise
    return source


def _open_container(file: StoppableFile, recording: Path) -> InputContainer:
    try:
        return av.open(file, mode="r", options=_OPTIONS, metadata_errors="ignore")
    except (FFmpegError, ValueError) as error:
        raise AudioUndecodableError(describe_unreadable(recording)) from error


def _choose(recording: Path, file: StoppableFile, container: InputContainer) -> Source:
    # FFmpeg calls no stream the best whose form it could not find out.
    stream = container.streams.best("audio") or next(iter(container.streams.audio), None)
    format_name = container.format.name.split(",")[0]
    if not isinstance(stream, AudioStream):
        others = ", ".join(f"{s.type} ({_codec_of(s) or 'unknown'})" for s in container.streams)
        raise NoAudioStreamError(f"The recording ({format_name}) holds {others or 'no stream'} and no audio.")
    codec = _codec_of(stream)
    name = f"{format_name}, {codec or 'unknown codec'}"
    if (lock := lock_of_file(recording, format_name, stream)) is not None:
        raise AudioUndecodableError(locked_message(name, lock))
    if codec is None:
        raise AudioUndecodableError(f"The audio of the recording ({name}) is of a kind that FFmpeg cannot decode.")
    for other in container.streams:
        if other.index != stream.index:
            other.discard = Discard.all  # pictures are not even read where the container lets them be passed over
    return Source(
        file=file,
        container=container,
        stream=stream,
        name=name,
        num_channels=_num_channels(stream),
        claims=claims_of(recording, container, stream),
        guessed_seconds=guessed_seconds(container, stream),
    )


def _codec_of(stream: Stream) -> str | None:
    """Name the decoder; None where FFmpeg has none, which PyAV's own types do not foresee."""
    context = getattr(stream, "codec_context", None)
    return str(context.name) if context is not None else None


def _num_channels(stream: AudioStream) -> int:
    """Count the channels, and forget where unusual ones are placed.

    PyAV up to 19.0 frees a custom layout (CAF and MOV have them) once per Python object that shows it, which ends the
    process. So it is looked at once, here, and replaced before the first frame inherits it.
    """
    layout = stream.codec_context.layout
    if layout.nb_channels and layout.name not in _PLACED_LAYOUTS:
        stream.codec_context.layout = f"{layout.nb_channels} channels"
    return layout.nb_channels


def _check(source: Source, limits: DecodingLimits, channel: int | None, size_bytes: int) -> None:
    """Refuse at once what the file says truthfully."""
    if (num_streams := len(source.container.streams.audio)) > limits.max_streams:
        raise AudioUndecodableError(
            f"The recording ({source.name}) has {num_streams} audio streams, and at most {limits.max_streams} are "
            "taken; submit the one that matters."
        )
    rate_hz = source.stream.codec_context.sample_rate
    if source.num_channels > limits.max_channels:
        raise AudioUndecodableError(
            f"The recording ({source.name}) has {source.num_channels} channels, and at most {limits.max_channels} "
            "are taken; submit those that matter."
        )
    if rate_hz and not limits.min_source_rate_hz <= rate_hz <= limits.max_source_rate_hz:
        raise AudioUndecodableError(
            f"The recording ({source.name}) has {rate_hz:,} samples a second; {limits.min_source_rate_hz:,} to "
            f"{limits.max_source_rate_hz:,} are taken. Convert it."
        )
    if channel is not None and source.num_channels:
        check_channel(channel, source.num_channels)
    if (seconds := _certain_seconds(source, size_bytes)) is not None and seconds > limits.max_seconds:
        raise too_long(source.name, limits, seconds=seconds)


def too_long(name: str, limits: DecodingLimits, *, seconds: float | None = None) -> AudioTooLongError:
    """Make the error; `seconds` where the duration is known."""
    lasts = f"lasts {_rounded(seconds)}, which is" if seconds is not None else "is"
    return AudioTooLongError(
        f"The recording ({name}) {lasts} longer than the {_rounded(limits.max_seconds)} that are allowed here."
    )


def _rounded(seconds: float) -> str:
    return f"{seconds / _HOUR_SECONDS:.1f} h" if seconds >= _HOUR_SECONDS else f"{seconds:.1f} s"


def _certain_seconds(source: Source, size_bytes: int) -> float | None:
    """Give the duration where the bytes for it are there, as plain samples of which no decoder makes more or less."""
    context = source.stream.codec_context
    sample_format = cast("AudioFormat | None", context.format)  # None where the header was damaged
    if not context.name.startswith("pcm_") or sample_format is None or source.guessed_seconds is None:
        return None
    bytes_a_second = context.sample_rate * source.num_channels * sample_format.bytes
    return source.guessed_seconds if source.guessed_seconds * bytes_a_second <= size_bytes else None
