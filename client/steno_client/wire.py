"""Steps, carried out with httpx: the one module that both clients share and that knows it.

`run` blocks and `run_async` does not; what can be shared between them is: requests, and what becomes of httpx's
errors.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import httpx

from steno_client.steps import Answer, BrokenConnectionError, Call, Flow, Head, Pause, Sink, Step, Time, Work

Result = TypeVar("Result")

TIMEOUT_SECONDS: Final = 30.0
"""Without a byte, for calls that do not say otherwise."""

CONNECT_SECONDS: Final = 10.0
"""For a connection to come about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where requests go, and with which key."""

    base_url: str
    key: str | None

    def __post_init__(self) -> None:
        """Refuse what no request can be made of.

        Raises
        ------
        ValueError
            The address is no http or https URL, or the key has characters that no header may have.
        """
        url = httpx.URL(self.base_url) if self.base_url.isprintable() else httpx.URL()
        if url.scheme not in {"http", "https"} or not url.host:
            raise ValueError("The server's address must be an http or https URL, for example http://127.0.0.1:8080.")
        if self.key is not None and not (self.key.isascii() and self.key.isprintable() and self.key.strip()):
            raise ValueError("The API key must have printable ASCII characters, and at least one.")

    def __repr__(self) -> str:
        """Show no key."""
        return f"Server(base_url={self.base_url!r})"

    def request(self, call: Call, client: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        """Spell a call; an address that is not the server's own is sent no key."""
        ours = call.path.startswith("/")
        headers = {"Accept-Encoding": "identity", **call.headers}
        if ours and self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        seconds = call.timeout_seconds or TIMEOUT_SECONDS
        return client.build_request(
            call.method,
            self.base_url.rstrip("/") + call.path if ours else call.path,
            params=dict(call.query) or None,
            content=call.body,
            headers=headers,
            timeout=httpx.Timeout(seconds, connect=CONNECT_SECONDS),
        )


def run(flow: Flow[Result], server: Server, client: httpx.Client, pause: Callable[[float], object]) -> Result:
    """Carry a flow out, and give what comes of it."""
    told: Any = None
    try:
        step = flow.send(None)
        while True:
            try:
                told = _carried_out(step, server, client, pause)
            except Exception as error:  # noqa: BLE001 -- the flow's business, which raises it anew if it knows no better
                step = flow.throw(error)
            else:
                step = flow.send(told)
    except StopIteration as done:
        result: Result = done.value
        return result
    finally:
        flow.close()


def _carried_out(step: Step, server: Server, client: httpx.Client, pause: Callable[[float], object]) -> Any:
    match step:
        case Call():
            return _called(step, server, client)
        case Pause(seconds):
            return pause(seconds)
        case Work(do):
            return do()
        case Time():
            return time.monotonic()


def _called(call: Call, server: Server, client: httpx.Client) -> Answer:
    try:
        answer = client.send(server.request(call, client), stream=True)
        try:
            head = _head(answer)
            sink = _sink(call, head)
            body = b""
            if sink is None:
                body = answer.read()
            else:
                for piece in answer.iter_bytes():
                    sink(piece)
            return _whole(head, body)
        finally:
            answer.close()
    except httpx.RequestError as error:
        raise _broken(error) from None


async def run_async(
    flow: Flow[Result], server: Server, client: httpx.AsyncClient, pause: Callable[[float], Awaitable[object]]
) -> Result:
    """Do the same without blocking."""
    told: Any = None
    try:
        step = flow.send(None)
        while True:
            try:
                told = await _carried_out_async(step, server, client, pause)
            except Exception as error:  # noqa: BLE001 -- as in `run`
                step = flow.throw(error)
            else:
                step = flow.send(told)
    except StopIteration as done:
        result: Result = done.value
        return result
    finally:
        flow.close()


async def _carried_out_async(
    step: Step, server: Server, client: httpx.AsyncClient, pause: Callable[[float], Awaitable[object]]
) -> Any:
    match step:
        case Call():
            return await _called_async(step, server, client)
        case Pause(seconds):
            return await pause(seconds)
        case Work(do):
            return await asyncio.to_thread(do)
        case Time():
            return time.monotonic()


async def _called_async(call: Call, server: Server, client: httpx.AsyncClient) -> Answer:
    try:
        answer = await client.send(server.request(call, client), stream=True)
        try:
            head = _head(answer)
            sink = await asyncio.to_thread(_sink, call, head)
            body = b""
            if sink is None:
                body = await answer.aread()
            else:
                async for piece in answer.aiter_bytes():
                    await asyncio.to_thread(sink, piece)
            return _whole(head, body)
        finally:
            await answer.aclose()
    except httpx.RequestError as error:
        raise _broken(error) from None


def _head(answer: httpx.Response) -> Head:
    headers: Mapping[str, str] = {name.lower(): value for name, value in answer.headers.items()}
    return Head(status=answer.status_code, headers=headers)


def _sink(call: Call, head: Head) -> Sink | None:
    return None if call.sink is None else call.sink(head)


def _whole(head: Head, body: bytes) -> Answer:
    return Answer(status=head.status, headers=head.headers, body=body)


def _broken(error: httpx.RequestError) -> BrokenConnectionError:
    """Say what happened in words of our own: httpx's may hold the address, and with it a secret query."""
    match error:
        case httpx.ConnectError() | httpx.ConnectTimeout():
            return BrokenConnectionError("no connection came about.")
        case httpx.TimeoutException():
            return BrokenConnectionError("no answer came in time.")
        case _:
            return BrokenConnectionError("the connection broke.")
