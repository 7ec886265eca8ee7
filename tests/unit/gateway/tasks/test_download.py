"""A transcript is streamed from the job's own results, and nothing else ever is."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from steno_gateway.tasks.results import FILES
from steno_store import StoreForbiddenError, StoreUnavailableError
from steno_store.errors import StoreError
from steno_types import (
    RESULTS_PREFIX_ANNOTATION,
    ConditionType,
    FailureStatus,
    Output,
    Reason,
    TranscriptFormat,
)
from support.gateway import NAMESPACE, Gateway, gateway, kind_of, problem_of

BODIES = {"json": b'{"text": "Guten Tag"}', "md": "# Übung".encode(), "txt": b"Guten Tag"}

OUTPUTS_PAGE = (Path(__file__).parents[4] / "docs" / "outputs.md").read_text()


@pytest.mark.parametrize(
    ("query", "fmt", "file_name", "content_type"),
    [
        pytest.param("", "json", "tsj-1.json", "application/json", id="by default"),
        pytest.param("?fmt=json", "json", "tsj-1.json", "application/json", id="json"),
        pytest.param(
            "?fmt=verbose_json", "verbose_json", "tsj-1.verbose.json", "application/json", id="verbose_json"
        ),
        pytest.param("?fmt=md", "md", "tsj-1.md", "text/markdown; charset=utf-8", id="md"),
        pytest.param("?fmt=srt", "srt", "tsj-1.srt", "application/x-subrip; charset=utf-8", id="srt"),
        pytest.param("?fmt=vtt", "vtt", "tsj-1.vtt", "text/vtt; charset=utf-8", id="vtt"),
        pytest.param("?fmt=txt", "txt", "tsj-1.txt", "text/plain; charset=utf-8", id="txt"),
        pytest.param("?fmt=tsv", "tsv", "tsj-1.tsv", "text/tab-separated-values; charset=utf-8", id="tsv"),
        pytest.param("?fmt=report", "report", "tsj-1.report.json", "application/json", id="report"),
    ],
)
async def test_each_format_comes_as_what_it_is(
    gateway: Gateway, query: str, fmt: str, file_name: str, content_type: str
) -> None:
    """The body, its file's name, its media type, its length and its digest are those of the rendering."""
    bodies: dict[str, bytes] = {name: f"the {name} of Übung".encode() for name in TranscriptFormat}
    await gateway.a_completed_job(bodies=bodies)

    response = await gateway.client.get(f"/download/tsj-1{query}")

    body = f"the {fmt} of Übung".encode()
    assert (200, body) == (response.status_code, response.content)
    assert (
        f"attachment; filename=\"{file_name}\"; filename*=UTF-8''{file_name}"
        == response.headers["Content-Disposition"]
    )
    assert content_type == response.headers["Content-Type"]
    assert str(len(body)) == response.headers["Content-Length"]
    assert f'"{"ab" * 32}"' == response.headers["ETag"]


def test_the_files_are_those_that_the_worker_writes() -> None:
    """Each format's ending and media type are what the page of the outputs says, row by row."""
    rows = re.findall(r"^\| `(\w+)` \| `NAME\.([\w.]+)` \| `([^`]+)` \|", OUTPUTS_PAGE, flags=re.MULTILINE)

    assert [(fmt, *FILES[fmt]) for fmt in TranscriptFormat] == rows


async def test_a_large_transcript_comes_whole(gateway: Gateway) -> None:
    """What is larger than a chunk is streamed to its end."""
    body = bytes(range(256)) * 4096
    await gateway.a_completed_job(bodies={"json": body})

    assert body == (await gateway.client.get("/download/tsj-1")).content


