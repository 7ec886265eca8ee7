"""S3 servers as processes on loopback: MinIO, and Versity's gateway over a folder as the second opinion.

The control plane tests hold one for their session, and stop and start it where an outage is what they test. Must
not know what is stored.
"""

import os
import secrets
import tempfile
from abc import ABC, abstractmethod
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from local_cluster import loopback
from local_cluster.processes import Process
from local_cluster.tools import tool

START_SECONDS: Final = 60


class ObjectStore(ABC):
    """An empty S3 server that lives as long as the context; the subclasses say which."""

    endpoint: str
    """As in ``http://127.0.0.1:12345``; the same after `stop` and `start`."""
    access_key: str
    secret_key: str

    _health_path: str
    """Where the server says that it is ready."""

    def __init__(self) -> None:
        (self._port,) = loopback.free_ports(1)
        self.endpoint = f"http://127.0.0.1:{self._port}"
        self.access_key = "steno"
        self.secret_key = secrets.token_hex(16)
        self._exit = ExitStack()

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._process.pid

    def start(self) -> None:
        """Start the server again after `stop`, over the same objects; returns when it answers."""
        self._process.start()
        health = self.endpoint + self._health_path
        self._process.wait_until(lambda: loopback.answer(health) is not None, timeout_seconds=START_SECONDS)

    def stop(self) -> None:
        """Kill the server; what was stored stays until the context ends."""
        self._process.stop()

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            folder = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="steno-store-")))
            environment = {**os.environ, **self._settings()}
            self._process = Process(self._command(folder), log=folder / "log", environment=environment)
            undo.callback(self._process.stop)
            self.start()
            self._exit = undo.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._exit.close()

    @abstractmethod
    def _command(self, folder: Path) -> list[str | Path]:
        """Return how the server is called, with all it keeps in `folder`."""

    @abstractmethod
    def _settings(self) -> dict[str, str]:
        """Return what the server reads from its environment."""


class MinioServer(ObjectStore):
    """MinIO on one drive."""

    _health_path = "/minio/health/ready"

    def _command(self, folder: Path) -> list[str | Path]:
        drive = folder / "drive"
        drive.mkdir()
        certificates = ("--certs-dir", folder / "certificates")  # or it would look into the user's home
        return [tool("minio"), "server", drive, "--address", f"127.0.0.1:{self._port}", *certificates]

    def _settings(self) -> dict[str, str]:
        return {
            "MINIO_ROOT_USER": self.access_key,
            "MINIO_ROOT_PASSWORD": self.secret_key,
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
        }


class VersityServer(ObjectStore):
    """Versity's gateway over a folder of a file system that knows extended attributes."""

    _health_path = "/health"

    def _command(self, folder: Path) -> list[str | Path]:
        objects, versions = folder / "objects", folder / "versions"
        objects.mkdir()
        versions.mkdir()
        serve = ("--port", f"127.0.0.1:{self._port}", "--health", self._health_path, "--quiet")
        return [tool("versitygw"), *serve, "posix", "--versioning-dir", versions, objects]

    def _settings(self) -> dict[str, str]:
        return {"ROOT_ACCESS_KEY": self.access_key, "ROOT_SECRET_KEY": self.secret_key}
