"""A step says what it does before it does it, and how long it took after."""

import io

import pytest

from local_cluster import steps


def test_finished_step_says_how_long_it_took() -> None:
    """A step's line ends with its seconds."""
    said = io.StringIO()
    moments = iter([100.0, 131.24])

    with steps.step("node image", stream=said, clock=lambda: next(moments)):
        before = said.getvalue()

    assert "==> node image ... " == before
    assert "==> node image ... 31.2 s\n" == said.getvalue()


def test_failed_step_ends_its_line_and_raises() -> None:
    """A failure is said on the step's own line, so that the error begins a new one."""
    said = io.StringIO()
    moments = iter([0.0, 2.0])

    with (
        pytest.raises(RuntimeError),
        steps.step("node image", stream=said, clock=lambda: next(moments)),
    ):
        raise RuntimeError

    assert "==> node image ... failed after 2.0 s\n" == said.getvalue()


def test_step_with_nothing_to_do_is_brief() -> None:
    """What is there already, or already gone, is one word."""
    said = io.StringIO()

    steps.present("cluster steno", stream=said)
    steps.absent("cluster steno", stream=said)

    assert "==> cluster steno ... present\n==> cluster steno ... absent\n" == said.getvalue()
