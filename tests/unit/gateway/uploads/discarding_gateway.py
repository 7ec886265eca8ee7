"""A gateway whose store throws everything away, as a process of its own: `test_over_the_wire` watches its memory.

Prints the port it listens on.
"""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from support.gateway import gateway, served
from support.object_store import InMemoryObjectStore, InMemoryUpload


class _Discarded(InMemoryUpload):
    """An upload that keeps nothing of its parts."""

    def send(self, number: int, body: bytes | bytearray) -> None:
        del body
        super().send(number, b"")


class _DiscardingStore(InMemoryObjectStore):
    """A store that keeps nothing of what is uploaded."""

    def start_upload(
        self,
        key: str,
        *,
        content_type: str = "application/octet-stream",
        metadata: Mapping[str, str] | None = None,
    ) -> InMemoryUpload:
        upload = super().start_upload(key, content_type=content_type, metadata=metadata)
        upload.__class__ = _Discarded
        return upload


async def _main() -> None:
    async with gateway() as made:
        context = replace(made.context, store=_DiscardingStore())
        async with served(context) as port:
            sys.stdout.write(f"{port}\n")
            sys.stdout.flush()
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
