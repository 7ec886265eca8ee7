"""A tenant's transcripts in pages, the newest first."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from steno_gateway.dialects.assemblyai.listing import ListQuery, page
from steno_gateway.problems import ProblemError
from steno_types import (
    Condition,
    ConditionType,
    FailureStatus,
    ObjectMeta,
    Reason,
    Source,
    TranscriptionJob,
    TranscriptionJobSpec,
    TranscriptionJobStatus,
    UploadSource,
)
from support.gateway import NOON

BASE = "http://gateway"


def a_job(number: int, *conditions: ConditionType, url: str = "https://example.com/a.mp3") -> TranscriptionJob:
    """Have a job that was made `number` hours after noon."""
    status = TranscriptionJobStatus().with_conditions(
        Condition(type=kind, status="True", reason="Test", last_transition_time=NOON) for kind in conditions
    )
    created = NOON + timedelta(hours=number)
    metadata = ObjectMeta(
        name=f"tsj-{number:03d}", namespace="speech", uid=f"{number:08d}", creation_timestamp=created
    )
    return TranscriptionJob(metadata=metadata, spec=TranscriptionJobSpec(source=Source(url=url)), status=status)


JOBS = [a_job(number) for number in (3, 1, 24, 2, 25)]


def ids(jobs: list[TranscriptionJob] = JOBS, **query: Any) -> list[str]:
    """Give the ids on a page."""
    return [each["id"] for each in shown(jobs, **query)["transcripts"]]


def shown(jobs: list[TranscriptionJob] = JOBS, **query: Any) -> dict[str, Any]:
    """Give a page."""
    return page(jobs, ListQuery(**query), base_url=BASE, bucket="steno")


def query_of(url: str | None) -> dict[str, Any]:
    """Give the parameters of a page's address."""
    assert url is not None
    assert url.startswith(f"{BASE}/v2/transcript?")
    return {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["tsj-025", "tsj-024", "tsj-003", "tsj-002", "tsj-001"]),
        ({"limit": 2}, ["tsj-025", "tsj-024"]),
        ({"limit": 2, "before_id": "tsj-024"}, ["tsj-003", "tsj-002"]),
        ({"limit": 2, "before_id": "tsj-001"}, []),
        ({"limit": 2, "after_id": "tsj-001"}, ["tsj-003", "tsj-002"]),
        ({"limit": 2, "after_id": "tsj-025"}, []),
        ({"after_id": "tsj-001", "before_id": "tsj-024"}, ["tsj-003", "tsj-002"]),
        ({"created_on": date(2026, 2, 1)}, ["tsj-025", "tsj-024"]),
        ({"created_on": date(2025, 1, 1)}, []),
        ({"throttled_only": True}, []),
    ],
)
def test_a_page_is_what_was_asked_for(query: dict[str, Any], expected: list[str]) -> None:
    """The newest first, whatever order the cache has them in; after_id gives those next to it."""
    assert expected == ids(**query)


def test_pages_lead_to_one_another() -> None:
    """Older pages by prev_url, newer ones by next_url, each with the same filters, and every transcript once."""
    walked: list[str] = []
    details = shown(limit=2)["page_details"]
    assert (2, 2, None) == (details["limit"], details["result_count"], details["next_url"])
    query: dict[str, Any] = {"limit": "2"}
    while True:
        current = shown(**query)
        walked += [each["id"] for each in current["transcripts"]]
        if current["page_details"]["prev_url"] is None:
            break
        query = query_of(current["page_details"]["prev_url"])

    assert ["tsj-025", "tsj-024", "tsj-003", "tsj-002", "tsj-001"] == walked
    assert ["tsj-003", "tsj-002"] == ids(**query_of(current["page_details"]["next_url"]))
    assert query == query_of(current["page_details"]["current_url"])


def test_a_page_stays_what_it_is_while_others_come() -> None:
    """A new transcript moves nothing on the pages behind it."""
    before = ids(limit=2, before_id="tsj-024")

    assert before == ids([*JOBS, a_job(30)], limit=2, before_id="tsj-024")


def test_those_of_one_second_have_an_order() -> None:
    """Creation times are whole seconds: by name, so that no page shows one twice."""
    alike = [
        a_job(1).model_copy(update={"metadata": a_job(1).metadata.model_copy(update={"name": f"tsj-{n}"})})
        for n in "bac"
    ]

    assert (["tsj-c", "tsj-b"], ["tsj-a"]) == (ids(alike, limit=2), ids(alike, limit=2, before_id="tsj-b"))


def test_filters_go_along() -> None:
    """The addresses of the other pages filter as this one does."""
    jobs = [a_job(number, ConditionType.COMPLETE) for number in range(3)] + [a_job(7)]
    details = shown(jobs, status="completed", limit=1, created_on=date(2026, 1, 31))["page_details"]

    assert {"limit": "1", "status": "completed", "created_on": "2026-01-31", "before_id": "tsj-002"} == query_of(
        details["prev_url"]
    )
    assert details["next_url"] is None


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        (None, "queued"),
        (ConditionType.QUEUED, "queued"),
        (ConditionType.RUNNING, "processing"),
        (ConditionType.COMPLETE, "completed"),
        (ConditionType.FAILED, "error"),
    ],
)
def test_every_phase_has_a_status(condition: ConditionType | None, status: str) -> None:
    """And is found by it."""
    job = a_job(1, *([condition] if condition else []))

    assert [status] == [each["status"] for each in shown([job])["transcripts"]]
    assert {status} == {s for s in ("queued", "processing", "completed", "error") if ids([job], status=s)}


def test_one_that_is_being_deleted_is_not_shown() -> None:
    """Nor can a page begin at it."""
    job = a_job(1)
    dying = job.model_copy(update={"metadata": job.metadata.model_copy(update={"deletion_timestamp": NOON})})

    assert [] == ids([dying])
    with pytest.raises(ProblemError):
        ids([dying], before_id="tsj-001")


@pytest.mark.parametrize("field", ["before_id", "after_id"])
def test_a_page_beside_nothing_is_refused(field: str) -> None:
    """An id that is gone, or another tenant's, says so instead of beginning anew."""
    with pytest.raises(ProblemError) as raised:
        ids(JOBS, **{field: "tsj-999"})

    assert field == raised.value.field


def test_an_item_shows_no_secret_and_says_what_went_wrong() -> None:
    """Of an address, what may be a secret is left out."""
    job = a_job(1, ConditionType.FAILED, url="https://user:word@example.com/a.mp3?X-Amz-Signature=secret#frag")
    failed = job.model_copy(
        update={
            "status": job.status.model_copy(update={"failure": FailureStatus.of(Reason.SOURCE_NOT_FOUND, "Gone.")})
        }
    )
    (item,) = shown([failed])["transcripts"]

    assert "https://example.com/a.mp3" == item["audio_url"]
    assert item["error"].startswith("SourceNotFound: Gone. ")
    assert (f"{BASE}/v2/transcript/tsj-001", "2026-01-31T13:00:00Z") == (item["resource_url"], item["created"])


def test_an_upload_is_shown_by_its_address() -> None:
    """The one that POST /v2/upload gave."""
    source = Source(upload=UploadSource(id="0" * 32))
    job = a_job(1).model_copy(update={"spec": TranscriptionJobSpec(source=source)})

    assert f"{BASE}/v2/upload/{'0' * 32}" == shown([job])["transcripts"][0]["audio_url"]
