"""A server on loopback that speaks OpenAI's audio API, and does what its script says.

It decodes what is uploaded and answers by it: the text says how long the audio lasts, so that a test sees which chunk
an answer belongs to. Used by the tests beside it, whose engine is the real one with its real client.
"""

import io
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest
from python_multipart.multipart import parse_form

from steno_types import EngineSettings
from steno_worker.engines.openai import OpenAIServer
from steno_worker.samples import SAMPLE_RATE_HZ, Samples

KEY = "sk-test-hunter2-hunter2"
"""The only key that the server takes."""


@dataclass(frozen=True, kw_only=True)
class Upload:
    """One request, as the server understood it."""

    endpoint: str
    """transcriptions or translations."""
    fields: dict[str, list[str]]
    """The form's fields but the file."""
    file_name: str
    file_bytes: int
    samples: npt.NDArray[np.int16]
    """What the file decodes to."""
    rate_hz: int

    @property
    def seconds(self) -> float:
        """Duration of the audio."""
        return len(self.samples) / self.rate_hz


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the server answers."""

    status: int = 200
    body: Any = None
    """JSON, or a string that is sent as HTML."""
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    """Close the connection instead."""
    late: bool = False
    """Answer only when the server is closed."""


def transcription(upload: Upload) -> dict[str, Any]:
    """Say how long the audio is, in the format asked for."""
    text = f"{upload.seconds:.1f} seconds."
    if upload.fields["response_format"] == ["json"]:
        return {"text": text, "usage": {"type": "duration", "seconds": round(upload.seconds)}}
    segment = {
        "id": 0,
        "seek": 0,
        "start": 0.0,
        "end": upload.seconds,
        "text": f" {text}",
        "tokens": [50364, 50414],
        "temperature": float(upload.fields.get("temperature", ["0"])[0]),
        "avg_logprob": -0.25,
        "compression_ratio": 1.25,
        "no_speech_prob": 0.01,
    }
    answer = {
        "task": "translate" if upload.endpoint == "translations" else "transcribe",
        "language": "english",
        "duration": upload.seconds,
        "text": text,
        "segments": [segment],
    }
    if "word" in upload.fields.get("timestamp_granularities[]", []):
        half = upload.seconds / 2
        answer["words"] = [
            {"word": f"{upload.seconds:.1f}", "start": 0.0, "end": half},
            {"word": "seconds", "start": half, "end": upload.seconds},
        ]
    return answer


def settings(model: str = "whisper-1", *, batch_size: Any = None, **options: str) -> EngineSettings:
    """Ask for the engine; options by their names in a job."""
    return EngineSettings.model_validate(
        {"name": "openai", "model": model, "batchSize": batch_size, "options": options}
    )


def connect(model: str = "whisper-1", *, batch_size: Any = None, **options: str) -> OpenAIServer:
    """Load the engine as the environment says."""
    return OpenAIServer.load(settings(model, batch_size=batch_size, **options))


@dataclass(kw_only=True)
class AudioAPI:
    """The server's mind: what it was asked, and what it answers."""

    script: deque[Reply | Callable[[Upload], Reply]] = field(default_factory=deque)
    """Used up first."""
    answer: Callable[[Upload], Any] = transcription
    """The body of every other answer."""
    max_bytes: int = 25_000_000
    """Of a file; larger ones are answered with 413."""
    uploads: list[Upload] = field(default_factory=list)
    engines: list[OpenAIServer] = field(default_factory=list)
    """Connected to it."""
    closed: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def connect(self, model: str = "whisper-1", *, batch_size: Any = None, **options: str) -> OpenAIServer:
        """Load the engine; its connections are closed with the server."""
        self.engines.append(connect(model, batch_size=batch_size, **options))
        return self.engines[-1]

    def will(self, *replies: Reply | Callable[[Upload], Reply]) -> None:
        """Answer the next requests so."""
        self.script.extend(replies)

    def reply_to(self, upload: Upload, authorization: str) -> Reply:
        """Decide on an answer."""
        with self.lock:
            self.uploads.append(upload)
            scripted = self.script.popleft() if self.script else None
        if scripted is not None:
            return scripted(upload) if callable(scripted) else scripted
        if authorization != f"Bearer {KEY}":
            return Reply(status=401, body={"error": {"message": f"Incorrect API key provided: {authorization}"}})
        if upload.file_bytes > self.max_bytes:
            return Reply(status=413, body={"error": {"message": f"Maximum is {self.max_bytes} bytes."}})
        return Reply(body=self.answer(upload))


def in_seconds(seconds: float) -> str:
    """Give the moment so many seconds from now as ``Retry-After`` spells dates."""
    return formatdate(time.time() + seconds, usegmt=True)


@contextmanager
def serving(environment: pytest.MonkeyPatch) -> Iterator[AudioAPI]:
    """Run the server on a free port, and tell the engine's environment of it."""
    api = AudioAPI()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            reply = api.reply_to(self._upload(), self.headers["Authorization"])
            if reply.late:
                api.closed.wait()
            if reply.drop or reply.late:
                self.close_connection = True
                return
            as_json = not isinstance(reply.body, str)
            body = (json.dumps(reply.body) if as_json else reply.body).encode()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json" if as_json else "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _upload(self) -> Upload:
            fields: dict[str, list[str]] = {}
            files: list[tuple[str, bytes]] = []

            def on_field(part: Any) -> None:
                fields.setdefault(part.field_name.decode(), []).append((part.value or b"").decode())

            def on_file(part: Any) -> None:
                part.file_object.seek(0)
                files.append((part.file_name.decode(), part.file_object.read()))

            headers = {name: self.headers[name].encode() for name in ("Content-Type", "Content-Length")}
            parse_form(headers, self.rfile, on_field, on_file)
            ((name, content),) = files
            samples, rate_hz = _decoded(content)
            return Upload(
                endpoint=self.path.removeprefix("/v1/audio/"),
                fields=fields,
                file_name=name,
                file_bytes=len(content),
                samples=samples,
                rate_hz=rate_hz,
            )

        def log_message(self, *_: Any) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        environment.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")
        environment.setenv("OPENAI_API_KEY", KEY)
        try:
            yield api
        finally:
            for engine in api.engines:
                engine.close()
            api.closed.set()
            server.shutdown()
            thread.join()


def _decoded(content: bytes) -> tuple[npt.NDArray[np.int16], int]:
    with av.open(io.BytesIO(content), mode="r") as container:
        (stream,) = container.streams.audio
        assert ("flac", "s16", "mono") == (stream.codec_context.name, stream.format.name, stream.layout.name)
        frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(stream)]
        return np.concatenate(frames).astype(np.int16), stream.sample_rate


def tone(seconds: float) -> Samples:
    """Give a tone."""
    times = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    return (0.5 * np.sin(2 * np.pi * 440 * times)).astype(np.float32)


def noise(seconds: float) -> Samples:
    """Give white noise at full scale, which no codec makes smaller."""
    samples = np.random.default_rng(20260131).uniform(-1, 1, round(seconds * SAMPLE_RATE_HZ))
    return samples.astype(np.float32)
