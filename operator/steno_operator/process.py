"""The operator's process: read the settings, connect, and run kopf and the queue side by side until one ends.

Called by `__main__`. The only module beside `handlers` that knows kopf.
"""

import asyncio
import logging
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import kopf
import uvloop
from pydantic import ValidationError
from pydantic_settings import SettingsError

from steno_kube import ClusterUnknownError, TranscriptionJobs, connect
from steno_operator import handlers, profiles
from steno_operator.client import BatchJobs, UploadReaders
from steno_operator.context import Context
from steno_operator.controller import Controller
from steno_operator.installation import Installation
from steno_operator.queue import ReconcileQueue
from steno_operator.settings import OperatorSettings
from steno_store import ObjectStore, StoreSettings
from steno_types import environment_faults

EXIT_CONFIG = 78
"""sysexits.h EX_CONFIG: started with settings it cannot use."""

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
        image_pull_secrets=settings.image_pull_secrets,
    )


async def serve(settings: OperatorSettings, store_settings: StoreSettings, here: Installation) -> None:
    """Run until a signal ends kopf, or until the queue fails."""
    client = connect("steno-operator")
    context = Context(
        jobs=TranscriptionJobs(client),
        batch_jobs=BatchJobs(client),
        upload_readers=UploadReaders(client),
        # The queue tries again, and better: a try here holds a reconcile's place.
        store=ObjectStore.from_settings(store_settings, connections=settings.concurrent_reconciles, tries=2),
        installation=here,
    )
    # asyncio's own default is a handful of threads on a small machine: reconciles would wait for one another's store.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(settings.concurrent_reconciles, "store"))
    queue = ReconcileQueue()
    registry = kopf.OperatorRegistry()
    handlers.register(registry, queue)
    work = asyncio.create_task(
        queue.run(Controller(context).reconcile, concurrency=settings.concurrent_reconciles), name="queue"
    )
    # kopf takes every later task for its own and cancels it at its end: let the queue's workers come first.
    await asyncio.sleep(0)
    watch = asyncio.create_task(
        kopf.operator(
            registry=registry,
            settings=handlers.settings(),
            namespaces=[settings.namespace],
            liveness_endpoint=f"http://0.0.0.0:{settings.health_port}/healthz",
        ),
        name="kopf",
    )
    try:
        done, _ = await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        await client.close()


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
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # A line per request, probe and event says nothing that the reconcile's own lines do not.
    for chatty in ("aiohttp.access", "botocore", "httpx2", "kopf.objects"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(serve(settings, store_settings, here))
        except ClusterUnknownError as error:
            return _refuse(f"cannot find the Kubernetes API server: {error}")
        # Threads that wait for the store would hold the process for as long; what they do is repeated after a start.
        logging.shutdown()
        os._exit(0)
