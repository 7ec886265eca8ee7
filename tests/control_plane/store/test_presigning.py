"""Signed URLs are what a client without credentials uses, at the address it knows the store by."""

from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from steno_store import ObjectStore
from support.s3_buckets import S3Account


@pytest.fixture
def store(account: S3Account) -> Iterator[ObjectStore]:
    """A store whose clients call the server by another name, one that is part of the signature."""
    public = account.endpoint.replace("127.0.0.1", "localhost")
    with closing(account.store(account.new_bucket(), public_endpoint=public)) as store:
        store.put("jobs/talk ä/transcript.json", b"{}", content_type="application/json")
        yield store


def test_a_signed_url_reads_one_object(store: ObjectStore) -> None:
    """The URL names the public endpoint, needs no credentials, and gives the bytes with their media type."""
    url = store.presigned_url("jobs/talk ä/transcript.json", expires_seconds=60)

    answer = httpx.get(url)

    assert url.startswith("http://localhost:")
    assert (200, b"{}", "application/json") == (answer.status_code, answer.content, answer.headers["content-type"])
    assert "content-disposition" not in answer.headers


@pytest.mark.parametrize(
    ("file_name", "header"),
    [
        pytest.param("talk.json", 'attachment; filename="talk.json"', id="plain"),
        pytest.param(
            "Größe.json",
            "attachment; filename=\"Gr__e.json\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.json",
            id="not ASCII",
        ),
        pytest.param(
            'a"; x="b.json',
            "attachment; filename=\"a_; x=_b.json\"; filename*=UTF-8''a%22%3B%20x%3D%22b.json",
            id="quotes",
        ),
        pytest.param("a\r\nSet-Cookie: b", 'attachment; filename="a__Set-Cookie: b"', id="line break"),
    ],
)
def test_a_signed_url_brings_the_file_name(store: ObjectStore, file_name: str, header: str) -> None:
    """A browser saves the object under the given name, and no name can add to the header."""
    url = store.presigned_url("jobs/talk ä/transcript.json", expires_seconds=60, file_name=file_name)

    answer = httpx.get(url)

    assert (200, header) == (answer.status_code, answer.headers["content-disposition"])


def test_a_signed_url_is_good_for_its_object_alone(store: ObjectStore) -> None:
    """The signature of one object does not open another."""
    store.put("jobs/other", b"secret")
    url = store.presigned_url("jobs/talk", expires_seconds=60)

    assert httpx.codes.FORBIDDEN == httpx.get(url.replace("jobs/talk", "jobs/other")).status_code


def test_a_signed_url_is_good_for_its_host_alone(account: S3Account, store: ObjectStore) -> None:
    """The host is signed: the public URL rewritten to the inner endpoint is refused, so the two must be set right."""
    url = store.presigned_url("jobs/talk ä/transcript.json", expires_seconds=60)
    inner = "http://127.0.0.1:" + account.endpoint.rpartition(":")[2]

    answer = httpx.get(inner + url[len(inner.replace("127.0.0.1", "localhost")) :])

    assert httpx.codes.FORBIDDEN == answer.status_code
