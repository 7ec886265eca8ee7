"""What the JSON Schema and ``docs/outputs.md`` say of the JSON formats is what is written."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from steno_types import TranscriptFormat
from steno_worker.rendering import file_suffix, render_all
from steno_worker.rendering.schema import json_schema
from unit.worker.rendering.transcripts import ENGINE, REPORT, a_segment, a_spoken_segment, a_transcript, bodies

PAGE = Path(__file__).parents[4] / "docs" / "outputs.md"

SCHEMA = json_schema()

FULL = a_transcript(
    a_spoken_segment([(" Hello.", 0, 1)]).model_copy(
        update={"redecoded": ("gap",), "language": "en", "speaker": "Ann", "tokens": (1,)}
    ),
    engine=ENGINE.model_copy(update={"model_digest": "sha256:0"}),
)
"""A transcript in which every field is set."""

BARE = a_transcript(a_segment("Hello."), language=None, engine=ENGINE.model_copy(update={"beam_size": None}))
"""A transcript in which no field is set that need not be."""

Field = tuple[str, str, str]
"""Path, type, and whether it is always there."""


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference."""
    return SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def fields(schema: dict[str, Any], path: str = "") -> Iterator[Field]:
    """List the fields of an object's schema, and of those within."""
    for name, entry in schema["properties"].items():
        there = "always" if name in schema["required"] else "where known"
        found = resolved(entry)
        if found["type"] == "array":
            item = resolved(found["items"])
            yield f"{path}{name}", f"array of {item['type']}s", there
            inner, below = item, f"{path}{name}[]."
        else:
            yield f"{path}{name}", found["type"], there
            inner, below = found, f"{path}{name}."
        if inner["type"] == "object":
            yield from fields(inner, below)


def paths(document: Any, path: str = "") -> Iterator[str]:
    """List the paths of all values in a document."""
    for name, value in document.items() if isinstance(document, dict) else ():
        yield f"{path}{name}"
        for inner in value if isinstance(value, list) else [value]:
            yield from paths(inner, f"{path}{name}[]." if isinstance(value, list) else f"{path}{name}.")


def rows(heading: str) -> list[list[str]]:
    """Give the rows of the page's table under a header row that begins with `heading`."""
    lines = PAGE.read_text().splitlines()
    (start,) = (number for number, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    table: list[list[str]] = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return table


@pytest.mark.parametrize(
    ("name", "transcript_format"),
    [pytest.param("Transcript", "json", id="transcript"), pytest.param("Report", "report", id="report")],
)
def test_the_page_has_every_field(name: str, transcript_format: str) -> None:
    """The page's tables and the schema name the same fields, types and presence, in one order."""
    table = rows(f"field of `{transcript_format}`")

    assert list(fields(SCHEMA["$defs"][name])) == [(row[0].strip("`"), row[1], row[2]) for row in table]
    assert [] == [row[0] for row in table if len(row) != 4 or not row[3]]


def test_the_page_has_every_format() -> None:
    """The page's first table is that of the renderings: names, files and media types."""
    rendered = [(r.format.value, f"NAME.{file_suffix(r.format)}", r.content_type) for r in render_all(FULL, REPORT)]

    table = [tuple(cell.strip("`") for cell in row[:3]) for row in rows("format")]

    assert sorted(rendered) == sorted(table)
    assert set(TranscriptFormat) == {row[0] for row in table}


def test_the_page_has_every_word_of_an_enumeration() -> None:
    """Each value that a field may have by name is explained."""
    words = [word for definition in SCHEMA["$defs"].values() for word in definition.get("enum", ())]

    assert words
    assert [] == [word for word in words if f"`{word}`" not in PAGE.read_text()]


def test_the_schema_has_every_field_that_is_written() -> None:
    """A transcript and a report in which all is set hold just the schema's fields."""
    every = bodies(FULL, REPORT)

    for name, transcript_format in (("Transcript", "json"), ("Report", "report")):
        assert {path for path, _, _ in fields(SCHEMA["$defs"][name])} == set(
            paths(json.loads(every[transcript_format]))
        )


def test_the_schema_knows_what_may_be_left_out() -> None:
    """A transcript in which nothing is set that need not be holds just the fields that are always there."""
    always = {path for path, _, there in fields(SCHEMA["$defs"]["Transcript"]) if there == "always"}

    assert {path for path in always if not path.startswith("segments[].words[]")} == set(
        paths(json.loads(bodies(BARE)["json"]))
    )


def test_the_schema_asks_for_no_field_that_it_does_not_have() -> None:
    """What is left out of every transcript is not required either."""
    models = [definition for definition in SCHEMA["$defs"].values() if definition["type"] == "object"]

    assert [] == [model for model in models if not set(model["properties"]) >= set(model["required"])]


def test_the_schema_knows_no_null() -> None:
    """No field is ever null, and no default stands in for one that is left out."""
    assert not re.search(r'"(null|default)"', json.dumps(SCHEMA))


def test_the_schema_is_printed() -> None:
    """The module prints it, and nothing else."""
    command = [sys.executable, "-m", "steno_worker.rendering.schema"]

    printed = subprocess.run(command, check=True, capture_output=True, text=True)

    assert SCHEMA == json.loads(printed.stdout)
    assert not printed.stderr
