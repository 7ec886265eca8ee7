"""AssemblyAI's Python SDK does its work here as it does there."""

import asyncio
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import assemblyai
import pytest
import srt  # type: ignore[import-untyped]  # it has no stubs
import webvtt

from steno_types import Reason
from support.installation import Installation
from support.spoken import a_told_segment
from support.transcriber import RECORDING, SENTENCES, TEXT

pytestmark = [
    # The SDK's own code, on a pydantic that it is not written for.
    pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20"),
]

WHOLE = " ".join(SENTENCES)


@pytest.fixture
async def transcript(installation: Installation, transcriber: assemblyai.Transcriber) -> assemblyai.Transcript:
    """A conversation of two that is completed."""
    installation.transcriber.segments = (
        a_told_segment("Good morning, Dr. Smith.", speaker="A"),
        a_told_segment("Good morning! How are you?", start=3, speaker="B"),
    )
    return await asyncio.to_thread(transcriber.transcribe, RECORDING)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(lambda _: RECORDING, id="bytes"),
        pytest.param(lambda _: io.BytesIO(RECORDING), id="an open file"),
        pytest.param(lambda folder: str(folder / "talk.wav"), id="a path"),
    ],
)
async def test_a_recording_is_transcribed(
    installation: Installation, transcriber: assemblyai.Transcriber, tmp_path: Path, data: Callable[[Path], Any]
) -> None:
    """Uploaded, polled and read, by one call."""
    (tmp_path / "talk.wav").write_bytes(RECORDING)
    transcript = await asyncio.to_thread(transcriber.transcribe, data(tmp_path))

    assert (assemblyai.TranscriptStatus.completed, WHOLE, None) == (
        transcript.status,
        transcript.text,
        transcript.error,
    )
    assert ["Good", "morning", "everyone.", "Shall", "we", "begin?"] == [word.text for word in transcript.words or []]
    assert [(0, 500, 0.9), (500, 1000, 0.9)] == [(w.start, w.end, w.confidence) for w in (transcript.words or [])[:2]]
    assert pytest.approx(0.9) == transcript.confidence
    assert (5, "en", "none") == (
        transcript.audio_duration,
        transcript.language_code,
        transcript.speech_model_used,
    )
    assert [RECORDING] == [*installation.gateway.uploads().values()]
    assert (transcript.id,) == tuple(job.metadata.name for job in installation.jobs)


async def test_a_url_is_left_to_the_worker(installation: Installation, transcriber: assemblyai.Transcriber) -> None:
    """The gateway fetches nothing; the query, which may be a secret, is shown to nobody."""
    transcript = await asyncio.to_thread(transcriber.transcribe, "https://example.com/talk.mp3?token=secret")

    assert (WHOLE, "https://example.com/talk.mp3") == (transcript.text, transcript.audio_url)
    assert "https://example.com/talk.mp3?token=secret" == installation.jobs[0].spec.source.url


async def test_options_arrive(installation: Installation, transcriber: assemblyai.Transcriber) -> None:
    """As the SDK spells them, and come back in the transcript's own configuration."""
    config = assemblyai.TranscriptionConfig(
        language_code="de", punctuate=True, format_text=True, keyterms_prompt=["Steno"], disfluencies=False
    )
    transcript = await asyncio.to_thread(transcriber.transcribe, RECORDING, config)
    spec = installation.jobs[0].spec

    assert ("de", ("Steno",), True) == (spec.language, spec.hotwords, spec.word_timestamps)
    assert ("de", True) == (transcript.config.language_code, transcript.config.punctuate)


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({"speaker_labels": True}, "speaker_labels"),
        ({"summarization": True, "summary_type": "gist"}, "summarization, summary_type"),
        ({"punctuate": False}, "punctuate"),
        ({"webhook_url": "https://me.example.com"}, "webhook_url"),
        ({"speech_models": ["universal-3-pro", "universal-2"]}, "speech_models"),
        ({"speech_model": "nano"}, "speech_model"),
    ],
)
async def test_what_cannot_be_honoured_raises(
    installation: Installation, transcriber: assemblyai.Transcriber, config: dict[str, Any], named: str
) -> None:
    """With the option's name, before there is a task."""
    with pytest.raises(assemblyai.TranscriptError, match=named) as raised:
        await asyncio.to_thread(
            transcriber.transcribe, "https://example.com/a", assemblyai.TranscriptionConfig(**config)
        )

    assert 400 == raised.value.status_code
    assert () == installation.jobs


async def test_a_failed_transcript_has_an_error(transcriber: assemblyai.Transcriber) -> None:
    """It is no exception: the SDK gives it back with its status, reason and remedy."""
    transcript = await asyncio.to_thread(transcriber.transcribe, TEXT)

    assert assemblyai.TranscriptStatus.error == transcript.status
    assert (transcript.error or "").startswith("AudioUndecodable: ")
    assert (None, None) == (transcript.text, transcript.words)


async def test_a_transcript_that_waits_is_queued(
    installation: Installation, transcriber: assemblyai.Transcriber
) -> None:
    """submit() comes back at once; wait_for_completion() takes up from there."""
    installation.transcriber.works.clear()
    transcript = await asyncio.to_thread(transcriber.submit, RECORDING)
    assert (assemblyai.TranscriptStatus.queued, None) == (transcript.status, transcript.text)

    installation.transcriber.works.set()
    await asyncio.to_thread(transcript.wait_for_completion)
    assert WHOLE == transcript.text


