"""The store in memory, with bodies that break off and objects that change while they are read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from steno_store import StoreUnavailableError
from support.object_store import InMemoryObjectStore


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong in one read of an object."""

    after_bytes: int = 0
    """Given before it happens."""
    error: Exception | None = None
    """Raised then; None: the body just ends."""
    meanwhile: Callable[[], object] = lambda: None
    """Done then."""


@dataclass(frozen=True)
class Read:
    """One request for an object's bytes."""

    start_bytes: int
    if_match: str | None


class FlakyStore(InMemoryObjectStore):
    """Fails its first reads as it is told to, and writes down all of them."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[Fault] = []
        """Of the next reads, in order."""
        self.reads: list[Read] = []

    def stream(
        self, key: str, *, bucket: str | None = None, start_bytes: int = 0, if_match: str | None = None
    ) -> Iterator[bytes]:
        """Read an object, until the fault that is planned for this read."""
        self.reads.append(Read(start_bytes, if_match))
        chunks = super().stream(key, bucket=bucket, start_bytes=start_bytes, if_match=if_match)
        return self._faulty(chunks, self.faults.pop(0)) if self.faults else chunks

    def _faulty(self, chunks: Iterator[bytes], fault: Fault) -> Iterator[bytes]:
        yield b"".join(chunks)[: fault.after_bytes]
        fault.meanwhile()
        if fault.error is not None:
            raise fault.error


def broken(after_bytes: int) -> Fault:
    """A connection that breaks."""
    return Fault(after_bytes=after_bytes, error=StoreUnavailableError("cannot read s3://steno/talk: reset"))
