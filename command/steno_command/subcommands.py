"""Subcommands: found among the entry points of what is installed.

Called by `__main__`. A subcommand is a function that takes its arguments and gives an exit code; the first line of
its docstring is its line in ``steno --help``. The entry point names the extra that it needs, if any::

    [project.entry-points."steno.commands"]
    transcribe = "steno_worker.command:main [worker]"

Such a function is importable without the extra, so that its help can be read; it imports what is the extra's when it
is called. Must not know what a subcommand does.
"""

import importlib.metadata
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

GROUP: Final = "steno.commands"
"""The group of entry points, which other distributions may add to."""

OWN_PREFIX: Final = "steno_"
"""Of the project's packages: where one of them is missing, no extra is, but the build is at fault."""

Run = Callable[[Sequence[str]], int]
"""Takes what follows the subcommand's name; gives the exit code."""


class ExtraMissingError(Exception):
    """A package of an extra is not installed; says which, and what to run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subcommand:
    """Something that ``steno`` can be told to do."""

    name: str
    entry_point: importlib.metadata.EntryPoint

    @property
    def summary(self) -> str:
        """One line for the list; what to install where it cannot be imported."""
        try:
            documented = inspect.getdoc(self._load())
        except ExtraMissingError as missing:
            return f"({missing})"
        return documented.partition("\n")[0] if documented else ""

    def run(self, arguments: Sequence[str]) -> int:
        """Do it; gives the exit code.

        Raises
        ------
        ExtraMissingError
            A package that it imports is not installed.
        """
        try:
            return self._load()(arguments)
        except ModuleNotFoundError as error:
            raise self._missing(error) from error

    def _load(self) -> Run:
        try:
            loaded: Run = self.entry_point.load()
        except ModuleNotFoundError as error:
            raise self._missing(error) from error
        return loaded

    def _missing(self, error: ModuleNotFoundError) -> Exception:
        """Say what to install; an error that no installation mends is given back as it is."""
        name = error.name or ""
        if name.startswith(OWN_PREFIX) or not self.entry_point.extras:
            return error
        distribution = self.entry_point.dist.name if self.entry_point.dist else "steno"
        extras = ",".join(self.entry_point.extras)
        return ExtraMissingError(f"{name} is not installed; run: pip install '{distribution}[{extras}]'")


def find_subcommands() -> dict[str, Subcommand]:
    """Find what is installed, by name, in the order of the names."""
    found = importlib.metadata.entry_points(group=GROUP)
    return {
        entry_point.name: Subcommand(name=entry_point.name, entry_point=entry_point)
        for entry_point in sorted(found, key=lambda entry_point: entry_point.name)
    }
