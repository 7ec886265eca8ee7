"""A form that cannot be honoured is refused with a problem document, and leaves neither upload nor job."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from steno_gateway.uploads.memory import PART_BYTES
from steno_kube import InvalidResourceError, KubeForbiddenError, KubeUnavailableError
from steno_kube.errors import KubeError
from steno_types import FINALIZER
from support.gateway import (
    BOUNDARY,
    FORM_TYPE,
    Gateway,
    Part,
    a_file,
    a_form,
    gateway,
    in_chunks,
    kind_of,
    problem_of,
    streamed,
)

HEADERS = {"Content-Type": FORM_TYPE}
Kind = tuple[int, str, str | None]


def left_behind(gateway: Gateway) -> tuple[object, object]:
    """What a refused request must not leave: objects and jobs."""
    return gateway.uploads(), gateway.jobs.jobs


NOTHING: tuple[object, object] = ({}, ())


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        pytest.param(b"", (400, "body-empty", None), id="empty body"),
        pytest.param(a_form(), (400, "file-missing", "file"), id="no parts"),
        pytest.param(a_form(Part("language", b"de")), (400, "file-missing", "file"), id="no file"),
        pytest.param(a_form(a_file(b"")), (400, "file-empty", "file"), id="empty file"),
        pytest.param(a_form(a_file(), a_file()), (400, "file-repeated", "file"), id="two files"),
        pytest.param(a_form(a_file(), Part("voice", b"x")), (422, "field-unknown", "voice"), id="unknown after"),
        pytest.param(a_form(Part("bucket", b"x"), a_file()), (422, "field-unknown", "bucket"), id="unknown before"),
        pytest.param(a_form(Part("", b"x"), a_file()), (422, "field-unknown", None), id="nameless"),
        pytest.param(a_form(Part("s3", b"{}"), a_file()), (422, "field-unknown", "s3"), id="JSON's field"),
        pytest.param(a_form(Part("beam_size", b"x"), a_file()), (422, "field-invalid", "beam_size"), id="no number"),
        pytest.param(a_form(a_file(), Part("beam_size", b"0")), (422, "field-invalid", "beam_size"), id="too small"),
        pytest.param(a_form(a_file(), Part("language")), (422, "field-invalid", "language"), id="empty value"),
        pytest.param(a_form(a_file(), Part("model", b"\xff")), (422, "field-invalid", "model"), id="no UTF-8"),
        pytest.param(a_form(a_file(), Part("model", b"m" * 5000)), (422, "field-invalid", "model"), id="long value"),
        pytest.param(
            a_form(Part("language", b"de"), a_file(), Part("language", b"en")),
            (422, "field-invalid", "language"),
            id="option twice",
        ),
        pytest.param(a_form(a_file())[:-8], (400, "body-malformed", None), id="cut in the closing boundary"),
        pytest.param(a_form(a_file())[:90], (400, "body-malformed", None), id="cut in the headers"),
        pytest.param(b"RIFF" * 100, (400, "body-malformed", None), id="no form at all"),
        pytest.param(
            f"--{BOUNDARY}\r\nContent-Type: text/plain\r\n\r\nx\r\n--{BOUNDARY}--\r\n".encode(),
            (400, "body-malformed", None),
            id="no Content-Disposition",
        ),
        pytest.param(
            f"--{BOUNDARY}\r\nContent-Disposition: attachment; name=file\r\n\r\nx\r\n--{BOUNDARY}--\r\n".encode(),
            (400, "body-malformed", None),
            id="no form-data",
        ),
        pytest.param(
            a_form(Part("file", b"UklGRg==", headers="Content-Transfer-Encoding: base64\r\n")),
            (400, "body-malformed", None),
            id="base64",
        ),
        pytest.param(
            a_form(Part("file", b"x", headers="X-Long: " + "x" * 10_000 + "\r\n")),
            (400, "body-malformed", None),
            id="long header",
        ),
        pytest.param(
            a_form(Part("file", b"x", headers="X: x\r\n" * 20)), (400, "body-malformed", None), id="many headers"
        ),
        pytest.param(a_form(*[Part("file", b"x")] * 2), (400, "file-repeated", "file"), id="two files in a row"),
    ],
)
async def test_a_bad_form_is_refused(gateway: Gateway, form: bytes, problem: Kind) -> None:
    """Each mistake has its own problem, which names the field where there is one."""
    response = await gateway.client.post("/transcribe", headers=HEADERS, content=form)

    assert problem == kind_of(response)
    assert NOTHING == left_behind(gateway)


@pytest.mark.parametrize(
    ("content_type", "problem"),
    [
        pytest.param(None, (415, "content-type-unsupported", "Content-Type"), id="absent"),
        pytest.param("audio/wav", (415, "content-type-unsupported", "Content-Type"), id="the recording's own"),
        pytest.param(
            "application/x-www-form-urlencoded", (415, "content-type-unsupported", "Content-Type"), id="curl -d"
        ),
        pytest.param("multipart/mixed; boundary=x", (415, "content-type-unsupported", "Content-Type"), id="mixed"),
        pytest.param("multipart/form-data", (400, "body-malformed", "Content-Type"), id="no boundary"),
        pytest.param(
            'multipart/form-data; boundary=""', (400, "body-malformed", "Content-Type"), id="empty boundary"
        ),
        pytest.param(
            "multipart/form-data; boundary=" + "b" * 71, (400, "body-malformed", "Content-Type"), id="long boundary"
        ),
    ],
)
async def test_another_content_type_is_refused(gateway: Gateway, content_type: str | None, problem: Kind) -> None:
    """The Content-Type decides how the body is read, so it is named when it is wrong."""
    headers = {"Content-Type": content_type} if content_type else {}
    response = await gateway.client.post("/transcribe", headers=headers, content=a_form(a_file()))

    assert problem == kind_of(response)
    assert NOTHING == left_behind(gateway)


async def test_a_request_without_anything_has_no_body(gateway: Gateway) -> None:
    """Of all that is missing, the body comes first."""
    response = await gateway.client.post("/transcribe")

    assert (400, "body-empty", None) == kind_of(response)


async def test_options_in_the_query_are_refused(gateway: Gateway) -> None:
    """An option where none is read is refused rather than ignored."""
    response = await gateway.client.post("/transcribe?language=de", headers=HEADERS, content=a_form(a_file()))

    assert (422, "field-unknown", "language") == kind_of(response)


async def test_too_large_a_body_is_refused_before_it_is_read() -> None:
    """A Content-Length over the limit is answered at once."""
    async with gateway(max_upload_bytes=1000) as small:

        async def untouched() -> AsyncIterator[bytes]:
            yield b""
            raise AssertionError("the body was read")

        response = await small.client.post(
            "/transcribe", headers={**HEADERS, "Content-Length": "1001"}, content=untouched()
        )

        assert (413, "body-too-large", None) == kind_of(response)
        assert NOTHING == left_behind(small)


async def test_too_large_a_body_is_refused_while_it_is_read() -> None:
    """Without a Content-Length the limit ends the reading, and what was stored so far goes."""
    async with gateway(max_upload_bytes=PART_BYTES + 1000) as small:
        form = a_form(a_file(b"\0" * (PART_BYTES + 2000)))

        response = await small.client.post("/transcribe", headers=HEADERS, content=streamed(in_chunks(form, 1 << 20)))

        assert (413, "body-too-large", None) == kind_of(response)
        assert NOTHING == left_behind(small)


@pytest.mark.parametrize("after_parts", [0, 1, 3], ids=lambda parts: f"after {parts} parts")
async def test_a_refusal_after_parts_were_stored_leaves_none(gateway: Gateway, after_parts: int) -> None:
    """However far an upload has come, its refusal takes everything back."""
    form = a_form(a_file(b"\0" * (after_parts * PART_BYTES + 5)), Part("beam_size", b"99"))

    response = await gateway.client.post("/transcribe", headers=HEADERS, content=form)

    assert (422, "field-invalid", "beam_size") == kind_of(response)
    assert NOTHING == left_behind(gateway)


async def test_an_option_before_the_file_is_checked_before_the_file_is_read(gateway: Gateway) -> None:
    """Who sends options first hears of a mistake before the recording has travelled."""
    head = a_form(Part("beam_size", b"99"), a_file()).split(b"RIFF")[0]

    async def unread() -> AsyncIterator[bytes]:
        yield head
        raise AssertionError("the file was read")

    response = await gateway.client.post("/transcribe", headers=HEADERS, content=unread())

    assert (422, "field-invalid", "beam_size") == kind_of(response)


async def test_a_body_that_stops_coming_is_given_up() -> None:
    """A client that sends nothing for too long does not hold an upload's memory for ever."""
    async with gateway(upload_idle_seconds=0.01) as impatient:

        async def stalling() -> AsyncIterator[bytes]:
            yield a_form(a_file())[:100]
            await asyncio.Event().wait()

        response = await impatient.client.post("/transcribe", headers=HEADERS, content=stalling())

        assert (408, "body-idle", None) == kind_of(response)
        assert NOTHING == left_behind(impatient)


