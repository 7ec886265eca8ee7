"""An engine of any decoder that hears one chunk at a time.

Made by `load_engine`. Finds speech, cuts it into chunks, has them heard in batches while the next ones are being
prepared, checks each, has the unsound ones heard again, keeps what is finished as checkpoints, and accounts for every
second of speech. Must not know which decoder it drives, nor what becomes of the segments.

Checkpoints, by name: ``language`` once it is detected, ``plan/<start>`` for each part of the chunk plan, and
``heard/<first>-<number>`` for each batch. Chunks are numbered through the whole plan.
"""

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

from pydantic import TypeAdapter

from steno_worker.checkpoints import Checkpoints
from steno_worker.engines import ChunkDecoder, HeardChunk, Hearing, SpeechRequest, Work
from steno_worker.errors import DeviceOutOfMemoryError
from steno_worker.logs import fields
from steno_worker.report import Coverage, Drop, DroppedSpan, Fault, RedecodedChunk
from steno_worker.samples import SAMPLE_RATE_HZ, Samples
from steno_worker.speech.coverage import dropped_span
from steno_worker.speech.faults import average_log_prob, faults_of, uncovered
from steno_worker.speech.planning import FindSpeech, PlannedChunk, PlanPart, plan_part
from steno_worker.speech.spans import Span, to_samples, total_seconds
from steno_worker.speech.stitching import in_order, stitched
from steno_worker.speech.vad import find_speech
from steno_worker.transcript import EngineInfo, Segment

logger = logging.getLogger(__name__)

BATCH_SECONDS: Final = 8.0
"""Wall time that a batch should take at most, by the pace of the one before: no more work than this, and what the
next batch deviates by, is lost when the cluster ends the pod (the design allows 10)."""

LANGUAGE_WINDOWS: Final = 5
"""Places of the recording that are asked for their language: one of them may be music, a jingle, a quotation."""

LANGUAGE_WINDOW_SECONDS: Final = 30.0
"""Of each; what Whisper looks at (Radford et al. 2022, section 2.3)."""


