"""Serve the application until a signal ends it.

Called by `__main__`, which says what to install where an import of this module fails.
"""

import logging
import socket
import sys
from functools import partial
from typing import Final

import uvicorn
import uvloop
from anyio import to_thread
from pydantic import ValidationError

from steno_gateway.access import audit
from steno_gateway.access.access import Access, AccessUnsetError
from steno_gateway.access.keys import KeysInvalidError
from steno_gateway.app import create_app
from steno_gateway.connections import BoundedConnection
from steno_gateway.context import Context, utc_now
from steno_gateway.settings import GatewaySettings
from steno_gateway.uploads.browsers import let_browsers_in
from steno_kube import ClusterUnknownError, TranscriptionJobs, connect
from steno_store import ObjectStore, StoreSettings
from steno_types import environment_faults

EXIT_CONFIG: Final = 78
"""sysexits.h EX_CONFIG: started with settings it cannot use."""

KEEP_ALIVE_SECONDS: Final = 75
"""How long an idle connection stays open: longer than an ingress keeps one (nginx: 60 s), so that it closes first."""

MESSAGE_MAX_BYTES: Final = 1 << 16
"""Of a WebSocket's message; what a client says there is not read."""

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
    audit.write_lines_to_stdout()
    try:
        access = Access.of(settings, now=utc_now)
    except (AccessUnsetError, KeysInvalidError) as error:
        sys.stderr.writelines(f"steno-gateway: {fault}\n" for fault in _access_faults(error))
        return EXIT_CONFIG
    try:
        uvloop.run(_serve(settings, store_settings, access))
    except ClusterUnknownError as error:
        sys.stderr.write(f"steno-gateway: cannot find the Kubernetes API server: {error}\n")
        return EXIT_CONFIG
    return 0


def _access_faults(error: AccessUnsetError | KeysInvalidError) -> list[str]:
    if isinstance(error, KeysInvalidError):
        return [f"STENO_API_KEYS_FILE: {fault}" for fault in error.faults]
    return [_NOBODY_LET_IN]


_NOBODY_LET_IN: Final = (
    "neither STENO_API_KEYS_FILE nor STENO_ANONYMOUS is set: name a file of API keys (the chart's "
    "gateway.existingKeysSecret), or let everybody in with STENO_ANONYMOUS=true (gateway.anonymous)"
)


async def _serve(settings: GatewaySettings, store_settings: StoreSettings, access: Access) -> None:
    client = connect("steno-gateway")
    # One thread per blocking call under way, and one connection per thread.
    threads = int(to_thread.current_default_thread_limiter().total_tokens)
    context = Context.of(
        settings,
        store_settings.layout,
        TranscriptionJobs(client),
        ObjectStore.from_settings(store_settings, connections=threads),
        access=access,
    )
    try:
        await let_browsers_in(context.store, context.layout, store_settings.allowed_origins)
        async with context.reads:
            await Server(context).serve()
    finally:
        await context.waiters.finish()
        await context.expiry.finish()
        await client.close()


class Server(uvicorn.Server):
    """Serves the application of a context, and lets those go who wait for something once it is told to end."""

    def __init__(self, context: Context) -> None:
        super().__init__(server_config(context))
        self._context = context

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish the requests under way; a stream, or a wait of a minute, would outlast the time for that."""
        self._context.reads.end()
        await super().shutdown(sockets)
        # Here too, as the signal that ended the server is raised anew once it has ended, and then ends the process.
        await self._context.waiters.finish()
        await self._context.expiry.finish()


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
        proxy_headers=True,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        server_header=False,
        lifespan="off",
        ws="websockets-sansio",
        ws_max_size=MESSAGE_MAX_BYTES,
        # uvicorn takes whatever makes a protocol.
        http=partial(BoundedConnection, headers_seconds=settings.headers_seconds),  # type: ignore[arg-type]
        log_config=None,
    )


def _is_no_probe(record: logging.LogRecord) -> bool:
    """Keep the kubelet's probes, one every few seconds, out of the access log."""
    return not record.getMessage().partition('"')[2].removeprefix("GET ").startswith(PROBE_PATHS)
