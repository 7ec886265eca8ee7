"""Stores that know less than AWS, and moments that no real server shows on demand, played by botocore's stubber."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from steno_store import Deleted, ObjectStore, StoreError, StoreForbiddenError, StoreUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NO_UPLOADS: dict[str, Any] = {"Uploads": []}


class Played:
    """A store whose answers are given beforehand, in order."""

    def __init__(self) -> None:
        session = boto3.session.Session(aws_access_key_id="id", aws_secret_access_key="secret")
        client: S3Client = session.client("s3", region_name="us-east-1")
        self.stubber = Stubber(client)
        self.pauses: list[float] = []
        self.store = ObjectStore(client, bucket="recordings", pause=self.pauses.append)

    def answer(self, call: str, response: dict[str, Any], expected: dict[str, Any] | None = None) -> None:
        """Answer the next request, which must be `call`; `expected` is checked beside the bucket."""
        parameters = {"Bucket": "recordings", **expected} if expected is not None else None
        self.stubber.add_response(call, response, parameters)

    def refuse(self, call: str, code: str, status: int) -> None:
        """Refuse the next request, which must be `call`."""
        self.stubber.add_client_error(call, service_error_code=code, http_status_code=status)

    @contextmanager
    def on_stage(self) -> Iterator[ObjectStore]:
        """Play, and see that nothing was left out."""
        with self.stubber:
            yield self.store
        self.stubber.assert_no_pending_responses()


@pytest.fixture
def played() -> Played:
    """A store without answers yet."""
    return Played()


def a_page(*keys: str) -> dict[str, Any]:
    """A page of an unversioned bucket's versions, five bytes each."""
    return {"Versions": [{"Key": key, "VersionId": "null", "Size": 5} for key in keys]}


def test_a_conflict_is_tried_again(played: Played) -> None:
    """A conditional write that another gets in the way of waits a little longer each time, and goes through."""
    played.refuse("put_object", "ConditionalRequestConflict", 409)
    played.refuse("put_object", "ConditionalRequestConflict", 409)
    played.answer("put_object", {}, {"Key": "k", "Body": b"1", "IfNoneMatch": "*", "ContentType": "text/plain"})

    with played.on_stage() as store:
        assert store.put_if_absent("k", b"1", content_type="text/plain")
    assert [0.1, 0.2] == played.pauses


def test_a_conflict_may_end_in_a_loss(played: Played) -> None:
    """After a conflict the other one's object may be there."""
    played.refuse("put_object", "ConditionalRequestConflict", 409)
    played.refuse("put_object", "PreconditionFailed", 412)

    with played.on_stage() as store:
        assert not store.put_if_absent("k", b"1")


def test_a_lasting_conflict_is_an_unavailable_store(played: Played) -> None:
    """Five tries are enough; another one later may succeed."""
    for _ in range(5):
        played.refuse("put_object", "ConditionalRequestConflict", 409)

    with played.on_stage() as store, pytest.raises(StoreUnavailableError, match="unless it exists"):
        store.put_if_absent("k", b"1")
    assert 4 == len(played.pauses)


def test_a_store_without_conditional_writes_says_so(played: Played) -> None:
    """What the store cannot do is no outage, and never a won claim."""
    played.refuse("put_object", "NotImplemented", 501)

    with played.on_stage() as store, pytest.raises(StoreError, match="NotImplemented") as caught:
        store.put_if_absent("k", b"1")
    assert StoreError is caught.type


def test_a_store_without_versions_and_uploads(played: Played) -> None:
    """Where neither can be listed, the plain objects are deleted, without version ids."""
    played.refuse("list_multipart_uploads", "NotImplemented", 501)
    played.refuse("list_multipart_uploads", "NotImplemented", 501)
    played.refuse("list_object_versions", "NotImplemented", 501)
    played.answer("list_objects_v2", {"Contents": [{"Key": "p/a", "Size": 5}]}, {"Prefix": "p/"})
    played.answer("delete_objects", {}, {"Delete": {"Objects": [{"Key": "p/a"}], "Quiet": True}})
    played.refuse("list_object_versions", "NotImplemented", 501)
    played.answer("list_objects_v2", {}, {"Prefix": "p/"})

    with played.on_stage() as store:
        assert Deleted(objects=1, size_bytes=5) == store.delete_prefix("p/")


