"""Start the operator: read the settings, connect, and run kopf and the queue side by side until one ends.

``steno-operator`` or ``python -m steno_operator``. The only module beside `handlers` that knows kopf.
"""

import asyncio
import logging
import sys

import kopf
import uvloop
from pydantic import ValidationError

from steno_kube import TranscriptionJobs, connect
from steno_operator import handlers, profiles
from steno_operator.client import BatchJobs
from steno_operator.context import Context
from steno_operator.controller import Controller
from steno_operator.installation import Installation
from steno_operator.queue import ReconcileQueue
from steno_operator.settings import OperatorSettings
from steno_store import ObjectStore, StoreSettings

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
    }
    return Installation(
        profiles=profiles.load(settings.profiles_file),
        layout=store.layout,
        bucket=store.bucket,
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
        store=ObjectStore.from_settings(store_settings, connections=settings.concurrent_reconciles),
        installation=here,
    )
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


def main() -> int:
    """Read the settings and serve; the exit code says whether they could be used."""
    try:
        settings = OperatorSettings()
        store_settings = StoreSettings()
    except ValidationError as error:
        for problem in error.errors():
            place = ".".join(str(part) for part in problem["loc"])
            print(f"steno-operator: {error.title}: {place}: {problem['msg']}", file=sys.stderr)
        return EXIT_CONFIG
    try:
        here = installation(settings, store_settings)
    except (OSError, ValueError) as error:
        print(f"steno-operator: cannot use the profiles of {settings.profiles_file}: {error}", file=sys.stderr)
        return EXIT_CONFIG
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # A line per request, probe and event says nothing that the reconcile's own lines do not.
    for chatty in ("aiohttp.access", "botocore", "httpx2", "kopf.objects"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    uvloop.run(serve(settings, store_settings, here))
    return 0


if __name__ == "__main__":
    sys.exit(main())
