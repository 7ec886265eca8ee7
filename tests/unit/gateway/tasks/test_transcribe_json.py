"""JSON that says where a recording is becomes a job; nothing is stored."""

import json
from typing import Any

import pytest

from steno_types import FINALIZER, Engine, S3Source
from support.gateway import Gateway, kind_of


@pytest.mark.parametrize(
    ("s3", "source"),
    [
        pytest.param({"key": "a/b.wav"}, S3Source(key="a/b.wav"), id="Steno's bucket"),
        pytest.param({"bucket": "talks", "key": "b.wav"}, S3Source(bucket="talks", key="b.wav"), id="another bucket"),
    ],
)
async def test_an_object_becomes_the_source_of_a_job(gateway: Gateway, s3: dict[str, str], source: S3Source) -> None:
    """The job reads the object that the request names."""
    response = await gateway.client.post("/transcribe", json={"s3": s3, "beam_size": 2})

    (job,) = gateway.jobs.jobs
    assert 202 == response.status_code
    assert (source, Engine(beam_size=2)) == (job.spec.source.s3, job.spec.engine)
    assert {} == gateway.store.objects


async def test_a_job_is_held_from_its_first_moment(gateway: Gateway) -> None:
    """A job released before the operator has seen it waits for the operator, which deletes its objects."""
    await gateway.client.post("/transcribe", json={"s3": {"key": "a.wav"}})

    (job,) = gateway.jobs.jobs
    assert (FINALIZER,) == job.metadata.finalizers


async def test_absent_options_are_left_to_the_profile(gateway: Gateway) -> None:
    """A request without options asks for no engine, so that the profile's defaults hold."""
    await gateway.client.post("/transcribe", json={"s3": {"key": "a.wav"}})

    (job,) = gateway.jobs.jobs
    assert {
        "source": {"s3": {"key": "a.wav"}},
        "task": "transcribe",
        "language": "auto",
        "hotwords": [],
        "wordTimestamps": False,
        "backoffLimit": 3,
        "cancel": False,
        "suspend": False,
    } == job.spec.to_wire()


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        pytest.param({}, (422, "source-missing", "url"), id="nothing"),
        pytest.param({"language": "de"}, (422, "source-missing", "url"), id="no source"),
        pytest.param({"s3": {}}, (422, "field-invalid", "s3.key"), id="no key"),
        pytest.param({"s3": {"key": ""}}, (422, "field-invalid", "s3.key"), id="empty key"),
        pytest.param({"s3": {"key": "a\n"}}, (422, "field-invalid", "s3.key"), id="control character"),
        pytest.param({"s3": {"key": "a", "bucket": "B"}}, (422, "field-invalid", "s3.bucket"), id="bad bucket"),
        pytest.param({"s3": {"key": "a", "region": "x"}}, (422, "field-unknown", "s3.region"), id="unknown in s3"),
        pytest.param({"s3": {"key": "a"}, "bucket": "b"}, (422, "field-unknown", "bucket"), id="unknown field"),
        pytest.param(
            {"s3": {"key": "a"}, "beamSize": 2}, (422, "field-unknown", "beamSize"), id="the CRD's spelling"
        ),
        pytest.param({"s3": {"key": "a"}, "beam_size": 21}, (422, "field-invalid", "beam_size"), id="out of bounds"),
        pytest.param({"s3": {"key": "a"}, "engine": "dictaphone"}, (422, "field-invalid", "engine"), id="no engine"),
        pytest.param(["s3"], (422, "field-invalid", None), id="a list"),
    ],
)
async def test_bad_fields_are_named(gateway: Gateway, body: Any, problem: tuple[int, str, str | None]) -> None:
    """A request that cannot be honoured is refused by the name of its field, and leaves no job."""
    response = await gateway.client.post("/transcribe", json=body)

    assert problem == kind_of(response)
    assert () == gateway.jobs.jobs


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        pytest.param(b"", (400, "body-empty", None), id="empty"),
        pytest.param(b"   ", (400, "body-malformed", None), id="blank"),
        pytest.param(b'{"s3": ', (400, "body-malformed", None), id="cut"),
        pytest.param(b"\xff\xfe", (400, "body-malformed", None), id="no text"),
        pytest.param(b"[" * 100_000, (400, "body-malformed", None), id="deep"),
        pytest.param(b" " * (1 << 20) + b"{}", (413, "body-too-large", None), id="larger than 1 MiB"),
    ],
)
async def test_what_is_no_json_is_refused(
    gateway: Gateway, body: bytes, problem: tuple[int, str, str | None]
) -> None:
    """A body that cannot be read is the client's mistake, never a server's error."""
    response = await gateway.client.post("/transcribe", content=body, headers={"Content-Type": "application/json"})

    assert problem == kind_of(response)


async def test_a_json_body_is_bounded_while_it_is_read(gateway: Gateway) -> None:
    """Without a Content-Length, reading stops at the limit."""
    read = 0

    async def endless() -> Any:
        nonlocal read
        while True:
            read += 1 << 16
            yield b" " * (1 << 16)

    response = await gateway.client.post(
        "/transcribe", content=endless(), headers={"Content-Type": "application/json"}
    )

    assert (413, "body-too-large", None) == kind_of(response)
    assert (1 << 20) + (1 << 16) == read


async def test_a_charset_is_no_other_content_type(gateway: Gateway) -> None:
    """Parameters of the Content-Type are the client's own business."""
    response = await gateway.client.post(
        "/transcribe",
        content=json.dumps({"s3": {"key": "a"}}),
        headers={"Content-Type": "Application/JSON; charset=utf-8"},
    )

    assert 202 == response.status_code
