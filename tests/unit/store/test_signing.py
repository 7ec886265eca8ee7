"""URLs are signed for whom they are given to; signing needs no server."""

from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from steno_store import ObjectStore, StoreForbiddenError, StoreSettings


def a_store(**settings: str) -> ObjectStore:
    """A store that nothing is asked of but signatures."""
    session = boto3.session.Session(aws_access_key_id="THEACCESSKEY", aws_secret_access_key="the-secret")
    found = StoreSettings.model_validate({"bucket": "recordings", **settings})
    return ObjectStore.from_settings(found, session=session)


@pytest.mark.parametrize(
    ("settings", "start"),
    [
        pytest.param({}, "https://recordings.s3.amazonaws.com/k?", id="AWS"),
        pytest.param({"endpoint": "http://minio:9000"}, "http://minio:9000/recordings/k?", id="endpoint"),
        pytest.param(
            {"endpoint": "http://minio:9000", "public_endpoint": "https://store.example.com"},
            "https://store.example.com/recordings/k?",
            id="public endpoint",
        ),
        pytest.param(
            {"public_endpoint": "https://store.example.com"},
            "https://store.example.com/recordings/k?",
            id="public endpoint before AWS",
        ),
    ],
)
def test_a_url_is_signed_for_the_public_endpoint(settings: dict[str, str], start: str) -> None:
    """The public endpoint where there is one, else the endpoint, else AWS; the secret is not in it."""
    url = a_store(**settings).presigned_url("k", expires_seconds=60)

    assert url.startswith(start)
    assert "the-secret" not in url


def test_a_url_expires_and_names_its_file() -> None:
    """Both are part of what is signed."""
    url = a_store(region="eu-central-1").presigned_url("k", expires_seconds=90, file_name="talk.md")
    query = parse_qs(urlsplit(url).query)

    assert ["90"] == query["X-Amz-Expires"]
    assert ['attachment; filename="talk.md"'] == query["response-content-disposition"]
    assert query["X-Amz-Credential"][0].startswith("THEACCESSKEY/")
    assert "/eu-central-1/s3/" in query["X-Amz-Credential"][0]


def test_without_credentials_nothing_is_signed() -> None:
    """A missing Secret is told as forbidden, not as a store that is down."""

    class Nobody(boto3.session.Session):
        def get_credentials(self) -> None:
            return None

    store = ObjectStore.from_settings(StoreSettings(bucket="recordings"), session=Nobody())

    with pytest.raises(StoreForbiddenError, match="credentials"):
        store.presigned_url("k", expires_seconds=60)


def test_a_part_is_signed_with_its_size() -> None:
    """Whoever has the URL can send that part in that size, to the public endpoint, and nothing else."""
    store = a_store(endpoint="http://minio:9000", public_endpoint="https://store.example.com")
    url = store.resume_upload("k", "the-id").sign(7, size_bytes=5, expires_seconds=60)
    query = parse_qs(urlsplit(url).query)

    assert url.startswith("https://store.example.com/recordings/k?")
    assert (["7"], ["the-id"], ["60"]) == (query["partNumber"], query["uploadId"], query["X-Amz-Expires"])
    assert ["content-length;host"] == query["X-Amz-SignedHeaders"]
    assert "the-secret" not in url
