"""Five thousand jobs are put in order once, and then each answer is a look-up."""

from collections.abc import Iterator, Mapping
from typing import Final

from steno_types import (
    PaceBook,
    QueueKey,
    QueueOrder,
    Standing,
    TranscriptionJob,
    WaitingReason,
    estimated_completion_time,
    estimated_start_times,
    explain,
    standing,
)
from unit.waiting.jobs import PROFILE, a_finished_job, a_running_job, a_waiting_job, at

JOBS: Final = 5000
RUNNING: Final = 8
FINISHED: Final = 992


class CountingPriorities(Mapping[str, int]):
    """Priorities that count how often they are asked for."""

    def __init__(self, priorities: Mapping[str, int]) -> None:
        self._priorities = priorities
        self.asked = 0

    def __getitem__(self, name: str) -> int:
        self.asked += 1
        return self._priorities[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._priorities)

    def __len__(self) -> int:
        return len(self._priorities)


def five_thousand_jobs() -> list[TranscriptionJob]:
    """Give eight that run, some that have ended, and 4,000 that wait in four queues."""
    running = [a_running_job(f"running-{n}", since=970) for n in range(RUNNING)]
    finished = [a_finished_job(f"finished-{n}", completed=n) for n in range(FINISHED)]
    waiting = [
        a_waiting_job(
            f"talk-{n}", created=n % 500, priority=("high", "low")[n % 2], profile=f"gpu{n % 4}" if n % 4 else PROFILE
        )
        for n in range(JOBS - RUNNING - FINISHED)
    ]
    return [job.build() for job in (*waiting, *running, *finished)]


def test_one_pass_answers_for_all() -> None:
    """The list is read once, each waiting job is ranked once, and no answer ranks anything again."""
    jobs = five_thousand_jobs()
    priorities = CountingPriorities({"high": 1, "low": 0})
    paces = PaceBook.of(jobs)

    order = QueueOrder(iter(jobs), default_profile=PROFILE, priorities=priorities)
    starts = estimated_start_times(order, paces, at(1000))
    answers = [explain(job, order, starts) for job in jobs]
    ends = [estimated_completion_time(job, paces, at(1000)) for job in jobs]

    waiting = JOBS - RUNNING - FINISHED
    assert [waiting // 4] * 4 == [len(queue.waiting) for queue in order.queues.values()]
    assert waiting == priorities.asked == sum(answer is not None for answer in answers)
    assert {WaitingReason.BEHIND_OTHERS} == {answer.reason for answer in answers if answer is not None}
    assert RUNNING == len(order.queues[QueueKey(PROFILE)].served)
    assert len(order.queues[QueueKey(PROFILE)].waiting) == len(starts)
    assert [standing(job) is Standing.RUNNING for job in jobs] == [end is not None for end in ends]
