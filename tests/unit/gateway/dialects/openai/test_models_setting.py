"""``STENO_MODELS`` says what the names of models stand for."""

import pytest
from pydantic import ValidationError

from steno_gateway.settings import GatewaySettings, ModelChoice
from steno_types import EngineName


def test_without_it_there_is_openais_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """It stands for whatever the installation runs."""
    monkeypatch.delenv("STENO_MODELS", raising=False)

    assert {"whisper-1": ModelChoice()} == GatewaySettings(namespace="speech").models


def test_it_is_read_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each name has a profile, an engine and a model, or what the installation has."""
    monkeypatch.setenv("STENO_MODELS", '{"a": {}, "b": {"profile": "gpu", "engine": "faster-whisper", "model": "x"}}')

    assert {
        "a": ModelChoice(),
        "b": ModelChoice(profile="gpu", engine=EngineName.FASTER_WHISPER, model="x"),
    } == GatewaySettings(namespace="speech").models


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("{", id="no JSON"),
        pytest.param("[]", id="no object"),
        pytest.param("{}", id="no name"),
        pytest.param('{"a": {"modle": "x"}}', id="an unknown field"),
        pytest.param('{"a": {"engine": "hal"}}', id="an unknown engine"),
        pytest.param('{"a": {"profile": "Not A Label"}}', id="no profile's name"),
    ],
)
def test_what_cannot_be_used_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """The gateway does not start, and says which setting it is."""
    monkeypatch.setenv("STENO_MODELS", value)

    with pytest.raises(ValidationError) as refused:
        GatewaySettings(namespace="speech")
    assert {"models"} == {error["loc"][0] for error in refused.value.errors()}
