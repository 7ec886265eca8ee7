"""The state folder is where the environment says, and its locks hold between processes."""

from pathlib import Path

import pytest

from local_cluster import state


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param({"STENO_STATE_DIR": "a", "XDG_CACHE_HOME": "b"}, "a", id="ours first"),
        pytest.param({"XDG_CACHE_HOME": "b"}, "b/steno", id="else the user's cache"),
    ],
)
def test_state_folder_follows_the_environment(tmp_path: Path, variables: dict[str, str], expected: str) -> None:
    """STENO_STATE_DIR wins over the cache folder, and what is named is made."""
    found = state.state_folder({name: str(tmp_path / value) for name, value in variables.items()})

    assert tmp_path / expected == found
    assert found.is_dir()


@pytest.mark.parametrize(("shared", "free"), [(True, False), (False, False)])
def test_held_lock_is_not_taken_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, shared: bool, free: bool
) -> None:
    """Whoever wants a lock alone does not get it while anybody holds it, and does once it is dropped."""
    monkeypatch.setenv("STENO_STATE_DIR", str(tmp_path))

    with state.lock("daemon-use", shared=shared), state.lock_if_free("daemon-use") as taken:
        assert free == taken
    with state.lock_if_free("daemon-use") as taken:
        assert taken
