"""The tree of errors is what its module draws, and agrees with the failure table."""

import pytest

from steno_types import Disposition, Reason, failure_for
from steno_worker import errors
from steno_worker.errors import InternalError, RetryableError, TerminalError, WorkerError


def drawn(kind: type[WorkerError], indent: str = "", branch: str = "") -> list[str]:
    """Draw the tree below `kind` as the module's docstring does."""
    children = kind.__subclasses__()
    lines = [f"{indent}{branch}{kind.__name__}"]
    below = indent + {"": "", "├── ": "│   ", "└── ": "    "}[branch]
    for number, child in enumerate(children, start=1):
        lines += drawn(child, below, "└── " if number == len(children) else "├── ")
    return lines


def leaves(kind: type[WorkerError]) -> list[type[WorkerError]]:
    """Collect the classes that are raised."""
    return [leaf for child in kind.__subclasses__() for leaf in leaves(child)] or [kind]


def test_the_drawing_is_the_tree() -> None:
    """The module's docstring draws every class at its place."""
    docstring = errors.__doc__ or ""

    tree = [line.removeprefix("    ") for line in docstring.splitlines() if "Error" in line and line[:4] == "    "]

    assert drawn(WorkerError) == tree


def test_every_reason_is_raised_by_one_class() -> None:
    """No two classes share a reason, so that a reason says where to look."""
    reasons = [leaf.reason for leaf in leaves(WorkerError)]

    assert sorted(set(reasons)) == sorted(reasons)


@pytest.mark.parametrize(
    ("branch", "disposition"),
    [
        pytest.param(TerminalError, Disposition.TERMINAL, id="terminal"),
        pytest.param(RetryableError, Disposition.RETRYABLE, id="retryable"),
        pytest.param(InternalError, Disposition.BUG, id="bug"),
    ],
)
def test_the_branches_are_the_dispositions(branch: type[WorkerError], disposition: Disposition) -> None:
    """What the worker claims, or leaves to another attempt, is what the table says of the reason."""
    assert {disposition} == {failure_for(leaf.reason).disposition for leaf in leaves(branch)}


def test_every_reason_with_an_exit_code_has_its_class() -> None:
    """The worker can end for each reason that the table gives an exit code; SIGTERM alone ends it from outside."""
    with_code = {reason for reason in Reason if failure_for(reason).exit_code is not None}

    assert with_code - {Reason.TERMINATED} == {leaf.reason for leaf in leaves(WorkerError)}


def test_an_internal_error_quotes_nobody() -> None:
    """An unforeseen error's text may hold a secret: kind and place are told, not the text."""
    try:
        raise RuntimeError("password=hunter2")  # noqa: TRY301 -- for its traceback
    except RuntimeError as error:
        said = str(InternalError.of(error))

    assert said.startswith("An unforeseen RuntimeError was raised at test_errors.py:")
    assert "hunter2" not in said
