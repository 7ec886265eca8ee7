"""The built wheel, and a clean environment per extra that it is installed into."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*command: str | Path, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, away from the checkout, so that only what is installed can be imported."""
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, cwd="/", env=environment
    )


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    built = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    assert 0 == built.returncode, built.stderr
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def environment(request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel and one extra; gives its folder of programs."""
    extra: str = request.param
    folder = tmp_path_factory.mktemp(extra or "base")
    made = run(sys.executable, "-m", "venv", folder)
    assert 0 == made.returncode, made.stderr
    wanted = f"steno[{extra}] @ {wheel.as_uri()}" if extra else f"steno @ {wheel.as_uri()}"
    installed = run(folder / "bin" / "pip", "install", "--quiet", "--constraint", ROOT / "constraints.txt", wanted)
    assert 0 == installed.returncode, installed.stderr
    return folder / "bin"
