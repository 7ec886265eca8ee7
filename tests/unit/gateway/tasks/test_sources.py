"""Where a recording may be, and where it may not: the source is one, and its own tenant's."""

import logging

import pytest

from steno_kube import InvalidResourceError, KubeForbiddenError
from steno_types import Source, UploadSource
from support.gateway import NAMESPACE, Gateway, gateway, kind_of

UPLOAD = "0123456789abcdef" * 2
SECRET = "X-Amz-Signature=c2VjcmV0"


async def test_an_address_becomes_the_source(gateway: Gateway) -> None:
    """The worker fetches it, with its query."""
    url = f"https://example.com/talk.mp3?{SECRET}"

    response = await gateway.client.post("/transcribe", json={"url": url})

    (job,) = gateway.jobs.jobs
    assert (202, Source(url=url)) == (response.status_code, job.spec.source)


async def test_an_upload_becomes_the_source(gateway: Gateway) -> None:
    """What was uploaded before is named by its id."""
    gateway.store.put(gateway.context.layout.upload(NAMESPACE, UPLOAD), b"sound")

    response = await gateway.client.post("/transcribe", json={"upload": UPLOAD})

    (job,) = gateway.jobs.jobs
    assert (202, Source(upload=UploadSource(id=UPLOAD))) == (response.status_code, job.spec.source)
    assert [b"sound"] == list(gateway.uploads().values())


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(None, id="never there"),
        pytest.param("steno/films/uploads/", id="another tenant's"),
    ],
)
async def test_an_upload_that_is_not_there_makes_no_job(gateway: Gateway, key: str | None) -> None:
    """The id of another tenant's upload is as good as none, and nothing is left behind."""
    if key is not None:
        gateway.store.put(f"{key}{UPLOAD}", b"theirs")

    response = await gateway.client.post("/transcribe", json={"upload": UPLOAD})

    assert (410, "upload-gone", "upload") == kind_of(response)
    assert [] == gateway.jobs.calls


async def test_a_condemned_upload_makes_no_job(gateway: Gateway) -> None:
    """Whoever deletes it has been faster."""
    gateway.store.put(gateway.context.layout.upload(NAMESPACE, UPLOAD), b"sound")
    gateway.store.put(gateway.context.layout.condemned(NAMESPACE, UPLOAD), b"")

    response = await gateway.client.post("/transcribe", json={"upload": UPLOAD})

    assert ((410, "upload-gone", "upload"), ()) == (kind_of(response), gateway.jobs.jobs)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({"url": "https://a.example/x", "s3": {"key": "x"}}, "s3", id="an address and an object"),
        pytest.param({"s3": {"key": "x"}, "upload": UPLOAD}, "upload", id="an object and an upload"),
    ],
)
async def test_two_sources_are_one_too_many(gateway: Gateway, body: dict[str, object], field: str) -> None:
    """A request is for one recording."""
    assert (422, "source-repeated", field) == kind_of(await gateway.client.post("/transcribe", json=body))


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("ftp://example.com/a.mp3", id="another scheme"),
        pytest.param("file:///etc/passwd", id="a file"),
        pytest.param("//example.com/a.mp3", id="no scheme"),
        pytest.param("https://", id="no host"),
        pytest.param("https://ann:secret@example.com/a.mp3", id="a password"),
        pytest.param("https://ann@example.com/a.mp3", id="a user"),
        pytest.param("https://example.com\\@10.0.0.1/a.mp3", id="a backslash"),
        pytest.param("https://example.com/a b.mp3", id="a space"),
        pytest.param("https://example.com/a\nb.mp3", id="a line end"),
        pytest.param("https://example.com:99999/a.mp3", id="no port"),
        pytest.param("https://[::1/a.mp3", id="half an address"),
        pytest.param("http://2130706433/", id="an address as a number"),
        pytest.param("http://0x7f.1/", id="an address as two numbers"),
        pytest.param("https://example.com/" + "a" * 4096, id="too long"),
        pytest.param("", id="empty"),
    ],
)
async def test_an_address_that_is_never_fetched_is_refused(gateway: Gateway, url: str) -> None:
    """The mistake is heard of at once, and the address is not repeated."""
    response = await gateway.client.post("/transcribe", json={"url": url})

    assert (422, "field-invalid", "url") == kind_of(response)
    assert "secret" not in response.text
    assert () == gateway.jobs.jobs


