"""The operator's process: read the settings, answer probes, wait to be the leader, run kopf and the queue.

Called by `__main__`. Puts the parts together; in which order they live and end stands in `lifecycle`. The only module
beside `handlers` that knows kopf.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

import kopf
import uvloop
from pydantic import ValidationError
from pydantic_settings import SettingsError

from steno_kube import ClusterUnknownError, Leases, TranscriptionJobs, connect
from steno_operator import handlers, profiles, serving
from steno_operator.backstop import settle_lifecycle_rule
from steno_operator.client import (
    BatchJobs,
    Events,
    JobReferences,
    Listing,
    Namespaces,
    OwnedObjects,
    TokenReviews,
    UploadReaders,
)
from steno_operator.context import Context
from steno_operator.controller import Controller
from steno_operator.gate import Gate
from steno_operator.heartbeat import Heartbeat
from steno_operator.installation import Installation
from steno_operator.leadership import Leadership, identity_of
from steno_operator.lifecycle import Alone, Election, live
from steno_operator.metrics import Metrics
from steno_operator.progress.intake import ProgressIntake
from steno_operator.queue import ReconcileQueue
from steno_operator.roster import Roster
from steno_operator.scope import Scope
from steno_operator.settings import OperatorSettings
from steno_operator.sweep import Sweeper
from steno_store import Breaker, ConditionalPutError, ObjectStore, StoreError, StoreSettings, check_conditional_put
from steno_store.lifecycle import LifecycleRule, backstop
from steno_types import JOB_LABEL, environment_faults

EXIT_CONFIG = 78
"""sysexits.h EX_CONFIG: started with settings it cannot use."""

STORE_RETRY_SECONDS = 30.0
"""Between looks at a store that does not answer when the operator begins to lead."""

STORE_ANSWER_SECONDS = 10.0
"""For which one request may wait for the store: as long as for the API server. All of them are small, and while a
reconcile waits, nothing else is done about its job: a cancelled one keeps its GPU."""

EXIT_LOST = 1
"""Another may act now, and this process must not."""

logger = logging.getLogger(__name__)


def installation(settings: OperatorSettings, store: StoreSettings) -> Installation:
    """Put together what decisions know of the installation."""
    told = {
        "STENO_STORE_BUCKET": store.bucket,
        "STENO_STORE_PREFIX": store.prefix,
        "STENO_STORE_REGION": store.region,
        "STENO_STORE_ENDPOINT": str(store.endpoint) if store.endpoint else "",
        **settings.worker_env,
    }
    return Installation(
        profiles=profiles.load(settings.profiles_file),
        layout=store.layout,
        bucket=store.bucket,
        default_destination_bucket=settings.default_destination_bucket,
        cache_expiry_seconds=settings.cache_expiry_seconds,
        worker_service_account=settings.worker_service_account,
        worker_env=tuple((name, value) for name, value in told.items() if value),
        store_secret=settings.store_secret,
        store_secrets=settings.store_secrets,
        image_pull_secrets=settings.image_pull_secrets,
        progress_url=settings.progress_url,
        queue_priorities=settings.queue_priorities,
        complete_grace_seconds=settings.complete_grace_seconds,
        failed_grace_seconds=settings.failed_grace_seconds,
        release_timeout_seconds=settings.release_timeout_seconds,
        pod_start_timeout_seconds=settings.pod_start_timeout_seconds,
    )


async def serve(
    settings: OperatorSettings, store_settings: StoreSettings, here: Installation, rule: LifecycleRule | None
) -> int:
    """Stand by, lead, and end as `lifecycle` says; gives the exit code."""
    stop = asyncio.Event()
    _stop_on_signals(stop)
    # asyncio's own default is a handful of threads on a small machine: reconciles would wait for one another's store.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(settings.concurrent_reconciles, "store"))
    scope = Scope.of(settings)
    heartbeat = Heartbeat()
    roster = Roster(here)
    metrics = Metrics(roster)
    # Its own connections: a renewal waits for no other request.
    election = elector(settings, scope, Leases(connect("steno-operator", told=metrics.requested)))
    queue = ReconcileQueue()

    def insist() -> None:
        if not election.still_leader():
            leave("this process may not act any more")

    client = connect("steno-operator", told=metrics.requested)
    context = Context(
        jobs=TranscriptionJobs(client),
        batch_jobs=BatchJobs(client),
        events=Events(client),
        upload_readers=UploadReaders(client),
        # The queue tries again, and better: a try here holds a reconcile's place.
        store=ObjectStore.from_settings(
            store_settings,
            connections=settings.concurrent_reconciles,
            tries=2,
            answer_seconds=STORE_ANSWER_SECONDS,
            breaker=Breaker(),
        ),
        installation=here,
        roster=roster,
        metrics=metrics,
        insist=insist,
    )
    metrics.watch(heartbeat.ages)
    metrics.show("leader", "1 on the replica that acts.", lambda: float(election.still_leader()))
    metrics.show("reconcile_queue_keys", "Jobs that wait for a reconcile.", lambda: float(len(queue)))
    sweeper = Sweeper(
        store=context.store,
        layout=here.layout,
        references=JobReferences(client, here.layout),
        cluster=Namespaces(client),
        own_namespace=settings.namespace,
        watched=scope.namespaces,
        still_leader=election.still_leader,
        condemning=context.condemning,
        grace_seconds=settings.sweep_grace_seconds,
    )
    gate = Gate(Controller(context).reconcile, insist)

    async def begin() -> list[asyncio.Task[None]]:
        await _look_around(Listing(client), scope, context.roster)
        work = asyncio.create_task(
            queue.run(gate.reconcile, concurrency=settings.concurrent_reconciles), name="the queue"
        )
        registry = kopf.OperatorRegistry()
        news = handlers.News(queue, context.sightings, context.roster)
        relisting = handlers.Relisting(queue, context.sightings, context.roster)
        handlers.register_login(registry, heartbeat, news, relisting)
        handlers.register(registry, news, queue, context.roster)
        settling = asyncio.create_task(_settle_store(context.store, here, rule), name="the store's settling")
        sweeping = asyncio.create_task(
            sweeper.run(every_seconds=settings.sweep_every_seconds, swept=metrics.swept), name="the sweep"
        )
        tuned = handlers.settings(scope, silence_seconds=settings.watch_silence_seconds)
        return [work, settling, sweeping, await _watch(registry, tuned, scope, heartbeat, stop)]

    answers = serving.application(
        healthy=heartbeat.complaints,
        # A standby serves as a leader does.
        ready=list,
        metrics=metrics.text,
        progress=progress_intake(scope, metrics),
    )
    async with serving.serve(answers, settings.health_port):
        return await live(election, stop=stop, begin=begin, drain=gate.close, lost=leave)


async def _settle_store(store: ObjectStore, here: Installation, rule: LifecycleRule | None) -> NoReturn:
    """See that the store can be relied on, and has its lifecycle rule, as soon as it answers; then rest.

    Raises
    ------
    ConditionalPutError
        Two attempts could both win: nothing may be done with such a store.
    """
    while True:
        try:
            await asyncio.to_thread(check_conditional_put, store, here.layout)
            await asyncio.to_thread(settle_lifecycle_rule, store, here.layout, rule)
        except ConditionalPutError:
            raise
        except StoreError as error:
            logger.warning("the store could not be looked at, and is asked again: %s", error)
            await asyncio.sleep(STORE_RETRY_SECONDS)
        else:
            await asyncio.Event().wait()


async def _look_around(listing: Listing, scope: Scope, roster: Roster) -> None:
    """See all jobs before the first one has its turn: those before it may have taken all places."""
    if not roster.limits_any():
        return
    for namespace in scope.namespaces or (None,):
        async for raw in listing.jobs(namespace):
            roster.saw_job(f"{raw['metadata']['namespace']}/{raw['metadata']['name']}", raw)
        async for raw in listing.pods(namespace):
            roster.saw_pod(f"{raw['metadata']['namespace']}/{raw['metadata']['labels'][JOB_LABEL]}", raw)


async def _watch(
    registry: kopf.OperatorRegistry,
    tuned: kopf.OperatorSettings,
    scope: Scope,
    heartbeat: Heartbeat,
    stop: asyncio.Event,
) -> asyncio.Task[None]:
    """Start kopf; gives the task that ends when kopf does."""
    heartbeat.begin(scope.namespaces)
    tasks = await kopf.spawn_tasks(
        registry=registry,
        settings=tuned,
        clusterwide=scope.namespaces is None,
        namespaces=scope.namespaces or (),
    )
    # It would end at a signal by itself, while reconciles still run.
    _stop_on_signals(stop)
    return asyncio.create_task(_first_end(tasks), name="kopf")


async def _first_end(tasks: Collection[asyncio.Task[None]]) -> None:
    """Wait until one of kopf's own tasks ends, which none does while all is well; raises its error.

    In place of kopf's `run_tasks`, which then waits for watches that begin anew, and cancels tasks that are not its
    own. Nobody needs to tidy up: the process ends.
    """
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


def _stop_on_signals(stop: asyncio.Event) -> None:
    """Let Kubernetes' and the terminal's wish to end set `stop`."""
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)


def elector(settings: OperatorSettings, scope: Scope, leases: Leases) -> Election:
    """Give what decides whether this process acts."""
    if not settings.leader_election:
        return Alone()
    return Leadership(
        leases,
        namespace=scope.lease_namespace,
        name=scope.lease_name,
        identity=identity_of(settings.pod_name or socket.gethostname()),
        predecessor=settings.pod_name,
    )


def leave(reason: str) -> NoReturn:
    """End at once, in the midst of things: nothing may be written any more."""
    logger.critical("leadership is lost, the process ends: %s", reason)
    logging.shutdown()
    os._exit(EXIT_LOST)


def progress_intake(scope: Scope, metrics: Metrics) -> ProgressIntake:
    """Give the way in for workers' reports, which every replica has."""
    client = connect("steno-operator", told=metrics.requested)
    return ProgressIntake(
        reviews=TokenReviews(client),
        owned=OwnedObjects(client),
        # A field manager of its own, so that the server tells progress from decisions.
        jobs=TranscriptionJobs(connect("steno-operator-progress", told=metrics.requested)),
        namespaces=frozenset(scope.namespaces) if scope.namespaces is not None else None,
    )


