"""Ports of 127.0.0.1 and questions to who listens there.

Whoever starts a server takes its ports here. Must not know the servers.
"""

import json
import random
import socket
import ssl
import urllib.request
from contextlib import ExitStack
from typing import Any, Final

PORTS: Final = range(10_000, 30_000)
"""Below the kernel's ephemeral range (from 32768), so that no outgoing connection takes a port between choice and
use."""

_ANSWER_SECONDS: Final = 5.0


def free_ports(count: int) -> list[int]:
    """Choose ports of 127.0.0.1 on which nothing listens, all different."""
    chosen: list[int] = []
    with ExitStack() as held:
        while len(chosen) < count:
            port = random.choice(PORTS)  # noqa: S311 - no secret; two processes that choose at once should differ
            listener = held.enter_context(socket.socket())
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            chosen.append(port)
    return chosen


def answer(url: str, *, token: str | None = None, trust: ssl.SSLContext | None = None) -> Any:
    """Return what a GET answers, parsed if it is JSON; None when it is refused or does not come."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - http and https of our own servers
    # Without proxies: the servers are on loopback, whatever the environment says.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust))
    try:
        with opener.open(request, timeout=_ANSWER_SECONDS) as response:
            body = response.read().decode(errors="replace")
    except OSError:
        return None
    return json.loads(body) if body.startswith("{") else body
