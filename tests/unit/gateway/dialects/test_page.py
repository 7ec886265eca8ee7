"""The page of the dialects keeps up with the code."""

import re
from pathlib import Path

import pytest

from steno_gateway.dialects.asr_webservice.options import FILE_PART as ASR_FILE
from steno_gateway.dialects.asr_webservice.options import AsrQuery, OutputFormat
from steno_gateway.dialects.openai.options import FILE_PART, UNSUPPORTED, ResponseFormat, TranscriptionOptions
from steno_gateway.settings import GatewaySettings

PAGE = (Path(__file__).parents[4] / "docs" / "dialects.md").read_text()


def table(head: str) -> str:
    """The rows of the table whose head begins like that."""
    return PAGE.partition(head)[2].partition("\n\n")[0]


def names(text: str) -> list[str]:
    """The first column's names, without the brackets of lists."""
    cells = re.findall(r"^\| (`[^|]+) \|", text, flags=re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`(\w+)(?:\[\])?`", cell)]


def test_every_field_of_openais_has_its_row() -> None:
    """Those that are honoured and those that are refused."""
    assert {FILE_PART, *TranscriptionOptions.model_fields, *UNSUPPORTED} == set(names(table("| field |")))


def test_every_parameter_of_asr_has_its_row() -> None:
    """No other is listed."""
    assert {ASR_FILE, *AsrQuery.model_fields} == set(names(table("| parameter of `/asr` |")))


@pytest.mark.parametrize(
    ("head", "field", "formats"),
    [
        pytest.param("| field |", "response_format", ResponseFormat, id="OpenAI"),
        pytest.param("| parameter of `/asr` |", "output", OutputFormat, id="whisper-asr-webservice"),
    ],
)
def test_every_format_is_named(head: str, field: str, formats: type[ResponseFormat] | type[OutputFormat]) -> None:
    """Among what is honoured."""
    (honoured,) = re.findall(rf"^\| `{field}` \| ([^|]+) \|", table(head), flags=re.MULTILINE)

    assert {*formats} == set(re.findall(r"`(\w+)`", honoured))


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        pytest.param("sync_limit_seconds", "waits for {:g} seconds** (`STENO_SYNC_LIMIT_SECONDS`)", id="limit"),
        pytest.param("sync_grace_seconds", "{:g} seconds (`STENO_SYNC_GRACE_SECONDS`)", id="grace"),
    ],
)
def test_the_defaults_are_those_of_the_settings(variable: str, said: str) -> None:
    """The page tells them in figures."""
    assert said.format(GatewaySettings.model_fields[variable].default) in PAGE
