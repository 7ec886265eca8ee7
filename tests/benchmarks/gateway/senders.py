"""Send large bodies over bare sockets, so that the bench itself takes next to nothing of the machine.

Called by `uploads`. Must not know what becomes of them.
"""

import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any, Final

BLOCK_BYTES: Final = 1 << 20
"""Sent by one call."""

SECONDS: Final = 600
"""Allowed to one send."""

BOUNDARY: Final = "----------------------------7d1f5e0c9a42"
"""As long as curl's."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body made of one block, over and over, between a head and a tail."""

    block: bytes
    size_bytes: int
    """Of the repeated part alone."""
    head: bytes = b""
    tail: bytes = b""

    def __len__(self) -> int:
        return len(self.head) + self.size_bytes + len(self.tail)

    def pieces(self) -> Iterator[bytes]:
        """Give it piece by piece."""
        yield self.head
        left = self.size_bytes
        for block in cycle([self.block]):
            if left <= 0:
                break
            yield block[:left]
            left -= len(block)
        yield self.tail


def random_bytes(size_bytes: int) -> Body:
    """Make a body of noise, as compressed audio is."""
    return Body(os.urandom(BLOCK_BYTES), size_bytes)


def in_a_form(block: bytes, size_bytes: int) -> Body:
    """Make a form with one file, of that block over and over."""
    head = (
        f"--{BOUNDARY}\r\n"
        'Content-Disposition: form-data; name="file"; filename="talk.wav"\r\n'
        "Content-Type: audio/wav\r\n\r\n"
    )
    return Body(block, size_bytes, head.encode(), f"\r\n--{BOUNDARY}--\r\n".encode())


def send(port: int, method: str, path: str, body: Body, *, content_type: str) -> tuple[float, dict[str, Any]]:
    """Send a body; gives the seconds from the first byte to the end of the answer, and the answer.

    Raises
    ------
    RuntimeError
        The answer is no success.
    """
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        began = time.monotonic()
        connection.sendall(head.encode())
        for piece in body.pieces():
            connection.sendall(piece)
        answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
        seconds = time.monotonic() - began
    first, _, rest = answer.partition(b"\r\n")
    if not first.split()[1].startswith(b"2"):
        raise RuntimeError(f"{method} {path} was answered {answer[:2000].decode(errors='replace')}")
    said: dict[str, Any] = json.loads(rest.partition(b"\r\n\r\n")[2])
    return seconds, said
