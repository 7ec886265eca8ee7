"""The session that kopf watches with: the credentials of this minute on each request, and an ear on each watch."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer

from steno_operator.api_session import CREDENTIALS_SECONDS, open_session
from steno_operator.heartbeat import Heartbeat

PODS = "/api/v1/namespaces/speech/pods"


@dataclass
class Token:
    """A service account's token, as its file has it at the moment."""

    value: str = "first"
    proxy_url: str | None = None
    trust_env: bool = False

    def as_http_headers(self) -> dict[str, str]:
        """Give it as kopf does."""
        return {"Authorization": f"Bearer {self.value}"}

    def as_ssl_context(self) -> ssl.SSLContext:
        """Trust whom everybody trusts."""
        return ssl.create_default_context()


@dataclass
class TokenFile:
    """What reading the credentials again finds."""

    value: str = "first"
    unreadable: bool = False

    def read(self) -> Token:
        """Read it, which may fail."""
        if self.unreadable:
            raise FileNotFoundError("token")
        return Token(self.value)


@dataclass
class Scene:
    """A server that notes who asks, a session, and the clock of both heartbeat and credentials."""

    session: aiohttp.ClientSession
    server: BaseTestServer
    heartbeat: Heartbeat
    told: list[str]
    """What each request said of who it is."""
    lines: "asyncio.Queue[bytes | None]"
    """What the server sends on a watch; None ends it."""
    status: list[int]
    """What it answers with."""
    clock: list[float]
    file: TokenFile
    held_back: set[str]
    """Types of events that do not pass."""

    def age(self) -> float:
        """Say for how long the watch of pods is silent."""
        return self.heartbeat.ages()["pods"]

    async def ask(self, path: str = PODS, method: str = "GET") -> int:
        """Make one request, and read its answer to the end."""
        async with self.session.request(method, self.server.make_url(path)) as response:
            await response.json()
            return response.status


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """A session that is connected to a server on loopback."""
    told: list[str] = []
    lines: asyncio.Queue[bytes | None] = asyncio.Queue()
    status = [200]
    clock = [0.0]

    async def answer(request: web.Request) -> web.StreamResponse:
        told.append(request.headers.get("Authorization", ""))
        if "watch" not in request.query:
            return web.json_response({"items": []}, status=status[0])
        response = web.StreamResponse()
        await response.prepare(request)
        while (line := await lines.get()) is not None:
            await response.write(line)
        return response

    application = web.Application()
    application.add_routes([web.route("*", "/{path:.*}", answer)])
    heartbeat = Heartbeat(lambda: clock[0])
    heartbeat.begin(["speech"])
    async with TestServer(application) as server:
        file = TokenFile()
        held_back: set[str] = set()
        session = open_session(
            Token(),
            read_again=file.read,
            heartbeat=heartbeat,
            passes=lambda watch, event: ("pods", "speech") == watch and event["type"] not in held_back,
            clock=lambda: clock[0],
        )
        async with session:
            yield Scene(session, server, heartbeat, told, lines, status, clock, file, held_back)
        lines.put_nowait(None)


async def test_each_piece_of_a_watch_is_heard(scene: Scene) -> None:
    """A bookmark keeps a watch alive, as it reaches no handler; and the stream comes through as it is."""
    pieces = []
    scene.clock[0] = 10.0
    async with scene.session.get(scene.server.make_url(PODS), params={"watch": "true"}) as response:
        assert 0.0 == scene.age()
        stream = response.content.iter_chunked(1 << 20)
        for moment, line in ((70.0, b'{"type":"BOOKMARK"}\n'), (130.0, b'{"type":"ADDED"}\n')):
            scene.clock[0] = moment
            assert scene.age() > 0
            scene.lines.put_nowait(line)
            pieces.append(await anext(stream))
            assert 0.0 == scene.age()
        scene.lines.put_nowait(None)
        pieces.extend([piece async for piece in stream])

    assert [b'{"type":"BOOKMARK"}\n', b'{"type":"ADDED"}\n'] == pieces
    assert 130.0 == scene.heartbeat.ages()["jobs"]


