"""Talk to the Docker daemon that answers, whoever started it.

`daemon` hands out a `Docker`; everything about images and containers goes through it.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from local_cluster import commands
from local_cluster.errors import CommandFailedError
from local_cluster.system_path import search_path


@dataclass(frozen=True, slots=True)
class Docker:
    """A client that the daemon understands."""

    client: Path

    @property
    def environment(self) -> dict[str, str]:
        """For programs that call docker themselves: this client first, and the builder that needs no registry."""
        return {**os.environ, "PATH": f"{self.client.parent}:{search_path()}", "DOCKER_BUILDKIT": "0"}

    def run(self, *arguments: str | Path, text_in: str | None = None) -> str:
        """Return what a docker command prints, without the last newline."""
        return commands.run([self.client, *arguments], environment=self.environment, text_in=text_in).removesuffix(
            "\n"
        )

    def inspect(self, kind: str, name: str, template: str) -> str | None:
        """Return one fact of an ``image`` or ``container``; None where there is none of that name."""
        try:
            return self.run(kind, "inspect", "--format", template, name)
        except CommandFailedError:
            return None


def find() -> Docker | None:
    """Return the first client of the search path that a daemon answers; None when none does.

    A machine may hold several clients, and one may be too new for the daemon beside it.
    """
    for client in _clients():
        if commands.succeeds([client, "version", "--format", "{{.Server.Version}}"]):
            return Docker(client)
    return None


def _clients() -> Iterator[Path]:
    seen = set()
    for folder in search_path().split(os.pathsep):
        client = Path(folder) / "docker"
        if os.access(client, os.X_OK) and (real := client.resolve()) not in seen:
            seen.add(real)
            yield client
