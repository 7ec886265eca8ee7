"""A sweeper for each test."""

import pytest

from unit.sweeping.broom import Broom


@pytest.fixture
def broom() -> Broom:
    """A sweeper of one namespace, over an empty store."""
    return Broom()
