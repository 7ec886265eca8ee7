"""Worker profiles: how they are read, and how a job is resolved against them."""

from pathlib import Path

import pytest
import yaml

from steno_operator.profiles import WorkerProfile, WorkerProfiles, load
from support.builders import PROFILES, a_job


def written(path: Path, content: object) -> Path:
    """Write a profiles file."""
    file = path / "profiles.yaml"
    file.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return file


def test_the_file_is_read_with_its_defaults(tmp_path: Path) -> None:
    """What the file leaves open is an ordinary worker on the CPU."""
    profiles = load(written(tmp_path, PROFILES))

    cpu, gpu = profiles.profiles["cpu"], profiles.profiles["gpu"]
    assert ("cpu", {"cpu", "gpu"}) == (profiles.default, {*profiles.profiles})
    assert (None, {}, (), "IfNotPresent", "10Gi", "20Gi", ()) == (
        cpu.gpu,
        cpu.node_selector,
        cpu.tolerations,
        cpu.image_pull_policy,
        cpu.model_cache.size_limit,
        cpu.scratch.size_limit,
        cpu.env_from_secrets,
    )
    assert gpu.gpu is not None
    assert ("nvidia.com/gpu", 2) == (gpu.gpu.resource_name, gpu.gpu.count)


CPU = PROFILES["profiles"]["cpu"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        pytest.param("default: [", "no YAML", id="no YAML"),
        pytest.param("", "dictionary", id="empty"),
        pytest.param({"default": "cpu", "profiles": {}}, "profiles", id="no profiles"),
        pytest.param({"default": "tpu", "profiles": {"cpu": CPU}}, "'tpu' is not among", id="unknown default"),
        pytest.param({"default": "cpu", "profiles": {"cpu": {**CPU, "image": None}}}, "image", id="no image"),
        pytest.param(
            {"default": "cpu", "profiles": {"cpu": {**CPU, "engines": []}}}, "not among engines", id="no engines"
        ),
        pytest.param(
            {"default": "cpu", "profiles": {"cpu": {**CPU, "engines": ["abacus"]}}}, "engines.0", id="unknown engine"
        ),
        pytest.param(
            {"default": "cpu", "profiles": {"cpu": {**CPU, "gpu": {"count": 0}}}}, "gpu.count", id="no GPUs at all"
        ),
        pytest.param(
            {"default": "cpu", "profiles": {"cpu": {**CPU, "envFromSecrets": ["My Keys"]}}},
            "envFromSecrets.0",
            id="no Secret's name",
        ),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, content: object, word: str) -> None:
    """What is wrong with the file is said when the operator starts, not when a job runs."""
    with pytest.raises(ValueError, match=word):
        load(written(tmp_path, content))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """No file is no profiles."""
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "profiles.yaml")


@pytest.mark.parametrize(
    ("asked", "name", "found"),
    [
        pytest.param(None, "cpu", True, id="the default"),
        pytest.param("gpu", "gpu", True, id="by name"),
        pytest.param("tpu", "tpu", False, id="unknown"),
    ],
)
def test_a_job_finds_its_profile(asked: str | None, name: str, *, found: bool) -> None:
    """A job that names no profile gets the default; an unknown name is given back without a profile."""
    profiles = WorkerProfiles.model_validate(PROFILES)
    spec = a_job().with_spec(**({"profile": asked} if asked else {})).build().spec

    assert (name, profiles.profiles.get(name)) == profiles.find(spec)
    assert found == (profiles.find(spec)[1] is not None)


TOLD = {
    "name": "faster-whisper",
    "model": "tiny",
    "computeType": "int8",
    "batchSize": 4,
    "options": {"a": "profile's", "b": "profile's"},
}
"""What the profile gives to a job that asks for nothing."""


@pytest.mark.parametrize(
    ("engine", "changed"),
    [
        pytest.param(None, {}, id="nothing asked"),
        pytest.param({}, {}, id="nothing filled in"),
        pytest.param({"name": "faster-whisper"}, {}, id="the engine"),
        pytest.param({"model": "base"}, {"model": "base"}, id="the model"),
        pytest.param({"computeType": "float32"}, {"compute_type": "float32"}, id="the compute type"),
        pytest.param({"beamSize": 1}, {"beam_size": 1}, id="the beam size"),
        pytest.param({"batchSize": 16}, {"batch_size": 16}, id="the batch size"),
        pytest.param({"vad": False}, {"vad": False}, id="silence"),
        pytest.param({"options": {}}, {}, id="no option"),
        pytest.param(
            {"options": {"b": "job's", "c": "job's"}},
            {"options": {"a": "profile's", "b": "job's", "c": "job's"}},
            id="options, one by one",
        ),
        pytest.param({"name": "openai"}, {"name": "openai", "options": {}}, id="another engine, which has its own"),
        pytest.param(
            {"name": "openai", "options": {"b": "job's"}},
            {"name": "openai", "options": {"b": "job's"}},
            id="options of another engine",
        ),
    ],
)
def test_a_job_overrides_its_profiles_engine(engine: dict[str, object] | None, changed: dict[str, object]) -> None:
    """What a job leaves open stays the profile's."""
    profile = WorkerProfile.model_validate({**CPU, "engines": ["faster-whisper", "openai"], "engine": TOLD})
    before = profile.model_copy(deep=True)
    spec = a_job().with_spec(**({} if engine is None else {"engine": engine})).build().spec

    assert profile.engine.model_copy(update=changed) == profile.engine_settings(spec)
    assert before == profile