@pytest.mark.parametrize(
    ("file_name", "disposition"),
    [
        pytest.param(None, "attachment; filename=\"tsj-1.md\"; filename*=UTF-8''tsj-1.md", id="none"),
        pytest.param("a.b.mp3", "attachment; filename=\"a.b.md\"; filename*=UTF-8''a.b.md", id="plain"),
        pytest.param(
            "Übung.wav", "attachment; filename=\"Ubung.md\"; filename*=UTF-8''%C3%9Cbung.md", id="with an umlaut"
        ),
        pytest.param(
            "会議.wav",
            "attachment; filename=\"transcript.md\"; filename*=UTF-8''%E4%BC%9A%E8%AD%B0.md",
            id="without a letter of ASCII",
        ),
        pytest.param(
            'a";x=\\.wav', "attachment; filename=\"a__x__.md\"; filename*=UTF-8''a%22%3Bx%3D%5C.md", id="with a quote"
        ),
    ],
)
async def test_a_browser_saves_it_under_the_recordings_name(
    gateway: Gateway, file_name: str | None, disposition: str
) -> None:
    """The transcript is named like the recording, in a header that no name can break."""
    annotations = {"steno.dev/file-name": file_name} if file_name else {}
    await gateway.a_completed_job(bodies=BODIES, annotations=annotations)

    response = await gateway.client.get("/download/tsj-1?fmt=md")

    assert disposition == response.headers["Content-Disposition"]


async def test_an_ending_of_two_parts_is_no_name(gateway: Gateway) -> None:
    """A recording without a letter of ASCII leaves no hidden file behind that is named by its ending alone."""
    await gateway.a_completed_job(bodies={"report": b"{}"}, annotations={"steno.dev/file-name": "会議.wav"})

    response = await gateway.client.get("/download/tsj-1?fmt=report")

    assert (
        "attachment; filename=\"transcript.report.json\"; filename*=UTF-8''%E4%BC%9A%E8%AD%B0.report.json"
        == response.headers["Content-Disposition"]
    )


async def test_a_redirect_leads_to_the_store(gateway: Gateway) -> None:
    """On request the body is left to the store, for as long as the setting says."""
    job = await gateway.a_completed_job(bodies=BODIES, annotations={"steno.dev/file-name": "Übung.wav"})

    response = await gateway.client.get("/download/tsj-1?fmt=txt&redirect=true")

    url = urlsplit(response.headers["Location"])
    prefix = gateway.context.layout.results(NAMESPACE, "tsj-1", job.metadata.uid)
    assert (307, "no-store") == (response.status_code, response.headers["Cache-Control"])
    assert f"/steno/{prefix}attempts/pod-1/transcript.txt" == url.path
    assert {"expires": ["900"], "file_name": ["Ubung.txt"]} == parse_qs(url.query)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        pytest.param("fmt=docx", (422, "field-invalid", "fmt"), id="unknown format"),
        pytest.param("fmt=", (422, "field-invalid", "fmt"), id="empty format"),
        pytest.param("fmt=JSON", (422, "field-invalid", "fmt"), id="upper case"),
        pytest.param("format=md", (422, "field-unknown", "format"), id="misspelt parameter"),
        pytest.param("redirect=perhaps", (422, "field-invalid", "redirect"), id="no boolean"),
    ],
)
async def test_a_bad_query_is_refused(gateway: Gateway, query: str, problem: tuple[int, str, str]) -> None:
    """A parameter that cannot be honoured is named."""
    await gateway.a_completed_job(bodies=BODIES)

    assert problem == kind_of(await gateway.client.get(f"/download/tsj-1?{query}"))


async def test_the_refusal_of_a_format_lists_those_there_are(gateway: Gateway) -> None:
    """Whoever asks for an unknown format learns the known ones."""
    response = await gateway.client.get("/download/tsj-1?fmt=docx")

    assert (
        "fmt: Input should be 'json', 'verbose_json', 'md', 'srt', 'vtt', 'txt', 'tsv' or 'report'."
        == problem_of(response)["detail"]
    )


@pytest.mark.parametrize(
    ("true", "word"),
    [
        pytest.param([], "pending", id="pending"),
        pytest.param([ConditionType.QUEUED], "queued", id="queued"),
        pytest.param([ConditionType.RUNNING], "processing", id="processing"),
    ],
)
async def test_an_unfinished_task_has_no_transcript(gateway: Gateway, true: list[ConditionType], word: str) -> None:
    """The conflict says where the task is and how to learn when it is done."""
    await gateway.become(await gateway.a_job(), *true)

    response = await gateway.client.get("/download/tsj-1")

    assert (409, "not-finished", None) == kind_of(response)
    assert f"The task tsj-1 is {word}." == response.json()["detail"]
    assert "GET /status/tsj-1" in response.json()["remedy"]


