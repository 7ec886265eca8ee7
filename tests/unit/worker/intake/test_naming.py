"""An address is shown without what must not be shown."""

import pytest

from steno_worker.intake import without_secrets
from steno_worker.intake.naming import UNREADABLE

SIGNED = "https://b.s3.example/talk.wav?X-Amz-Credential=AKIA&X-Amz-Signature=secret"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("https://example.com/talk.wav", "https://example.com/talk.wav", id="nothing to hide"),
        pytest.param(SIGNED, "https://b.s3.example/talk.wav", id="signed"),
        pytest.param("https://me:secret@example.com/t", "https://example.com/t", id="password"),
        pytest.param("https://secret@example.com/t", "https://example.com/t", id="token as user"),
        pytest.param("https://me:se@cret@example.com/t", "https://example.com/t", id="at sign in the password"),
        pytest.param("https://me:s%2Fcret@example.com/t", "https://example.com/t", id="quoted password"),
        pytest.param("https://example.com/t#secret", "https://example.com/t", id="fragment"),
        pytest.param("https://example.com?secret", "https://example.com", id="query without a path"),
        pytest.param("http://[2001:db8::1]:8080/t?secret", "http://[2001:db8::1]:8080/t", id="IPv6 and port"),
        pytest.param("http://example.com/a b?secret", "http://example.com/a%20b", id="space"),
        pytest.param("http://bücher.example/t?secret", "http://xn--bcher-kva.example/t", id="umlaut"),
        pytest.param("https://me:s?cret@example.com/t", UNREADABLE, id="question mark in the password"),
        pytest.param("https://me:s/cret@example.com/t", UNREADABLE, id="slash in the password"),
        pytest.param("https://example.com/\nsecret", UNREADABLE, id="line break"),
        pytest.param("https://ex ample:secret", UNREADABLE, id="no port"),
        pytest.param("secret", UNREADABLE, id="no URL"),
        pytest.param("https://?secret", UNREADABLE, id="no host"),
        pytest.param("", UNREADABLE, id="nothing"),
    ],
)
def test_secrets_are_left_out(url: str, expected: str) -> None:
    """User, password, query and fragment go; what cannot be taken apart is not shown at all."""
    assert expected == without_secrets(url)
