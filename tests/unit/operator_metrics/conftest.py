"""Metrics for each test."""

import pytest

from unit.operator_metrics.meter import Meter


@pytest.fixture
def meter() -> Meter:
    """Metrics of an operator that has just begun."""
    return Meter()
