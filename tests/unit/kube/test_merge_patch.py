"""The merge patch that turns one status into another, down to nested fields."""

from typing import Any

import pytest

from steno_kube.transcription_jobs import merge_patch


@pytest.mark.parametrize(
    ("old", "new", "patch"),
    [
        pytest.param({}, {}, {}, id="nothing"),
        pytest.param({"a": 1}, {"a": 2}, {"a": 2}, id="changed"),
        pytest.param({"a": 1}, {}, {"a": None}, id="removed"),
        pytest.param({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, {"a": {"b": 1, "c": None}}, id="removed inside"),
        pytest.param({"a": [1, 2]}, {"a": [1]}, {"a": [1]}, id="lists are replaced"),
        pytest.param({"a": 1}, {"a": {"b": 1}}, {"a": {"b": 1}}, id="another kind of value"),
    ],
)
def test_patch_makes_the_old_be_the_new(old: dict[str, Any], new: dict[str, Any], patch: dict[str, Any]) -> None:
    """What is gone becomes null, as RFC 7386 removes a field."""
    assert patch == merge_patch(old, new)
