"""An engine's options are typed, refused by name when they are wrong, and told in full in the docs."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from steno_types import EngineSettings, Reason
from steno_worker.engines.fake import FakeOptions
from steno_worker.engines.faster_whisper import FasterWhisperOptions
from steno_worker.engines.multistep.settings import MultistepOptions
from steno_worker.engines.openai.settings import OpenAIOptions
from steno_worker.engines.options import EngineOptions
from steno_worker.errors import OptionUnsupportedError

PAGE = Path(__file__).parents[4] / "docs" / "engines.md"


class Mood(StrEnum):
    """A choice."""

    GOOD = "good"
    BAD = "bad"


class SomeOptions(EngineOptions):
    """One option of each kind."""

    mood: Mood = Mood.GOOD
    """A choice."""
    step_seconds: Annotated[float, Field(gt=0)] = 1.5
    """A number."""
    times: int | None = None
    """A whole number, or nothing."""
    wordy: bool = False
    """A switch."""


def read(options: dict[str, str], kind: type[EngineOptions] = SomeOptions) -> EngineOptions:
    """Read options as a job gives them."""
    return kind.read(EngineSettings.model_validate({"name": "fake", "model": "none", "options": options}))


def test_absent_options_have_their_defaults() -> None:
    """A job needs to give none."""
    assert SomeOptions() == read({})


def test_strings_become_values() -> None:
    """A job's strings are read as what each option is."""
    given = {"mood": "bad", "stepSeconds": "0.25", "times": "3", "wordy": "true"}

    assert {"mood": Mood.BAD, "step_seconds": 0.25, "times": 3, "wordy": True} == read(given).model_dump()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(
            {"volume": "hunter2"},
            "engine.options.volume is no option of the engine fake; there are mood, stepSeconds, times, wordy.",
            id="unknown",
        ),
        pytest.param(
            {"step_seconds": "hunter2"},
            "engine.options.step_seconds is no option of the engine fake; there are mood, stepSeconds, times, wordy.",
            id="Python's spelling",
        ),
        pytest.param(
            {"mood": "hunter2"},
            "engine.options.mood is malformed (Input should be 'good' or 'bad').",
            id="no such choice",
        ),
        pytest.param(
            {"stepSeconds": "0"},
            "engine.options.stepSeconds is malformed (Input should be greater than 0).",
            id="out of bounds",
        ),
        pytest.param(
            {"stepSeconds": "inf"},
            "engine.options.stepSeconds is malformed (Input should be a finite number).",
            id="not finite",
        ),
        pytest.param(
            {"times": "1.5", "wordy": "hunter2"},
            "engine.options.times is malformed "
            "(Input should be a valid integer, unable to parse string as an integer). "
            "engine.options.wordy is malformed "
            "(Input should be a valid boolean, unable to interpret input).",
            id="two at once",
        ),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, str], said: str) -> None:
    """The message has the option, what it may be, and not its value."""
    with pytest.raises(OptionUnsupportedError) as raised:
        read(options)

    assert (said, Reason.OPTION_UNSUPPORTED) == (str(raised.value), raised.value.reason)


def test_an_engine_without_options_says_so() -> None:
    """There may be nothing to choose from."""
    with pytest.raises(OptionUnsupportedError, match=r"engine\.options\.x is no option .*; it has none\.$"):
        read({"x": "1"}, EngineOptions)


def documented(engine: str) -> list[tuple[str, str, str]]:
    """Give the rows of the table of options in an engine's section: name, default, meaning."""
    sections = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)
    (section,) = (section for section in sections if section.startswith(f"`{engine}`"))
    _, _, table = section.partition("### Options\n")
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|$", table.partition("\n### ")[0], flags=re.MULTILINE)
    return [(name, default, meaning) for name, default, meaning in rows]


def declared(options: type[EngineOptions]) -> list[tuple[str, str, str]]:
    """Give the same of the model."""
    return [
        (field.alias or name, _spelled(field.default), " ".join((field.description or "").split()))
        for name, field in options.model_fields.items()
    ]


def _spelled(default: object) -> str:
    match default:
        case None:
            return "none"
        case bool():
            return f"`{str(default).lower()}`"
        case float():
            return f"`{default:g}`"
        case tuple():
            return f"`{','.join(f'{item:g}' for item in default)}`"
        case _:
            return f"`{default}`"


@pytest.mark.parametrize(
    ("engine", "options"),
    [
        pytest.param("fake", FakeOptions, id="fake"),
        pytest.param("faster-whisper", FasterWhisperOptions, id="faster-whisper"),
        pytest.param("multistep", MultistepOptions, id="multistep"),
        pytest.param("openai", OpenAIOptions, id="openai"),
    ],
)
def test_the_docs_tell_an_engines_options(engine: str, options: type[EngineOptions]) -> None:
    """Every option has its row, with its default and in the words of its docstring."""
    assert declared(options) == documented(engine)
