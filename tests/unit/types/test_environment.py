"""Faults of the settings are told by the variable's name, without its value."""

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from steno_types import environment_faults


class Colours(BaseModel):
    """Settings as pydantic-settings makes them, with a prefix."""

    model_config = ConfigDict(env_prefix="PAINT_")  # type: ignore[typeddict-unknown-key]  # pydantic-settings' own

    red: int
    blue: dict[str, int] = Field(default_factory=dict)
    green: int = Field(default=0, alias="GREEN_LIGHT")


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        pytest.param({}, ["PAINT_RED is not set"], id="absent"),
        pytest.param({"red": 1, "blue": {"sky": "x"}}, ["PAINT_BLUE (sky): "], id="inside"),
        pytest.param({"red": 1, "GREEN_LIGHT": "secret"}, ["GREEN_LIGHT: "], id="a name of its own"),
        pytest.param({"red": "secret"}, ["PAINT_RED: "], id="malformed"),
    ],
)
def test_faults_name_the_variable_and_not_its_value(given: dict[str, object], faults: list[str]) -> None:
    """Each line begins with the variable; a value, which may be a secret, is not repeated."""
    with pytest.raises(ValidationError) as raised:
        Colours.model_validate(given)

    lines = environment_faults(raised.value, BaseModel, Colours)

    assert faults == [line[: len(fault)] for line, fault in zip(lines, faults, strict=True)]
    assert "secret" not in "".join(lines)
