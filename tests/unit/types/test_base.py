"""How models and times are spelled on the wire."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import TypeAdapter, ValidationError

from steno_types import ProgressReport, Stage, Time, to_rfc3339
from steno_types.base import WireModel

BERLIN = timezone(timedelta(hours=1))
TIMES: TypeAdapter[datetime] = TypeAdapter(Time)


class Sample(WireModel):
    """A model of every kind of field."""

    some_text: str = "a"
    at_time: Time | None = None
    in_all: tuple[int, ...] = ()


@pytest.mark.parametrize(
    ("moment", "spelled"),
    [
        pytest.param(datetime(2026, 1, 31, 12, tzinfo=UTC), "2026-01-31T12:00:00Z", id="UTC"),
        pytest.param(datetime(2026, 1, 31, 12, tzinfo=BERLIN), "2026-01-31T11:00:00Z", id="another zone"),
        pytest.param(datetime(2026, 1, 31, 12, 0, 0, 999_999, tzinfo=UTC), "2026-01-31T12:00:00Z", id="a fraction"),
    ],
)
def test_a_time_is_spelled_as_kubernetes_does(moment: datetime, spelled: str) -> None:
    """UTC, whole seconds cut and never rounded up, a Z."""
    assert spelled == to_rfc3339(moment)
    assert {"someText": "a", "atTime": spelled, "inAll": []} == Sample(at_time=moment).to_wire()


@pytest.mark.parametrize(
    "spelled",
    ["2026-01-31T12:00:00Z", "2026-01-31T13:00:00+01:00", "2026-01-31T12:00:00.75Z"],
)
def test_a_time_is_read_as_whole_seconds_of_utc(spelled: str) -> None:
    """Whatever the spelling, the moment read is in UTC and without a fraction."""
    found = TIMES.validate_python(spelled)

    assert (datetime(2026, 1, 31, 12, tzinfo=UTC), UTC) == (found, found.tzinfo)


@pytest.mark.parametrize(
    "naive",
    [pytest.param("2026-01-31T12:00:00", id="text"), pytest.param(datetime(2026, 1, 31), id="datetime")],  # noqa: DTZ001 -- the point
)
def test_a_time_without_an_offset_is_refused(naive: str | datetime) -> None:
    """Nobody guesses a time zone."""
    with pytest.raises(ValidationError, match="offset from UTC"):
        TIMES.validate_python(naive)


def test_a_time_survives_the_wire() -> None:
    """A model made from the clock equals itself once written and read."""
    sample = Sample(at_time=datetime(2026, 1, 31, 12, 30, 15, 123_456, tzinfo=BERLIN), in_all=(1, 2))

    assert sample == Sample.model_validate(sample.to_wire())


def test_the_wire_is_camel_case_without_what_is_unset() -> None:
    """Field names are camelCase and None is left out; both spellings are read."""
    assert {"someText": "b", "inAll": []} == Sample(some_text="b").to_wire()
    assert Sample.model_validate({"someText": "b"}) == Sample.model_validate({"some_text": "b"})


def test_unknown_fields_are_a_newer_writers() -> None:
    """A field that this version does not know is no error."""
    assert Sample() == Sample.model_validate({"fromTheFuture": 1})


def test_models_are_frozen() -> None:
    """A decision cannot change its evidence."""
    sample = Sample()

    with pytest.raises(ValidationError, match="frozen"):
        sample.some_text = "b"  # type: ignore[misc]


@pytest.mark.parametrize("number", [float("inf"), float("nan")])
def test_numbers_are_finite(number: float) -> None:
    """JSON can say neither infinity nor NaN, so no model takes them."""
    with pytest.raises(ValidationError, match="finite"):
        ProgressReport(stage=Stage.FETCH, percent=0, processed_seconds=number, total_seconds=0)
