"""A server with OpenAI's audio API as a decoder: a chunk's way up and back.

Loaded by `load_engine`. Waiting is the client's own: 408, 409, 429, 5xx, time-outs and dropped connections are tried
again ``maxRetries`` times, after ``Retry-After`` or after 0.5 s doubled up to 8 s; a server that wants more than two
minutes is given up at once. So a chunk's end is known after (maxRetries + 1) x timeoutSeconds + maxRetries x 120 s at
the latest. Must not know how chunks are planned or joined.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final, Self

import openai

from steno_types import EngineSettings, Task
from steno_worker.engines import HeardChunk, SpeechRequest
from steno_worker.engines.openai import forms
from steno_worker.engines.openai.answers import Answer, read_answer
from steno_worker.engines.openai.encoding import Upload, uploads_of
from steno_worker.engines.openai.failures import Question, failure_of
from steno_worker.engines.openai.limits import Model
from steno_worker.engines.openai.segments import segments_of
from steno_worker.engines.openai.settings import OpenAIOptions, OpenAISettings
from steno_worker.errors import OptionUnsupportedError
from steno_worker.samples import Samples
from steno_worker.speech.faults import faults_of
from steno_worker.transcript import EngineInfo, Segment

TEMPERATURES: Final = (0.2, 0.4, 0.6, 0.8, 1.0)
"""Whisper's own, one after the other (Radford et al. 2022, section 4.5). The first decoding sends none: OpenAI's
servers then begin at 0 and raise it by themselves (API reference, ``temperature``); few others do."""


class OpenAIServer:
    """A `ChunkDecoder` that is a server somewhere else."""

    def __init__(self, client: openai.OpenAI, options: OpenAIOptions, settings: EngineSettings) -> None:
        self._client = client
        self._options = options
        self._model = Model.of(settings.model, options)
        self.chunking = self._model.chunking(options, batch_size=settings.batch_size)
        self.info = EngineInfo(
            name=settings.name,
            version=openai.__version__,
            model=settings.model,
            device="remote",
            compute_type="remote",
        )

    @classmethod
    def load(cls, settings: EngineSettings) -> Self:
        """Read options and environment; the server is not asked yet.

        Raises
        ------
        SettingsInvalidError
            Terminal, the platform's (exit 78).
        OptionUnsupportedError
            Terminal, the user's (exit 65).
        """
        options, environment = OpenAIOptions.read(settings), OpenAISettings.from_environment()
        client = openai.OpenAI(
            api_key=environment.api_key.get_secret_value(),
            base_url=None if environment.base_url is None else str(environment.base_url),
            max_retries=options.max_retries,
            timeout=openai.Timeout(options.timeout_seconds, connect=min(options.timeout_seconds, 5.0)),
        )
        return cls(client, options, settings)

    def close(self) -> None:
        """Close the connections, which otherwise end with the process."""
        self._client.close()

    def check(self, request: SpeechRequest) -> None:
        """Refuse at once what the model cannot do, as `ChunkDecoder.check` promises."""
        forms.check(request, self._model)

    def detect_language(self, windows: Iterable[Samples]) -> str | None:
        """Give None: the API has no such question, and each answer tells its own chunk's language."""
        del windows
        return None

    def decode(self, chunks: Sequence[Samples], request: SpeechRequest) -> Sequence[HeardChunk]:
        """Hear `chunks`, each by a request of its own at the same time, as `ChunkDecoder.decode` promises.

        Raises
        ------
        SettingsInvalidError, ModelUnknownError
            Terminal, the platform's (exit 78): the server refuses key or model.
        OptionUnsupportedError, LanguageUnsupportedError
            Terminal, the user's (exit 65): the server refuses what was asked for.
        EngineFailedError
            Retryable (exit 75): all else, after the retries.
        """
        with ThreadPoolExecutor(max_workers=self.chunking.batch_size) as pool:
            return tuple(pool.map(lambda chunk: self._hear(chunk, request), chunks))

    def decode_again(self, chunk: Samples, request: SpeechRequest) -> HeardChunk | None:
        """Hear a chunk at one temperature of `TEMPERATURES` after the other, until the text is sound.

        Gives the decoding with the fewest faults. Silence twice is how a server says that there is no speech.
        """
        heard: list[HeardChunk] = []
        for temperature in TEMPERATURES:
            heard.append(self._hear(chunk, request, temperature=temperature))
            if not faults_of(heard[-1].segments, ()):  # gaps are the caller's to judge
                break
        best = min(heard, key=lambda one: len(faults_of(one.segments, ())))
        return best if best.segments else replace(best, no_speech=True)

    def _hear(self, chunk: Samples, request: SpeechRequest, *, temperature: float | None = None) -> HeardChunk:
        language = None if request.language in forms.DETECTED else request.language
        segments: list[Segment] = []
        for upload in uploads_of(chunk, max_bytes=self._model.max_bytes):
            answer = self._ask(upload, request, temperature=temperature)
            if language is None and request.task is Task.TRANSCRIBE:  # a translation's is always English
                language = answer.spoken_language
            if request.word_timestamps and answer.text and answer.spoken_words is None:
                raise OptionUnsupportedError(
                    f"wordTimestamps is set; the server gives no words' times for the model {self._model.name}."
                )
            its = segments_of(answer, upload, word_timestamps=request.word_timestamps, temperature=temperature or 0.0)
            segments.extend(
                segment.model_copy(update={"id": number}) for number, segment in enumerate(its, start=len(segments))
            )
        return HeardChunk(language=language, segments=tuple(segments))

    def _ask(self, upload: Upload, request: SpeechRequest, *, temperature: float | None) -> Answer:
        fields = forms.form_of(request, self._model, upload, temperature=temperature)
        audio = self._client.audio
        try:
            if request.task is Task.TRANSLATE:
                answered = audio.translations.with_raw_response.create(**fields)
            else:
                answered = audio.transcriptions.with_raw_response.create(**fields)
        except openai.OpenAIError as error:
            raise failure_of(error, self._question(upload)) from None  # its own words may quote the key
        return read_answer(answered.content, server=self._address)

    def _question(self, upload: Upload) -> Question:
        return Question(
            server=self._address,
            model=self._model.name,
            upload_bytes=len(upload.flac),
            max_retries=self._options.max_retries,
            timeout_seconds=self._options.timeout_seconds,
            key=self._client.api_key,
        )

    @property
    def _address(self) -> str:
        """Host and port, without the path and the credentials that an address may hold."""
        return self._client.base_url.netloc.decode()
