"""An upload may come in parts, in any order, by several ways, and go on after it broke off."""

import hashlib
from typing import Any

import pytest

from steno_gateway.uploads import direct
from steno_gateway.uploads.memory import UploadMemory
from steno_store import MIN_PART_BYTES, StoreUnavailableError
from support.gateway import NOON, Gateway, gateway, in_chunks, kind_of, streamed

PART = MIN_PART_BYTES
RECORDING = bytes(range(256)) * (PART // 128) + b"end"
SHA256 = hashlib.sha256(RECORDING).hexdigest()


def part_of(number: int) -> bytes:
    """What part `number` holds."""
    return RECORDING[(number - 1) * PART : number * PART]


async def begun(gateway: Gateway, **announced: Any) -> dict[str, Any]:
    """Begin an upload of three parts."""
    body = {"bytes": len(RECORDING), "part_bytes": PART, **announced}
    response = await gateway.client.post("/uploads", json=body)
    assert 201 == response.status_code, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def send(gateway: Gateway, answer: dict[str, Any], *numbers: int) -> None:
    """Send parts through the gateway."""
    for number in numbers:
        url = answer["parts_url"].replace("{number}", str(number))
        response = await gateway.client.put(url, content=part_of(number))
        assert (200, len(part_of(number))) == (response.status_code, response.json()["bytes"])


async def test_a_begun_upload_says_where_its_parts_go(gateway: Gateway) -> None:
    """Each part has a URL of its own size; nothing is whole, and nothing is lost if the answer is."""
    answer = await begun(gateway, sha256=SHA256, file_name="../talk.mp3")

    assert (False, 0, SHA256, "talk.mp3") == tuple(
        answer[field] for field in ("whole", "received_bytes", "sha256", "file_name")
    )
    assert [(1, PART), (2, PART), (3, 3)] == [(part["number"], part["bytes"]) for part in answer["parts"]]
    assert all(f"size={part['bytes']}&" in part["url"] for part in answer["parts"])
    assert f"{NOON.replace(hour=18):%Y-%m-%dT%H:%M:%SZ}" == answer["expires"]
    assert 1 == len(gateway.store.unfinished)


async def test_what_broke_off_goes_on(gateway: Gateway) -> None:
    """Whoever asks hears which parts have come, and has fresh URLs for the others; then a task can be made."""
    answer = await begun(gateway, sha256=SHA256, file_name="talk.mp3")
    await send(gateway, answer, 3, 1)

    halfway = (await gateway.client.get(answer["url"])).json()
    incomplete = await gateway.client.post(answer["complete_url"])
    await send(gateway, answer, 1, 2)
    completed = await gateway.client.post(answer["complete_url"])

    assert [True, False, True] == [part["received"] for part in halfway["parts"]]
    assert [True, False, True] == [part["url"] is None for part in halfway["parts"]]
    assert PART + 3 == halfway["received_bytes"]
    assert (409, "upload-incomplete", "parts") == kind_of(incomplete)
    assert (200, True, SHA256, "talk.mp3") == (
        completed.status_code,
        *(completed.json()[field] for field in ("whole", "sha256", "file_name")),
    )
    assert [RECORDING] == list(gateway.uploads().values())
    response = await gateway.client.post("/transcribe", json={"upload": answer["upload"]})
    assert 202 == response.status_code
    assert SHA256 == gateway.jobs.jobs[0].spec.source.upload.sha256  # type: ignore[union-attr]


async def test_completing_twice_is_no_error(gateway: Gateway) -> None:
    """A client whose answer was lost asks again."""
    answer = await begun(gateway)
    await send(gateway, answer, 1, 2, 3)

    first, second = [await gateway.client.post(answer["complete_url"]) for _ in range(2)]

    assert (200, first.json()) == (second.status_code, second.json())
    late = await gateway.client.put(answer["parts_url"].replace("{number}", "1"), content=part_of(1))
    assert (409, "upload-whole", None) == kind_of(late)


async def test_an_upload_whose_plan_stayed_behind_is_whole_all_the_same(gateway: Gateway) -> None:
    """The plan is deleted last, so it may outlive what it plans; then nothing is said to be missing."""
    answer = await begun(gateway)
    await send(gateway, answer, 1, 2, 3)
    gateway.store.failing, gateway.store.failing_calls = StoreUnavailableError("away"), frozenset({"delete"})
    await gateway.client.post(answer["complete_url"])
    gateway.store.failing = None

    again = (await gateway.client.get(answer["url"])).json()
    late = await gateway.client.put(answer["parts_url"].replace("{number}", "1"), content=part_of(1))
    repeated = await gateway.client.post(answer["complete_url"])

    assert (True, True) == (again["whole"], repeated.json()["whole"])
    assert (409, "upload-whole", None) == kind_of(late)
    assert [RECORDING] == list(gateway.uploads().values())


async def test_an_unfinished_upload_is_no_recording(gateway: Gateway) -> None:
    """No task is made of an upload that is not whole."""
    answer = await begun(gateway)
    await send(gateway, answer, 1, 2, 3)

    response = await gateway.client.post("/transcribe", json={"upload": answer["upload"]})

    assert (410, "upload-gone", "upload") == kind_of(response)
    assert () == gateway.jobs.jobs


@pytest.mark.parametrize("body", [b"", b"x" * (PART - 1), b"x" * (PART + 1)], ids=["none", "short", "long"])
@pytest.mark.parametrize("sized", [True, False], ids=["with a length", "chunked"])
async def test_a_part_of_another_size_is_refused(gateway: Gateway, body: bytes, *, sized: bool) -> None:
    """It would make another recording, or none that S3 takes."""
    answer = await begun(gateway)
    url = answer["parts_url"].replace("{number}", "1")
    content: Any = body if sized else streamed(in_chunks(body, 1 << 20))

    response = await gateway.client.put(url, content=content)

    long_and_unsized = not sized and len(body) > PART
    expected = (413, "body-too-large", None) if long_and_unsized else (422, "field-invalid", "Content-Length")
    assert expected == kind_of(response)
    assert 0 == (await gateway.client.get(answer["url"])).json()["received_bytes"]
    assert gateway.context.upload_slots.limit_bytes == gateway.context.upload_slots.free_bytes


@pytest.mark.parametrize("number", ["0", "4", "10001", "-1", "1.5", "x"])
async def test_a_part_that_there_is_not_is_refused(gateway: Gateway, number: str) -> None:
    """The upload says how many it has."""
    answer = await begun(gateway)

    response = await gateway.client.put(f"{answer['url']}/parts/{number}", content=b"x")

    assert (422, "field-invalid", "number") == kind_of(response)


@pytest.mark.parametrize(
    ("announced", "problem"),
    [
        pytest.param({"bytes": 0}, (422, "field-invalid", "bytes"), id="no bytes"),
        pytest.param({"bytes": -1}, (422, "field-invalid", "bytes"), id="fewer"),
        pytest.param({"bytes": (10 << 30) + 1}, (413, "body-too-large", "bytes"), id="over the limit"),
        pytest.param({"bytes": 10**30}, (413, "body-too-large", "bytes"), id="out of reach"),
        pytest.param({"part_bytes": PART - 1}, (422, "field-invalid", "part_bytes"), id="S3 takes no such part"),
        pytest.param({"part_bytes": (64 << 20) + 1}, (422, "field-invalid", "part_bytes"), id="large parts"),
        pytest.param({"sha256": "ab"}, (422, "field-invalid", "sha256"), id="no digest"),
        pytest.param({"file_name": "x" * 1025}, (422, "field-invalid", "file_name"), id="long name"),
        pytest.param({"voice": "x"}, (422, "field-unknown", "voice"), id="unknown field"),
    ],
)
async def test_an_announcement_that_cannot_be_followed_is_refused(
    gateway: Gateway, announced: dict[str, Any], problem: tuple[int, str, str | None]
) -> None:
    """Each mistake names its field, and nothing is begun."""
    response = await gateway.client.post("/uploads", json={"bytes": 1, **announced})

    assert problem == kind_of(response)
    assert {} == gateway.uploads()


async def test_more_parts_than_s3_takes_are_refused() -> None:
    """Whoever chooses the parts is told how large they must be."""
    async with gateway(max_upload_bytes=100 << 30) as large:
        announced = {"bytes": 60 << 30, "part_bytes": PART}

        refused = await large.client.post("/uploads", json=announced)
        chosen = await large.client.post("/uploads", json={"bytes": 60 << 30})

        assert (422, "field-invalid", "part_bytes") == kind_of(refused)
        assert 3840 == len(chosen.json()["parts"])
        assert direct.URLS_MOST == sum(part["url"] is not None for part in chosen.json()["parts"])


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        pytest.param(b"", (400, "body-malformed", None), id="empty"),
        pytest.param(b"[]", (422, "field-invalid", None), id="no object"),
        pytest.param(b'{"bytes": 1', (400, "body-malformed", None), id="cut off"),
        pytest.param(b"\xff\xfe", (400, "body-malformed", None), id="no UTF-8"),
        pytest.param(
            b'{"bytes": 1, "file_name": "' + b"x" * (50 << 20) + b'"}', (413, "body-too-large", None), id="50 MB"
        ),
    ],
)
async def test_bad_json_is_refused(gateway: Gateway, body: bytes, problem: tuple[int, str, str | None]) -> None:
    """A JSON body is small, and read no further than that."""
    response = await gateway.client.post("/uploads", content=body, headers={"Content-Type": "application/json"})

    assert problem == kind_of(response)
    assert {} == gateway.uploads()


async def test_parameters_beside_json_are_refused(gateway: Gateway) -> None:
    """What would be ignored is named."""
    response = await gateway.client.post(f"/uploads?sha256={'ab' * 32}", json={"bytes": 1})

    assert (422, "field-unknown", "sha256") == kind_of(response)


async def test_a_part_that_finds_no_memory_is_refused(gateway: Gateway) -> None:
    """A part is held whole, and so has to find room first."""
    answer = await begun(gateway)
    memory = UploadMemory(gateway.context.upload_slots.limit_bytes, wait_seconds=0.01)
    async with memory.hold(memory.limit_bytes):
        object.__setattr__(gateway.context, "upload_slots", memory)

        response = await gateway.client.put(answer["parts_url"].replace("{number}", "1"), content=part_of(1))

    assert (503, "uploads-busy", None) == kind_of(response)
