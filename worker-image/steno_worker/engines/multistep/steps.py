"""Walk the package's steps one by one, as its ``VideoTranscriber.transcribe_video`` does.

Called by `Multistep.transcribe`. Each step runs only if its folder has no sound result yet; what it prints is
listened to, its result is read back and judged. The package's own loop cannot be used: it goes on with what a failed
step left, and ends in a KeyError where nothing but a single turn of speech was found. A contract test holds this walk
to that loop. Must not know engines, jobs or stores.

::

    raw_transcript ─ sentence_merge ─ entities ─ corrected_transcript ──────────────┐
          │                                                                         │
          └───────────────────────── introductions ─ speaker_map                    │
                                                         │                          │
    diarization ─────────────────────────── merged ─ compressed ─ final
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from steno_worker.engines.multistep.folder import StepFolder
from steno_worker.engines.multistep.names import StepName
from steno_worker.engines.multistep.overheard import is_out_of_memory, listening, masked
from steno_worker.engines.multistep.package import Package
from steno_worker.engines.multistep.reading import (
    Line,
    UnsoundError,
    lines_of,
    name_words,
    respelled,
    retimed,
    sound,
    spaced,
)
from steno_worker.engines.multistep.settings import MultistepOptions
from steno_worker.errors import DeviceOutOfMemoryError, EngineFailedError

SOLE_SPEAKER: Final = "SPEAKER_00"
"""What pyannote.audio calls the first speaker."""


class StepFailedError(Exception):
    """A step left nothing sound; says which, and what it said."""

    def __init__(self, name: StepName, told: str) -> None:
        super().__init__(f"The step {name} of multistep, the {name.spoken}, failed: {told.rstrip('.')}.")
        self.told = told


@dataclass(kw_only=True)
class Walk:
    """One walk through the steps for one recording."""

    package: Package
    folder: StepFolder
    config: Any
    """A ``TranscriberConfig``."""
    options: MultistepOptions
    duration_seconds: float
    """Of the recording."""
    secrets: tuple[str, ...]
    """What no message may hold."""
    advance: Callable[[int, int], None]
    """Told how many steps are done, of how many."""
    warnings: list[str] = field(default_factory=list)
    """What failed on the way, in sentences."""
    _done: int = 0

    def lines(self) -> tuple[Line, ...]:
        """Walk all that is wanted, and give the transcript; what fails after its first step becomes a warning.

        Raises
        ------
        DeviceOutOfMemoryError, EngineFailedError
            Retryable (exit 75): there is no transcript.
        """
        raw = self._transcript()
        if not raw:
            return ()
        rows = self._sentences(raw)
        if self.options.entities:
            rows = self._corrected(rows)
        final = self._with_speakers(raw, rows) if self.options.speakers else ()
        return lines_of(rows, final)

    def _transcript(self) -> list[dict[str, Any]]:
        try:
            raw: list[dict[str, Any]] = self._step(
                StepName.RAW_TRANSCRIPT,
                lambda video: self.package.steps.initial_transcription(video, config=self.config.transcription),
            )
        except StepFailedError as error:
            if is_out_of_memory(error.told):
                raise DeviceOutOfMemoryError(f"The GPU ran out of memory ({error.told}).") from error
            raise EngineFailedError(str(error)) from error
        return raw

    def _sentences(self, raw: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        said = spaced(raw)
        sentences = self._attempt(
            StepName.SENTENCE_MERGE,
            lambda video: self.package.steps.merge_transcript_segments(
                video, said, config=self.config.merge_sentences
            ),
            mend=lambda merged: retimed(merged, said),
            without="the transcript has Whisper's segments in place of sentences",
        )
        return said if sentences is None else sentences

    def _corrected(self, rows: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        steps, without = self.package.steps, "names stay as they were heard"
        entities = self._attempt(
            StepName.ENTITIES,
            lambda video: steps.extract_nouns(video, rows, config=self.config.entities, llm_config=self.config.llm),
            without=without,
        )
        names = name_words(entities or {})
        if not names:
            return rows  # its correction compares words with names, and fails where there are none

        def mend(corrected: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
            return respelled(corrected, rows, [name["text"] for its in names.values() for name in its])

        corrected = self._attempt(
            StepName.CORRECTED_TRANSCRIPT,
            lambda video: steps.correct_transcript(video, rows, names, config=self.config.standardize),
            without=without,
            mend=mend,
        )
        return rows if corrected is None else corrected

    def _with_speakers(
        self, raw: Sequence[dict[str, Any]], rows: Sequence[dict[str, Any]]
    ) -> Sequence[dict[str, Any]]:
        steps, without = self.package.steps, "speakers are not told apart"
        turns = self._attempt(
            StepName.DIARIZATION,
            lambda video: steps.identify_speakers(video, rows, config=self.config.diarization),
            without=without,
        )
        if turns is None:
            return ()
        if not turns:  # it drops the first turn, always; merging fails where that was the only one
            turns = [{"start": 0.0, "end": self.duration_seconds, "speaker": SOLE_SPEAKER}]
        merged = self._attempt(
            StepName.MERGED, lambda video: steps.merge_transcript_diarization(video, rows, turns), without=without
        )
        if merged is None:
            return ()
        compressed = self._attempt(
            StepName.COMPRESSED, lambda video: steps.compress_transcript(video, merged), without=without
        )
        if compressed is None:
            return ()
        names = self._names(raw, turns)
        final = self._attempt(
            StepName.FINAL, lambda video: steps.map_speakers(video, compressed, names), without=without
        )
        return () if final is None else final

    def _names(self, raw: Sequence[dict[str, Any]], turns: Sequence[dict[str, Any]]) -> dict[str, Any]:
        steps, without = self.package.steps, "speakers have no names"
        introductions = self._attempt(
            StepName.INTRODUCTIONS,
            lambda video: steps.find_introductions(video, raw, config=self.config.introductions),
            without=without,
        )
        if not introductions:
            return {}
        names = self._attempt(
            StepName.SPEAKER_MAP,
            lambda video: steps.create_speaker_map(video, introductions, turns, config=self.config.introductions),
            without=without,
        )
        return names or {}

    def _attempt(
        self,
        name: StepName,
        call: Callable[[str], Any],
        *,
        without: str,
        mend: Callable[[Any], Any] | None = None,
    ) -> Any:
        """Run a step that the transcript can do without; None, and a warning, when it fails."""
        try:
            return self._step(name, call, mend=mend)
        except StepFailedError as error:
            self.warnings.append(f"{error} As a result, {without}.")
            return None

    def _step(self, name: StepName, call: Callable[[str], Any], *, mend: Callable[[Any], Any] | None = None) -> Any:
        """Give the step's sound result: the one in the folder, else the one that `call` leaves there, mended."""
        try:
            return sound(name, self.folder.read(name))
        except UnsoundError:
            self.folder.discard(name)
            return self._made(name, call, mend=mend or _as_it_is)
        finally:
            self._done += 1
            self.advance(self._done, self._wanted)

    def _made(self, name: StepName, call: Callable[[str], Any], *, mend: Callable[[Any], Any]) -> Any:
        raised = None
        with listening() as overheard:
            try:
                call(str(self.folder.recording))
            except Exception as error:  # noqa: BLE001 -- a stranger's code, which raises anything
                raised = f"{type(error).__name__}: {error}"
        told = [masked(words, self.secrets) for words in (*overheard.complaints, *filter(None, [raised]))]
        try:
            result = sound(name, None if raised else self.folder.read(name))
        except UnsoundError as error:
            self.folder.discard(name)
            raise StepFailedError(name, "; ".join(told) or str(error)) from error
        body = json.dumps(mend(result), ensure_ascii=False).encode()
        if told:  # it swallowed an error and went on: good enough for now, not for later attempts
            self.folder.discard(name)
            complaint = told[0].rstrip(".")
            self.warnings.append(f"The step {name} of multistep, the {name.spoken}, is incomplete: {complaint}.")
            return sound(name, body)
        return sound(name, self.folder.keep(name, body))

    @property
    def _wanted(self) -> int:
        """How many steps there are to do, as far as the options tell."""
        options = self.options
        return 2 + 2 * options.entities + 6 * options.speakers


def _as_it_is(result: Any) -> Any:
    return result