@pytest.mark.parametrize(
    ("method", "path", "status", "heard"),
    [
        pytest.param("GET", PODS, 200, True, id="a list"),
        pytest.param("GET", PODS, 403, False, id="a refusal"),
        pytest.param("GET", PODS, 410, False, id="too old a version"),
        pytest.param("POST", PODS, 200, False, id="a creation"),
        pytest.param("GET", f"{PODS}/talk", 200, False, id="one object"),
    ],
)
async def test_only_good_answers_to_lists_and_watches_count(
    scene: Scene, method: str, path: str, status: int, *, heard: bool
) -> None:
    """A server that refuses to be watched is no sign of a living watch."""
    scene.clock[0] = 50.0
    scene.status[0] = status

    assert status == await scene.ask(path, method)

    assert (0.0 if heard else 50.0) == scene.age()


async def test_a_rotated_token_is_used_within_a_minute(scene: Scene) -> None:
    """The token that kubelet puts in place of the old one is taken up while the session lasts."""
    await scene.ask()
    scene.file.value = "second"
    scene.clock[0] = CREDENTIALS_SECONDS - 1
    await scene.ask()
    scene.clock[0] = CREDENTIALS_SECONDS
    await scene.ask()

    assert ["Bearer first", "Bearer first", "Bearer second"] == scene.told


async def test_credentials_that_cannot_be_read_are_kept(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """A file that is away for a moment costs nothing but a line in the log, and is looked for again."""
    scene.file.unreadable = True
    scene.clock[0] = CREDENTIALS_SECONDS
    await scene.ask()
    scene.file.unreadable = False
    scene.file.value = "second"
    await scene.ask()
    scene.clock[0] = 2 * CREDENTIALS_SECONDS
    await scene.ask()

    assert ["Bearer first", "Bearer first", "Bearer second"] == scene.told
    assert 1 == caplog.text.count("cannot be read again")


async def watched(scene: Scene, *pieces: bytes) -> bytes:
    """Give what comes through of a watch."""
    async with scene.session.get(scene.server.make_url(PODS), params={"watch": "true"}) as response:
        for piece in (*pieces, None):
            scene.lines.put_nowait(piece)
        return b"".join([piece async for piece in response.content.iter_chunked(1 << 20)])


ADDED = b'{"type":"ADDED","object":{"metadata":{"name":"p"}}}\n'
MODIFIED = b'{"type":"MODIFIED","object":{"metadata":{"name":"p"}}}\n'
ERROR = b'{"type":"ERROR","object":{"code":410}}\n'
BOOKMARK = b'{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}}\n'


async def test_events_are_held_back_one_by_one(scene: Scene) -> None:
    """What is about the watch itself comes through, whatever is said of objects; and all in its order."""
    scene.held_back |= {"MODIFIED", "ERROR", "BOOKMARK"}

    assert ADDED + BOOKMARK + ADDED + ERROR == await watched(
        scene, ADDED + MODIFIED + BOOKMARK, MODIFIED, ADDED + MODIFIED + ERROR
    )


async def test_events_are_whole_wherever_they_are_cut(scene: Scene) -> None:
    """A piece may end in the midst of a character; what is no event is left to who reads it."""
    scene.held_back.add("MODIFIED")
    told = ADDED.replace(b'"p"', '"é"'.encode()) + MODIFIED + b"no event\n" + ADDED

    pieces = [told[at : at + 1] for at in range(len(told))]

    assert told.replace(MODIFIED, b"") + b"cut" == await watched(scene, *pieces, b"cut")


async def test_who_manages_which_field_is_left_out(scene: Scene) -> None:
    """It is half of each object, and no handler reads it."""
    managed = b'{"type":"ADDED","object":{"metadata":{"name":"p","managedFields":[{"manager":"m"}]}}}\n'

    assert ADDED == await watched(scene, managed)
