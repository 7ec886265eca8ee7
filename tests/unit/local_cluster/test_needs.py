"""A missing need ends the command at once, with one line that names the remedy."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from local_cluster import needs
from local_cluster.errors import MissingNeedError


def a_program(folder: Path, name: str, *, prints: str = "") -> str:
    """Put an executable into a folder; return the folder as a search path."""
    program = folder / name
    program.write_text(f"#!/bin/sh\necho {prints}\n")
    program.chmod(0o755)
    return str(folder)


@pytest.mark.parametrize(
    ("require", "remedy"),
    [
        pytest.param(lambda _: needs.require_root("starting", 1000), "run the same command with sudo", id="root"),
        pytest.param(lambda f: needs.require_apt("jq", str(f)), "install jq yourself", id="apt"),
        pytest.param(lambda f: needs.require_go("kind", str(f)), "install Go 1.21 or newer", id="go"),
        pytest.param(
            lambda f: needs.require_go("kind", a_program(f, "go", prints="go1.19.8")),
            "install Go 1.21 or newer",
            id="old go",
        ),
        pytest.param(lambda f: needs.require_disk(f, 19_900_000_000), "STENO_STATE_DIR", id="disk"),
        pytest.param(
            lambda f: needs.require_program("setpriv", "install util-linux", str(f)),
            "install util-linux",
            id="program",
        ),
    ],
)
def test_missing_need_is_one_line_with_its_remedy(
    tmp_path: Path, require: Callable[[Path], object], remedy: str
) -> None:
    """Each missing need raises one line, and the line says what to do."""
    with pytest.raises(MissingNeedError) as raised:
        require(tmp_path)

    assert 1 == len(str(raised.value).splitlines())
    assert remedy in str(raised.value)


def test_taken_port_names_the_option_that_frees_it() -> None:
    """A port that something listens on is refused, naming the option to choose another."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        with pytest.raises(MissingNeedError, match=f"port {port} .* --gateway-port 0"):
            needs.require_port(port, "--gateway-port")


def test_met_needs_pass(tmp_path: Path) -> None:
    """Root, enough disk and a new enough Go raise nothing, and the Go that was found is returned."""
    needs.require_root("starting", 0)
    needs.require_disk(tmp_path, needs.DISK_BYTES)

    assert tmp_path / "go" == needs.require_go("kind", a_program(tmp_path, "go", prints="go1.26.8"))
