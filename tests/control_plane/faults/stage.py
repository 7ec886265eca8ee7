"""The stage on which histories are played: what is there as the watches show it, the nodes, and the troubles.

Used by ``test_histories.py`` and `actor`. Must not know jobs' histories.
"""

import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, Queue
from threading import Condition, Event, RLock, Thread
from typing import Any, Final

from kubernetes.watch import Watch
from urllib3.exceptions import HTTPError

from control_plane.operator_loop.attempts import Attempts
from local_cluster.object_stores import MinioServer
from steno_operator.heartbeat import KINDS
from steno_types import GROUP, JOB_LABEL, PLURAL, VERSION
from support import kubelet
from support.faulty_proxy import Delay, Drop, FaultyProxy, Refuse, Rule
from support.kubernetes_api import Api, Raw, T
from support.operator_process import OperatorProcess

NODE: Final = "example.dev/node"
"""Finalizer in place of a node: a pod that runs stays to be seen until its worker has ended."""

MERGE_PATCH: Final = "application/merge-patch+json"

TROUBLE_SECONDS: Final = 2.0
"""For which faults, and outages, last."""

TROUBLE: Final = (
    (Drop(after=False), 0.1),
    (Drop(after=True), 0.1),
    (Refuse(code=500), 0.05),
    (Refuse(code=409), 0.05),
    (Refuse(code=429, retry_after_seconds=1), 0.05),
    (Delay(seconds=0.2), 0.1),
)
"""Faults of a burst, and the shares of the requests that they strike."""


