"""Whose progress it is, and when a worker is told to stop: followed home over real owner references."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from control_plane.progress.tokens import token_of
from control_plane.progress.workplace import Workplace
from steno_kube import ConflictError
from steno_types import FINALIZER, Progress, Stage, to_rfc3339
from support import kubelet

NOW = to_rfc3339(datetime.now(UTC))


async def test_a_worker_moves_its_own_job_alone(workplace: Workplace) -> None:
    """Of two jobs' workers, each token moves one job."""
    first, second = (workplace.work_for(workplace.submit(name)) for name in ("talk", "walk"))

    await workplace.report(token_of(workplace.api, second), 70)
    alone = workplace.progress("talk")
    await workplace.report(token_of(workplace.api, first), 30)

    percents = [(workplace.progress(name) or {}).get("percent") for name in ("talk", "walk")]
    assert (None, [30, 70]) == (alone, percents)


STRANGERS: dict[str, Callable[[Workplace], Any]] = {
    "PodOfNoJob": lambda workplace: workplace.pod_of_a_deployment("talk", job="talk"),
    "BatchJobNotOurs": lambda workplace: workplace.pod_of_a_batch_job("somebodys", job="talk"),
}


@pytest.mark.parametrize(("refusal", "stranger"), STRANGERS.items(), ids=STRANGERS)
async def test_a_strangers_pod_is_refused(
    workplace: Workplace, refusal: str, stranger: Callable[[Workplace], Any]
) -> None:
    """A Deployment's pod and a foreign Job's pod carry the job's label, run under its account, and move nothing."""
    workplace.submit("talk")

    answer = await workplace.report(token_of(workplace.api, stranger(workplace)))

    assert (403, refusal) == (answer.status_code, answer.json()["reason"])
    assert workplace.progress("talk") is None


async def test_a_bare_pod_is_refused(workplace: Workplace) -> None:
    """A pod that somebody made by hand, with the job's label, moves nothing."""
    workplace.submit("talk")

    answer = await workplace.report(token_of(workplace.api, workplace.bare_pod("talk-0", job="talk")))

    assert (403, "PodOfNoJob") == (answer.status_code, answer.json()["reason"])
    assert workplace.progress("talk") is None


CHANGES: dict[str, Callable[[Workplace], Any]] = {
    "suspended": lambda workplace: workplace.api.patch("talk", {"spec": {"suspend": True}}),
    "cancelled": lambda workplace: workplace.api.patch("talk", {"spec": {"cancel": True}}),
    "being deleted": lambda workplace: workplace.api.delete("talk"),
    "being ended": lambda workplace: workplace.api.patch_status(
        "talk", {"stopping": {"reason": "DeadlineExceeded", "message": "Too long.", "time": NOW}}
    ),
    "complete": lambda workplace: workplace.api.patch_status(
        "talk",
        {"conditions": [{"type": "Complete", "status": "True", "reason": "Transcribed", "lastTransitionTime": NOW}]},
    ),
    "given another Job": lambda workplace: workplace.api.patch_status(
        "talk", {"jobRef": {"name": "talk-00000000-1", "uid": "another"}, "launches": 2}
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_a_worker_is_told_to_stop(workplace: Workplace, change: Callable[[Workplace], Any]) -> None:
    """The report after the change is answered with "stop", and is not written any more."""
    pod = workplace.work_for(workplace.submit("talk", finalizers=[FINALIZER]))
    token = token_of(workplace.api, pod)
    before = await workplace.report(token, 40)
    change(workplace)

    after = await workplace.report(token, 100, Stage.PUBLISH)

    assert ({"stop": False}, {"stop": True}) == (before.json(), after.json())
    assert 40 == (workplace.progress("talk") or {}).get("percent")


async def test_a_pod_on_its_way_out_is_told_to_stop(workplace: Workplace) -> None:
    """While a deleted pod's containers may still run, its worker hears that they need not."""
    pod = workplace.work_for(workplace.submit("talk"))
    token, core, where = token_of(workplace.api, pod), workplace.api.core, workplace.api.namespace
    held = {"metadata": {"finalizers": [*pod.metadata.finalizers, "test.example/held"]}}
    core.patch_namespaced_pod(pod.metadata.name, where, held)
    core.delete_namespaced_pod(pod.metadata.name, where)

    answer = await workplace.report(token)
    core.patch_namespaced_pod(pod.metadata.name, where, {"metadata": {"finalizers": None}})

    assert {"stop": True} == answer.json()
    assert workplace.progress("talk") is None


async def test_a_pod_that_is_over_is_told_to_stop(workplace: Workplace) -> None:
    """A worker on a node that was given up may still run, unseen, after its pod was called Failed."""
    pod = workplace.work_for(workplace.submit("talk"))
    token = token_of(workplace.api, pod)
    kubelet.end(workplace.api, pod, exit_code=137)

    answer = await workplace.report(token)

    assert {"stop": True} == answer.json()
    assert workplace.progress("talk") is None


async def test_a_job_that_changed_meanwhile_is_not_written(workplace: Workplace) -> None:
    """Neither a newer version of the job nor a later job of its name takes what was meant for the old one."""
    namespace, jobs, progress = workplace.api.namespace, workplace.jobs, some_progress()
    workplace.submit("talk")
    old = await jobs.get(namespace, "talk")
    workplace.api.patch("talk", {"spec": {"ttlSecondsAfterFinished": 60}})
    with pytest.raises(ConflictError):
        await jobs.patch_progress(old, progress)
    changed = await jobs.get(namespace, "talk")
    workplace.api.delete("talk")
    workplace.submit("talk")

    with pytest.raises(ConflictError):
        await jobs.patch_progress(changed, progress)

    assert workplace.progress("talk") is None


async def test_the_rest_of_the_status_is_left_alone(workplace: Workplace) -> None:
    """Progress is merged beside what the operator wrote, and the second write changes what the first one said."""
    workplace.submit("talk")
    workplace.api.patch_status("talk", {"warnings": ["Mind the gap."]})
    job = await workplace.jobs.get(workplace.api.namespace, "talk")

    first = await workplace.jobs.patch_progress(job, some_progress())
    second = await workplace.jobs.patch_progress(first, some_progress(stage=None, percent=50))

    assert (some_progress(stage=None, percent=50), ("Mind the gap.",)) == (
        second.status.progress,
        second.status.warnings,
    )


def some_progress(**changes: Any) -> Progress:
    """Say that the work has begun."""
    said = {"stage": Stage.FETCH, "percent": 1, "processed_seconds": 1, "total_seconds": 100, "time": NOW, **changes}
    return Progress.model_validate(said)
