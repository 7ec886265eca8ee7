"""TTLs on a real control plane: finished jobs go when their time is over, with all that is theirs."""

from datetime import UTC, datetime, timedelta
from typing import Any

from control_plane.operator_loop.attempts import Attempts
from support.kubernetes_api import Api, wait_for

Raw = dict[str, Any]


def told(job: Raw, field: str) -> datetime:
    """Read a time of the status."""
    return datetime.fromisoformat(job["status"][field])


def patched(api: Api, name: str, ttl_seconds: int | None) -> None:
    """Change a job's TTL."""
    api.patch(name, {"spec": {"ttlSecondsAfterFinished": ttl_seconds}})


def wait_for_expiration(api: Api, name: str, ttl_seconds: int | None) -> Raw:
    """Wait until the status tells the expiration that a TTL makes."""

    def look() -> Raw | None:
        job = api.job(name)
        assert job is not None
        expected = None if ttl_seconds is None else told(job, "completionTime") + timedelta(seconds=ttl_seconds)
        found = told(job, "expirationTime") if "expirationTime" in job["status"] else None
        return job if expected == found else None

    return wait_for(look, f"{name} to tell a TTL of {ttl_seconds}")


def test_a_finished_job_expires_with_its_objects(served: Api, attempts: Attempts, name: str) -> None:
    """Its own TTL over, a job is released: the receipt says so, and the store is as it was."""
    attempts.submit(name, ttlSecondsAfterFinished=1)
    job = attempts.complete(name)
    prefix = attempts.prefix(name)

    receipt = served.watch_until_gone(job)[-1]["status"]["release"]

    assert timedelta(seconds=1) == told(job, "expirationTime") - told(job, "completionTime")
    assert told(job, "expirationTime") <= datetime.fromisoformat(receipt["time"])
    assert (4, True) == (receipt["objects"], receipt["verifiedEmpty"])
    assert attempts.store.is_empty(prefix)


def test_a_ttl_may_change_after_the_end(served: Api, attempts: Attempts, name: str) -> None:
    """The expiration follows the TTL: the installation's, longer, never, the installation's again, and then soon."""
    attempts.submit(name)
    job = attempts.complete(name)
    week = 604_800

    wait_for_expiration(served, name, week)
    for ttl_seconds, expected in ((2 * week, 2 * week), (-1, None), (None, week)):
        patched(served, name, ttl_seconds)
        wait_for_expiration(served, name, expected)
    patched(served, name, 0)

    assert served.watch_until_gone(job)[-1]["status"]["release"]["verifiedEmpty"]


def test_a_job_that_is_kept_outlives_one_that_is_not(served: Api, attempts: Attempts, name: str) -> None:
    """A TTL of -1 tells no expiration and keeps the job while another, finished later, goes."""
    kept, gone = f"{name}-kept", f"{name}-gone"
    attempts.submit(kept, ttlSecondsAfterFinished=-1)
    attempts.complete(kept)
    attempts.submit(gone, ttlSecondsAfterFinished=0)

    pod = attempts.start(gone)
    attempts.claim(gone, pod)
    attempts.end(gone, pod, 0)
    served.wait_until_gone(gone)

    job = served.job(kept)
    assert job is not None
    assert "expirationTime" not in job["status"]
    assert "deletionTimestamp" not in job["metadata"]


def test_an_unfinished_job_does_not_expire(served: Api, attempts: Attempts, name: str) -> None:
    """A TTL of zero counts from the end, and a job that waits for ever has none."""
    attempts.submit(name, ttlSecondsAfterFinished=0)
    attempts.start(name)

    job = served.wait_for_phase(name, "Processing")

    assert "expirationTime" not in job["status"]
    assert datetime.now(UTC) >= datetime.fromisoformat(job["metadata"]["creationTimestamp"])


def test_the_installations_expiry_counts_where_a_job_has_none(api: Api, make_operator: Any, store: Any) -> None:
    """CACHE_EXPIRY reaches every job without a TTL of its own; -1 keeps them all."""
    operator = make_operator(api, CACHE_EXPIRY="-1")
    attempts = Attempts(api, store)
    attempts.submit("talk")
    finished = attempts.complete("talk")
    assert "expirationTime" not in finished["status"]
    operator.stop()

    operator = make_operator(api, CACHE_EXPIRY="0")

    assert api.watch_until_gone(finished)[-1]["status"]["release"]["verifiedEmpty"]
    operator.kill()
