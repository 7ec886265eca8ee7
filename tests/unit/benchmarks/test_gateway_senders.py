"""The bodies that the gateway's benchmark sends are as long as they say, and forms as the gateway reads them."""

import pytest

from benchmarks.gateway.senders import BOUNDARY, Body, in_a_form, random_bytes
from steno_gateway.uploads.multipart_form import FormReader, PartData


@pytest.mark.parametrize("size_bytes", [1, 7, 8, 9, 1000], ids="{} bytes".format)
def test_a_body_is_as_long_as_it_says(size_bytes: int) -> None:
    """Whatever its block's size, the repeated part has the size asked for, and head and tail count too."""
    body = Body(b"12345678", size_bytes, b"head", b"tail")
    sent = b"".join(body.pieces())
    assert len(body) == len(sent) == size_bytes + 8
    assert sent.startswith(b"head1")
    assert sent.endswith(b"tail")


def test_noise_is_as_long_as_it_says() -> None:
    """A raw body has neither head nor tail."""
    assert 3_000_000 == sum(map(len, random_bytes(3_000_000).pieces()))


def test_a_form_has_the_file_alone() -> None:
    """The gateway's own reader finds one file of the size asked for in a form."""
    reader = FormReader(f"multipart/form-data; boundary={BOUNDARY}")
    events = [event for piece in in_a_form(b"\r\n--\r\n-", 10_000).pieces() for event in reader.feed(piece)]
    reader.finish()
    assert 10_000 == sum(len(event.data) for event in events if isinstance(event, PartData))
