"""Watches that fail: whatever the operator does not hear of, it finds out, and goes on."""

from functools import partial

import httpx

from control_plane.faults.conftest import Faulty, MakeFaulty
from control_plane.operator_loop.attempts import SOURCE, ended_attempts
from steno_operator.heartbeat import KINDS
from steno_types import FINALIZER
from support import kubelet
from support.faulty_proxy import CutInHalf, Drop, OpenWatch, Refuse, Rule
from support.kubernetes_api import Raw, wait_for


def hears_all(_resource: str, _event: Raw) -> bool:
    """Lose nothing."""
    return False


def deafen(faulty: Faulty, *resources: str) -> None:
    """Let the operator hear nothing of these resources, as if the server had forgotten what happens from now on."""
    faulty.proxy.loses = lambda resource, _: resource in resources


def wait_for_lost(faulty: Faulty, resource: str, name: str) -> None:
    """Wait until the operator has missed that an object went."""
    wait_for(lambda: ("DELETED", resource, name) in faulty.proxy.lost or None, f"the deletion of {name}")


def wait_for_watch(faulty: Faulty, kind: str, *, number: int) -> None:
    """Wait until a kind has been watched so many times."""
    wait_for(lambda: faulty.proxy.begun[kind] >= number or None, f"watch {number} of {kind}")


def expire(faulty: Faulty, *resources: str) -> None:
    """Tell the operator's watches of these resources that they are out of date; it hears what happens from now on."""
    faulty.proxy.loses = hears_all
    for resource in resources:
        again = faulty.proxy.begun[resource] + 1
        faulty.proxy.fail_watches(resource, 410)
        wait_for_watch(faulty, resource, number=again)


def jobs_known(faulty: Faulty) -> int:
    """Count the jobs that the operator has at a glance."""
    lines = httpx.get(f"{faulty.operator.url}/metrics", trust_env=False).text.splitlines()
    return sum(int(float(line.rpartition(" ")[2])) for line in lines if line.startswith("steno_jobs{"))


def test_a_job_whose_deletion_was_missed(faulty: Faulty) -> None:
    """A Job and its pod that went while nobody heard of it are found missing: another Job follows, and it counts."""
    attempts = faulty.attempts
    attempts.submit("talk", backoffLimit=1)
    pod = attempts.run("talk")
    (batch_job,) = faulty.api.batch_jobs("talk")
    deafen(faulty, "jobs", "pods")
    faulty.api.batch.delete_namespaced_job(
        batch_job.metadata.name, faulty.api.namespace, propagation_policy="Background"
    )
    wait_for_lost(faulty, "jobs", batch_job.metadata.name)
    wait_for_lost(faulty, "pods", pod.metadata.name)

    expire(faulty, "jobs", "pods")

    attempts.wait_for_batch_job("talk", 1)
    assert [("JobLost", True), (None, False)] == ended_attempts(attempts.complete("talk"))


def test_a_pod_whose_deletion_was_missed(faulty: Faulty) -> None:
    """An attempt whose pod went unheard is closed, free of charge, and the pod that replaces it is followed."""
    attempts = faulty.attempts
    attempts.submit("talk", backoffLimit=0)
    pod = attempts.run("talk")
    deafen(faulty, "pods")
    faulty.api.core.delete_namespaced_pod(pod.metadata.name, faulty.api.namespace, grace_period_seconds=0)
    wait_for_lost(faulty, "pods", pod.metadata.name)
    second = attempts.next_pod("talk", than=pod)

    expire(faulty, "pods")

    attempts.wait_for_ended("talk")
    done = attempts.complete("talk")
    assert [("Terminated", False), (None, False)] == ended_attempts(done)
    assert [pod.metadata.name, second.metadata.name] == [attempt["name"] for attempt in done["status"]["attempts"]]


def test_the_end_of_a_worker_that_was_missed(faulty: Faulty) -> None:
    """A worker that claimed and ended unheard has completed its job."""
    attempts = faulty.attempts
    attempts.submit("talk")
    pod = attempts.run("talk")
    deafen(faulty, *KINDS)
    attempts.claim("talk", pod)
    kubelet.end(faulty.api, pod, exit_code=0)
    wait_for(lambda: ("MODIFIED", "pods", pod.metadata.name) in faulty.proxy.lost or None, "the end to be missed")

    expire(faulty, *KINDS)

    assert [(None, False)] == ended_attempts(faulty.api.wait_for_phase("talk", "Completed"))


