"""``POST /asr`` as the service's own documentation calls it."""

from typing import Any

import httpx
import pytest

from steno_kube import KubeUnavailableError
from steno_store import StoreUnavailableError
from steno_types import Engine, Task
from support.gateway import kind_of
from support.installation import Installation, installed
from support.transcriber import RECORDING, SENTENCES, TEXT, TRANSLATED

FILES = {"audio_file": ("talk.mp3", RECORDING)}


async def asr(installation: Installation, **query: Any) -> httpx.Response:
    """Do as ``curl -F "audio_file=@talk.mp3" HOST/asr?…`` does."""
    return await installation.http.post("/asr", params=query, files=FILES)


@pytest.mark.parametrize(
    ("query", "suffix", "expected"),
    [
        pytest.param({}, "txt", "Good morning everyone.\nShall we begin?\n", id="text unless asked otherwise"),
        pytest.param({"output": "txt"}, "txt", "Good morning everyone.\nShall we begin?\n", id="text"),
        pytest.param(
            {"output": "srt"},
            "srt",
            "1\n00:00:00,000 --> 00:00:01,500\nGood morning everyone.\n\n"
            "2\n00:00:02,000 --> 00:00:03,500\nShall we begin?\n",
            id="srt",
        ),
        pytest.param(
            {"output": "vtt"},
            "vtt",
            "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nGood morning everyone.\n\n"
            "00:00:02.000 --> 00:00:03.500\nShall we begin?\n",
            id="vtt",
        ),
        pytest.param(
            {"output": "tsv"},
            "tsv",
            "start\tend\ttext\n0\t1500\tGood morning everyone.\n2000\t3500\tShall we begin?\n",
            id="tsv",
        ),
    ],
)
async def test_the_answer_is_the_transcript(
    installation: Installation, query: dict[str, str], suffix: str, expected: str
) -> None:
    """As text, for saving under the recording's name with the format behind it."""
    answer = await asr(installation, **query)

    assert (200, expected) == (answer.status_code, answer.text)
    assert "text/plain; charset=utf-8" == answer.headers["Content-Type"]
    assert f'filename="talk.mp3.{suffix}"' in answer.headers["Content-Disposition"]
    assert "fake" == answer.headers["Asr-Engine"]


@pytest.mark.parametrize("words", [False, True], ids=["segments alone", "with words"])
async def test_json_is_whispers_own(installation: Installation, *, words: bool) -> None:
    """Whole text, language's code, and segments with what the model said of each; words when they are asked for."""
    answer = (await asr(installation, output="json", word_timestamps=words)).json()

    first = answer["segments"][0]
    assert {"language", "segments", "text"} == set(answer)
    assert ("en", " ".join(SENTENCES)) == (answer["language"], answer["text"])
    assert {
        "id": 0,
        "seek": 0,
        "start": 0.0,
        "end": 1.5,
        "text": " Good morning everyone.",
        "tokens": [1, 2, 3],
        "temperature": 0.0,
        "avg_logprob": -0.25,
        "compression_ratio": 1.1,
        "no_speech_prob": 0.01,
    } == {name: value for name, value in first.items() if name != "words"}
    if words:
        assert {"start": 0.0, "end": 0.5, "word": "Good", "probability": 0.9} == first["words"][0]
    else:
        assert "words" not in first


async def test_options_reach_the_job(installation: Installation) -> None:
    """What is honoured is in the spec."""
    answer = await asr(
        installation, task="translate", language="jw", initial_prompt="Ann, Bob", vad_filter="false", diarize="false"
    )

    (job,) = installation.jobs
    assert "\n".join(TRANSLATED) + "\n" == answer.text
    assert (Task.TRANSLATE, "jw", "Ann, Bob", Engine(vad=False), 3600) == (
        job.spec.task,
        job.spec.language,
        job.spec.prompt,
        job.spec.engine,
        job.spec.ttl_seconds_after_finished,
    )


