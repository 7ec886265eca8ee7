"""What the intake's tests share: a web site on loopback, and a visitor of it."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from unit.worker.intake.sites import Site, Visit


@pytest.fixture
def site() -> Iterator[Site]:
    """Offer a site without pages yet."""
    with Site() as site:
        yield site


@pytest.fixture(scope="session")
def nobody() -> ssl.SSLContext:
    """Trust no certificate; made once, as reading the usual ones takes long."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.fixture
def visit(tmp_path: Path, nobody: ssl.SSLContext) -> Visit:
    """Offer a visitor who may go to loopback."""
    return Visit(tmp_path / "recording", nobody)
