"""The breaker before a store: closed, open, half open, and what counts as an answer."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.config import Config
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from steno_store import Breaker, ObjectStore, StoreAwayError, StoreError, StoreForbiddenError, StoreUnavailableError
from steno_store.breaker import PAUSE_SECONDS, SILENT_TRIES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    """A clock."""
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    """A breaker that is closed."""
    return Breaker(clock=clock, now=lambda: NOON)


def let_open(breaker: Breaker) -> None:
    """Let the store fall silent for as often as it takes."""
    for _ in range(SILENT_TRIES):
        breaker.admit()
        breaker.kept_silent()


def test_it_lets_everybody_by_while_the_store_answers(breaker: Breaker) -> None:
    """Silence now and then is no outage: an answer in between begins the count anew."""
    for _ in range(3):
        for _ in range(SILENT_TRIES - 1):
            breaker.admit()
            breaker.kept_silent()
        breaker.admit()
        breaker.answered()

    breaker.admit()


def test_it_opens_after_some_tries_in_a_row(breaker: Breaker) -> None:
    """From then on whoever asks hears at once since when the store is away."""
    let_open(breaker)

    with pytest.raises(StoreAwayError, match="not answered since 2026-01-31T12:00:00Z; every 2 s one request"):
        breaker.admit()


def test_after_a_pause_one_looks_and_the_others_do_not_wait(breaker: Breaker, clock: Clock) -> None:
    """However long that one takes, it stays the only one."""
    let_open(breaker)
    clock.seconds += PAUSE_SECONDS

    breaker.admit()
    for seconds in (0, PAUSE_SECONDS, 3600):
        clock.seconds += seconds
        with pytest.raises(StoreAwayError):
            breaker.admit()


def test_an_answer_closes_it(breaker: Breaker, clock: Clock) -> None:
    """The store is back for everybody, and may be away again as before."""
    let_open(breaker)
    clock.seconds += PAUSE_SECONDS
    breaker.admit()
    breaker.answered()

    let_open(breaker)

    with pytest.raises(StoreAwayError):
        breaker.admit()


def test_no_answer_leaves_it_open_for_another_pause(breaker: Breaker, clock: Clock) -> None:
    """The next look follows a pause after the last one's end."""
    let_open(breaker)
    clock.seconds += PAUSE_SECONDS
    breaker.admit()
    clock.seconds += 20
    breaker.kept_silent()

    clock.seconds += PAUSE_SECONDS / 2
    with pytest.raises(StoreAwayError):
        breaker.admit()
    clock.seconds += PAUSE_SECONDS / 2
    breaker.admit()


def test_a_look_that_never_went_out_is_no_look(breaker: Breaker, clock: Clock) -> None:
    """A request that fails before it is sent leaves the look to the next one."""
    let_open(breaker)
    clock.seconds += PAUSE_SECONDS
    breaker.admit()

    breaker.withdrawn()

    breaker.admit()


class Played:
    """A real client, whose requests end as a test says before they leave the process."""

    def __init__(self, breaker: Breaker, *, keys: bool = True) -> None:
        session = boto3.session.Session(
            aws_access_key_id="id" if keys else None, aws_secret_access_key="secret" if keys else None
        )
        config = Config(retries={"mode": "standard", "total_max_attempts": 1})
        self.client: S3Client = session.client("s3", region_name="us-east-1", config=config)
        self.sent = 0
        self.end: Exception | int = 200
        """What a request comes to: an error, or an answer with that status."""
        self.client.meta.events.register("before-send.s3", self._send)
        breaker.guard(self.client)
        self.store = ObjectStore(self.client, bucket="recordings")

    def _send(self, **_: Any) -> AWSResponse:
        self.sent += 1
        if isinstance(self.end, Exception):
            raise self.end
        return _Empty("https://store.invalid", self.end, HTTPHeaders(), None)


class _Empty(AWSResponse):
    @property
    def content(self) -> bytes:
        return b""


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ConnectTimeoutError(endpoint_url="https://store.invalid"), id="no connection in time"),
        pytest.param(EndpointConnectionError(endpoint_url="https://store.invalid"), id="no connection"),
        pytest.param(ReadTimeoutError(endpoint_url="https://store.invalid"), id="no answer in time"),
        pytest.param(ConnectionClosedError(endpoint_url="https://store.invalid"), id="cut off"),
        pytest.param(ResponseStreamingError(error="cut off"), id="cut off in the midst of an answer"),
    ],
)
def test_silence_opens_it(breaker: Breaker, clock: Clock, error: Exception) -> None:
    """Every request counts, and once it is open none is sent."""
    played = Played(breaker)
    played.end = error
    for _ in range(SILENT_TRIES):
        with pytest.raises(StoreUnavailableError) as silent:
            played.store.put("k", b"")
        assert type(silent.value) is StoreUnavailableError

    for _ in range(3):
        with pytest.raises(StoreAwayError):
            played.store.put("k", b"")

    assert SILENT_TRIES == played.sent
    clock.seconds += PAUSE_SECONDS
    played.end = 200
    played.store.put("k", b"")
    played.store.put("k", b"")
    assert SILENT_TRIES + 2 == played.sent


@pytest.mark.parametrize("status", [pytest.param(403, id="it refuses"), pytest.param(503, id="it is overloaded")])
def test_any_answer_is_one(breaker: Breaker, status: int) -> None:
    """Who answers holds nobody up, whatever the answer."""
    played = Played(breaker)
    played.end = status
    tries = 2 * SILENT_TRIES
    for _ in range(tries):
        with pytest.raises(StoreError):
            played.store.put("k", b"")

    assert tries == played.sent


@pytest.fixture
def _no_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment in which there are no keys to be found."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.usefixtures("_no_keys")
def test_a_request_without_keys_was_never_sent(breaker: Breaker, clock: Clock) -> None:
    """It says nothing of the store, and does not stand in the way of who looks next."""
    played = Played(breaker, keys=False)
    let_open(breaker)
    clock.seconds += PAUSE_SECONDS

    for _ in range(2):
        with pytest.raises(StoreForbiddenError) as refused:
            played.store.put("k", b"")
        assert isinstance(refused.value.__cause__, NoCredentialsError)

    assert 0 == played.sent


def test_a_port_where_nobody_listens_opens_it() -> None:
    """The same with a real connection, that is refused."""
    with closing(socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and never listening
        session = boto3.session.Session(aws_access_key_id="id", aws_secret_access_key="secret")
        config = Config(retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=1)
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        client: S3Client = session.client("s3", region_name="us-east-1", endpoint_url=url, config=config)
        Breaker(pause_seconds=3600).guard(client)
        store = ObjectStore(client, bucket="recordings")

        errors = []
        for _ in range(SILENT_TRIES + 1):
            with pytest.raises(StoreUnavailableError) as silent:
                store.get("k")
            errors.append(type(silent.value))
        store.close()

    assert [*[StoreUnavailableError] * SILENT_TRIES, StoreAwayError] == errors