async def test_empty_options_are_none(installation: Installation) -> None:
    """Forms of web pages send every field, filled in or not."""
    answer = await asr(installation, language="", initial_prompt="", output="", vad_filter="")

    (job,) = installation.jobs
    assert (200, "auto", None, None) == (answer.status_code, job.spec.language, job.spec.prompt, job.spec.engine)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param({"diarize": "true"}, (422, "field-invalid", "diarize"), id="speakers"),
        pytest.param({"min_speakers": 2}, (422, "field-unknown", "min_speakers"), id="how many speakers"),
        pytest.param({"output": "pdf"}, (422, "field-invalid", "output"), id="an unknown format"),
        pytest.param({"task": "sing"}, (422, "field-invalid", "task"), id="an unknown task"),
        pytest.param({"language": "not one"}, (422, "field-invalid", "language"), id="no language"),
        pytest.param({"encode": "perhaps"}, (422, "field-invalid", "encode"), id="no boolean"),
        pytest.param({"initial_prompt": "x" * 1001}, (422, "field-invalid", "initial_prompt"), id="a long prompt"),
        pytest.param({"beam_size": 5}, (422, "field-unknown", "beam_size"), id="an unknown option"),
    ],
)
async def test_an_option_that_cannot_be_honoured_is_named(
    installation: Installation, query: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    """422 before the recording is taken."""
    assert expected == kind_of(await asr(installation, **query))
    assert ((), {}) == (installation.jobs, installation.gateway.uploads())


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        pytest.param({"files": {"file": RECORDING}}, (422, "field-unknown", "file"), id="another part"),
        pytest.param(
            {"files": FILES, "data": {"language": "de"}}, (422, "field-unknown", "language"), id="an option as a part"
        ),
        pytest.param(
            {"files": [("audio_file", RECORDING), ("audio_file", RECORDING)]},
            (400, "file-repeated", "audio_file"),
            id="two recordings",
        ),
        pytest.param({"files": {"audio_file": b""}}, (400, "file-empty", "audio_file"), id="an empty one"),
        pytest.param({"files": {"audio_file": TEXT}}, (400, "recording-unusable", "audio_file"), id="text"),
        pytest.param({"json": {}}, (415, "content-type-unsupported", "Content-Type"), id="JSON"),
        pytest.param(
            {"content": b"--b--\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
            (400, "file-missing", "audio_file"),
            id="no recording",
        ),
        pytest.param(
            {"content": b"--b\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
            (400, "body-malformed", None),
            id="cut off",
        ),
    ],
)
async def test_a_bad_form_is_refused(
    installation: Installation, form: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    """With a problem document that names the part."""
    assert expected == kind_of(await installation.http.post("/asr", **form))


@pytest.mark.parametrize("path", ["/asr", "/detect-language"])
async def test_a_recording_over_the_limit_is_too_large(path: str) -> None:
    """413, and nothing is left."""
    async with installed(max_upload_bytes=1000) as made:
        answer = await made.http.post(path, files={"audio_file": b"x" * 1001})

    assert (413, "body-too-large", None) == kind_of(answer)
    assert ((), {}) == (made.jobs, made.gateway.uploads())


async def test_what_is_away_is_a_503(installation: Installation) -> None:
    """The API server and the store alike; a recording stays whose job may have been made unheard of."""
    installation.gateway.jobs.failing = KubeUnavailableError("away")
    installation.gateway.jobs.failing_calls = frozenset({"create", "get"})
    cluster = await asr(installation)
    installation.gateway.jobs.failing = None
    installation.gateway.store.failing = StoreUnavailableError("away")
    store = await asr(installation)

    assert [(503, "cluster-unavailable", None), (503, "store-unavailable", None)] == [
        kind_of(cluster),
        kind_of(store),
    ]
    assert ((), 1) == (installation.jobs, len(installation.gateway.uploads()))
