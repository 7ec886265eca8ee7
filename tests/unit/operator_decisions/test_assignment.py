"""What a worker is told: every wish of the spec, with every default filled in."""

import json

import pytest

from steno_operator.assignment import assignment, destination_prefix, source_object
from steno_types import Assignment, DestinationPrefix, EngineSettings, SourceObject, Task, TranscriptFormat
from support.builders import UPLOAD_ID, JobBuilder, a_job, an_installation

HERE = an_installation()
URL = "https://media.example.org/a.mp3?signature=hunter2"


def told(builder: JobBuilder) -> Assignment:
    """Give what the worker of a job is told."""
    job = builder.build()
    name, profile = HERE.profiles.find(job.spec)
    assert profile is not None
    return assignment(job, name, profile, HERE)


def test_the_assignment_says_all_that_the_spec_asks() -> None:
    """Defaults are the profile's, wishes the job's; the worker has nothing left to decide."""
    asked = a_job().with_spec(
        profile="gpu",
        task="translate",
        language="de-AT",
        prompt="A talk.",
        hotwords=["Nyquist", "Fourier"],
        channel=1,
        wordTimestamps=True,
        engine={"beamSize": 1, "computeType": "float16", "batchSize": 8, "vad": False, "options": {"a": "b"}},
    )

    found = told(asked)

    assert ("gpu", "registry.example/steno-worker-cuda:1") == (found.profile, found.image)
    assert (
        EngineSettings.model_validate(
            {
                "name": "faster-whisper",
                "model": "large-v3-turbo",
                "computeType": "float16",
                "beamSize": 1,
                "batchSize": 8,
                "vad": False,
                "options": {"a": "b"},
            }
        )
        == found.engine
    )
    assert (Task.TRANSLATE, "de-AT", True) == (found.task, found.language, found.word_timestamps)
    assert ("A talk.", ("Nyquist", "Fourier"), 1) == (found.prompt, found.hotwords, found.channel)
    assert found == Assignment.model_validate(json.loads(found.model_dump_json(by_alias=True)))


def test_a_job_that_asks_for_nothing_gets_the_defaults() -> None:
    """What no one asks for is the profile's, or is left out."""
    found = told(a_job())

    assert ("cpu", "tiny", None, True, {}) == (
        found.profile,
        found.engine.model,
        found.engine.batch_size,
        found.engine.vad,
        found.engine.options,
    )
    assert (Task.TRANSCRIBE, "auto", None, (), None, None) == (
        found.task,
        found.language,
        found.prompt,
        found.hotwords,
        found.channel,
        found.destination,
    )


@pytest.mark.parametrize(
    ("job", "source", "url"),
    [
        pytest.param(
            a_job().from_s3("recordings/talk.wav"),
            SourceObject(bucket="steno", key="recordings/talk.wav"),
            None,
            id="own bucket",
        ),
        pytest.param(
            a_job().from_s3("talk.wav", bucket="recordings"),
            SourceObject(bucket="recordings", key="talk.wav"),
            None,
            id="another bucket",
        ),
        pytest.param(
            a_job().from_upload(),
            SourceObject(bucket="steno", key=f"steno/speech/uploads/{UPLOAD_ID}"),
            None,
            id="upload",
        ),
        pytest.param(
            a_job().from_upload(sha256="ab" * 32),
            SourceObject(bucket="steno", key=f"steno/speech/uploads/{UPLOAD_ID}", sha256="ab" * 32),
            None,
            id="upload with a digest",
        ),
        pytest.param(a_job().from_url(URL), None, URL, id="address"),
    ],
)
def test_where_the_recording_lies(job: JobBuilder, source: SourceObject | None, url: str | None) -> None:
    """An absent bucket is Steno's own; an upload lies in the job's namespace; an address is told as it is."""
    assert source == source_object(job.build(), HERE)
    assert (source, url) == (told(job).source, told(job).source_url)


JSON_AND_MARKDOWN = (TranscriptFormat.JSON, TranscriptFormat.MARKDOWN)


@pytest.mark.parametrize(
    ("job", "destination"),
    [
        pytest.param(a_job(), None, id="no copy"),
        pytest.param(
            a_job().delivered_to("talks/2026", bucket="own"),
            DestinationPrefix(bucket="own", prefix="talks/2026/", formats=JSON_AND_MARKDOWN),
            id="a slash is added",
        ),
        pytest.param(
            a_job().delivered_to("talks/2026/", bucket="own"),
            DestinationPrefix(bucket="own", prefix="talks/2026/", formats=JSON_AND_MARKDOWN),
            id="a slash is there",
        ),
        pytest.param(
            a_job().delivered_to(bucket="own", formats=["srt", "report"]),
            DestinationPrefix(bucket="own", prefix="", formats=(TranscriptFormat.SRT, TranscriptFormat.REPORT)),
            id="the bucket's root",
        ),
    ],
)
def test_where_the_copy_goes(job: JobBuilder, destination: DestinationPrefix | None) -> None:
    """The prefix is empty or ends with a slash, so that the worker has but to put a name behind it."""
    assert destination == told(job).destination


@pytest.mark.parametrize(
    ("asked", "default", "bucket"),
    [
        pytest.param("own", None, "own", id="named"),
        pytest.param("own", "everyones", "own", id="named beside a default"),
        pytest.param(None, "everyones", "everyones", id="by default"),
        pytest.param(None, None, None, id="not to be found"),
    ],
)
def test_the_bucket_of_a_copy(asked: str | None, default: str | None, bucket: str | None) -> None:
    """The job's own word counts, then the installation's."""
    here = an_installation(default_destination_bucket=default)

    found = destination_prefix(a_job().delivered_to("talks", bucket=asked).build(), here)

    assert bucket == (found.bucket if found else None)