LANGUAGE_SEARCH_WINDOWS: Final = 4
"""So many windows are searched at each place for one in which somebody speaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedChunk:
    """What was heard in a chunk, once it was checked."""

    chunk: Span
    """Which chunk: a plan that could not be kept may be made anew, and cut otherwise."""
    heard: HeardChunk
    faults: tuple[Fault, ...] = ()
    """Of the first decoding."""
    left: tuple[Fault, ...] = ()
    """Of the one that was kept."""
    repaired_times: int = 0
    """Segments and words whose times were put in order."""


_BATCH: Final = TypeAdapter(tuple[CheckedChunk, ...])
"""How a batch is kept."""


class _Kept:
    """What earlier attempts left, and where this one leaves its own."""

    def __init__(self, checkpoints: Checkpoints) -> None:
        self._checkpoints = checkpoints
        self._pieces = checkpoints.load()
        self._heard: dict[tuple[int, int], CheckedChunk] = {}
        for name in [name for name in self._pieces if name.startswith("heard/")]:
            for checked in _BATCH.validate_json(self._pieces.pop(name)):
                self._heard[checked.chunk.start, checked.chunk.end] = checked

    def __contains__(self, chunk: Span) -> bool:
        return (chunk.start, chunk.end) in self._heard

    def pop(self, chunk: Span) -> CheckedChunk:
        """Give what was heard in a chunk; it is not held any longer."""
        return self._heard.pop((chunk.start, chunk.end))

    def settle(self, name: str, make: Callable[[], bytes]) -> bytes:
        """Give the piece `name`: the one that an attempt left, else the one made now."""
        body = self._pieces.pop(name, None)
        return self._checkpoints.put(name, make()) if body is None else body

    def keep(self, first: int, chunks: Sequence[CheckedChunk]) -> None:
        """Leave a batch for the attempts to come."""
        self._checkpoints.put_later(f"heard/{first:06d}-{len(chunks)}", _BATCH.dump_json(tuple(chunks)))


class _Pace:
    """How many chunks a batch may have, by how long the last one took."""

    def __init__(self) -> None:
        self._seconds_per_chunk: float | None = None

    @property
    def known(self) -> bool:
        return self._seconds_per_chunk is not None

    def took(self, chunks: int, seconds: float) -> None:
        self._seconds_per_chunk = seconds / chunks

    def limit(self, batch_size: int) -> int:
        """Give the most chunks; one, until a first one tells."""
        if self._seconds_per_chunk is None:
            return 1
        if self._seconds_per_chunk * batch_size <= BATCH_SECONDS:
            return batch_size
        return max(1, int(BATCH_SECONDS / self._seconds_per_chunk))


@dataclass(frozen=True, slots=True)
class _Numbered:
    """A chunk and its place in the plan."""

    number: int
    chunk: PlannedChunk


class ChunkedEngine:
    """Drives a `ChunkDecoder`."""

    def __init__(
        self,
        decoder: ChunkDecoder,
        *,
        find_speech: FindSpeech = find_speech,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._decoder = decoder
        self._find_speech = find_speech
        self._clock = clock
        self._batch_size = decoder.chunking.batch_size

    @property
    def info(self) -> EngineInfo:
        """What the decoder says of itself."""
        return self._decoder.info

    def check(self, request: SpeechRequest) -> None:
        """Refuse what the decoder cannot do."""
        self._decoder.check(request)

    def transcribe(self, work: Work) -> Hearing:
        """Transcribe a recording, as `Engine` promises."""
        self._batch_size = self._decoder.chunking.batch_size  # a recording before may have had to do with less
        kept = _Kept(work.checkpoints)
        request = self._settle_language(work, kept)
        transcription = _Transcription(work.request)
        for chunk, checked in self._walk(work, request, kept):
            transcription.add(chunk, checked)
            work.progress(chunk.end / SAMPLE_RATE_HZ)
        return transcription.finish()

    def _settle_language(self, work: Work, kept: _Kept) -> SpeechRequest:
        """Detect the language once for the whole recording, where it is to be detected."""
        if work.request.language != "auto":
            return work.request

        def detect() -> bytes:
            return (self._decoder.detect_language(self._language_windows(work)) or "auto").encode()

        return replace(work.request, language=kept.settle("language", detect).decode())

    def _language_windows(self, work: Work) -> Iterator[Samples]:
        """Give the beginning of the speech at places spread over the whole recording; waits until it is decoded."""
        length = to_samples(LANGUAGE_WINDOW_SECONDS)
        step = max(length, -(-work.audio.num_samples // LANGUAGE_WINDOWS))
        for start in range(0, work.audio.num_samples, step):
            stretch = work.audio.read(start, min(start + step, start + LANGUAGE_SEARCH_WINDOWS * length))
            found = self._find_speech(stretch, LANGUAGE_WINDOW_SECONDS) if work.vad else [Span(start=0, end=length)]
            if found:
                yield stretch[found[0].start :][:length]

    def _walk(self, work: Work, request: SpeechRequest, kept: _Kept) -> Iterator[tuple[PlannedChunk, CheckedChunk]]:
        """Walk the chunks with what was heard in them, in order."""
        pace = _Pace()
        in_flight = self._decoder.chunking.batches_in_flight

        def hear(batch: list[_Numbered]) -> list[CheckedChunk]:
            if batch[0].chunk in kept:
                return [kept.pop(numbered.chunk) for numbered in batch]
            began = self._clock()
            heard = self._hear([numbered.chunk for numbered in batch], work, request)
            pace.took(len(batch), self._clock() - began)
            kept.keep(batch[0].number, heard)
            return heard

        hearing = ThreadPoolExecutor(in_flight, thread_name_prefix="hear")
        try:
            waiting: deque[tuple[list[_Numbered], Future[list[CheckedChunk]]]] = deque()
            for batch in self._batches(self._plan(work, kept), kept, pace):
                waiting.append((batch, hearing.submit(hear, batch)))
                # One more than are in flight stands ready; before the pace is known, none.
                while len(waiting) > (in_flight if pace.known else 0):
                    yield from _done(*waiting.popleft())
            while waiting:
                yield from _done(*waiting.popleft())
        finally:
            hearing.shutdown(cancel_futures=True)

    def _plan(self, work: Work, kept: _Kept) -> Iterator[_Numbered]:
        """Walk the plan; the next part is made while this one's chunks are heard."""
        chunking = self._decoder.chunking

        def part(start: int) -> PlanPart:
            def make() -> bytes:
                plan = plan_part(
                    work.audio,
                    start,
                    max_seconds=chunking.max_seconds,
                    overlap_seconds=chunking.overlap_seconds,
                    find_speech=self._find_speech if work.vad else None,
                )
                return plan.model_dump_json().encode()

            return PlanPart.model_validate_json(kept.settle(f"plan/{start:010d}", make))

        number = 0
        with ThreadPoolExecutor(1, thread_name_prefix="plan") as planning:
            coming: Future[PlanPart] | None = planning.submit(part, 0)
            while coming is not None:
                plan = coming.result()
                coming = None if plan.last else planning.submit(part, plan.end)
                for chunk in plan.chunks:
                    yield _Numbered(number, chunk)
                    number += 1

    def _batches(self, plan: Iterator[_Numbered], kept: _Kept, pace: _Pace) -> Iterator[list[_Numbered]]:
        """Group chunks: those that are kept already, and those to be heard, as many as the pace allows."""
        batch: list[_Numbered] = []
        for numbered in plan:
            if batch and (numbered.chunk in kept) != (batch[0].chunk in kept):
                yield batch
                batch = []
            batch.append(numbered)
            if len(batch) >= pace.limit(self._batch_size):
                yield batch
                batch = []
        if batch:
            yield batch

    def _hear(self, chunks: Sequence[PlannedChunk], work: Work, request: SpeechRequest) -> list[CheckedChunk]:
        samples = [work.audio.read(chunk.start, chunk.end) for chunk in chunks]
        heard = self._decode(samples, request)
        return [self._checked(*each, request) for each in zip(chunks, samples, heard, strict=True)]

    def _decode(self, samples: Sequence[Samples], request: SpeechRequest) -> list[HeardChunk]:
        """Decode a batch; when the device's memory does not suffice, in halves, and so from then on."""
        try:
            return list(self._decoder.decode(samples, request))
        except DeviceOutOfMemoryError:
            half = len(samples) // 2
            if not half:
                raise
            logger.warning("the device's memory is full: the batch is halved", extra=fields(batch_size=half))
            self._batch_size = min(self._batch_size, half)
            return self._decode(samples[:half], request) + self._decode(samples[half:], request)

    def _checked(
        self, chunk: PlannedChunk, samples: Samples, heard: HeardChunk, request: SpeechRequest
    ) -> CheckedChunk:
        """Check what was heard; have it heard again when it is unsound, and choose."""
        speech = [span.shifted(-chunk.start) for span in chunk.speech]
        first = _examined(chunk, heard, speech, len(samples))
        if not first.left:
            return first
        again = self._decoder.decode_again(samples, request)
        if again is None:
            return replace(first, faults=first.left)
        second = _examined(chunk, again, speech, len(samples))
        return replace(min(first, second, key=_badness), faults=first.left)