@pytest.mark.parametrize(
    ("failure", "detail"),
    [
        pytest.param(
            FailureStatus(reason=Reason.NO_AUDIO_STREAM, message="It holds only video.", retryable=False),
            "The task tsj-1 failed: NoAudioStream: It holds only video.",
            id="for a reason",
        ),
        pytest.param(None, "The task tsj-1 failed.", id="for none"),
    ],
)
async def test_a_failed_task_has_no_transcript(gateway: Gateway, failure: FailureStatus | None, detail: str) -> None:
    """The conflict says why there will be none."""
    await gateway.become(await gateway.a_job(), ConditionType.FAILED, failure=failure)

    response = await gateway.client.get("/download/tsj-1")

    assert (409, "task-failed", None) == kind_of(response)
    assert detail == response.json()["detail"]


async def test_a_restored_job_finds_its_results(gateway: Gateway) -> None:
    """The annotation leads to results of an earlier uid of the same name."""
    prefix = f"steno/{NAMESPACE}/jobs/tsj-1-0123abcd/"
    await gateway.a_completed_job(bodies=BODIES, prefix=prefix, annotations={RESULTS_PREFIX_ANNOTATION: prefix})

    assert BODIES["json"] == (await gateway.client.get("/download/tsj-1")).content


@pytest.mark.parametrize("redirect", ["false", "true"], ids=["streamed", "redirected"])
@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("s3://steno/steno/speech/uploads/00000000000000000000000000000000", id="an upload"),
        pytest.param("s3://steno/steno/other/jobs/tsj-1-01234567/transcript.json", id="another namespace"),
        pytest.param("s3://steno/steno/speech/jobs/tsj-10-01234567/transcript.json", id="another job"),
        pytest.param("s3://elsewhere/steno/speech/jobs/tsj-1-01234567/transcript.json", id="another bucket"),
        pytest.param("https://elsewhere/transcript.json", id="no object"),
    ],
)
async def test_a_status_that_lies_gives_nothing_away(gateway: Gateway, uri: str, redirect: str) -> None:
    """An address outside the job's own results is as good as none, even if its annotation says so too."""
    job = await gateway.a_job()
    job = await gateway.jobs.patch_metadata(
        job, {"annotations": {RESULTS_PREFIX_ANNOTATION: uri.removeprefix("s3://steno/").rpartition("/")[0] + "/"}}
    )
    gateway.store.put(uri.removeprefix("s3://steno/"), b"secret")
    output = Output(format="json", uri=uri, bytes=6, sha256="0" * 64)
    await gateway.become(job, ConditionType.COMPLETE, outputs=(output,))

    response = await gateway.client.get(f"/download/tsj-1?redirect={redirect}")

    assert (410, "result-gone", None) == kind_of(response)


async def test_a_transcript_that_was_deleted_is_gone(gateway: Gateway) -> None:
    """When someone empties the bucket, the answer says so instead of breaking off."""
    await gateway.a_completed_job(bodies=BODIES)
    for key in gateway.store.objects:
        gateway.store.delete(key)

    assert (410, "result-gone", None) == kind_of(await gateway.client.get("/download/tsj-1"))


@pytest.mark.parametrize(
    ("failure", "problem"),
    [
        pytest.param(StoreUnavailableError("10.0.0.1"), (503, "store-unavailable", None), id="away"),
        pytest.param(StoreForbiddenError("10.0.0.1"), (503, "store-refuses", None), id="forbidden"),
    ],
)
async def test_an_absent_store_is_said_so(
    gateway: Gateway, failure: StoreError, problem: tuple[int, str, None]
) -> None:
    """The task is fine, the store is not: try again."""
    await gateway.a_completed_job(bodies=BODIES)
    gateway.store.failing = failure

    response = await gateway.client.get("/download/tsj-1")

    assert problem == kind_of(response)
    assert "10.0.0.1" not in response.text


async def test_the_redirects_validity_is_a_setting() -> None:
    """Whoever runs the gateway says how long a signed address holds."""
    async with gateway(presign_seconds=60) as brief:
        await brief.a_completed_job(bodies=BODIES)

        response = await brief.client.get("/download/tsj-1?redirect=1")

        assert ["60"] == parse_qs(urlsplit(response.headers["Location"]).query)["expires"]
