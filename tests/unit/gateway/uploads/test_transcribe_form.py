"""A form becomes an upload and the job that names it."""

import pytest

from steno_store import StoreUnavailableError
from steno_types import FINALIZER, Engine, EngineName, TranscriptionJobSpec
from support.gateway import (
    FORM_TYPE,
    NAMESPACE,
    NOON,
    Gateway,
    Part,
    a_file,
    a_form,
    gateway,
    in_chunks,
    streamed,
)

HEADERS = {"Content-Type": FORM_TYPE}


def spec_of(gateway: Gateway) -> TranscriptionJobSpec:
    """The spec of the one job there is."""
    (job,) = gateway.jobs.jobs
    return job.spec


async def test_an_upload_is_stored_and_named_by_its_job(gateway: Gateway) -> None:
    """The job's upload id leads to the bytes that were sent, in the release's namespace."""
    response = await gateway.client.post("/transcribe", headers=HEADERS, content=a_form(a_file(b"sound")))

    (job,) = gateway.jobs.jobs
    assert 202 == response.status_code
    assert (NAMESPACE, (FINALIZER,)) == (job.metadata.namespace, job.metadata.finalizers)
    assert job.spec.source.upload is not None
    assert {gateway.context.layout.upload(NAMESPACE, job.spec.source.upload.id): b"sound"} == gateway.uploads()


async def test_the_answer_names_the_task_and_where_to_go_next(gateway: Gateway) -> None:
    """The client learns the task's id and the paths of the calls about it."""
    response = await gateway.client.post("/transcribe", headers=HEADERS, content=a_form(a_file()))

    (job,) = gateway.jobs.jobs
    task_id = job.metadata.name
    assert f"/status/{task_id}" == response.headers["Location"]
    assert {
        "task_id": task_id,
        "status": "pending",
        "phase": "Pending",
        "status_url": f"/status/{task_id}",
        "download_url": f"/download/{task_id}",
        "release_url": f"/release/{task_id}",
        "created": "2026-01-31T12:00:00Z",
    } == response.json()


async def test_links_begin_with_what_an_ingress_strips() -> None:
    """Behind a path prefix the links are those that the client can use."""
    async with gateway(root_path="/steno", now=NOON) as behind:
        response = await behind.client.post("/steno/transcribe", headers=HEADERS, content=a_form(a_file()))

    assert 202 == response.status_code
    assert f"/steno/status/{response.json()['task_id']}" == response.headers["Location"]


async def test_clients_of_httpx_and_their_like_are_understood(gateway: Gateway) -> None:
    """The form that an HTTP client builds by itself is read as it meant it."""
    response = await gateway.client.post(
        "/transcribe", files={"file": ("talk.mp3", b"sound")}, data={"language": "de"}
    )

    assert (202, "de") == (response.status_code, spec_of(gateway).language)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param([Part("language", b"de"), Part("beam_size", b"3")], [], id="both before"),
        pytest.param([Part("language", b"de")], [Part("beam_size", b"3")], id="one before, one after"),
        pytest.param([], [Part("beam_size", b"3"), Part("language", b"de")], id="both after"),
    ],
)
async def test_options_may_stand_on_either_side_of_the_file(
    gateway: Gateway, before: list[Part], after: list[Part]
) -> None:
    """The order of the form's parts does not matter."""
    response = await gateway.client.post("/transcribe", headers=HEADERS, content=a_form(*before, a_file(), *after))

    assert 202 == response.status_code
    assert ("de", Engine(beam_size=3)) == (spec_of(gateway).language, spec_of(gateway).engine)


async def test_every_option_reaches_the_job(gateway: Gateway) -> None:
    """Each option of the REST API is the field of the same meaning in the job's spec."""
    options = {
        "language": b"pt-BR",
        "profile": b"large",
        "word_timestamps": b"true",
        "engine": b"faster-whisper",
        "model": b"large-v3",
        "compute_type": b"int8_float16",
        "beam_size": b"1",
        "backoff_limit": b"0",
        "ttl_seconds_after_finished": b"-1",
    }
    form = a_form(a_file(), *(Part(name, value) for name, value in options.items()))

    await gateway.client.post("/transcribe", headers=HEADERS, content=form)

    spec = spec_of(gateway)
    assert (
        TranscriptionJobSpec(
            source=spec.source,
            profile="large",
            engine=Engine(name=EngineName.FASTER_WHISPER, model="large-v3", compute_type="int8_float16", beam_size=1),
            language="pt-BR",
            word_timestamps=True,
            backoff_limit=0,
            ttl_seconds_after_finished=-1,
        )
        == spec
    )


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param("talk.wav", "talk.wav", id="plain"),
        pytest.param("übung 会議.flac", "übung 会議.flac", id="unicode"),
        pytest.param("../../etc/passwd", "passwd", id="path traversal"),
        pytest.param("C:\\Users\\me\\talk.wav", "talk.wav", id="a Windows path"),
        pytest.param("a\tb\u202etxt.wav", "abtxt.wav", id="control characters"),
        pytest.param("x" * 300 + ".wav", "x" * 196 + ".wav", id="long"),
        pytest.param("..", None, id="a folder"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="absent"),
    ],
)
async def test_the_file_name_is_kept_clean(gateway: Gateway, given: str | None, kept: str | None) -> None:
    """The name of the file is remembered as a name alone, whatever the client calls it."""
    response = await gateway.client.post("/transcribe", headers=HEADERS, content=a_form(a_file(file_name=given)))

    (job,) = gateway.jobs.jobs
    assert 202 == response.status_code
    assert kept == job.metadata.annotations.get("steno.dev/file-name")


@pytest.mark.parametrize("chunk_bytes", [1, 2, 7, 64, 1000], ids=lambda size: f"{size} at once")
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\r\n" * 300, id="only line ends"),
        pytest.param(b"\r" * 300 + b"\n" * 300, id="carriage returns"),
        pytest.param(f"\r\n--{FORM_TYPE[-10:]}\r\n--".encode() * 20, id="near boundaries"),
        pytest.param(f"\r\n{FORM_TYPE[30:]}".encode() * 10 + b"\r\n-", id="a boundary's beginning at the end"),
        pytest.param(bytes(range(256)) * 3, id="every byte"),
    ],
)
async def test_the_bytes_stored_are_the_bytes_sent(gateway: Gateway, body: bytes, chunk_bytes: int) -> None:
    """No content looks like a boundary, however the network cuts the form."""
    form = a_form(Part("language", b"de"), a_file(body), Part("beam_size", b"2"))

    response = await gateway.client.post(
        "/transcribe", headers=HEADERS, content=streamed(in_chunks(form, chunk_bytes))
    )

    assert 202 == response.status_code
    assert [body] == list(gateway.uploads().values())
    assert "de" == spec_of(gateway).language


async def test_a_small_upload_that_is_refused_costs_the_store_nothing(gateway: Gateway) -> None:
    """The store is asked for an upload only once there is a part to send."""
    gateway.store.failing = StoreUnavailableError("asked")

    response = await gateway.client.post(
        "/transcribe", headers=HEADERS, content=a_form(a_file(), Part("beam_size", b"0"))
    )

    assert 422 == response.status_code
