"""How programs use the client: only type-checked, never run.

mypy is strict here, and an ignore that is not needed is an error: so each line below is right, or wrong as it says.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from steno_client import AsyncSteno, Queue, Released, S3Address, Steno, TaskAccepted, TaskStatus, Upload


def blocking(steno: Steno) -> None:
    """Use every method of the client that blocks."""
    accepted: TaskAccepted = steno.submit(Path("talk.wav"), language="de", hotwords=["Kueue"], progress=shown)
    steno.submit(S3Address("recordings", "talk.wav"), vad=False)
    steno.submit("talk.wav", voice="low")  # type: ignore[call-arg]
    steno.submit("talk.wav", beam_size="wide")  # type: ignore[arg-type]
    status: TaskStatus = steno.wait(accepted.task_id, progress=lambda seen: seen.progress)
    file: Path = steno.download(status.task_id, "srt")
    content: bytes = steno.read(status.task_id)
    tasks: Iterator[TaskStatus] = steno.jobs(status="failed")
    queue: Queue = steno.queue()
    released: Released = steno.release(status.task_id)
    status.status = "failed"  # type: ignore[misc]
    del file, content, tasks, queue, released


async def not_blocking(steno: AsyncSteno) -> None:
    """Use the other one."""
    accepted: TaskAccepted = await steno.submit("https://example.com/talk.mp3", model="large-v3")
    status: TaskStatus = await steno.wait(accepted.task_id, timeout_seconds=60)
    tasks: AsyncIterator[TaskStatus] = steno.jobs()
    async for task in tasks:
        await steno.cancel(task.task_id)
    again: TaskAccepted = await steno.retry(status.task_id)
    del again


def shown(upload: Upload) -> None:
    """Take an upload's progress."""
    del upload