PRIVATE = [
    "10.0.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "192.168.1.1:8080",
    "172.16.0.1",
    "100.64.0.1",
    "0.1.2.3",
    "[::1]",
    "[fd00::1]",
    "[fe80::1]",
    "[::ffff:10.0.0.1]",
]


@pytest.mark.parametrize("host", PRIVATE)
async def test_an_address_inside_the_network_is_refused(gateway: Gateway, host: str) -> None:
    """What the whole internet could not reach is not fetched for a client either."""
    response = await gateway.client.post("/transcribe", json={"url": f"http://{host}/a.mp3?{SECRET}"})

    assert (422, "source-forbidden", "url") == kind_of(response)
    assert SECRET not in response.text
    assert () == gateway.jobs.jobs


@pytest.mark.parametrize(
    ("host", "status"),
    [
        pytest.param("10.1.2.3", 202, id="within a listed range"),
        pytest.param("192.168.7.7", 202, id="a listed address"),
        pytest.param("10.2.0.1", 422, id="beside them"),
        pytest.param("93.184.215.14", 202, id="a public one"),
        pytest.param("recorder.lan", 202, id="a name, which the worker looks up"),
    ],
)
async def test_what_the_installation_lists_is_let_through(host: str, status: int) -> None:
    """The gateway is never stricter than the worker's guard."""
    async with gateway(url_allowed_hosts="recorder.lan,10.1.0.0/16,192.168.7.7") as listing:
        response = await listing.client.post("/transcribe", json={"url": f"http://{host}/a.mp3"})

    assert status == response.status_code


@pytest.mark.parametrize(
    ("s3", "status"),
    [
        pytest.param({"key": "steno/films/uploads/x"}, 422, id="another tenant's"),
        pytest.param({"key": "steno/films/jobs/tsj-1-01234567/attempts/a/t.json"}, 422, id="another's transcript"),
        pytest.param({"key": "steno/speech/../films/uploads/x"}, 422, id="by way of one's own"),
        pytest.param({"key": "talks/../steno/films/x"}, 422, id="from outside"),
        pytest.param({"key": "steno/installation.json"}, 422, id="the installation's"),
        pytest.param({"bucket": "steno", "key": "steno/films/uploads/x"}, 422, id="by the bucket's name"),
        pytest.param({"key": f"steno/{NAMESPACE}/uploads/x"}, 202, id="one's own"),
        pytest.param({"key": "talks/a.wav"}, 202, id="beside Steno's part"),
        pytest.param({"bucket": "elsewhere", "key": "steno/films/uploads/x"}, 202, id="in another bucket"),
    ],
)
async def test_a_tenant_reads_its_own_part_of_the_store(gateway: Gateway, s3: dict[str, str], status: int) -> None:
    """The operator refuses the same; here it is heard at once, and by name."""
    response = await gateway.client.post("/transcribe", json={"s3": s3})

    assert status == response.status_code
    if status == 422:
        assert (422, "source-forbidden", "s3.key") == kind_of(response)
        assert () == gateway.jobs.jobs


async def test_a_model_of_another_tenant_is_refused(gateway: Gateway) -> None:
    """A model may lie in S3 too."""
    body = {"s3": {"key": "a.wav"}, "model": "s3://steno/steno/films/models/x"}

    assert (422, "source-forbidden", "model") == kind_of(await gateway.client.post("/transcribe", json=body))


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(
            InvalidResourceError(f'spec.source.url: Invalid value: "https://a.example/b?{SECRET}"', ("spec.source",)),
            id="an invalid field",
        ),
        pytest.param(
            KubeForbiddenError(f'admission webhook denied: "https://ann:{SECRET}@a.example/b?{SECRET}"'),
            id="a webhook",
        ),
    ],
)
async def test_an_addresss_query_is_never_shown(
    gateway: Gateway, caplog: pytest.LogCaptureFixture, refusal: InvalidResourceError | KubeForbiddenError
) -> None:
    """The API server quotes what it refuses; neither the answer nor the log does."""
    gateway.jobs.failing, gateway.jobs.failing_calls = refusal, frozenset({"create"})

    with caplog.at_level(logging.DEBUG):
        response = await gateway.client.post("/transcribe", json={"url": f"https://a.example/b?{SECRET}"})

    assert response.status_code in {422, 503}
    assert type(refusal).__name__ in caplog.text
    assert SECRET not in caplog.text + response.text
