"""A task's whole life, by either client."""

from pathlib import Path
from typing import Any

import pytest

from steno_client import ConflictError, InvalidRequestError, NotFoundError, SourceError, WaitTimeoutError
from support.installation import Installation
from support.transcriber import SENTENCES, TEXT
from unit.client.conftest import Both


def names_in(folder: Path) -> list[str]:
    """List what lies in a folder."""
    return sorted(path.name for path in folder.iterdir())


async def test_a_recording_becomes_a_transcript_and_goes(steno: Both, talk: Path, tmp_path: Path) -> None:
    """Submit, wait, read, download, release: each gives what it says, and nothing is left."""
    accepted = await steno("submit", talk, language="de", word_timestamps=True, hotwords=["Kueue"])
    ended = await steno("wait", accepted.task_id)
    text = await steno("read", accepted.task_id, "txt")
    file = await steno("download", accepted.task_id, "md", to=tmp_path)
    released = await steno("release", accepted.task_id)

    assert ("pending", "completed", "talk.wav", "de") == (
        accepted.status,
        ended.status,
        ended.file_name,
        ended.language,
    )
    assert all(sentence in text.decode() for sentence in SENTENCES)
    assert (tmp_path / "talk.md", True) == (file, SENTENCES[0] in file.read_text())
    assert ["talk.md", "talk.wav"] == names_in(tmp_path)
    assert (True, 3, True) == (released.released, released.receipt.objects, released.receipt.verified_empty)
    with pytest.raises(NotFoundError):
        await steno("status", accepted.task_id)


async def test_options_reach_the_job(steno: Both, talk: Path, installation: Installation) -> None:
    """Numbers, lists and objects of a form arrive as what they are."""
    await steno("submit", talk, beam_size=3, hotwords=["Kueue"], engine_options={"bestOf": "2"}, suspend=True)

    (job,) = installation.jobs
    assert (3, ("Kueue",), {"bestOf": "2"}, True) == (
        job.spec.engine.beam_size if job.spec.engine else None,
        tuple(job.spec.hotwords or ()),
        job.spec.engine.options if job.spec.engine else None,
        job.spec.suspend,
    )


@pytest.mark.parametrize(
    ("recording", "source"),
    [
        pytest.param("https://example.com/talk.mp3?secret=1", "url", id="url"),
        pytest.param("s3://recordings/2026/talk.mp3", "s3", id="s3"),
    ],
)
async def test_addresses_are_sent_as_such(
    steno: Both, installation: Installation, recording: str, source: str
) -> None:
    """What begins as an address is one, and no file is looked for."""
    await steno("submit", recording)

    (job,) = installation.jobs
    assert [source] == [name for name, value in job.spec.source if value is not None]


@pytest.mark.parametrize(
    "recording",
    [
        pytest.param("absent.wav", id="no file"),
        pytest.param("ftp://example.com/talk.wav", id="another scheme"),
        pytest.param("s3://recordings", id="no key"),
    ],
)
async def test_what_cannot_be_read_is_said_before_anything_is_sent(
    steno: Both, installation: Installation, recording: str
) -> None:
    """The mistake is the caller's, and no task comes of it."""
    with pytest.raises(SourceError):
        await steno("submit", recording)

    assert () == installation.jobs


async def test_an_empty_file_is_refused(steno: Both, tmp_path: Path) -> None:
    """Nobody speaks in it."""
    (tmp_path / "empty.wav").touch()

    with pytest.raises(SourceError, match="is empty"):
        await steno("submit", tmp_path / "empty.wav")


async def test_a_field_at_fault_is_named(steno: Both, talk: Path) -> None:
    """The exception carries the problem as the gateway spelled it."""
    with pytest.raises(InvalidRequestError) as raised:
        await steno("submit", talk, beam_size=99)

    problem = raised.value.problem
    assert ("field-invalid", "beam_size", 422) == (problem.slug, problem.field, problem.status)
    assert problem.remedy in str(raised.value)


async def test_a_failed_task_says_why(steno: Both, tmp_path: Path) -> None:
    """Waiting is not an error; fetching what there is not, is."""
    (tmp_path / "notes.wav").write_bytes(TEXT)
    accepted = await steno("submit", tmp_path / "notes.wav")

    ended = await steno("wait", accepted.task_id)

    assert ("failed", "AudioUndecodable") == (ended.status, ended.error.reason)
    with pytest.raises(ConflictError) as raised:
        await steno("read", accepted.task_id)
    assert "task-failed" == raised.value.problem.slug


async def test_one_key_makes_one_task(steno: Both, talk: Path, installation: Installation) -> None:
    """The same request under the same key finds its task again; without one each makes its own."""
    first, again = [await steno("submit", talk, idempotency_key="talk-1") for _ in range(2)]
    other = await steno("submit", talk)

    assert (first.task_id, 2) == (again.task_id, len(installation.jobs))
    assert first.task_id != other.task_id


async def test_a_wait_that_is_too_short_says_how_far_it_is(
    steno: Both, talk: Path, installation: Installation
) -> None:
    """The task goes on; progress was told meanwhile."""
    installation.transcriber.works.clear()
    seen: list[Any] = []
    accepted = await steno("submit", talk)

    with pytest.raises(WaitTimeoutError) as raised:
        await steno("wait", accepted.task_id, timeout_seconds=0.05, progress=seen.append)

    assert ("pending", accepted.task_id) == (raised.value.status.status, seen[-1].task_id)


async def test_cancelling_retrying_and_counting(steno: Both, talk: Path, installation: Installation) -> None:
    """A task that was cancelled can be done again from the same upload, and the queue counts both."""
    installation.transcriber.works.clear()
    accepted = await steno("submit", talk)
    changed = await steno("cancel", accepted.task_id)
    cancelled = await steno("wait", accepted.task_id)
    installation.transcriber.works.set()
    again = await steno("retry", accepted.task_id)
    ended = await steno("wait", again.task_id)
    queue = await steno("queue")

    assert (True, "Cancelled", "completed") == (changed.cancel, cancelled.error.reason, ended.status)
    assert (1, 1, {"Cancelled": 1}) == (queue.depth.completed, queue.depth.failed, queue.failed_reasons)


async def test_tasks_are_listed_page_by_page(steno: Both, talk: Path) -> None:
    """All of them come, whatever the size of a page, and conditions are heeded."""
    made = {(await steno("submit", talk)).task_id for _ in range(5)}

    listed = await steno("jobs", limit="2")
    none = await steno("jobs", file_name="other")

    assert (sorted(made), []) == (sorted(task.task_id for task in listed), none)


async def test_a_task_id_is_no_path(steno: Both) -> None:
    """Whatever is asked for as a task stays one step of the path."""
    with pytest.raises(NotFoundError) as raised:
        await steno("status", "../queue")

    assert raised.value.problem.slug in {"task-unknown", "path-unknown"}
