"""Compressed bodies are undone piece by piece."""

import gzip
import zlib

import pytest

from steno_worker.intake.inflating import PIECE_BYTES, Inflater, inflater_for

BODY = bytes(range(256)) * 5000
"""1.2 MiB, so more than one piece."""


def inflated(compressed: bytes, *, chunk_bytes: int = 1000) -> tuple[bytes, bool]:
    """Undo `compressed`, given in chunks; says whether it was whole."""
    inflater = Inflater()
    chunks = [compressed[start : start + chunk_bytes] for start in range(0, len(compressed), chunk_bytes)]
    return b"".join(piece for chunk in chunks for piece in inflater.pieces(chunk)), inflater.is_whole


@pytest.mark.parametrize("chunk_bytes", [1, 1000, 1 << 20])
@pytest.mark.parametrize(
    ("compressed", "body"),
    [
        pytest.param(gzip.compress(BODY), BODY, id="gzip"),
        pytest.param(zlib.compress(BODY), BODY, id="deflate"),
        pytest.param(gzip.compress(b"one") + gzip.compress(b"two"), b"onetwo", id="two members"),
        pytest.param(gzip.compress(b""), b"", id="empty, compressed"),
        pytest.param(gzip.compress(bytes(PIECE_BYTES)), bytes(PIECE_BYTES), id="exactly one piece"),
        pytest.param(b"", b"", id="nothing at all"),
    ],
)
def test_a_body_comes_back(compressed: bytes, body: bytes, chunk_bytes: int) -> None:
    """Whatever its chunks, a body is undone in full, and known to be whole."""
    assert (body, True) == inflated(compressed, chunk_bytes=chunk_bytes)


@pytest.mark.parametrize("missing_bytes", [1, 8, 100])
def test_a_body_that_ends_early_is_not_whole(missing_bytes: int) -> None:
    """Even a missing check sum is noticed."""
    _, is_whole = inflated(gzip.compress(BODY)[:-missing_bytes])

    assert not is_whole


def test_a_bomb_comes_in_small_pieces() -> None:
    """A chunk that stands for a thousand times its size never fills the memory."""
    bomb = gzip.compress(bytes(64 << 20))

    sizes = [len(piece) for piece in Inflater().pieces(bomb)]

    assert len(bomb) < 70_000
    assert PIECE_BYTES == max(sizes)
    assert 64 << 20 == sum(sizes)


def test_what_is_not_compressed_is_told() -> None:
    """A body that only claims to be compressed raises zlib's error."""
    with pytest.raises(zlib.error):
        list(Inflater().pieces(b"RIFF....WAVE"))


@pytest.mark.parametrize(
    ("header", "compressed"),
    [
        pytest.param("", False, id="no header"),
        pytest.param("identity", False, id="identity"),
        pytest.param("gzip", True, id="gzip"),
        pytest.param(" GZip , identity", True, id="gzip in odd spelling"),
        pytest.param("x-gzip", True, id="its old name"),
        pytest.param("deflate", True, id="deflate"),
    ],
)
def test_one_layer_is_undone(header: str, *, compressed: bool) -> None:
    """A body in one known coding is undone, one without is left alone."""
    assert compressed is (inflater_for(header) is not None)


@pytest.mark.parametrize("header", ["br", "zstd", "gzip, gzip", "compress", "aws-chunked"])
def test_other_codings_are_refused(header: str) -> None:
    """A coding that is not undone is named, and so is a second layer, which would multiply a bomb."""
    with pytest.raises(ValueError, match=header):
        inflater_for(header)
