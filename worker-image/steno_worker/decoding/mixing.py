"""Any rate, format and channels to mono at 16 kHz.

`decoder` feeds it the frames of one stream in order. The work is FFmpeg's filters': PyAV's arrays break where a frame
has eight planes of samples or more. Must not know containers, files or clocks.
"""

from collections.abc import Iterator
from typing import Final, cast

import numpy as np
from av.audio.frame import AudioFrame
from av.error import BlockingIOError as NothingReadyError
from av.error import EOFError as DrainedError
from av.filter import Graph

from steno_worker.decoding.spool import Pcm
from steno_worker.errors import OptionUnsupportedError
from steno_worker.samples import SAMPLE_RATE_HZ

_STEREO: Final = 2


class Mixer:
    """Turns frames into samples; a stream may change its form on the way, as concatenated MP3s do."""

    def __init__(self, channel: int | None) -> None:
        self._channel = channel
        self._graph: Graph | None = None
        self._form: tuple[str, str, int] | None = None

    def feed(self, frame: AudioFrame) -> Iterator[Pcm]:
        """Give what is ready after `frame`.

        Raises
        ------
        OptionUnsupportedError
            The frame lacks the channel that was chosen.
        FFmpegError, ValueError
            FFmpeg cannot mix such frames.
        """
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._graph is None or form != self._form:
            yield from self.drain()
            self._graph, self._form = _new_graph(frame, self._channel), form
        frame.pts = None  # gaps and jumps of the clock are none of the resampler's business
        self._graph.push(frame)
        yield from _pull(self._graph)

    def drain(self) -> Iterator[Pcm]:
        """Give what the resampler still holds; what is fed next has nothing to do with what came before."""
        if self._graph is not None:
            self._graph.push(None)
            yield from _pull(self._graph)
        self._graph = None


def check_channel(channel: int, num_channels: int) -> None:
    """Refuse a channel that is not there.

    Raises
    ------
    OptionUnsupportedError
        Terminal, the user's (exit 65).
    """
    if not 0 <= channel < num_channels:
        counted = "1 channel, number 0" if num_channels == 1 else f"{num_channels} channels, 0 to {num_channels - 1}"
        raise OptionUnsupportedError(
            f"The field channel asks for channel {channel}, but the recording has {counted}: choose one of these, or "
            "leave the field out to hear all of them mixed."
        )


def _new_graph(frame: AudioFrame, channel: int | None) -> Graph:
    graph = Graph()
    graph.threads = 1
    rate_hz = str(frame.sample_rate)
    source = graph.add(
        "abuffer",
        sample_rate=rate_hz,
        sample_fmt=frame.format.name,
        channel_layout=frame.layout.name,
        time_base=f"1/{rate_hz}",
    )
    # s16 like Whisper's own loader: to floats FFmpeg mixes many channels down without keeping them within [-1, 1].
    form = graph.add("aformat", sample_rates=str(SAMPLE_RATE_HZ), sample_fmts="s16", channel_layouts="mono")
    pan = _pan(frame, channel)
    choice = [graph.add("pan", pan)] if pan else []
    graph.link_nodes(source, *choice, form, graph.add("abuffersink")).configure()
    return graph


def _pan(frame: AudioFrame, channel: int | None) -> str | None:
    """Say what is heard of which channel; None leaves it to FFmpeg, which weighs loudspeakers by their place."""
    num_channels = frame.layout.nb_channels
    if channel is not None:
        check_channel(channel, num_channels)
        return f"mono|c0=c{channel}"
    if num_channels > _STEREO and frame.layout.name == f"{num_channels} channels":  # nobody has placed them
        return "mono|c0=" + "+".join(f"{1 / num_channels}*c{number}" for number in range(num_channels))
    return None


def _pull(graph: Graph) -> Iterator[Pcm]:
    while True:
        try:
            frame = graph.pull()
        except (NothingReadyError, DrainedError):
            return
        if isinstance(frame, AudioFrame):
            plane = cast("memoryview[int]", frame.planes[0])  # a buffer, which PyAV's types do not say
            yield np.frombuffer(plane, np.int16, count=frame.samples)
