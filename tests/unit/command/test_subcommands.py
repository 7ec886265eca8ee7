"""The ``steno`` command: what it lists, hands over and refuses, and what it says of an extra that is not there."""

import importlib.metadata
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from steno_command.__main__ import main
from steno_command.subcommands import find_subcommands

PART = '''
from collections.abc import Sequence

def greet(arguments: Sequence[str]) -> int:
    """Say hello.

    At length.
    """
    print("hello", *arguments)
    return 7

def need(arguments: Sequence[str]) -> int:
    """Need what is not there."""
    import package_of_an_extra
    return 0

def broken(arguments: Sequence[str]) -> int:
    """Lack a module of the project itself."""
    import steno_absent
    return 0
'''

ENTRY_POINTS = """\
[steno.commands]
greet = greeting_part:greet
need = greeting_part:need [worker,cuda]
broken = greeting_part:broken [worker]
absent = absent_part:main [client]
"""


@pytest.fixture
def part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a distribution with subcommands, one of whose packages is missing."""
    (tmp_path / "greeting_part.py").write_text(PART)
    about = tmp_path / "greeting-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "greeting_part", raising=False)


@pytest.mark.usefixtures("part")
@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        pytest.param(["--help"], 0, id="help"),
        pytest.param(["-h"], 0, id="short"),
        pytest.param([], 2, id="nothing"),
        pytest.param(["gret"], 2, id="unknown"),
    ],
)
def test_subcommands_are_listed_with_the_first_line_of_their_docs(
    capsys: pytest.CaptureFixture[str], arguments: Sequence[str], exit_code: int
) -> None:
    """Whoever asks, or errs, sees what there is; one without its extra has its install line there."""
    ended = main(arguments)

    said = capsys.readouterr()
    assert exit_code == ended
    lines = (said.out if exit_code == 0 else said.err).splitlines()
    assert "  greet       Say hello." in lines
    assert "  transcribe  Transcribe recordings of this machine, without a cluster." in lines
    assert "  absent      (absent_part is not installed; run: pip install 'greeting[client]')" in lines
    assert (said.err if exit_code == 0 else said.out) == ""


@pytest.mark.usefixtures("part")
def test_an_unknown_subcommand_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """A typing error is told before the list."""
    main(["gret"])

    assert "steno: there is no subcommand gret" == capsys.readouterr().err.splitlines()[0]


@pytest.mark.usefixtures("part")
def test_a_subcommand_gets_its_arguments_and_decides_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    """All that follows its name is its own, ``--help`` too."""
    assert 7 == main(["greet", "you", "--help"])
    assert "hello you --help\n" == capsys.readouterr().out


@pytest.mark.usefixtures("part")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param(
            "need", "package_of_an_extra is not installed; run: pip install 'greeting[worker,cuda]'", id="run"
        ),
        pytest.param("absent", "absent_part is not installed; run: pip install 'greeting[client]'", id="load"),
    ],
)
def test_a_missing_extra_is_said_with_its_install_line(
    capsys: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    """One line, and the exit code of the parts."""
    assert 78 == main([name])
    assert f"steno {name}: {said}\n" == capsys.readouterr().err


@pytest.mark.usefixtures("part")
def test_a_missing_module_of_the_project_is_no_missing_extra() -> None:
    """A fault of the build must not be explained away."""
    with pytest.raises(ModuleNotFoundError, match="steno_absent"):
        main(["broken"])


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """For reports of faults."""
    assert 0 == main(["--version"])
    assert f"steno {importlib.metadata.version('steno')}\n" == capsys.readouterr().out


def test_the_projects_own_subcommands_are_found() -> None:
    """The installed distribution's metadata has them."""
    found = find_subcommands()["transcribe"].entry_point

    assert ("steno_worker.command:main", ("worker",)) == (found.value.partition(" ")[0], tuple(found.extras))
