"""What a user may ask for, and what the refusal says."""

from typing import Any

import pytest
from pydantic import ValidationError

from steno_types import TranscriptionJobSpec
from steno_types.spec import DEADLINE_MAX_SECONDS, MUTABLE_FIELDS, NAME_MAX_LENGTH, ONE_WAY_FIELDS

UPLOAD_ID = "0123456789abcdef" * 2
UPLOAD = {"upload": {"id": UPLOAD_ID}}


MUTABLE_SAYS = {"cancel": "true is final.", "queue_priority": "May be changed while the job waits."}
"""What the descriptions of mutable fields end in that may not change at any time."""


def a_spec(**fields: Any) -> dict[str, Any]:
    """The wire form of a spec, an upload's unless told otherwise."""
    return {"source": UPLOAD, **fields}


def test_an_upload_is_all_that_is_needed() -> None:
    """A spec of a source alone is whole, and every default is the one documented."""
    spec = TranscriptionJobSpec.model_validate(a_spec())

    assert {
        "source": UPLOAD,
        "task": "transcribe",
        "language": "auto",
        "hotwords": [],
        "wordTimestamps": False,
        "backoffLimit": 3,
        "suspend": False,
        "cancel": False,
    } == spec.to_wire()


@pytest.mark.parametrize(
    "wire",
    [
        pytest.param({"source": {"s3": {"key": "talks/one.wav"}}}, id="key"),
        pytest.param({"source": {"s3": {"bucket": "a.b-c", "key": "ä b/%20?#"}}}, id="bucket and odd key"),
        pytest.param({"source": {"s3": {"key": "k" * 1024}}}, id="longest key"),
        pytest.param(a_spec(profile="gpu-large"), id="profile"),
        pytest.param(a_spec(engine={}), id="engine of nothing"),
        pytest.param(
            a_spec(engine={"name": "faster-whisper", "model": "tiny", "computeType": "int8_float16", "beamSize": 20}),
            id="engine",
        ),
        pytest.param(a_spec(language="de"), id="language"),
        pytest.param(a_spec(language="zh-Hant-TW"), id="language with script and region"),
        pytest.param(a_spec(language="yue"), id="language of three letters"),
        pytest.param(a_spec(language="mixed"), id="languages, chunk by chunk"),
        pytest.param({"source": {"url": "https://media.example.org/a.mp3?key=1#t=2"}}, id="address"),
        pytest.param({"source": {"url": "http://[2001:db8::1]:8080"}}, id="address without a path"),
        pytest.param(
            a_spec(engine={"batchSize": 256, "vad": False, "options": {"maxSeconds": "12"}}), id="engine's rest"
        ),
        pytest.param(a_spec(task="translate"), id="translation"),
        pytest.param(a_spec(prompt="p" * 1000), id="longest prompt"),
        pytest.param(a_spec(hotwords=["Nyquist", "w" * 63]), id="hotwords"),
        pytest.param(a_spec(channel=0), id="first channel"),
        pytest.param(
            a_spec(
                outputs={"destination": {"s3": {"bucket": "talks", "prefix": "ä/b"}}, "formats": ["srt", "report"]}
            ),
            id="outputs",
        ),
        pytest.param(a_spec(wordTimestamps=True), id="word timestamps"),
        pytest.param(a_spec(backoffLimit=0), id="no retries"),
        pytest.param(a_spec(queueName="gpus", queuePriority="soon"), id="queue and priority"),
        pytest.param(a_spec(suspend=True), id="suspended from the start"),
        pytest.param(a_spec(cancel=True), id="cancelled"),
        pytest.param(
            a_spec(activeDeadlineSeconds=1, pendingDeadlineSeconds=1, stallSeconds=30), id="shortest deadlines"
        ),
        pytest.param(
            a_spec(
                activeDeadlineSeconds=DEADLINE_MAX_SECONDS,
                pendingDeadlineSeconds=DEADLINE_MAX_SECONDS,
                stallSeconds=DEADLINE_MAX_SECONDS,
            ),
            id="latest deadlines",
        ),
        pytest.param(a_spec(ttlSecondsAfterFinished=-1), id="kept for ever"),
        pytest.param(a_spec(ttlSecondsAfterFinished=0), id="gone at once"),
        pytest.param(a_spec(ttlSecondsAfterFinished=315_360_000), id="gone after ten years"),
    ],
)
def test_a_good_spec_survives_the_wire(wire: dict[str, Any]) -> None:
    """What is asked for is written as it was read."""
    spec = TranscriptionJobSpec.model_validate(wire)

    assert wire.items() <= spec.to_wire().items()
    assert spec == TranscriptionJobSpec.model_validate(spec.to_wire())