def _done(batch: list[_Numbered], result: Future[list[CheckedChunk]]) -> Iterator[tuple[PlannedChunk, CheckedChunk]]:
    for numbered, checked in zip(batch, result.result(), strict=True):
        yield numbered.chunk, checked


def _examined(chunk: PlannedChunk, heard: HeardChunk, speech: Sequence[Span], num_samples: int) -> CheckedChunk:
    segments, repaired = in_order(heard.segments, num_samples / SAMPLE_RATE_HZ)
    faults = () if heard.no_speech else faults_of(segments, speech)
    return CheckedChunk(
        chunk=Span(start=chunk.start, end=chunk.end),
        heard=replace(heard, segments=segments),
        left=faults,
        repaired_times=repaired,
    )


def _badness(checked: CheckedChunk) -> tuple[bool, bool, bool, float]:
    """Order decodings of one chunk: a loop is worse than a gap, a gap worse than doubt."""
    segments = checked.heard.segments
    doubt = -average_log_prob(segments) if segments else 0.0
    return (
        Fault.REPETITION in checked.left,
        Fault.GAP in checked.left,
        Fault.LOW_PROBABILITY in checked.left,
        doubt,
    )


class _Transcription:
    """Puts the chunks together, in order."""

    def __init__(self, request: SpeechRequest) -> None:
        self._request = request
        self._segments: list[Segment] = []
        self._overlapping = 0  # from here on the segments belong to the last chunk
        self._end = 0
        self._speech_seconds = 0.0
        self._dropped: list[DroppedSpan] = []
        self._redecoded: list[RedecodedChunk] = []
        self._repaired_times = 0
        self._languages: Counter[str] = Counter()

    def add(self, chunk: PlannedChunk, checked: CheckedChunk) -> None:
        """Take the next chunk in."""
        offset = chunk.start / SAMPLE_RATE_HZ
        heard = checked.heard
        unintelligible = Fault.REPETITION in checked.left
        own = [] if unintelligible else [self._placed(segment, offset, checked) for segment in heard.segments]
        self._account(chunk, own, heard, unintelligible=unintelligible)
        if checked.faults:
            temperature = max((segment.temperature for segment in own), default=0.0)
            ends = (round(offset, 3), round(chunk.end / SAMPLE_RATE_HZ, 3))
            self._redecoded.append(
                RedecodedChunk(start=ends[0], end=ends[1], faults=checked.faults, temperature=temperature)
            )
        self._repaired_times += checked.repaired_times
        if heard.language and own:
            self._languages[heard.language] += sum(len(segment.text) for segment in own)
        if chunk.start < self._end:  # it overlaps the one before
            last, own = stitched(self._segments[self._overlapping :], own)
            self._segments[self._overlapping :] = last
        self._overlapping = len(self._segments)
        self._end = chunk.end
        self._segments += own

    def finish(self) -> Hearing:
        """Give the whole."""
        dropped_seconds = sum(span.end - span.start for span in self._dropped)
        coverage = Coverage(
            speech_seconds=round(self._speech_seconds, 3),
            covered_seconds=round(max(0.0, self._speech_seconds - dropped_seconds), 3),
            dropped=tuple(self._dropped),
            redecoded=tuple(self._redecoded),
            repaired_times=self._repaired_times,
        )
        segments = (segment.model_copy(update={"id": number}) for number, segment in enumerate(self._segments))
        return Hearing(language=self._language(), segments=tuple(segments), coverage=coverage)

    def _language(self) -> str | None:
        asked = self._request.language
        if asked == "mixed":
            return None
        if asked != "auto":
            return asked
        return self._languages.most_common(1)[0][0] if self._languages else None

    def _placed(self, segment: Segment, offset: float, checked: CheckedChunk) -> Segment:
        """Move a segment from its chunk's time to the recording's."""
        words = segment.words and tuple(
            word.model_copy(update={"start": round(word.start + offset, 3), "end": round(word.end + offset, 3)})
            for word in segment.words
        )
        return segment.model_copy(
            update={
                "start": round(segment.start + offset, 3),
                "end": round(segment.end + offset, 3),
                "words": words,
                "redecoded": checked.faults or None,
                "language": checked.heard.language if self._request.language == "mixed" else None,
            }
        )

    def _account(
        self, chunk: PlannedChunk, segments: Sequence[Segment], heard: HeardChunk, *, unintelligible: bool
    ) -> None:
        """Say of every stretch of speech whether it has text, and why not."""
        self._speech_seconds += total_seconds(chunk.speech)
        if heard.no_speech:
            reason = Drop.NO_SPEECH
        elif unintelligible:
            reason = Drop.UNINTELLIGIBLE
        else:
            reason = Drop.GAP
        spans = (dropped_span(span, reason) for span in uncovered(segments, chunk.speech))
        self._dropped += [span for span in spans if span is not None]
