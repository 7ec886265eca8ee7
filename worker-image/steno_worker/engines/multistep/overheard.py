"""Listen to what the package prints: it swallows errors and tells them on standard output alone.

Used around every call of the package. What is printed holds words of the transcript, so none of it is logged; only
its own complaints are kept, without secrets. Must not know which step is running.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Final

from steno_types import shorten

KEPT_COMPLAINTS: Final = 5
"""Of one step; a model that fails in every batch says the same each time."""

QUOTED_CHARACTERS: Final = 300
"""Most of a complaint that is repeated."""

SHORTEST_SECRET: Final = 8
"""One with fewer characters, such as ``none``, is a placeholder and masked only as a word of its own."""

_COMPLAINT: Final = re.compile(
    r"(?:Critical error during|Error (?:in|processing|during|correcting|extracting|formatting|generating)) .*"
)
"""How the package begins a line about an error that it swallows."""


class Overheard(io.TextIOBase):
    """A text stream that remembers the complaints among what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self._line = ""
        self._complaints: list[str] = []

    def writable(self) -> bool:
        """Say yes."""
        return True

    def write(self, text: str) -> int:
        """Take text; only whole lines are looked at."""
        *lines, self._line = (self._line + text).split("\n")
        self._complaints += filter(_COMPLAINT.fullmatch, lines)
        del self._complaints[KEPT_COMPLAINTS:]
        return len(text)

    @property
    def complaints(self) -> tuple[str, ...]:
        """The first of them, as they were printed."""
        return tuple(self._complaints)


@contextmanager
def listening() -> Iterator[Overheard]:
    """Take whatever Python code prints meanwhile, in any thread; the log keeps the stream that it was given."""
    overheard = Overheard()
    with redirect_stdout(overheard), redirect_stderr(overheard):
        yield overheard


def masked(words: str, secrets: tuple[str, ...]) -> str:
    """Shorten a stranger's words, and take out what may be a secret: ours, other keys, what addresses carry."""
    edges = ((secret, "" if len(secret) >= SHORTEST_SECRET else r"\b") for secret in secrets if secret)
    for pattern in (
        *(f"{edge}{re.escape(secret)}{edge}" for secret, edge in edges),
        r"\b(?:[sp]k-|hf_)[\w*.-]+",
        r"\bBearer\s+\S+",
        r"(?<=//)[^\s/@]+(?=@)",
        r"(?<=\w)\?\S+=\S*",
    ):
        words = re.sub(pattern, "***", words)
    return shorten(" ".join(words.split()), max_length=QUOTED_CHARACTERS)


def is_out_of_memory(words: str) -> bool:
    """Whether CTranslate2 or PyTorch says that the GPU is full."""
    return "out of memory" in words or "CUBLAS_STATUS_ALLOC_FAILED" in words
