"""The file of keys may change while the gateway runs, and a mistake in it locks nobody out."""

import logging
from pathlib import Path

import pytest

from steno_gateway.access.key_file import CHECK_SECONDS, KeyFile
from steno_gateway.access.keys import KeysInvalidError
from support.api_keys import Key, write_keys, write_text


class Clock:
    """Stands still until it is told."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    """What the file's looks are timed by."""
    return Clock()


def names(file: KeyFile) -> list[str]:
    """List whose keys are good."""
    return sorted(known.caller.name for known in file.ring().by_digest.values())


def test_a_new_version_counts_a_second_later(keys_path: Path, clock: Clock) -> None:
    """Between two looks nothing is read, then all of it."""
    file = KeyFile(write_keys(keys_path, Key("a"), Key("b")), ["speech"], clock=clock)
    write_keys(keys_path, Key("b"), Key("c"))

    clock.seconds += CHECK_SECONDS - 0.01
    before = names(file)
    clock.seconds += 0.01

    assert (["a", "b"], ["b", "c"]) == (before, names(file))


def test_a_file_that_is_written_in_place_counts_too(tmp_path: Path, clock: Clock) -> None:
    """Outside of Kubernetes nobody turns links."""
    path = tmp_path / "keys.yaml"
    path.write_text("keys: []")
    file = KeyFile(path, ["speech"], clock=clock)

    path.write_text(write_keys(tmp_path / "other.yaml", Key("a")).read_text())
    clock.seconds += CHECK_SECONDS

    assert ["a"] == names(file)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("keys: [", "it is no YAML", id="no YAML"),
        pytest.param("keys: [{name: a}]", "keys[0] (a) sha256: Field required", id="a field"),
        pytest.param(None, "it cannot be read: No such file", id="gone"),
    ],
)
def test_a_broken_version_is_told_once_and_the_old_keys_stay(
    text: str | None, fault: str, *, keys_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Each look would say the same; a version that can be used counts again."""
    file = KeyFile(write_keys(keys_path, Key("a")), ["speech"], clock=clock)
    if text is None:
        keys_path.unlink()
    else:
        write_text(keys_path, text)

    with caplog.at_level(logging.INFO):
        for _ in range(3):
            clock.seconds += CHECK_SECONDS
            assert ["a"] == names(file)
    told = [record.getMessage() for record in caplog.records]
    write_keys(keys_path, Key("b"))
    clock.seconds += CHECK_SECONDS

    (line,) = told
    assert f"cannot be used, the old keys stay: {fault}" in line
    assert ["b"] == names(file)


@pytest.mark.parametrize("text", [None, "keys: [{}]"], ids=["missing", "broken"])
def test_at_the_start_a_file_must_be_good(text: str | None, keys_path: Path) -> None:
    """There are no old keys to stay with."""
    if text is not None:
        keys_path.write_text(text)

    with pytest.raises(KeysInvalidError):
        KeyFile(keys_path, ["speech"])
