"""The command makes a key that works, shows it once, and puts nothing of it where it stays."""

import subprocess
import sys

import pytest
import yaml

from steno_gateway.access.keys import digest_of


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the gateway's command."""
    command = [sys.executable, "-m", "steno_gateway", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_key_goes_to_stderr_and_its_entry_to_stdout() -> None:
    """The entry, appended to a file's keys, is the key's."""
    said = run(
        *("key", "--name", "newsroom", "--namespace", "speech", "--requests-per-minute", "60"),
        *("--expires", "2027-01-31T00:00:00+01:00"),
    )

    key = said.stderr.strip().rpartition(" ")[2]
    assert 0 == said.returncode
    assert [
        {
            "name": "newsroom",
            "sha256": digest_of(key),
            "namespace": "speech",
            "scopes": ["read", "write"],
            "requests_per_minute": 60,
            "expires": "2027-01-31T00:00:00+01:00",
        }
    ] == yaml.safe_load(said.stdout)
    assert key not in said.stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        pytest.param(["key"], "--name, --namespace", id="nothing"),
        pytest.param(["key", "--name", "A", "--namespace", "b"], "--name: String should match", id="a name"),
        pytest.param(
            ["key", "--name", "a", "--namespace", "b", "--scopes", "all"], "--scopes: Input should be", id="a scope"
        ),
        pytest.param(
            ["key", "--name", "a", "--namespace", "b", "--expires", "2027-01-31"], "--expires: Input", id="no zone"
        ),
        pytest.param(["kye"], "usage: steno-gateway", id="no command"),
    ],
)
def test_a_wrong_argument_makes_no_key(arguments: list[str], complaint: str) -> None:
    """It is named."""
    said = run(*arguments)

    assert (2, "") == (said.returncode, said.stdout)
    assert complaint in said.stderr
    assert "steno_" not in said.stderr.replace("steno_gateway", "")
