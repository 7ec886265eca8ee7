"""Bad input is refused as AssemblyAI refuses it: a status, and one text under ``error`` with name and remedy."""

import ijson
import pytest

from steno_kube import KubeUnavailableError
from steno_store import StoreUnavailableError
from steno_types import ConditionType, TranscriptFormat
from support.gateway import Gateway, gateway, streamed
from support.spoken import a_told_segment, transcript_json

TRANSCRIPT = "/v2/transcript"
READS = ["", "/sentences", "/paragraphs", "/srt", "/vtt", "/srt?chars_per_caption=20", "/word-search?words=a"]


async def a_completed_transcript(gateway: Gateway, body: bytes | None = None) -> str:
    """Have a completed transcript; gives its path."""
    said = transcript_json(a_told_segment("Good morning.")) if body is None else body
    bodies: dict[str, bytes] = {
        TranscriptFormat.JSON: said,
        TranscriptFormat.SRT: b"",
        TranscriptFormat.VTT: b"WEBVTT\n",
    }
    await gateway.a_completed_job(bodies=bodies)
    return f"{TRANSCRIPT}/tsj-1"


async def refusal(gateway: Gateway, method: str, path: str, **request: object) -> tuple[int, str]:
    """Send what is refused; gives status and text."""
    response = await gateway.client.request(method, path, **request)  # type: ignore[arg-type]
    assert ("application/json", ["error"]) == (response.headers["Content-Type"], [*response.json()])
    return response.status_code, response.json()["error"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(b"", "no body", id="no body"),
        pytest.param(b"{", "no JSON", id="half a body"),
        pytest.param(b"[]", "no JSON object", id="a list"),
        pytest.param(b"{}", "audio_url", id="no address"),
        pytest.param(
            b'{"audio_url": "https://example.com/a", "upload_url": "https://x"}', "upload_url", id="two addresses"
        ),
        pytest.param(
            b'{"audio_url": "https://example.com/a", "sumarization": true}', "sumarization", id="misspelled"
        ),
        pytest.param(
            b'{"audio_url": "https://example.com/a", "summarization": true}', "summarization", id="unsupported"
        ),
        pytest.param(b'{"audio_url": "http://10.0.0.1/a"}', "audio_url", id="a private address"),
        pytest.param(b'{"audio_url": "http://[::1]/a"}', "audio_url", id="this machine"),
        pytest.param(b'{"audio_url": "http://169.254.169.254/latest"}', "audio_url", id="the cloud's metadata"),
        pytest.param(b'{"audio_url": "file:///etc/passwd"}', "audio_url", id="a file"),
    ],
)
async def test_what_cannot_be_transcribed_is_refused(gateway: Gateway, body: bytes, said: str) -> None:
    """By the name of the option, without a job."""
    status, error = await refusal(gateway, "POST", TRANSCRIPT, content=body)

    assert 400 == status
    assert said in error
    assert () == gateway.jobs.jobs


async def test_json_that_is_too_large_is_refused(gateway: Gateway) -> None:
    """Options have no megabyte, whether announced or not."""
    for body in (b" " * (2 << 20), streamed([b" " * (1 << 20)] * 2)):
        status, _ = await refusal(gateway, "POST", TRANSCRIPT, content=body)
        assert 413 == status


async def test_an_upload_that_never_was_is_refused(gateway: Gateway) -> None:
    """404 by the name of the option, and no job was made for it meanwhile."""
    url = f"http://gateway/v2/upload/{'0' * 32}"
    status, error = await refusal(gateway, "POST", TRANSCRIPT, json={"audio_url": url})

    assert (404, True) == (status, error.startswith("audio_url: "))
    assert ((), 0) == (gateway.jobs.jobs, gateway.jobs.calls.count("create"))


async def test_an_upload_that_is_about_to_be_deleted_is_refused(gateway: Gateway) -> None:
    """Whoever deletes it was there first."""
    url: str = (await gateway.client.post("/v2/upload", content=b"RIFF")).json()["upload_url"]
    gateway.store.put(gateway.context.layout.condemned("speech", url.rpartition("/")[2]), b"")
    status, _ = await refusal(gateway, "POST", TRANSCRIPT, json={"audio_url": url})

    assert (404, ()) == (status, gateway.jobs.jobs)


@pytest.mark.parametrize("transcript_id", ["tsj-0", "%C3%A9", "..", "-", "A", "x" * 300, "%00", "a%2Fb"])
@pytest.mark.parametrize(("method", "read"), [*(("GET", read) for read in READS), ("DELETE", "")])
async def test_a_transcript_that_never_was_is_unknown(
    gateway: Gateway, transcript_id: str, method: str, read: str
) -> None:
    """Whatever its id looks like, and whatever is asked of it; never is anything else looked up by it."""
    status, error = await refusal(gateway, method, f"{TRANSCRIPT}/{transcript_id}{read}")

    assert 404 == status
    assert transcript_id not in {"tsj-0", "A"} or "transcript id not found" in error