@pytest.mark.parametrize("code", ["NotImplemented", "MissingContentMD5"])
def test_a_store_without_batches(played: Played, code: str) -> None:
    """Where a batch is refused, each version is deleted by a request of its own."""
    played.answer("list_multipart_uploads", NO_UPLOADS, {"Prefix": "k", "KeyMarker": ""})
    played.answer("list_object_versions", a_page("k"), {"Prefix": "k"})
    played.refuse("delete_objects", code, 400)
    played.answer("delete_object", {}, {"Key": "k", "VersionId": "null"})
    played.answer("list_object_versions", {}, {"Prefix": "k"})

    with played.on_stage() as store:
        assert Deleted(objects=1, size_bytes=5) == store.delete("k")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param("AccessDenied", StoreForbiddenError, id="forbidden"),
        pytest.param("InternalError", StoreUnavailableError, id="internal error"),
    ],
)
def test_a_batch_that_fails_in_part(played: Played, code: str, expected: type[StoreError]) -> None:
    """A batch answers 200 and yet may have failed; what is left is told by its key, and never counted as deleted."""
    played.answer("list_multipart_uploads", NO_UPLOADS)
    played.answer("list_object_versions", a_page("k"))
    played.answer("delete_objects", {"Errors": [{"Key": "k", "Code": code, "Message": "held"}]})

    with played.on_stage() as store, pytest.raises(StoreError, match="s3://recordings/k") as caught:
        store.delete("k")
    assert expected is caught.type


def test_what_is_gone_already_counts_as_deleted(played: Played) -> None:
    """Another deleter who was faster is no failure."""
    played.answer("list_multipart_uploads", NO_UPLOADS)
    played.answer("list_object_versions", a_page("k"))
    played.answer("delete_objects", {"Errors": [{"Key": "k", "Code": "NoSuchKey", "Message": "gone"}]})
    played.answer("list_object_versions", {})

    with played.on_stage() as store:
        store.delete("k")


def test_a_store_that_lists_what_it_deleted(played: Played) -> None:
    """A deletion that shows no progress ends as unavailable, not never."""
    played.answer("list_multipart_uploads", NO_UPLOADS)
    played.answer("list_object_versions", a_page("k"))
    played.answer("delete_objects", {})
    played.answer("list_object_versions", a_page("k"))

    with played.on_stage() as store, pytest.raises(StoreUnavailableError, match="still lists"):
        store.delete("k")


def test_a_store_that_lists_an_upload_it_aborted(played: Played) -> None:
    """The same holds of unfinished uploads."""
    upload = {"Uploads": [{"Key": "k", "UploadId": "u"}]}
    played.answer("list_multipart_uploads", upload)
    played.answer("abort_multipart_upload", {}, {"Key": "k", "UploadId": "u"})
    played.answer("list_multipart_uploads", upload)

    with played.on_stage() as store, pytest.raises(StoreUnavailableError, match="still lists"):
        store.delete("k")


def test_a_page_without_entries_is_not_the_end(played: Played) -> None:
    """A store may give an empty page and say that there are more; emptiness is proved by the last one."""
    more = {"IsTruncated": True, "NextKeyMarker": "p/a", "NextVersionIdMarker": "v"}
    played.answer("list_object_versions", more, {"Prefix": "p/"})
    played.answer("list_object_versions", a_page("p/b"), {"Prefix": "p/", "KeyMarker": "p/a", "VersionIdMarker": "v"})

    with played.on_stage() as store:
        assert not store.is_empty("p/")