class Observatory:
    """All jobs, Jobs and pods of a namespace, as three watches show them."""

    def __init__(self, api: Api) -> None:
        self.phases: dict[str, list[str]] = {}
        """Each job's phases in order, by its uid."""
        self._seen: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
        self._changed = Condition()
        self._over = Event()
        lists = {
            PLURAL: partial(api.custom.list_namespaced_custom_object, GROUP, VERSION, api.namespace, PLURAL),
            "jobs": partial(api.batch.list_namespaced_job, api.namespace),
            "pods": partial(api.core.list_namespaced_pod, api.namespace),
        }
        self._threads = [
            Thread(target=self._watch, args=(kind, function), daemon=True) for kind, function in lists.items()
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """See nothing more."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def job(self, name: str) -> Raw | None:
        """Give a job; None: there is none."""
        with self._changed:
            found: Raw | None = self._seen[PLURAL].get(name)
            return found

    def pods(self, name: str | None = None) -> list[Any]:
        """Give the pods of a job, or of all, oldest first."""
        with self._changed:
            own = (pod for pod in self._seen["pods"].values() if name in {None, pod.metadata.labels[JOB_LABEL]})
            return sorted(own, key=lambda pod: (pod.metadata.creation_timestamp, pod.metadata.name))

    def wait(self, look: Callable[[], T | None], seconds: float) -> T | None:
        """Look at each change until there is something to see; None: there was not."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while (seen := look()) is None and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)
            return seen

    def _watch(self, kind: str, function: Callable[..., Any]) -> None:
        version: str | None = None
        new_watch: Any = Watch
        while not self._over.is_set():
            try:
                version = version or self._list(kind, function)
                # Silence ends it now and then, so that it ends with the observatory.
                limits = {"resource_version": version, "timeout_seconds": 600, "_request_timeout": (5, 1)}
                for event in new_watch().stream(function, **limits):
                    version = self._saw(kind, event["type"], event["object"])
            except Api.refusal:
                version = None  # too old
            except (HTTPError, OSError):
                continue

    def _list(self, kind: str, function: Callable[..., Any]) -> str:
        """See what is there; gives the version of the list."""
        found = function()
        items = found["items"] if kind == PLURAL else found.items
        with self._changed:
            self._seen[kind].clear()
            for item in items:
                self._saw(kind, "ADDED", item)
        version: str = found["metadata"]["resourceVersion"] if kind == PLURAL else found.metadata.resource_version
        return version

    def _saw(self, kind: str, what: str, found: Any) -> str:
        """See one object; gives its version."""
        raw = kind == PLURAL
        name = found["metadata"]["name"] if raw else found.metadata.name
        with self._changed:
            if what == "DELETED":
                self._seen[kind].pop(name, None)
            else:
                self._seen[kind][name] = found
            if raw and (phase := found.get("status", {}).get("phase")):
                phases = self.phases.setdefault(found["metadata"]["uid"], [])
                if not phases or phases[-1] != phase:
                    phases.append(phase)
            self._changed.notify_all()
        version: str = found["metadata"]["resourceVersion"] if raw else found.metadata.resource_version
        return version


@dataclass
class Stage:
    """A namespace, its operator behind a faulty way, its store, its nodes, and what is seen of them."""

    attempts: Attempts
    proxy: FaultyProxy
    operator: OperatorProcess
    server: MinioServer
    seen: Observatory
    troubles: list[str] = field(default_factory=list)
    """What struck everybody, in order."""
    at_work: dict[str, RLock] = field(default_factory=lambda: defaultdict(RLock))
    """By job: held while a worker of its writes, or while its node ends it."""
    _coming: Queue[tuple[str, Future[None]]] = field(default_factory=Queue)
    """Troubles."""
    _over: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        # One thread starts whatever is started again: a process goes with the thread that started it.
        self._threads = [Thread(target=play, daemon=True) for play in (self._play_kubelet, self._play_fate)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Let nothing more happen."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        self.seen.end()

    @property
    def api(self) -> Api:
        """The API server by a way without faults."""
        return self.attempts.api

    def strike(self, what: str) -> None:
        """Let one of the troubles come that strike everybody; never two at once."""
        done: Future[None] = Future()
        self._coming.put((what, done))
        done.result()

    def start(self, pod: Any) -> None:
        """Let a pod's container run, on a node that the pod does not leave before its worker has ended."""
        held = [*(pod.metadata.finalizers or []), NODE]
        self._set_finalizers(pod, held)
        kubelet.start(self.api, pod)

    def _play_fate(self) -> None:
        """Let troubles come, and start an operator that has ended, as Kubernetes does."""
        while not self._over.is_set():
            if not self.operator.alive:
                with suppress(AssertionError):  # ended before it could answer: tried again
                    self.operator.start()
            with suppress(Empty):
                what, done = self._coming.get(timeout=0.2)
                try:
                    self._strike(what)
                except Exception as error:  # noqa: BLE001 -- told where the trouble was asked for
                    done.set_exception(error)
                else:
                    done.set_result(None)

    def _strike(self, what: str) -> None:
        self.troubles.append(what)
        match what:
            case "kill the operator":
                self.operator.kill()
            case "store away":
                self.server.stop()
                time.sleep(TROUBLE_SECONDS)
                self.server.start()
            case "burst of faults":
                self._burst()

    def _burst(self) -> None:
        rules = [Rule(fault=fault, share=share) for fault, share in TROUBLE]
        with self.proxy.under(*rules):
            self.proxy.loses = lambda _resource, _event: True
            time.sleep(TROUBLE_SECONDS)
            self.proxy.loses = lambda _resource, _event: False
            for kind in KINDS:
                self.proxy.fail_watches(kind, 410)

    def _play_kubelet(self) -> None:
        """End the workers of pods that are deleted, and let those pods go."""
        while not self._over.is_set():
            for pod in self.seen.wait(self._leaving, 1) or []:
                name = pod.metadata.labels[JOB_LABEL]
                # Gone, or changed, in this very moment: looked at again.
                with self.at_work[name], suppress(Api.refusal, HTTPError, OSError):
                    fresh = self.api.core.read_namespaced_pod(pod.metadata.name, self.api.namespace)
                    if fresh.status.phase == "Running":
                        kubelet.end(self.api, fresh, exit_code=143)
                    fresh = self.api.core.read_namespaced_pod(pod.metadata.name, self.api.namespace)
                    held = fresh.metadata.finalizers or []
                    self._set_finalizers(fresh, [finalizer for finalizer in held if finalizer != NODE])
            time.sleep(0.05)  # until that is seen

    def _leaving(self) -> list[Any] | None:
        pods = (pod for pod in self.seen.pods() if pod.metadata.deletion_timestamp is not None)
        return [pod for pod in pods if NODE in (pod.metadata.finalizers or [])] or None

    def _set_finalizers(self, pod: Any, finalizers: list[str]) -> None:
        metadata = {"finalizers": finalizers, "resourceVersion": pod.metadata.resource_version}
        # Not the API server's own way with lists, which only ever adds to this one.
        self.api.core.patch_namespaced_pod(
            pod.metadata.name, self.api.namespace, {"metadata": metadata}, _content_type=MERGE_PATCH
        )