@pytest.mark.parametrize("read", READS[1:])
@pytest.mark.parametrize(
    ("condition", "status"),
    [(None, "queued"), (ConditionType.RUNNING, "processing"), (ConditionType.FAILED, "error")],
)
async def test_nothing_is_made_of_what_was_not_said(
    gateway: Gateway, condition: ConditionType | None, status: str, read: str
) -> None:
    """In AssemblyAI's words, which programs wait by."""
    job = await gateway.a_job()
    await gateway.become(job, *([condition] if condition else []))
    code, error = await refusal(gateway, "GET", f"{TRANSCRIPT}/tsj-1{read}")

    assert 400 == code
    assert (
        f"This transcript has a status of '{status}'. Transcripts must have a status of 'completed' before" in error
    )


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/srt?chars_per_caption=0", "chars_per_caption"),
        ("/srt?chars_per_caption=many", "chars_per_caption"),
        ("/vtt?chars_per_caption=10001", "chars_per_caption"),
        ("/vtt?chars_per_line=9", "chars_per_line"),
        ("/word-search", "words"),
        ("/word-search?words=", "words"),
        ("/word-search?words=,,%20", "words"),
        ("/word-search?words=one%20two%20three%20four%20five%20six", "words"),
        ("/word-search?words=" + "x" * 201, "words"),
        ("/word-search?words=" + ",".join(["x"] * 101), "words"),
        ("/word-search?word=x", "word"),
    ],
)
async def test_a_parameter_out_of_its_bounds_is_refused(gateway: Gateway, path: str, said: str) -> None:
    """By its name."""
    status, error = await refusal(gateway, "GET", await a_completed_transcript(gateway) + path)

    assert 400 == status
    assert said in error


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=ten", "limit"),
        ("status=done", "status"),
        ("created_on=yesterday", "created_on"),
        ("before_id=tsj-0", "before_id"),
        ("after_id=" + "x" * 300, "after_id"),
        ("page=2", "page"),
    ],
)
async def test_a_list_that_cannot_be_is_refused(gateway: Gateway, query: str, said: str) -> None:
    """By the name of the parameter."""
    status, error = await refusal(gateway, "GET", f"{TRANSCRIPT}?{query}")

    assert 400 == status
    assert said in error


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v2/upload", 405),
        ("GET", f"/v2/upload/{'0' * 32}", 404),
        ("PUT", TRANSCRIPT, 405),
        ("POST", "/v2/realtime/token", 404),
        ("GET", f"{TRANSCRIPT}/tsj-1/redacted-audio", 404),
        ("GET", "/v2", 404),
    ],
)
async def test_a_path_that_is_none_is_spelled_alike(gateway: Gateway, method: str, path: str, status: int) -> None:
    """AssemblyAI's other calls are not there, and neither is a way to read an upload back."""
    code, error = await refusal(gateway, method, path)

    assert (status, True) == (code, path in error)


async def test_errors_are_spelled_alike_behind_a_path() -> None:
    """An ingress that strips a path changes nothing."""
    async with gateway(root_path="/steno") as behind:
        assert 404 == (await refusal(behind, "GET", f"{TRANSCRIPT}/tsj-0"))[0]


async def test_other_paths_keep_their_problem_documents(gateway: Gateway) -> None:
    """The dialect's spelling is its own, and /v20 is not /v2."""
    for path in ("/status/tsj-0", "/v20/transcript"):
        response = await gateway.client.get(path)
        assert "application/problem+json" == response.headers["Content-Type"]


@pytest.mark.parametrize("read", READS)
async def test_a_transcript_that_somebody_deleted_is_said(gateway: Gateway, read: str) -> None:
    """The job is completed, and the store has nothing of it."""
    path = await a_completed_transcript(gateway)
    for key in gateway.store.objects:
        gateway.store.delete(key)
    status, error = await refusal(gateway, "GET", path + read)

    assert (404, True) == (status, "no longer in the object store" in error)


@pytest.mark.parametrize("read", READS)
async def test_a_store_that_is_away_is_said(gateway: Gateway, read: str) -> None:
    """Before the first byte, with when to try again."""
    path = await a_completed_transcript(gateway)
    gateway.store.failing = StoreUnavailableError("10.0.0.9 refuses")
    response = await gateway.client.get(path + read)

    assert (503, "5") == (response.status_code, response.headers["Retry-After"])
    assert "10.0.0.9" not in response.json()["error"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", f"{TRANSCRIPT}/tsj-1"), ("DELETE", f"{TRANSCRIPT}/tsj-1"), ("POST", TRANSCRIPT)],
)
async def test_an_api_server_that_is_away_is_said(gateway: Gateway, method: str, path: str) -> None:
    """503, with when to try again."""
    gateway.jobs.failing = KubeUnavailableError("away")
    status, error = await refusal(gateway, method, path, json={"audio_url": "https://example.com/a"})

    assert (503, True) == (status, "API server" in error)


async def test_a_broken_transcript_never_looks_whole(gateway: Gateway) -> None:
    """What breaks in the middle breaks the answer, so that no client takes half of it for all."""
    whole = transcript_json(*[a_told_segment("Good morning everyone, again.", start=2 * n) for n in range(2000)])
    path = await a_completed_transcript(gateway, whole[: len(whole) // 2])
    gateway.client._transport.raise_app_exceptions = True  # type: ignore[attr-defined]  # noqa: SLF001

    with pytest.raises(ijson.IncompleteJSONError):
        await gateway.client.get(path)
