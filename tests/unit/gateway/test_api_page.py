"""The page of the REST API keeps up with the code."""

import re
from pathlib import Path

from steno_gateway import problems
from steno_gateway.problems import Kind
from steno_gateway.requests import TranscribeOptions
from steno_types import TranscriptFormat

PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text()


def test_every_problem_has_its_row() -> None:
    """The table lists each kind with its status, and no other."""
    rows = re.findall(r"^\| ([\d, ]+) \| ((?:`[\w-]+`(?:, )?)+) \|", PAGE, flags=re.MULTILINE)

    listed = {slug: statuses for statuses, slugs in rows for slug in re.findall(r"[\w-]+", slugs)}
    kinds = {kind.slug: str(kind.status) for kind in vars(problems).values() if isinstance(kind, Kind)}
    assert set(kinds) == set(listed)
    assert [] == [slug for slug, status in kinds.items() if status not in listed[slug]]


def test_every_option_has_its_row() -> None:
    """The table of options is that of the model."""
    table = PAGE.partition("| option |")[2].partition("\n\n")[0]

    assert set(TranscribeOptions.model_fields) == set(re.findall(r"^\| `(\w+)`", table, flags=re.MULTILINE))


def test_every_format_is_named() -> None:
    """The formats of a download are those of the model."""
    (row,) = re.findall(r"^\| `fmt` \| (.*) \|$", PAGE, flags=re.MULTILINE)

    assert [*TranscriptFormat] == re.findall(r"`(\w+)`", row)