@pytest.mark.parametrize(
    ("wire", "field"),
    [
        pytest.param({}, "source", id="no source"),
        pytest.param({"source": {}}, "source", id="empty source"),
        pytest.param({"source": {**UPLOAD, "s3": {"key": "k"}}}, "source", id="two sources"),
        pytest.param({"source": {"s3": {}}}, "source.s3.key", id="no key"),
        pytest.param({"source": {"s3": {"key": ""}}}, "source.s3.key", id="empty key"),
        pytest.param({"source": {"s3": {"key": "k" * 1025}}}, "source.s3.key", id="key too long"),
        pytest.param({"source": {"s3": {"key": "a\nb"}}}, "source.s3.key", id="line break in the key"),
        pytest.param({"source": {"s3": {"key": "k", "bucket": "ab"}}}, "source.s3.bucket", id="bucket too short"),
        pytest.param({"source": {"s3": {"key": "k", "bucket": "a" * 64}}}, "source.s3.bucket", id="bucket too long"),
        pytest.param({"source": {"s3": {"key": "k", "bucket": "a/b"}}}, "source.s3.bucket", id="slash in a bucket"),
        pytest.param({"source": {"s3": {"key": "k", "bucket": "abc\n"}}}, "source.s3.bucket", id="line break at end"),
        pytest.param({"source": {"upload": {"id": "../" * 10}}}, "source.upload.id", id="upload id with a path"),
        pytest.param({"source": {"upload": {"id": UPLOAD_ID[1:]}}}, "source.upload.id", id="upload id too short"),
        pytest.param({"source": {"upload": {"id": UPLOAD_ID + "0"}}}, "source.upload.id", id="upload id too long"),
        pytest.param(
            {"source": {"upload": {"id": UPLOAD_ID.upper()}}}, "source.upload.id", id="upload id in capitals"
        ),
        pytest.param(a_spec(profile="GPU"), "profile", id="profile in capitals"),
        pytest.param(a_spec(profile="p" * 64), "profile", id="profile too long"),
        pytest.param(a_spec(engine={"name": "siri"}), "engine.name", id="unknown engine"),
        pytest.param(a_spec(engine={"model": ""}), "engine.model", id="empty model"),
        pytest.param(a_spec(engine={"model": "m" * 254}), "engine.model", id="model too long"),
        pytest.param(a_spec(engine={"computeType": "int-8"}), "engine.computeType", id="odd compute type"),
        pytest.param(a_spec(engine={"beamSize": 0}), "engine.beamSize", id="no beam"),
        pytest.param(a_spec(engine={"beamSize": 21}), "engine.beamSize", id="beam too wide"),
        pytest.param(a_spec(language=""), "language", id="empty language"),
        pytest.param(a_spec(language="german"), "language", id="a word for a language"),
        pytest.param(a_spec(language="de_DE"), "language", id="underscore in a language"),
        pytest.param(a_spec(language="de" + "-abcdefgh" * 4), "language", id="language too long"),
        pytest.param({"source": {**UPLOAD, "url": "https://a/b"}}, "source", id="upload and address"),
        pytest.param({"source": {"url": "ftp://a/b"}}, "source.url", id="another scheme"),
        pytest.param({"source": {"url": "https:///b"}}, "source.url", id="no host"),
        pytest.param({"source": {"url": "https://a/b c"}}, "source.url", id="blank in an address"),
        pytest.param({"source": {"url": "https://a/" + "b" * 4087}}, "source.url", id="address too long"),
        pytest.param(a_spec(engine={"batchSize": 0}), "engine.batchSize", id="no batch"),
        pytest.param(a_spec(engine={"options": {"a": "b" * 257}}), "engine.options.a", id="option too long"),
        pytest.param(
            a_spec(engine={"options": {f"a{n}": "b" for n in range(17)}}), "engine.options", id="too many options"
        ),
        pytest.param(a_spec(task="summarize"), "task", id="unknown task"),
        pytest.param(a_spec(prompt=""), "prompt", id="empty prompt"),
        pytest.param(a_spec(hotwords=["w"] * 51), "hotwords", id="too many hotwords"),
        pytest.param(a_spec(hotwords=["a", ""]), "hotwords.1", id="empty hotword"),
        pytest.param(a_spec(channel=64), "channel", id="channel too high"),
        pytest.param(a_spec(outputs={}), "outputs.destination", id="no destination"),
        pytest.param(a_spec(outputs={"destination": {}}), "outputs.destination.s3", id="no place"),
        pytest.param(a_spec(outputs={"destination": {"s3": {}}, "formats": []}), "outputs.formats", id="no formats"),
        pytest.param(
            a_spec(outputs={"destination": {"s3": {}}, "formats": ["md", "docx"]}),
            "outputs.formats.1",
            id="unknown format",
        ),
        pytest.param(
            a_spec(outputs={"destination": {"s3": {"prefix": "a\nb"}}}),
            "outputs.destination.s3.prefix",
            id="line break in a prefix",
        ),
        pytest.param(a_spec(backoffLimit=-1), "backoffLimit", id="negative retries"),
        pytest.param(a_spec(backoffLimit=21), "backoffLimit", id="too many retries"),
        pytest.param(a_spec(queueName="GPUs"), "queueName", id="queue in capitals"),
        pytest.param(a_spec(queueName=""), "queueName", id="empty queue"),
        pytest.param(a_spec(queuePriority="so on"), "queuePriority", id="blank in a priority"),
        pytest.param(a_spec(activeDeadlineSeconds=0), "activeDeadlineSeconds", id="no time to run"),
        pytest.param(
            a_spec(activeDeadlineSeconds=DEADLINE_MAX_SECONDS + 1), "activeDeadlineSeconds", id="more than a year"
        ),
        pytest.param(a_spec(pendingDeadlineSeconds=0), "pendingDeadlineSeconds", id="no time to wait"),
        pytest.param(a_spec(stallSeconds=29), "stallSeconds", id="no time to load a model"),
        pytest.param(a_spec(ttlSecondsAfterFinished=-2), "ttlSecondsAfterFinished", id="negative TTL"),
        pytest.param(a_spec(ttlSecondsAfterFinished=315_360_001), "ttlSecondsAfterFinished", id="TTL too long"),
    ],
)
def test_a_bad_spec_is_refused_by_the_name_of_its_field(wire: dict[str, Any], field: str) -> None:
    """The refusal names exactly one field, by its path as the user wrote it."""
    with pytest.raises(ValidationError) as caught:
        TranscriptionJobSpec.model_validate(wire)

    assert [field] == [".".join(map(str, error["loc"])) for error in caught.value.errors()]


