"""The plan of an upload in parts says how large each is and which are missing, and lies where the sweep finds it."""

import re
from datetime import UTC, datetime

import pytest

from steno_store import MAX_PARTS, MIN_PART_BYTES, PART_BYTES, DirectUpload, Layout
from steno_store.direct_upload import default_part_bytes, plan_key, read_plan
from steno_types import UPLOAD_ID_PATTERN
from support.object_store import InMemoryObjectStore

PART = MIN_PART_BYTES


def a_plan(size_bytes: int) -> DirectUpload:
    """Have a plan of an upload of that size."""
    return DirectUpload(
        store_upload_id="u", size_bytes=size_bytes, part_bytes=PART, begun=datetime(2026, 1, 31, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("size", "parts"),
    [
        pytest.param(1, [1], id="a byte"),
        pytest.param(PART, [PART], id="one part"),
        pytest.param(PART + 1, [PART, 1], id="a byte more"),
        pytest.param(2 * PART, [PART, PART], id="two parts"),
    ],
)
def test_all_parts_but_the_last_are_alike(size: int, parts: list[int]) -> None:
    """Together they are the recording."""
    plan = a_plan(size)

    assert parts == [plan.bytes_of(number) for number in range(1, plan.part_count + 1)]
    for number in (0, plan.part_count + 1):
        with pytest.raises(ValueError, match="is outside 1 to"):
            plan.bytes_of(number)


@pytest.mark.parametrize(
    ("received", "missing"),
    [
        pytest.param({}, [1, 2, 3], id="none"),
        pytest.param({2: PART}, [1, 3], id="one"),
        pytest.param({1: PART, 2: PART - 1, 3: 3}, [2], id="one too short"),
        pytest.param({1: PART, 2: PART, 3: 3}, [], id="all"),
    ],
)
def test_what_has_not_come_in_its_size_is_missing(received: dict[int, int], missing: list[int]) -> None:
    """A part that was cut off counts as none."""
    assert missing == a_plan(2 * PART + 3).missing(received)


@pytest.mark.parametrize(
    ("size", "part"),
    [
        pytest.param(1, PART_BYTES, id="small"),
        pytest.param(MAX_PARTS * PART_BYTES, PART_BYTES, id="as many as S3 takes"),
        pytest.param(MAX_PARTS * PART_BYTES + 1, PART_BYTES + (1 << 20), id="one byte more"),
    ],
)
def test_no_upload_has_more_parts_than_s3_takes(size: int, part: int) -> None:
    """They grow with the recording, in whole MiB."""
    assert part == default_part_bytes(size)


def test_a_plan_lies_where_uploads_lie() -> None:
    """The sweep takes it for an upload that nobody names; another upload's plan is another."""
    layout = Layout("steno")
    key = plan_key(layout, "speech", "0" * 32)
    folder, _, name = key.rpartition("/")

    assert "steno/speech/uploads" == folder
    assert re.fullmatch(UPLOAD_ID_PATTERN, name)
    assert key != plan_key(layout, "speech", "1" * 32)


@pytest.mark.parametrize("body", [b"", b"{}", b"RIFF"], ids=["empty", "another document", "a recording"])
def test_what_is_no_plan_is_none(body: bytes) -> None:
    """Whatever lies there."""
    store = InMemoryObjectStore()
    store.put("k", body)

    assert [None, None] == [read_plan(store, key) for key in ("k", "absent")]


def test_a_plan_is_read_as_it_was_written() -> None:
    """Through the store, as JSON."""
    store, plan = InMemoryObjectStore(), a_plan(7)
    store.put("k", plan.model_dump_json(by_alias=True).encode())

    assert plan == read_plan(store, "k")
