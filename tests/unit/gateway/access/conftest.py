"""Gateways that ask for keys."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from support.api_keys import SESSION_SECRET, Key, write_keys
from support.gateway import Gateway, gateway

Guarded = Callable[..., AbstractAsyncContextManager[Gateway]]
"""``guarded(*keys, **settings)`` makes a gateway that takes these keys."""


@pytest.fixture
def keys_path(tmp_path: Path) -> Path:
    """Where the file of keys lies, in a folder of its own."""
    folder = tmp_path / "keys"
    folder.mkdir()
    return folder / "keys.yaml"


@pytest.fixture
def guarded(keys_path: Path) -> Guarded:
    """Make gateways that take keys, and nobody without one."""

    @asynccontextmanager
    async def make(
        *keys: Key, session_secret: str | None = SESSION_SECRET, **settings: Any
    ) -> AsyncIterator[Gateway]:
        write_keys(keys_path, *keys, session_secret=session_secret)
        asked: dict[str, Any] = {"api_keys_file": keys_path, "anonymous": False, **settings}
        async with gateway(**asked) as made:
            yield made

    return make