@pytest.mark.parametrize("source", [{}, {**UPLOAD, "s3": {"key": "k"}}], ids=["none", "both"])
def test_the_refusal_of_a_source_names_the_choice(source: dict[str, Any]) -> None:
    """Who sets no source or two is told which there are."""
    with pytest.raises(ValidationError, match=r"source\.s3, source\.upload and source\.url"):
        TranscriptionJobSpec.model_validate({"source": source})


SECRET_URL = "https://user:hunter2@media.example.org/a.mp3?signature=hunter2"


def test_an_address_is_not_shown_by_accident() -> None:
    """Its query may be a secret, so what logs and tracebacks print of a spec leaves it out."""
    spec = TranscriptionJobSpec.model_validate({"source": {"url": SECRET_URL}})

    assert SECRET_URL == spec.source.url
    assert "hunter2" not in repr(spec) + str(spec)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param({"url": SECRET_URL + " "}, id="address at fault"),
        pytest.param({"url": SECRET_URL, "s3": {"key": "k"}}, id="two sources"),
        pytest.param({"url": SECRET_URL, "s3": {"key": ""}}, id="another field at fault"),
    ],
)
def test_a_refusal_does_not_repeat_the_address(source: dict[str, Any]) -> None:
    """A job that cannot be read is logged with what is wrong with it, and without what it holds."""
    with pytest.raises(ValidationError) as caught:
        TranscriptionJobSpec.model_validate({"source": source})

    assert "hunter2" not in str(caught.value)


def test_the_mutable_fields_are_fields() -> None:
    """What may change is named as the model names it, and its description says so."""
    assert {"cancel", "queue_priority", "suspend", "ttl_seconds_after_finished"} == MUTABLE_FIELDS
    for name, field in TranscriptionJobSpec.model_fields.items():
        said = "Immutable."
        if name in MUTABLE_FIELDS:
            said = MUTABLE_SAYS.get(name, "May be changed at any time.")
        assert (field.description or "").endswith(said), name


def test_what_is_final_may_change_once() -> None:
    """A field that goes one way is mutable, or it could not go at all."""
    assert {"cancel"} == ONE_WAY_FIELDS
    assert ONE_WAY_FIELDS <= MUTABLE_FIELDS


def test_the_longest_name_leaves_room_for_its_jobs() -> None:
    """A job's name, its uid's eight digits and an attempt of one digit fit a label."""
    assert 63 >= len("n" * NAME_MAX_LENGTH + "-01234567-9")
