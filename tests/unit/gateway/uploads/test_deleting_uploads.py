"""An upload that no task names can be deleted, and no task is left without one."""

import pytest

from steno_gateway.uploads.existing import whole
from steno_kube import KubeUnavailableError
from steno_store import MIN_PART_BYTES, StoreUnavailableError
from steno_types import Source, TranscriptionJob, TranscriptionJobSpec, UploadSource
from support.gateway import NAMESPACE, Gateway, kind_of


async def uploaded(gateway: Gateway) -> str:
    """Have an upload; gives its id."""
    answer = (await gateway.client.put("/uploads/talk.mp3", content=b"sound")).json()
    return str(answer["upload"])


def named(upload_id: str) -> TranscriptionJobSpec:
    """What a task asks for that names the upload."""
    return TranscriptionJobSpec(source=Source(upload=UploadSource(id=upload_id)))


async def test_an_upload_goes_without_a_trace(gateway: Gateway) -> None:
    """Neither bytes nor marker stay, and a second call finds nothing."""
    upload_id = await uploaded(gateway)

    deleted = await gateway.client.delete(f"/uploads/{upload_id}")
    again = await gateway.client.delete(f"/uploads/{upload_id}")

    assert (200, {"upload": upload_id, "objects": 1, "bytes": 5}) == (deleted.status_code, deleted.json())
    assert (404, "upload-unknown", "upload") == kind_of(again)
    assert {} == gateway.uploads()


async def test_an_unfinished_upload_is_given_up(gateway: Gateway) -> None:
    """The parts that have come go with it, and so does its plan."""
    answer = (await gateway.client.post("/uploads", json={"bytes": 2 * MIN_PART_BYTES})).json()

    response = await gateway.client.delete(answer["abort_url"])

    assert (200, 1) == (response.status_code, response.json()["objects"])
    assert {} == gateway.uploads()


async def test_an_upload_that_tasks_name_stays(gateway: Gateway) -> None:
    """It is the operator's to delete, with the last of them; they are named."""
    upload_id = await uploaded(gateway)
    for number in range(7):
        await gateway.jobs.create(NAMESPACE, f"tsj-{number}", named(upload_id))

    response = await gateway.client.delete(f"/uploads/{upload_id}")

    assert (409, "upload-named", "upload") == kind_of(response)
    assert "tsj-0, tsj-1, tsj-2, tsj-3, tsj-4 and 2 more" in response.json()["detail"]
    assert [b"sound"] == list(gateway.uploads().values())


async def test_a_task_made_meanwhile_keeps_its_upload(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that comes between the first look and the marker is seen by the second look."""
    upload_id = await uploaded(gateway)
    listed = gateway.jobs.list
    lists: list[tuple[TranscriptionJob, ...]] = []

    async def list_and_create(namespace: str) -> tuple[TranscriptionJob, ...]:
        found = await listed(namespace)
        if not lists:
            await gateway.jobs.create(NAMESPACE, "tsj-1", named(upload_id))
        lists.append(found)
        return found

    monkeypatch.setattr(gateway.jobs, "list", list_and_create)

    response = await gateway.client.delete(f"/uploads/{upload_id}")

    assert (409, "upload-named", "upload") == kind_of(response)
    assert [0, 1] == [len(found) for found in lists]
    assert [b"sound"] == list(gateway.uploads().values())
    assert await whole(gateway.context, NAMESPACE, upload_id)


@pytest.mark.parametrize("suffix", [".condemned", ".0a1b2c3d.condemned"], ids=["the operator's", "a gateway's"])
async def test_a_condemned_upload_is_no_recording(gateway: Gateway, suffix: str) -> None:
    """While anybody's marker stands no task is made, and one that was made is taken back."""
    upload_id = await uploaded(gateway)
    gateway.store.put(gateway.context.layout.upload(NAMESPACE, upload_id) + suffix, b"")

    response = await gateway.client.post("/transcribe", json={"upload": upload_id})

    assert (410, "upload-gone", "upload") == kind_of(response)
    assert () == gateway.jobs.jobs


async def test_two_deletions_have_a_marker_each(gateway: Gateway) -> None:
    """So nobody takes away the one that another counts on."""
    layout = gateway.context.layout

    assert 2 == len({layout.condemned_by(NAMESPACE, "u", token) for token in ("a", "b")})
    assert layout.condemned(NAMESPACE, "u") != layout.condemned_by(NAMESPACE, "u", "a")


async def test_nothing_is_deleted_while_the_tasks_are_unknown(gateway: Gateway) -> None:
    """An API server that does not answer may know of a task."""
    upload_id = await uploaded(gateway)
    gateway.jobs.failing, gateway.jobs.failing_calls = KubeUnavailableError("away"), frozenset({"list"})

    response = await gateway.client.delete(f"/uploads/{upload_id}")

    assert (503, "cluster-unavailable", None) == kind_of(response)
    assert [b"sound"] == list(gateway.uploads().values())


async def test_a_deletion_that_fails_may_be_repeated(gateway: Gateway) -> None:
    """The marker may stay behind, and goes with the next try."""
    upload_id = await uploaded(gateway)
    gateway.store.failing, gateway.store.failing_calls = StoreUnavailableError("away"), frozenset({"delete"})
    failed = await gateway.client.delete(f"/uploads/{upload_id}")
    gateway.store.failing = None

    repeated = await gateway.client.delete(f"/uploads/{upload_id}")

    assert (503, "store-unavailable", None) == kind_of(failed)
    assert 200 == repeated.status_code
    assert {} == gateway.uploads()
