"""What the gateway's benchmark runs on: a control plane, an object store, the gateway and a bare server beside it.

Made afresh for every part. Gateway and bare server are processes of their own, each with one event loop, over the
same store. Must not know what is measured.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from benchmarks.definition import define
from benchmarks.figures import ROOT, Figure
from local_cluster import loopback
from local_cluster.control_plane import ControlPlane
from local_cluster.object_stores import MinioServer
from local_cluster.processes import Process
from support.kubernetes_api import Api
from support.s3_buckets import S3Account

NAMESPACE: Final = "speech"
"""That the gateway serves."""

START_SECONDS: Final = 60
"""Allowed to a server."""

BENCH: Final = ROOT / "tests"
"""On the path of the bare server, which is a module of the bench."""

Say = Callable[[str], None]

Found = tuple[list[Figure], dict[str, str], list[str]]
"""What a part gives: figures, what they mean, notes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms all parts measure."""

    say: Say
    upload_bytes: int = 500_000_000
    """Of one upload."""
    rounds: int = 3
    """Of each comparison; medians count."""
    seconds: float = 60.0
    """For which a rate is kept, or something is watched."""
    jobs: int = 5_000
    """In the gateway's cache."""
    streams: int = 500
    """Open at once."""


class Server:
    """An HTTP server as a process of its own, on a free port of loopback."""

    def __init__(self, module: Sequence[str], environment: dict[str, str], log: Path) -> None:
        (self.port,) = loopback.free_ports(1)
        settings = {
            **os.environ,
            **environment,
            "STENO_GATEWAY_HOST": "127.0.0.1",
            "STENO_GATEWAY_PORT": str(self.port),
        }
        self._process = Process([sys.executable, "-m", *module], log=log, environment=settings)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def address(self) -> str:
        """As in ``http://127.0.0.1:12345``."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        self._process.start()
        ready = f"{self.address}/readyz"
        self._process.wait_until(lambda: loopback.answer(ready) is not None, timeout_seconds=START_SECONDS)

    def stop(self) -> None:
        """Kill it."""
        self._process.stop()


class Stand:
    """A stand that lives as long as the context."""

    control_plane: ControlPlane
    gateway: Server
    bare: Server

    def __init__(self) -> None:
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            self._prepare(undo)
            self._exit = undo.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._exit.close()

    def _prepare(self, undo: ExitStack) -> None:
        folder = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="steno-bench-")))
        self.control_plane = undo.enter_context(ControlPlane(folder / "plane"))
        minio = undo.enter_context(MinioServer())
        account = S3Account(minio.endpoint, minio.access_key, minio.secret_key)
        undo.callback(account.close)
        api = Api(self.control_plane.kubeconfig, NAMESPACE)
        define(api, ROOT)
        api.create_namespace()
        environment = {
            "PYTHONPATH": os.pathsep.join([str(BENCH), os.environ.get("PYTHONPATH", "")]),
            "KUBECONFIG": str(self.control_plane.kubeconfig),
            "STENO_NAMESPACE": NAMESPACE,
            "STENO_ANONYMOUS": "true",
            "STENO_LOG_LEVEL": "WARNING",
            "STENO_STORE_BUCKET": account.new_bucket(),
            "STENO_STORE_ENDPOINT": minio.endpoint,
            "AWS_ACCESS_KEY_ID": minio.access_key,
            "AWS_SECRET_ACCESS_KEY": minio.secret_key,
        }
        self.gateway = Server(["steno_gateway"], environment, folder / "gateway.log")
        self.bare = Server(["benchmarks.gateway.bare"], environment, folder / "bare.log")
        for server in (self.gateway, self.bare):
            undo.callback(server.stop)
            server.start()