def test_others_uploads_that_fill_a_page_hide_none(played: Played) -> None:
    """A list of the whole bucket goes on by key, past a page that holds nothing of the prefix."""
    others = {"Uploads": [{"Key": "a", "UploadId": "u"}], "IsTruncated": True, "NextKeyMarker": "a"}
    played.answer("list_object_versions", {})
    played.answer("list_multipart_uploads", NO_UPLOADS, {"Prefix": "p/", "KeyMarker": ""})
    played.answer("list_multipart_uploads", others, {"Prefix": "", "KeyMarker": ""})
    played.answer(
        "list_multipart_uploads", {"Uploads": [{"Key": "p/a", "UploadId": "u"}]}, {"Prefix": "", "KeyMarker": "a"}
    )

    with played.on_stage() as store:
        assert not store.is_empty("p/")


def test_a_list_that_stands_still_ends(played: Played) -> None:
    """A store whose pages lead nowhere is not asked for ever."""
    still = {"Uploads": [], "IsTruncated": True, "NextKeyMarker": ""}
    played.answer("list_object_versions", {})
    played.answer("list_multipart_uploads", still)
    played.answer("list_multipart_uploads", still)

    with played.on_stage() as store:
        assert store.is_empty("p/")


def test_a_completion_whose_answer_was_lost(played: Played) -> None:
    """An upload that is gone while its object is there, whole, was completed by an earlier try."""
    played.answer("create_multipart_upload", {"UploadId": "u"})
    played.answer("upload_part", {"ETag": '"e"'})
    played.refuse("complete_multipart_upload", "NoSuchUpload", 404)
    played.answer("head_object", {"ContentLength": 5}, {"Key": "k"})

    with played.on_stage() as store:
        upload = store.start_upload("k")
        upload.send(1, b"words")
        upload.complete()


def test_a_completion_that_finds_another_object(played: Played) -> None:
    """An object of another size is not this upload's."""
    played.answer("create_multipart_upload", {"UploadId": "u"})
    played.answer("upload_part", {"ETag": '"e"'}, {"Key": "k", "UploadId": "u", "PartNumber": 1, "Body": ANY})
    played.refuse("complete_multipart_upload", "NoSuchUpload", 404)
    played.answer("head_object", {"ContentLength": 4})

    with played.on_stage() as store:
        upload = store.start_upload("k")
        upload.send(1, b"words")
        with pytest.raises(StoreError, match="NoSuchUpload"):
            upload.complete()


def test_an_object_that_comes_while_it_is_looked_for(played: Played) -> None:
    """A HEAD that says 404 is asked again by GET; should the object be there by then, it is found."""
    played.refuse("head_object", "404", 404)
    noon = datetime(2026, 1, 31, 12, tzinfo=UTC)
    told = {"Body": io.BytesIO(b"words"), "ContentLength": 5, "ETag": '"e"', "LastModified": noon}
    played.answer("get_object", told, {"Key": "k"})

    with played.on_stage() as store:
        found = store.head("k")
    assert ("k", 5, "e", noon) == (found.key, found.size_bytes, found.etag, found.modified)


@pytest.mark.parametrize(
    "answered",
    [
        pytest.param({}, id="all of it"),
        pytest.param({"ContentRange": "bytes 0-4/9"}, id="another part"),
        pytest.param({"ContentRange": "bytes 50-58/59"}, id="a part that begins alike"),
    ],
)
def test_a_store_that_ignores_ranges(played: Played, answered: dict[str, str]) -> None:
    """Bytes that were not asked for are never taken for those that were."""
    body = io.BytesIO(b"words")
    asked = {"Key": "k", "Range": "bytes=5-", "IfMatch": '"e"'}
    played.answer("get_object", {"Body": body, **answered}, asked)

    with played.on_stage() as store, pytest.raises(StoreUnavailableError, match="bytes 5 and on, others came"):
        store.stream("k", start_bytes=5, if_match="e")
    assert body.closed