async def test_speakers_have_utterances(transcript: assemblyai.Transcript) -> None:
    """Where the engine tells speakers apart."""
    utterances = transcript.utterances or []

    assert [("A", "Good morning, Dr. Smith."), ("B", "Good morning! How are you?")] == [
        (each.speaker, each.text) for each in utterances
    ]
    assert ["A"] * 4 + ["B"] * 5 == [word.speaker for word in transcript.words or []]
    assert [4, 5] == [len(each.words) for each in utterances]


async def test_sentences_and_paragraphs(transcript: assemblyai.Transcript) -> None:
    """By punctuation and speaker."""
    sentences = await asyncio.to_thread(transcript.get_sentences)
    paragraphs = await asyncio.to_thread(transcript.get_paragraphs)

    assert ["Good morning, Dr. Smith.", "Good morning!", "How are you?"] == [each.text for each in sentences]
    assert [(0, 1600), (3000, 3800), (3800, 5000)] == [(each.start, each.end) for each in sentences]
    assert ["A", "B", "B"] == [each.speaker for each in sentences]
    assert ["Good morning, Dr. Smith.", "Good morning! How are you?"] == [each.text for each in paragraphs]


async def test_words_are_searched(transcript: assemblyai.Transcript) -> None:
    """Words and phrases, with their places among the words."""
    matches = await asyncio.to_thread(transcript.word_search, ["good morning", "dr", "zebra"])

    assert [("good morning", 2, [(0, 800), (3000, 3800)], [0, 4]), ("dr", 1, [(800, 1200)], [2])] == [
        (each.text, each.count, each.timestamps, each.indexes) for each in matches
    ]


async def test_subtitles_are_exported(transcript: assemblyai.Transcript) -> None:
    """The worker's own, or as short as is asked for."""
    own = await asyncio.to_thread(transcript.export_subtitles_srt)
    short = await asyncio.to_thread(transcript.export_subtitles_srt, 13)
    vtt = await asyncio.to_thread(transcript.export_subtitles_vtt, 13)

    assert ["A: Good morning, Dr. Smith.", "B: Good morning! How are you?"] == [c.content for c in srt.parse(own)]
    assert ["Good morning,", "Dr. Smith.", "Good morning!", "How are you?"] == [c.content for c in srt.parse(short)]
    assert ["Good morning,", "Dr. Smith.", "Good morning!", "How are you?"] == [
        c.text for c in webvtt.from_string(vtt).captions
    ]


async def test_transcripts_are_listed_and_paged(
    installation: Installation, transcriber: assemblyai.Transcriber
) -> None:
    """As the SDK's own example walks through them."""
    installation.transcriber.failing = Reason.ENGINE_FAILED
    await asyncio.to_thread(transcriber.transcribe, RECORDING)
    installation.transcriber.failing = None
    for number in range(2):
        await asyncio.to_thread(transcriber.transcribe, f"https://example.com/{number}")

    seen: list[str] = []
    params = assemblyai.ListTranscriptParameters(limit=2)
    page = await asyncio.to_thread(transcriber.list_transcripts, params)
    seen += [each.id for each in page.transcripts]
    while page.page_details.before_id_of_prev_url is not None:
        params.before_id = page.page_details.before_id_of_prev_url
        page = await asyncio.to_thread(transcriber.list_transcripts, params)
        seen += [each.id for each in page.transcripts]

    assert sorted(job.metadata.name for job in installation.jobs) == sorted(seen)
    failed = assemblyai.ListTranscriptParameters(status=assemblyai.TranscriptStatus.error)
    (only,) = (await asyncio.to_thread(transcriber.list_transcripts, failed)).transcripts
    assert (only.error or "").startswith("EngineFailed")


async def test_a_transcript_is_deleted(installation: Installation, transcript: assemblyai.Transcript) -> None:
    """Its data is gone from the answer, and from the cluster its job."""
    assert transcript.id is not None
    await _without_finalizers(installation)
    deleted = await asyncio.to_thread(assemblyai.Transcript.delete_by_id, transcript.id)

    assert (transcript.id, "Deleted by user.", None, "http://deleted_by_user") == (
        deleted.id,
        deleted.text,
        deleted.words,
        deleted.audio_url,
    )
    assert () == installation.jobs
    with pytest.raises(assemblyai.TranscriptError, match="transcript id not found"):
        await asyncio.to_thread(assemblyai.Transcript.get_by_id, transcript.id)


async def test_a_group_is_transcribed(installation: Installation, transcriber: assemblyai.Transcriber) -> None:
    """Several at once, by threads of the SDK's own."""
    urls: Any = [f"https://example.com/{number}" for number in range(5)]
    group: Any = await asyncio.to_thread(transcriber.transcribe_group, urls)

    assert [WHOLE] * 5 == [each.text for each in group]
    assert 5 == len(installation.jobs)


async def test_the_client_that_awaits_works_too(installation: Installation) -> None:
    """The SDK's other half speaks the same API."""
    settings = assemblyai.Settings(base_url=installation.url, api_key="steno-test", polling_interval=0.01)
    async with assemblyai.AsyncClient(settings=settings) as client:
        transcript = await assemblyai.AsyncTranscriber(client=client).transcribe(RECORDING)
        sentences = await transcript.get_sentences()

    assert (WHOLE, [*SENTENCES]) == (transcript.text, [each.text for each in sentences])


async def _without_finalizers(installation: Installation) -> None:
    """Let deletions be done at once, as by an operator that is quick."""
    for job in installation.jobs:
        await installation.gateway.jobs.patch_metadata(job, {"finalizers": []})