def test_a_job_whose_release_was_missed(faulty: Faulty) -> None:
    """A job's last event can be missed: then nothing is left to do, but to forget it."""
    # The request to delete it cannot, for good: its finalizer keeps it where a list shows it.
    attempts = faulty.attempts
    attempts.submit("talk")
    job = attempts.complete("talk")
    known = jobs_known(faulty)
    deafen(faulty, *KINDS)
    faulty.api.delete("talk")
    wait_for(lambda: ("MODIFIED", "transcriptionjobs", "talk") in faulty.proxy.lost or None, "it to be missed")
    waiting = faulty.api.job("talk")

    expire(faulty, "transcriptionjobs")
    faulty.proxy.loses = lambda resource, event: (resource, event["type"]) == ("transcriptionjobs", "DELETED")

    last = faulty.api.watch_until_gone(job)[-1]
    assert waiting is not None
    assert [FINALIZER] == waiting["metadata"]["finalizers"]
    assert last["status"]["release"]["verifiedEmpty"]
    wait_for_lost(faulty, "transcriptionjobs", "talk")
    wait_for(lambda: jobs_known(faulty) == 0 or None, "the operator to forget it")
    assert 1 == known


def test_an_error_that_is_not_understood_ends_the_process(faulty: Faulty) -> None:
    """Where any watch says that it failed, the process ends with an error, and its next start goes on."""
    attempts = faulty.attempts
    attempts.submit("talk")

    for lives, kind in enumerate(KINDS, start=1):
        wait_for_watch(faulty, kind, number=lives)
        faulty.proxy.fail_watches(kind, 500)
        assert 1 == faulty.operator.wait(), kind
        faulty.operator.start()

    assert [(None, False)] == ended_attempts(attempts.complete("talk"))
    assert 1 == len(faulty.api.batch_jobs("talk"))


def silence(faulty: Faulty) -> None:
    """Let the watches of all kinds, once they are open, say nothing more."""
    for kind in KINDS:
        wait_for(partial(open_watches, faulty, kind), f"{kind} to be watched")
        faulty.proxy.silence(kind)


def open_watches(faulty: Faulty, kind: str) -> list[OpenWatch] | None:
    """Give the watches of a kind that are open; None: there are none."""
    return faulty.proxy.watches(kind) or None


def test_watches_that_stay_open_and_say_nothing(make_faulty: MakeFaulty) -> None:
    """A silent watch is begun anew where it was, so that all is heard late and nothing is listed again."""
    # Bookmarks do not come either: after minutes without one the server may say 410, which others of these tests do.
    faulty = make_faulty(STENO_WATCH_SILENCE_SECONDS="1")
    faulty.proxy.loses = lambda _, event: event["type"] == "BOOKMARK"
    attempts = faulty.attempts

    silence(faulty)
    attempts.submit("talk")
    silence(faulty)
    pod = attempts.run("talk")
    silence(faulty)
    attempts.claim("talk", pod)
    kubelet.end(faulty.api, pod, exit_code=0)
    done = faulty.api.wait_for_phase("talk", "Completed")
    silence(faulty)
    faulty.api.delete("talk")
    faulty.api.wait_until_gone("talk")

    assert [(None, False)] == ended_attempts(done)
    # Jobs are listed by the watch alone; each silence but the last was followed by another watch.
    assert 1 == faulty.proxy.asked("LIST jobs")
    assert faulty.proxy.asked("WATCH jobs") >= 4
    assert 0 == faulty.operator.stop()


def test_watches_that_cannot_be_begun(make_faulty: MakeFaulty) -> None:
    """Lists and watches that fail are tried again, with pauses, until they hold; nothing is missed meanwhile."""
    faults = (
        Refuse(code=429, retry_after_seconds=2),
        Drop(after=False),
        CutInHalf(),
        Refuse(code=500),
        Refuse(code=503),
    )
    rules = [
        Rule(fault=fault, what=f"{verb} {kind}", times=1)
        for verb in ("LIST", "WATCH")
        for kind in KINDS
        for fault in faults
    ]
    faulty = make_faulty(before=rules)
    attempts = faulty.attempts
    faulty.api.submit("talk", SOURCE)
    faulty.api.wait_for_phase("talk", "Queued", timeout_seconds=90)

    done = attempts.complete("talk")

    wait_for(lambda: all(rule.struck for rule in rules) or None, "all to have failed", timeout_seconds=90)
    assert [(None, False)] == ended_attempts(done)
    # Each is asked for once more than it was struck, and once more where kopf begins again with the list.
    for kind in KINDS:
        assert faulty.proxy.asked(f"LIST {kind}") <= 2 * len(faults) + 1
        assert faulty.proxy.asked(f"WATCH {kind}") <= 2 * len(faults) + 1
