"""What the tests of whole reconciles share."""

import pytest

from unit.operator_decisions.acting.bench import Bench


@pytest.fixture
def bench() -> Bench:
    """Surroundings without a job."""
    return Bench()