def _refuse(*messages: str) -> int:
    """Say what is wrong with the settings, a line each, and give the exit code for it."""
    for message in messages:
        sys.stderr.write(f"steno-operator: {message}\n")
    return EXIT_CONFIG


def main() -> int:
    """Read the settings and serve; the exit code says whether they could be used."""
    try:
        settings = OperatorSettings()
        store_settings = StoreSettings()
    except ValidationError as error:
        return _refuse(*environment_faults(error, OperatorSettings, StoreSettings))
    except SettingsError as error:  # no JSON where JSON is wanted
        return _refuse(str(error))
    try:
        here = installation(settings, store_settings)
    except (OSError, ValueError) as error:
        return _refuse(f"cannot use the profiles of {settings.profiles_file}: {error}")
    try:
        ttl_seconds = settings.cache_expiry_seconds
        rule = backstop(here.layout, ttl_seconds=ttl_seconds) if settings.lifecycle_rule else None
    except ValueError as error:
        return _refuse(str(error))
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # A line per request, probe and event says nothing that the reconcile's own lines do not.
    for chatty in ("aiohttp.access", "botocore", "httpx2", "kopf.objects"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            code = runner.run(serve(settings, store_settings, here, rule))
        except ClusterUnknownError as error:
            return _refuse(f"cannot find the Kubernetes API server: {error}")
        # Threads that wait for the store would hold the process for as long; what they do is repeated after a start.
        logging.shutdown()
        os._exit(code)
