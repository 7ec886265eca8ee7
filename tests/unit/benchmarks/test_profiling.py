"""Stacks that py-spy has collapsed are added up."""

import pytest

from benchmarks.operator.profiling import library, parsed, summary

STACKS = """\
main (steno_operator/process.py:103);_work (steno_operator/queue.py:63);loads (json/__init__.py:299) 30
main (steno_operator/process.py:103);_work (steno_operator/queue.py:63) 50
main (steno_operator/process.py:103);worker (kopf/queueing.py:2);worker (kopf/queueing.py:2) 20
""".splitlines(keepends=True)


def test_time_goes_to_all_that_waited_for_it() -> None:
    """Cumulative time is a function's own and its callees', once even where it calls itself."""
    profile = parsed(STACKS)

    assert 100 == profile.samples
    assert 100 == profile.cumulative["main (steno_operator/process.py:103)"]
    assert 80 == profile.cumulative["_work (steno_operator/queue.py:63)"]
    assert 20 == profile.cumulative["worker (kopf/queueing.py:2)"]


def test_own_time_goes_to_the_innermost() -> None:
    """By function and by library."""
    profile = parsed(STACKS)

    assert {"json": 30, "steno_operator": 50, "kopf": 20} == profile.libraries
    assert 0 == profile.own["main (steno_operator/process.py:103)"]


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        pytest.param("send (httpx2/_client.py:1781)", "httpx2", id="a package"),
        pytest.param("deepcopy (copy.py:128)", "copy", id="a module"),
        pytest.param("_run_code (<frozen runpy>:65)", "<frozen runpy>", id="frozen"),
        pytest.param("Api.<locals>.call (a/b.py)", "a", id="no line"),
        pytest.param("process 12", "process 12", id="no file"),
    ],
)
def test_a_frame_belongs_to_a_library(frame: str, expected: str) -> None:
    """It is the first part of its file's path."""
    assert expected == library(frame)


def test_the_costliest_come_first() -> None:
    """Shares of all samples, as many as asked for."""
    lines = summary(parsed(STACKS), told=1).splitlines()

    assert "-- cumulative" == lines[1]
    assert " 100.0%  main (steno_operator/process.py:103)" == lines[2]
    assert ["-- own", "  50.0%  _work (steno_operator/queue.py:63)"] == lines[3:5]
