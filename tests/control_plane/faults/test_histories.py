"""A hundred random histories, played at the same time in one namespace: each leaves the world as it must be.

Each has its seed, and ``STENO_HISTORIES_SEED`` (one seed, or a range) plays others, for as long as anybody likes.
What strikes everybody, an operator killed, a store away, a burst of faults, is drawn by single histories too. A
failure shows the history, as it was drawn and as it went: what is chance in it is when each thing happened.
"""

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from control_plane.conftest import MakeOperator, account_of, new_namespace
from control_plane.faults.actor import Actor
from control_plane.faults.histories import BUCKET, SEED_VARIABLE, history, seeds
from control_plane.faults.stage import Observatory, Stage
from control_plane.operator_loop.attempts import Attempts
from local_cluster.control_plane import ControlPlane
from local_cluster.object_stores import MinioServer
from steno_store import ObjectStore, keys, read_manifest
from steno_types import RESULTS_PREFIX_ANNOTATION, Manifest, Outcome
from support.faulty_proxy import FaultyProxy
from support.kubernetes_api import Raw, wait_for
from support.s3_buckets import S3Account

AT_ONCE: Final = 50
"""Histories under way."""

REST_SECONDS: Final = 150
"""For a job to come to rest: the Job controller waits up to 80 s before its fourth pod."""

TERMINAL: Final = frozenset({"Completed", "Failed"})

SEEDS: Final = seeds()


@dataclass
class Ending:
    """How a history ended, before and after its job was deleted."""

    actor: Actor
    job: Raw | None = None
    """At rest; None: it is gone."""
    manifest: Manifest | None = None
    manifests: int = 0
    """Versions of the manifest that were ever written."""
    at_work: list[str] = field(default_factory=list)
    """Jobs and pods of a job at rest that could still do something."""
    error: BaseException | None = None


@dataclass
class World:
    """What became of everything."""

    stage: Stage
    endings: dict[int, Ending]
    orphans: list[str] = field(default_factory=list)
    """Jobs whose owner is no job that is there."""
    left: list[str] = field(default_factory=list)
    """What was there when all jobs had been deleted."""
    log: str = ""
    """Of the operator."""


def versions(account: S3Account, bucket: str, prefix: str) -> list[str]:
    """Give the keys of all versions, and of all delete markers, under a prefix."""
    pages: Any = account.client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
    return [entry["Key"] for page in pages for kind in ("Versions", "DeleteMarkers") for entry in page.get(kind, ())]


def at_work(stage: Stage, name: str) -> list[str]:
    """Name the Jobs and pods of a job that could still do something."""
    batch_jobs = (
        found.metadata.name
        for found in stage.api.batch_jobs(name)
        if found.metadata.deletion_timestamp is None
        and not any(c.type in {"Complete", "Failed"} and c.status == "True" for c in found.status.conditions or [])
    )
    pods = (
        pod.metadata.name
        for pod in stage.api.pods(name)
        if pod.metadata.deletion_timestamp is None and pod.status.phase in {"Pending", "Running"}
    )
    return [*batch_jobs, *pods]


def look_at(stage: Stage, account: S3Account, ending: Ending) -> None:
    """Look at a job at rest, and wait until its Jobs and pods are so too."""
    name = ending.actor.history.name
    ending.job = stage.api.job(name)
    if ending.job is None:
        return
    prefix = ending.job["metadata"].get("annotations", {}).get(RESULTS_PREFIX_ANNOTATION)
    if prefix is not None:
        store = stage.attempts.store
        ending.manifest = read_manifest(store, prefix)
        ending.manifests = len(versions(account, store.bucket, keys.manifest(prefix)))

    def quiet() -> bool | None:
        ending.at_work = at_work(stage, name)
        return True if not ending.at_work else None

    try:
        wait_for(quiet, f"the workers of {name} to be gone", timeout_seconds=45)
    except AssertionError as error:
        ending.error = error


def play(ending: Ending) -> None:
    """Play a history and let its job come to rest."""
    try:
        ending.actor.play()
        ending.actor.rest(REST_SECONDS)
    except Exception as error:  # noqa: BLE001 -- told by the tests of its history
        ending.error = error


def clear(stage: Stage, account: S3Account, world: World) -> None:
    """Delete all jobs, and list what is left."""
    api = stage.api
    jobs = api.custom.list_namespaced_custom_object("steno.dev", "v1alpha1", api.namespace, "transcriptionjobs")[
        "items"
    ]
    uids = {job["metadata"]["uid"] for job in jobs}
    for found in api.batch.list_namespaced_job(api.namespace).items:
        owners = {owner.uid for owner in found.metadata.owner_references or []}
        if not owners & uids:
            world.orphans.append(found.metadata.name)
    for job in jobs:
        api.delete(job["metadata"]["name"])

    def everything() -> list[str]:
        gone = [job["metadata"]["name"] for job in jobs if api.job(job["metadata"]["name"]) is not None]
        left = [found.metadata.name for found in api.batch.list_namespaced_job(api.namespace).items]
        left += [pod.metadata.name for pod in api.core.list_namespaced_pod(api.namespace).items]
        return [*gone, *left, *versions(account, stage.attempts.store.bucket, f"steno/{api.namespace}/")]

    def nothing() -> bool | None:
        world.left = everything()
        return True if not world.left else None

    try:
        wait_for(nothing, "everything to be gone", timeout_seconds=90)
    except AssertionError:
        return  # what is left is the test's to tell


