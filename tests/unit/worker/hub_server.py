"""A model hub on loopback: as much of the Hugging Face Hub's API as its client asks for to fetch a repository."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"
"""Of every repository."""


@dataclass(kw_only=True)
class Hub:
    """What it has, and how it fails."""

    repository: str
    folder: Path
    """The repository's files."""
    status: int | None = None
    """Answered to every question about the repository in place of the truth."""
    file_status: int | None = None
    """Answered to every request for a file in place of the file."""
    asked: list[str] = field(default_factory=list)
    """Methods and paths, in order."""
    url: str = ""


@contextmanager
def running(hub: Hub) -> Iterator[Hub]:
    """Run it."""
    with HubServer(("127.0.0.1", 0), Handler) as server:
        server.hub = hub
        threading.Thread(target=server.serve_forever, daemon=True).start()
        hub.url = f"http://127.0.0.1:{server.server_port}"
        yield hub
        server.shutdown()


class HubServer(ThreadingHTTPServer):
    """Knows its hub."""

    hub: Hub


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: HubServer

    def do_GET(self) -> None:
        """Tell of the repository, or give a file."""
        self.server.hub.asked.append(f"{self.command} {self.path}")
        path = self.path.partition("?")[0]
        if path.startswith("/api/models/"):
            self._tell(path.removeprefix("/api/models/"))
        else:
            self._give(path)

    def do_HEAD(self) -> None:
        """As for GET, without the body."""
        self.do_GET()

    def _tell(self, path: str) -> None:
        hub = self.server.hub
        if hub.status is not None:
            self._answer(hub.status, b"{}")
        elif not path.startswith(f"{hub.repository}/"):
            self._answer(404, b"{}", **{"X-Error-Code": "RepoNotFound"})
        elif "/tree/" in path:
            files = [
                {"type": "file", "path": file.name, "size": file.stat().st_size, "oid": _etag(file)}
                for file in sorted(hub.folder.iterdir())
            ]
            self._answer(200, json.dumps(files).encode())
        else:
            about = {"id": hub.repository, "sha": COMMIT, "siblings": [], "private": False, "tags": []}
            self._answer(200, json.dumps(about).encode())

    def _give(self, path: str) -> None:
        hub = self.server.hub
        file = hub.folder / path.rpartition("/")[2]
        if hub.file_status is not None:
            self._answer(hub.file_status, b"")
        elif path.startswith(f"/{hub.repository}/resolve/{COMMIT}/") and file.is_file():
            self._answer(200, file.read_bytes(), **{"X-Repo-Commit": COMMIT, "ETag": f'"{_etag(file)}"'})
        else:
            self._answer(404, b"", **{"X-Error-Code": "EntryNotFound"})

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _etag(file: Path) -> str:
    return hashlib.sha1(file.read_bytes()).hexdigest()  # noqa: S324 -- git's
