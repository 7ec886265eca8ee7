"""What the tests of the operator's decisions share."""

import pytest

from unit.operator_decisions.bench import Bench


@pytest.fixture
def bench() -> Bench:
    """Surroundings without a job."""
    return Bench()
