"""Worker profiles: what the platform engineer lets jobs run on, by name.

The chart renders them into one YAML file (`load`); `launch` resolves a job against them; `batch_job` turns one into
a pod. Pure but for `load`.
"""

from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import Field, model_validator

from steno_types import EngineName, EngineSettings, TranscriptionJobSpec
from steno_types.base import WireModel


class GpuRequest(WireModel):
    """GPUs of one worker."""

    resource_name: str = "nvidia.com/gpu"
    """Extended resource that the device plugin advertises."""
    count: Annotated[int, Field(ge=1, le=16)] = 1
    """How many of them."""


class ModelCache(WireModel):
    """Where downloaded models stay between pods."""

    claim_name: str | None = None
    """PersistentVolumeClaim to mount; None: an emptyDir, so that each pod downloads anew."""
    size_limit: str = "10Gi"
    """Bound of the emptyDir."""


class Scratch(WireModel):
    """Disk space of one worker, for the recording and its samples."""

    size_limit: str = "20Gi"
    """Bound of the emptyDir; the largest recording that is fetched from an address by default takes 10 GiB, and 12
    hours of samples 1.4 GB."""


SecretName = Annotated[str, Field(max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]
"""A Secret of the jobs' namespace; a DNS-1123 subdomain."""


class WorkerProfile(WireModel):
    """One way to run the worker."""

    image: str
    """Image of the worker."""
    image_pull_policy: str = "IfNotPresent"
    engines: tuple[EngineName, ...]
    """Engines that the image can run; a job that asks for another is refused."""
    engine: EngineSettings
    """What a job gets that asks for nothing."""
    resources: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Requests and limits, as in a container, without the GPU."""
    gpu: GpuRequest | None = None
    """None: the worker runs on the CPU."""
    model_cache: ModelCache = ModelCache()
    scratch: Scratch = Scratch()
    max_unscheduled: Annotated[int | None, Field(ge=1)] = None
    """Jobs that may wait for a node at once; others wait for their turn, by priority and age. None: no limit."""
    node_selector: dict[str, str] = Field(default_factory=dict)
    tolerations: tuple[dict[str, Any], ...] = ()
    priority_class_name: str | None = None
    runtime_class_name: str | None = None
    env: dict[str, str] = Field(default_factory=dict)
    """More environment variables of the worker, for example HF_HUB_OFFLINE."""
    env_from_secrets: tuple[SecretName, ...] = ()
    """Secrets whose entries become environment variables of the worker, for example OPENAI_API_KEY or HF_TOKEN."""

    @model_validator(mode="after")
    def _default_engine_is_listed(self) -> Self:
        if self.engine.name not in self.engines:
            raise ValueError(f"engine.name {self.engine.name} is not among engines")
        return self

    def engine_settings(self, spec: TranscriptionJobSpec) -> EngineSettings:
        """Fill what the job leaves open with this profile's own; options one by one.

        The profile's options are its engine's: a job that asks for another engine begins without any.
        """
        if spec.engine is None:
            return self.engine
        asked = spec.engine.model_dump(exclude_none=True)
        own = self.engine.options if spec.engine.name in {None, self.engine.name} else {}
        return self.engine.model_copy(update={**asked, "options": {**own, **asked.get("options", {})}})


class WorkerProfiles(WireModel):
    """All profiles of the installation."""

    default: str
    """Name of the profile of jobs that name none."""
    profiles: Annotated[dict[str, WorkerProfile], Field(min_length=1)]

    @model_validator(mode="after")
    def _default_exists(self) -> Self:
        if self.default not in self.profiles:
            raise ValueError(f"default {self.default!r} is not among the profiles {sorted(self.profiles)}")
        return self

    def find(self, spec: TranscriptionJobSpec) -> tuple[str, WorkerProfile | None]:
        """Give the name of the job's profile, and the profile where there is one of that name."""
        name = spec.profile or self.default
        return name, self.profiles.get(name)


def load(path: Path) -> WorkerProfiles:
    """Read the profiles; `OSError` or `ValueError` says what is wrong with the file."""
    try:
        raw = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise ValueError(f"no YAML: {error}") from error
    return WorkerProfiles.model_validate(raw)
