"""Jobs and pods as a watch shows them, for the tests of this folder: a line says what is special about each."""

from typing import Any

from steno_operator.installation import Installation
from steno_operator.profiles import WorkerProfiles
from support.builders import NAMESPACE, PROFILES, an_installation

Raw = dict[str, Any]

PRIORITIES = {"high": 10, "low": -10}


def an_installation_with(**limits: int | None) -> Installation:
    """Give an installation whose profiles have these limits; one that is not named has none."""
    ordinary = WorkerProfiles.model_validate(PROFILES)
    limited = {
        name: profile.model_copy(update={"max_unscheduled": limits.get(name)})
        for name, profile in ordinary.profiles.items()
    }
    profiles = ordinary.model_copy(update={"profiles": limited})
    return an_installation(profiles=profiles, queue_priorities=PRIORITIES)


def key_of(name: str) -> str:
    """Give a job's key."""
    return f"{NAMESPACE}/{name}"


def a_raw_job(name: str, *, created: int = 0, status: Raw | None = None, **spec: Any) -> Raw:
    """Give a job that was created so many seconds past noon."""
    return {
        "metadata": {
            "namespace": NAMESPACE,
            "name": name,
            "creationTimestamp": f"2026-01-31T12:{created // 60:02}:{created % 60:02}Z",
        },
        "spec": {"source": {"s3": {"key": "talk.wav"}}, **spec},
        "status": status or {},
    }


def with_a_job_of_its_own(raw: Raw) -> Raw:
    """Let the status name the Job that does its work."""
    return {**raw, "status": {**raw["status"], "jobRef": {"name": f"{raw['metadata']['name']}-1", "uid": "1"}}}


def with_condition(raw: Raw, kind: str) -> Raw:
    """Let a condition hold."""
    return {**raw, "status": {**raw["status"], "conditions": [{"type": kind, "status": "True"}]}}


def being_deleted(raw: Raw) -> Raw:
    """Ask for its deletion."""
    return {**raw, "metadata": {**raw["metadata"], "deletionTimestamp": "2026-01-31T13:00:00Z"}}


def a_raw_pod(name: str, *, node: str | None = None) -> Raw:
    """Give a pod, on a node where one is named."""
    return {"metadata": {"name": name}, "spec": {"nodeName": node} if node else {}}