@pytest.mark.parametrize(
    ("failure", "problem"),
    [
        pytest.param(KubeUnavailableError("10.0.0.1"), (503, "cluster-unavailable", None), id="away"),
        pytest.param(KubeForbiddenError("quota"), (503, "cluster-refuses", None), id="forbidden"),
        pytest.param(
            InvalidResourceError("denied", ("spec.engine.beamSize",)),
            (422, "field-invalid", "beam_size"),
            id="invalid",
        ),
        pytest.param(InvalidResourceError("denied"), (422, "field-invalid", None), id="invalid, no field"),
    ],
)
async def test_an_upload_that_no_job_names_is_deleted(gateway: Gateway, failure: KubeError, problem: Kind) -> None:
    """When the job cannot be made, its upload goes too."""
    gateway.jobs.failing, gateway.jobs.failing_calls = failure, frozenset({"create"})

    response = await gateway.client.post("/transcribe", headers=HEADERS, content=a_form(a_file()))

    assert problem == kind_of(response)
    assert NOTHING == left_behind(gateway)


async def test_a_job_whose_creation_was_answered_by_silence_is_found(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A create that got through, but whose answer was lost, counts: else the job would lose its upload."""
    create = gateway.jobs.create

    async def answer_lost(*args: object, **options: object) -> None:
        await create(*args, **options)  # type: ignore[arg-type]
        raise KubeUnavailableError("the connection broke")

    monkeypatch.setattr(gateway.jobs, "create", answer_lost)

    response = await gateway.client.post("/transcribe", headers=HEADERS, content=a_form(a_file(b"sound")))

    (job,) = gateway.jobs.jobs
    assert (202, job.metadata.name) == (response.status_code, response.json()["task_id"])
    assert (FINALIZER,) == job.metadata.finalizers
    assert [b"sound"] == list(gateway.uploads().values())


async def test_an_unforeseen_error_keeps_its_words_to_itself(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug is answered as a problem too, without what it says, and leaves no upload."""

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(gateway.jobs, "create", broken)

    response = await gateway.client.post("/transcribe", headers=HEADERS, content=a_form(a_file()))

    assert (500, "internal", None) == kind_of(response)
    assert "hunter2" not in response.text
    assert NOTHING == left_behind(gateway)


async def test_a_problem_says_what_helps(gateway: Gateway) -> None:
    """The whole document, once."""
    response = await gateway.client.post("/transcribe", headers=HEADERS, content=a_form(Part("beam_size", b"99")))
    missing = problem_of(response)
    response = await gateway.client.post("/transcribe", json={"s3": {"key": "a"}, "beam_size": 99})
    invalid = problem_of(response)

    assert {
        "type": "urn:steno:problem:file-missing",
        "title": "The form has no file",
        "status": 400,
        "detail": 'The form has no part named "file".',
        "field": "file",
        "remedy": 'Put the recording into a part named "file": curl -F file=@recording.wav.',
    } == missing
    assert {
        "type": "urn:steno:problem:field-invalid",
        "title": "A field of the request is invalid",
        "status": 422,
        "detail": "beam_size: Input should be less than or equal to 20.",
        "field": "beam_size",
        "remedy": "Correct the field and send the request again.",
    } == invalid