@pytest.fixture(scope="module")
def world(
    control_plane: ControlPlane,
    make_operator: MakeOperator,
    store: ObjectStore,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    """All histories, played to their ends."""
    path: Path = tmp_path_factory.mktemp("way") / "kubeconfig"
    api = new_namespace(control_plane)
    # Its default is a handful, and every further request would open a connection of its own.
    api.connection.rest_client.pool_manager.connection_pool_kw["maxsize"] = AT_ONCE
    with (
        FaultyProxy(control_plane, path, seed=SEEDS[0]) as proxy,
        MinioServer() as server,
        closing(account_of(server)) as account,
    ):
        account.client.create_bucket(Bucket=store.bucket)
        account.client.put_bucket_versioning(Bucket=store.bucket, VersioningConfiguration={"Status": "Enabled"})
        with closing(account.store(store.bucket)) as own:
            operator = make_operator(
                api,
                kubeconfig=path,
                server=server,
                S3_STORAGE_BUCKET=BUCKET,
                STENO_COMPLETE_GRACE_SECONDS="2",
                STENO_FAILED_GRACE_SECONDS="2",
            )
            stage = Stage(Attempts(api, own), proxy, operator, server, Observatory(api))
            world = World(stage, {seed: Ending(Actor(stage, history(seed))) for seed in SEEDS})
            with ThreadPoolExecutor(AT_ONCE) as at_once:
                list(at_once.map(play, world.endings.values()))
                list(at_once.map(lambda ending: look_at(stage, account, ending), world.endings.values()))
            clear(stage, account, world)
            world.log = operator.log.read_text()
            stage.end()
            yield world
            operator.kill()


def told(world: World, seed: int) -> str:
    """Tell a history, so that a failure can be understood and tried again."""
    ending = world.endings[seed]
    drawn = ending.actor.history
    return "\n".join(
        [
            f"{SEED_VARIABLE}={seed}: {drawn.spec}",
            f"drawn: {', '.join(map(str, drawn.steps))}",
            f"went: {', '.join(ending.actor.log)}",
            f"troubles of all: {', '.join(world.stage.troubles)}",
            f"in the end: {ending.job and ending.job.get('status')}",
            f"still at work: {ending.at_work}; {ending.error!r}",
        ]
    )


def true_conditions(job: Raw) -> dict[str, Any]:
    """Give the reasons of the conditions that hold, by type."""
    return {c["type"]: c["reason"] for c in job["status"]["conditions"] if c["status"] == "True"}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_history_ends_as_it_must(world: World, seed: int) -> None:
    """At rest a job has one outcome, its manifest's, or a stated reason to wait; its attempts add up."""
    ending = world.endings[seed]
    story = told(world, seed)
    assert ending.error is None, story
    assert [] == ending.actor.together, story
    job = ending.job
    if job is None:
        return  # released on the way
    true = true_conditions(job)
    outcomes = {"Complete", "Failed"} & true.keys()
    assert len(outcomes) == 1 or true.get("Suspended"), story
    assert [] == ending.at_work, story
    check_manifest(ending, true, story)
    check_attempts(job, ended=bool(outcomes), story=story)


def check_manifest(ending: Ending, true: dict[str, Any], story: str) -> None:
    """Whoever has an outcome has one manifest, and says the same."""
    manifest, job = ending.manifest, ending.job
    assert job is not None
    if manifest is None:
        assert "Suspended" in true, story
        assert 0 == ending.manifests, story
        return
    assert 1 == ending.manifests, story
    assert ("Complete" in true) == (manifest.outcome is Outcome.COMPLETE), story
    if manifest.failure is not None:
        assert manifest.failure.reason == true["Failed"] == job["status"]["failure"]["reason"], story
    assert [output.sha256 for output in manifest.outputs] == [o["sha256"] for o in job["status"]["outputs"]], story


def check_attempts(job: Raw, *, ended: bool, story: str) -> None:
    """No attempt is listed twice or ends before it began, and none is counted beyond the limit."""
    attempts = job["status"].get("attempts", [])
    assert len(attempts) == len({attempt["name"] for attempt in attempts}), story
    assert all(attempt["start"] <= attempt["end"] for attempt in attempts if "end" in attempt), story
    assert all("end" in attempt for attempt in attempts) or not ended, story
    assert sum(attempt["counted"] for attempt in attempts) <= job["spec"]["backoffLimit"] + 1, story


def test_nobody_turns_back(world: World) -> None:
    """No job that was Completed or Failed was ever seen as anything else afterwards."""
    turned = [
        phases
        for phases in world.stage.seen.phases.values()
        if any(before in TERMINAL for before, _ in itertools.pairwise(phases))
    ]
    assert [] == turned


def test_no_job_is_an_orphan(world: World) -> None:
    """Every Job belonged to a job that was there."""
    assert [] == world.orphans


def test_nothing_is_left(world: World) -> None:
    """When all jobs have been deleted there is no Job, no pod, and no version of an object."""
    assert [] == world.left


def test_the_operator_met_no_error_of_its_own(world: World) -> None:
    """Its log has the faults that were put in its way, and none that only a bug can bring."""
    own = ("AssertionError", "AttributeError", "KeyError", "TypeError", "ValidationError", "ValueError", "IndexError")
    assert [] == [line for line in world.log.splitlines() if line.startswith(own)]
