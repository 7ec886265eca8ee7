"""Serve the application until a signal ends it.

Called by `__main__`, which says what to install where an import of this module fails.
"""

import logging
import sys
from typing import Final

import uvicorn
import uvloop
from anyio import to_thread
from pydantic import ValidationError

from steno_gateway.app import create_app
from steno_gateway.context import Context
from steno_gateway.settings import GatewaySettings
from steno_kube import ClusterUnknownError, TranscriptionJobs, connect
from steno_store import ObjectStore, StoreSettings
from steno_types import environment_faults

EXIT_CONFIG: Final = 78
"""sysexits.h EX_CONFIG: started with settings it cannot use."""

KEEP_ALIVE_SECONDS: Final = 75
"""How long an idle connection stays open: longer than an ingress keeps one (nginx: 60 s), so that it closes first."""

PROBE_PATHS: Final = ("/healthz", "/readyz")


def main() -> int:
    """Read the settings and serve; the exit code says whether they could be used."""
    try:
        settings = GatewaySettings()
        store_settings = StoreSettings()
    except ValidationError as error:
        faults = environment_faults(error, GatewaySettings, StoreSettings)
        sys.stderr.writelines(f"steno-gateway: {fault}\n" for fault in faults)
        return EXIT_CONFIG
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # A line per request to others, and per malformed request, says nothing that the answer does not.
    for chatty, level in (
        ("botocore", logging.WARNING),
        ("httpx2", logging.WARNING),
        ("python_multipart", logging.ERROR),
    ):
        logging.getLogger(chatty).setLevel(level)
    logging.getLogger("uvicorn.access").addFilter(_is_no_probe)
    try:
        uvloop.run(_serve(settings, store_settings))
    except ClusterUnknownError as error:
        sys.stderr.write(f"steno-gateway: cannot find the Kubernetes API server: {error}\n")
        return EXIT_CONFIG
    return 0


async def _serve(settings: GatewaySettings, store_settings: StoreSettings) -> None:
    client = connect("steno-gateway")
    # One thread per blocking call under way, and one connection per thread.
    threads = int(to_thread.current_default_thread_limiter().total_tokens)
    context = Context.of(
        settings,
        store_settings.layout,
        TranscriptionJobs(client),
        ObjectStore.from_settings(store_settings, connections=threads),
    )
    try:
        await uvicorn.Server(server_config(context)).serve()
    finally:
        await context.expiry.finish()
        await client.close()


def server_config(context: Context) -> uvicorn.Config:
    """Say how the application is served; tests serve it the same way."""
    settings = context.settings
    return uvicorn.Config(
        create_app(context),
        host=settings.gateway_host,
        port=settings.gateway_port,
        root_path=settings.gateway_root_path,
        timeout_graceful_shutdown=settings.gateway_shutdown_seconds,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        server_header=False,
        lifespan="off",
        log_config=None,
    )


def _is_no_probe(record: logging.LogRecord) -> bool:
    """Keep the kubelet's probes, one every few seconds, out of the access log."""
    return not record.getMessage().partition('"')[2].removeprefix("GET ").startswith(PROBE_PATHS)
