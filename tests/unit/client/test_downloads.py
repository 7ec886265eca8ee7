"""A transcript comes down whole or not at all, and goes on where it broke off."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from steno_client import AnswerError, NotFoundError, Steno
from unit.client.conftest import QUICK

BODY = b"And then nobody said anything. " * 1000
ETAG = f'"{hashlib.sha256(BODY).hexdigest()}"'


class Breaking(httpx.SyncByteStream):
    """A body that breaks off in the middle."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        """Give it, and break."""
        yield self._body
        raise httpx.ReadError("reset")


class Transcript:
    """Answers with ranges of a transcript, and breaks off as often as it is told."""

    def __init__(self, *, breaks: int = 0, body: bytes = BODY) -> None:
        self.ranges: list[str | None] = []
        self._breaks = breaks
        self._body = body

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        ranged = request.headers.get("Range")
        named = {"ETag": ETAG, "Content-Disposition": "attachment; filename*=UTF-8''..%2Fgespr%C3%A4ch.txt"}
        if request.method == "HEAD":
            return httpx.Response(200, headers=named)
        self.ranges.append(ranged)
        start = int(ranged.removeprefix("bytes=").rstrip("-")) if ranged else 0
        if start >= len(self._body):
            problem = {
                "type": "urn:x:range-not-satisfiable",
                "title": "t",
                "status": 416,
                "detail": "d",
                "remedy": "r",
            }
            return httpx.Response(416, json=problem)
        rest = self._body[start:]
        status = 206 if ranged else 200
        if self._breaks:
            self._breaks -= 1
            return httpx.Response(status, headers=named, stream=Breaking(rest[: len(rest) // 2]))
        return httpx.Response(status, headers=named, content=rest)

    def client(self) -> Steno:
        """Give a client that it answers."""
        return Steno("http://gateway", transport=httpx.MockTransport(self), retries=QUICK)


def test_what_broke_off_goes_on(tmp_path: Path) -> None:
    """Each retry asks for what is missing, and the file appears when it is whole."""
    transcript = Transcript(breaks=2)

    with transcript.client() as steno:
        file = steno.download("tsj-1", "txt", to=tmp_path / "talk.txt")

    half = len(BODY) // 2
    assert [None, f"bytes={half}-", f"bytes={half + half // 2}-"] == transcript.ranges
    assert (BODY, [file]) == (file.read_bytes(), list(tmp_path.iterdir()))


@pytest.mark.parametrize(
    ("part", "ranges"),
    [
        pytest.param(BODY[:100], ["bytes=100-"], id="of this transcript"),
        pytest.param(BODY, [f"bytes={len(BODY)}-"], id="all of it"),
        pytest.param(b"other" * 20, ["bytes=100-", None], id="of another one"),
        pytest.param(BODY + b"more", [f"bytes={len(BODY) + 4}-", None], id="more than there is"),
    ],
)
def test_an_earlier_part_is_gone_on_with_or_thrown_away(
    tmp_path: Path, part: bytes, ranges: list[str | None]
) -> None:
    """The digest tells whether what lay there was of this transcript."""
    (tmp_path / "talk.txt.part").write_bytes(part)
    transcript = Transcript()

    with transcript.client() as steno:
        file = steno.download("tsj-1", "txt", to=tmp_path / "talk.txt")

    assert (ranges, BODY, [file]) == (transcript.ranges, file.read_bytes(), list(tmp_path.iterdir()))


def test_the_gateways_name_stays_in_the_folder(tmp_path: Path) -> None:
    """A name is a name, and no way out."""
    with Transcript().client() as steno:
        file = steno.download("tsj-1", "txt", to=tmp_path)

    assert tmp_path / "gespräch.txt" == file


def test_bytes_that_were_not_announced_are_not_kept(tmp_path: Path) -> None:
    """What came is never taken for the whole."""
    with Transcript(body=b"something else").client() as steno, pytest.raises(AnswerError):
        steno.download("tsj-1", "txt", to=tmp_path / "talk.txt")

    assert [] == list(tmp_path.iterdir())


def test_a_refusal_leaves_no_file(tmp_path: Path) -> None:
    """No transcript, no file."""
    problem = {"type": "urn:x:task-unknown", "title": "t", "status": 404, "detail": "d", "remedy": "r"}
    gone = httpx.MockTransport(lambda _: httpx.Response(404, json=problem))
    with Steno("http://gateway", transport=gone) as steno, pytest.raises(NotFoundError):
        steno.download("tsj-1", to=tmp_path / "talk.txt")

    assert [] == list(tmp_path.iterdir())
