"""The house keeps its shape: what no linter says, said here."""

import ast
import functools
import re
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]


@functools.cache
def project() -> dict[str, Any]:
    """Give ``pyproject.toml``."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@functools.cache
def kept_files() -> tuple[Path, ...]:
    """List the files that git keeps, or would keep, in the order of their paths."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return tuple(path for name in sorted(set(listed.split("\0")) - {""}) if (path := ROOT / name).is_file())


def kept(suffix: str = "", *, under: str = ".", prefix: str = "") -> list[Any]:
    """List kept files as parameters, each with its path as its id."""
    return [
        pytest.param(path, id=str(path.relative_to(ROOT)))
        for path in kept_files()
        if path.name.endswith(suffix) and path.name.startswith(prefix) and path.is_relative_to(ROOT / under)
    ]


@functools.cache
def parsed(path: Path) -> ast.Module:
    """Parse a module."""
    return ast.parse(path.read_text(), filename=str(path))


def functions_in(path: Path, wanted: Callable[[ast.FunctionDef | ast.AsyncFunctionDef], bool]) -> Iterator[Any]:
    """Walk the functions of a module that are `wanted`."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and wanted(node):
            yield node


def is_test(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether pytest collects it."""
    return function.name.startswith("test_")


def is_fixture(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it is one of pytest's fixtures."""
    return any(re.search(r"\bfixture\b", ast.unparse(decorator)) for decorator in function.decorator_list)


def faults_of(text: str | None) -> list[str]:
    """Say what keeps a docstring from being one sentence."""
    if not text:
        return ["there is none"]
    one_line = " ".join(text.split())
    rules = {
        "it does not end with a full stop": not one_line.endswith("."),
        "it is more than one sentence": re.search(r"[.!?][\"')`]* +[A-Z]", one_line) is not None,
    }
    return [fault for fault, holds in rules.items() if holds]


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        pytest.param("An eviction costs no retry.", 0, id="good"),
        pytest.param("A part of `x.y` over 1.5 MiB\n    wraps.", 0, id="dots within"),
        pytest.param('`put` says "none": and that is all.', 0, id="code first"),
        pytest.param(None, 1, id="none"),
        pytest.param("", 1, id="empty"),
        pytest.param("No full stop", 1, id="no full stop"),
        pytest.param("One. Two.", 1, id="two sentences"),
        pytest.param('It says "one." Two follow.', 1, id="two sentences, quoted"),
    ],
)
def test_the_rule_for_docstrings(text: str | None, faults: int) -> None:
    """The guard below knows one sentence when it sees one."""
    assert faults == len(faults_of(text))


@pytest.mark.parametrize("path", kept(".py", under="tests", prefix="test_"))
def test_every_test_says_what_it_proves(path: Path) -> None:
    """Each test has a docstring of one sentence."""
    faulty = {
        test.name: faults for test in functions_in(path, is_test) if (faults := faults_of(ast.get_docstring(test)))
    }

    assert {} == faulty


@pytest.mark.parametrize("path", kept(".py", under="tests"))
def test_every_fixture_says_what_it_gives(path: Path) -> None:
    """Each fixture has a docstring."""
    assert [] == [f.name for f in functions_in(path, is_fixture) if not ast.get_docstring(f)]


@pytest.mark.parametrize("path", kept(".py"))
def test_every_module_says_what_lives_in_it(path: Path) -> None:
    """Each module has a docstring, tests and tooling included."""
    assert ast.get_docstring(parsed(path))


def packages() -> list[Any]:
    """List the packages of the wheel, each with its name as its id."""
    return [
        pytest.param(ROOT / name, id=Path(name).name)
        for name in project()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    ]


@pytest.mark.parametrize("package", packages())
def test_a_packages_folder_is_no_package(package: Path) -> None:
    """The folder around a package has no ``__init__.py``: one called "operator" would break the standard library."""
    assert (package / "__init__.py").exists()
    assert not (package.parent / "__init__.py").exists()


def test_import_operator_is_the_standard_librarys() -> None:
    """From the repository's root, Python's own ``operator`` is found and not our folder."""
    look = "import importlib.machinery as m; print(m.PathFinder.find_spec('operator').origin)"

    found = subprocess.run([sys.executable, "-c", look], cwd=ROOT, check=True, capture_output=True, text=True).stdout

    assert Path(sysconfig.get_path("stdlib"), "operator.py") == Path(found.strip())


@pytest.mark.parametrize(
    "folder", [name for name in project()["tool"]["pytest"]["ini_options"]["pythonpath"] if name != "."]
)
def test_no_folder_on_the_tests_path_hides_a_module(folder: str) -> None:
    """Nothing that tests put on Python's path, ``tests/operator`` above all, bears a standard module's name."""
    assert set() == {path.stem for path in (ROOT / folder).iterdir()} & sys.stdlib_module_names


def imported_by(package: Path) -> set[str]:
    """List the public names that a package's ``__init__.py`` imports or binds."""
    names: set[str] = set()
    for node in parsed(package / "__init__.py").body:
        if isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
    return {name for name in names if not name.startswith("_")}


def exported_by(package: Path) -> list[str] | None:
    """Give a package's ``__all__``; None where it has none."""
    for node in parsed(package / "__init__.py").body:
        if isinstance(node, ast.Assign) and "__all__" == ast.unparse(node.targets[0]):
            return list(ast.literal_eval(node.value))
    return None


def in_house_order(name: str) -> tuple[int, str]:
    """Sort constants before classes before functions, as ruff does."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


@pytest.mark.parametrize("package", packages())
def test_a_packages_surface_is_sorted_and_complete(package: Path) -> None:
    """``__all__`` lists, in order, all that the package imports for others, and nothing else."""
    exported, imported = exported_by(package), imported_by(package)

    assert sorted(imported, key=in_house_order) == (exported or [])


@pytest.mark.parametrize("name", ["steno_types", "steno_store"])
def test_the_shared_floors_have_a_surface(name: str) -> None:
    """The packages that others build on say what is theirs to use."""
    (package,) = (found.values[0] for found in packages() if found.id == name)

    assert exported_by(package)


_ABSOLUTE = re.compile(r"(?<![\w.$}~*>-])/(?:home|root|work)/\w")
"""A path below a folder where people keep their checkouts."""


@pytest.mark.parametrize("path", kept())
def test_no_file_knows_one_machine(path: Path) -> None:
    """No text file holds an absolute path of whoever wrote it."""
    content = path.read_bytes()
    if b"\0" in content:
        return

    lines = enumerate(content.decode().splitlines(), start=1)

    assert [] == [f"{number}: {line}" for number, line in lines if _ABSOLUTE.search(line)]


def test_the_constraints_name_no_place() -> None:
    """``constraints.txt`` pins versions; where they come from is each installation's own affair."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]

    assert [] == [line for line in lines if "://" in line]
    assert [] == [pin for pin in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[^\s;@]+(?: ; .+)?", pin)]
