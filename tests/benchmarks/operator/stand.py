"""What each part of the operator's benchmark runs on: a control plane, an object store, one namespace, the operator.

Made afresh for every measurement, so that none inherits another's objects. Must not know what is measured.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import yaml

from benchmarks.definition import define
from benchmarks.figures import ROOT
from benchmarks.operator import audit, identity, nodes, profiling
from local_cluster import commands
from local_cluster.control_plane import ControlPlane
from local_cluster.object_stores import MinioServer
from steno_store import ObjectStore
from support.kubernetes_api import Api
from support.operator_process import OperatorProcess
from support.s3_buckets import S3Account

NAMESPACE: Final = "speech"
"""That the operator serves."""

BARE_NAMESPACE: Final = "bare"
"""Where the bench makes Jobs itself, which nobody serves."""

PACKAGES: Final = ("crds", "store", "kube", "operator")
"""Folders of a tree that the operator's packages lie in."""

FLAGS: Final = {
    "kube-controller-manager": (
        "--kube-api-qps=100",
        "--kube-api-burst=100",
        "--concurrent-job-syncs=5",
        "--concurrent-gc-syncs=20",
    ),
    "kube-scheduler": ("--kube-api-qps=100", "--kube-api-burst=100"),
}
"""Limits of the others. The first two hold for each controller, as every one has a client of its own; the syncs are
Kubernetes' defaults."""

PROFILES: Final = {
    "default": "gpu",
    "profiles": {
        "gpu": {
            "image": "steno.local/worker:bench",
            "engines": ["faster-whisper"],
            "engine": {"name": "faster-whisper", "model": "large-v3-turbo"},
            "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
            "gpu": {"resourceName": nodes.GPU, "count": 1},
        }
    },
}
"""What jobs run on: one GPU each."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms all parts measure."""

    say: Say
    seconds: float = 180.0
    """For which a rate is kept."""
    burst: int = 5_000
    """TranscriptionJobs at once."""
    finished: int = 10_000
    """TranscriptionJobs that have ended and are still there."""
    tree: Path = ROOT
    """Repository whose operator, definition and chart are measured."""
    profiles: Path | None = None
    """Folder for profiles of the operator; None: it is not profiled, and not slowed down by that."""


class Stand:
    """A stand that lives as long as the context.

    Parameters
    ----------
    terms
        What is measured, of which tree.
    called
        Of the measurement, for the file of its profile.
    pods
        How many pods the nodes hold; none: no pod finds a node.
    stages
        What becomes of pods that have a node.
    """

    control_plane: ControlPlane
    store: ObjectStore
    """Steno's bucket."""

    def __init__(self, terms: Terms, called: str, *, pods: int = 0, stages: Sequence[str] = nodes.ENDING) -> None:
        self._terms = terms
        self._called = called
        self._pods = pods
        self._stages = stages
        self._operators: list[OperatorProcess] = []
        self._recordings: dict[int, profiling.Recording] = {}
        self._exit = ExitStack()

    def operator(self, *, replica: int = 0) -> OperatorProcess:
        """Give an operator that is not started yet; one of the same replica is the same pod, started again."""
        paths = [str(self._terms.tree / package) for package in PACKAGES]
        environment = {
            "PYTHONPATH": os.pathsep.join([*paths, os.environ.get("PYTHONPATH", "")]),
            "KUBECONFIG": str(self._kubeconfig),
            "STENO_NAMESPACE": NAMESPACE,
            "STENO_PROFILES_FILE": str(self._folder / "profiles.yaml"),
            "STENO_STORE_SECRET": "steno-store",
            "STENO_STORE_BUCKET": self.store.bucket,
            "STENO_STORE_ENDPOINT": self._minio.endpoint,
            "AWS_ACCESS_KEY_ID": self._minio.access_key,
            "AWS_SECRET_ACCESS_KEY": self._minio.secret_key,
            "STENO_POD_NAME": f"{identity.ACCOUNT}-{replica}",
        }
        operator = OperatorProcess(environment, self._folder / f"operator-{len(self._operators)}.log")
        self._operators.append(operator)
        self._exit.callback(self.end, operator)
        return operator

    def start(self, operator: OperatorProcess, *, profiled: bool = True) -> None:
        """Start an operator, and its profile where one is asked for."""
        operator.start()
        if profiled and self._terms.profiles is not None:
            path = self._terms.profiles / f"{self._called}.txt"
            self._recordings[operator.pid] = profiling.Recording(operator.pid, path)

    def end(self, operator: OperatorProcess) -> None:
        """Kill an operator, and tell its profile; does nothing to one that has ended."""
        if not operator.alive:
            return
        recording = self._recordings.pop(operator.pid, None)
        if recording is not None:
            recording.end()
        operator.kill()
        if recording is not None and recording.path.exists():
            with recording.path.open() as lines:
                told = profiling.summary(profiling.parsed(lines))
            self._terms.say(f"profile of {self._called}, its stacks in {recording.path}:\n{told}")

    def audit_lines(self) -> Iterator[str]:
        """Read what the API server noted of the operator's requests so far."""
        with self._audit_log.open() as lines:
            yield from lines

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            self._exit = undo
            self._prepare(undo)
            self._exit = undo.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            for operator in self._operators:
                # Its folder goes with the stand.
                self._terms.say(f"the end of {operator.log.name}:\n{commands.tail(operator.log.read_text())}")
        self._exit.close()

    def _prepare(self, undo: ExitStack) -> None:
        self._folder = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="steno-bench-")))
        self.control_plane = undo.enter_context(ControlPlane(self._folder / "plane", flags=self._flags()))
        self._minio = undo.enter_context(MinioServer())
        account = S3Account(self._minio.endpoint, self._minio.access_key, self._minio.secret_key)
        undo.callback(account.close)
        self.store = account.store(account.new_bucket())
        undo.callback(self.store.close)
        (self._folder / "profiles.yaml").write_text(yaml.safe_dump(PROFILES))
        admin = partial(Api, self.control_plane.kubeconfig)
        define(admin(), self._terms.tree)
        for name in (NAMESPACE, BARE_NAMESPACE):
            api = admin(name)
            api.create_namespace(labels={"pod-security.kubernetes.io/enforce": "restricted"})
            api.core.create_namespaced_service_account(name, {"metadata": {"name": "steno-worker"}})
        served = admin(NAMESPACE)
        identity.grant(served, self._terms.tree / "charts" / "steno")
        self._kubeconfig = identity.kubeconfig(served, self.control_plane, self._folder / "operator.kubeconfig")
        if self._pods:
            undo.enter_context(nodes.kwok(self.control_plane.kubeconfig, self._folder, self._stages))
            nodes.add(admin(), pods=self._pods)

    def _flags(self) -> dict[str, tuple[str, ...]]:
        policy, self._audit_log = self._folder / "audit-policy.yaml", self._folder / "audit.log"
        policy.write_text(yaml.safe_dump(audit.policy(identity.user(NAMESPACE))))
        self._audit_log.touch()
        audited = (f"--audit-policy-file={policy}", f"--audit-log-path={self._audit_log}")
        return {**FLAGS, "kube-apiserver": audited}
