"""A job and all that lies beside it, as plain values: plans are carried out on them as `apply` would in a cluster.

Used by the tests that look at more than one decision. The cluster moves only when a test says so: its pods, its Job
controller and its clock are methods of `World`. Nothing here reads or writes anything real.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Self

from steno_operator.batch_job import batch_job_name, batch_job_number
from steno_operator.installation import Installation
from steno_operator.observed import BatchJob, Observed, WorkerPod
from steno_operator.plan import (
    Action,
    Adopt,
    Announcement,
    ClaimOutcome,
    CreateBatchJob,
    DeleteBatchJob,
    DeleteJob,
    DeleteObjects,
    DeletePod,
    Plan,
    RemoveFinalizer,
    SetQueuePriority,
)
from steno_operator.policies.wanted import is_wanted, wanted
from steno_operator.reconcile import reconcile
from steno_types import (
    FINALIZER,
    RESULTS_PREFIX_ANNOTATION,
    JobReference,
    Manifest,
    Release,
    TranscriptionJob,
    TranscriptionJobStatus,
)
from support.builders import NOON, ObservedBuilder, an_installation

POD_SECONDS: Final = 30
"""From a pod's deletion until it is gone."""

IGNORED: Final = 143
"""Exit code that the podFailurePolicy does not count."""

FINAL: Final = frozenset({65, 66, 78})
"""Exit codes that end a Job at once."""


@dataclass
class World:
    """One job, what the operator has made for it, and what the cluster has made of that."""

    job: TranscriptionJob
    batch_jobs: dict[str, BatchJob] = field(default_factory=dict)
    pods: dict[str, WorkerPod] = field(default_factory=dict)
    manifest: Manifest | None = None
    delivered: bool = False
    admitted: bool = True
    now: datetime = NOON
    installation: Installation = field(default_factory=an_installation)
    gone: bool = False
    """Whether the job itself is."""
    lost_pods: set[str] = field(default_factory=set)
    """Pods of a node that does nothing any more."""
    limits: dict[str, int] = field(default_factory=dict)
    """backoffLimit by Job."""
    failures: Counter[str] = field(default_factory=Counter)
    """Failed pods that the Job controller counted, by Job."""
    made: int = 0
    """Pods so far."""
    plans: list[Plan] = field(default_factory=list)
    """All that was decided, in order."""

    @classmethod
    def of(cls, seen: ObservedBuilder, **more: Any) -> Self:
        """Begin with what a builder laid out."""
        return cls(
            seen.job,
            batch_jobs={batch_job.name: batch_job for batch_job in seen.batch_jobs},
            pods={pod.name: pod for pod in seen.pods},
            manifest=seen.manifest,
            delivered=seen.delivered,
            admitted=seen.admitted,
            **more,
        )

    @property
    def told(self) -> list[Announcement]:
        """All that was announced, in order."""
        return [announcement for plan in self.plans for announcement in plan.announcements]

    @property
    def working(self) -> list[BatchJob]:
        """The Jobs that may still start pods."""
        return [found for found in self.batch_jobs.values() if not (found.finished or found.deleting)]

    @property
    def wanted(self) -> list[BatchJob]:
        """Those of them that are to do the job's work."""
        return [found for found in self.working if is_wanted(self.job, found)]

    def observed(self) -> Observed:
        """Show what `observe` would read now."""
        job, status = self.job, self.job.status
        deleting = job.metadata.deletion_timestamp is not None
        if status.terminal is not None and not deleting:
            return Observed(leftovers=tuple(sorted(self.batch_jobs)))
        if RESULTS_PREFIX_ANNOTATION not in job.metadata.annotations and status.job_ref is None and not deleting:
            return Observed(admitted=self.admitted)
        batch_jobs = tuple(sorted(self.batch_jobs.values(), key=lambda found: batch_job_number(job, found.name) or 0))
        seen = Observed(batch_jobs=batch_jobs, pods=tuple(self.pods.values()), admitted=self.admitted)
        present = wanted(job, seen)
        at_work = present is not None and not (present.finished or present.deleting)
        if deleting or (at_work and status.stopping is None and not any(pod.ended for pod in seen.pods)):
            return seen
        return replace(seen, manifest=self.manifest, delivered=self.manifest is not None and self.delivered)

    def look(self, *, crash_after: int | None = None) -> Plan:
        """Decide once, and carry it out; `crash_after` so many actions, the operator is gone."""
        plan = reconcile(self.job, self.observed(), self.installation, self.now)
        self.plans.append(plan)
        created = [made for action in plan.actions[:crash_after] if (made := self._act(action)) is not None]
        if plan.status is not None and crash_after is None and not self.gone:
            references = [JobReference(name=made.name, uid=made.uid) for made in created]
            self._write(plan.status.model_copy(update={"job_ref": references[0]}) if references else plan.status)
        return plan

    def settle(self, *, looks: int = 12) -> Plan:
        """Look until a look changes nothing; fails when that takes too many, or such a look wants another at once."""
        for _ in range(looks):
            plan = self.look()
            if self.gone or not (plan.actions or plan.status):
                if plan.requeue_after_seconds is not None and plan.requeue_after_seconds <= 0:
                    raise AssertionError(f"a look that changes nothing wants another at once: {plan}")
                return plan
        raise AssertionError(f"no end of it: {self.plans[-4:]}")

    def change(self, **spec: Any) -> None:
        """Change fields of the spec, by their Python names."""
        changed = self.job.spec.model_copy(update=spec)
        metadata = self.job.metadata.model_copy(update={"generation": self.job.metadata.generation + 1})
        self.job = self.job.model_copy(update={"spec": changed, "metadata": metadata})

    def delete(self) -> None:
        """Ask for the job's deletion; one that nobody holds is gone at once."""
        self.gone = not self.job.metadata.finalizers
        if self.job.metadata.deletion_timestamp is None:
            self._note(deletion_timestamp=self.now)

    def pass_time(self, seconds: float) -> None:
        """Let time pass; what is being deleted goes when its time is over."""
        self.now += timedelta(seconds=seconds)
        for pod in tuple(self.pods.values()):
            if pod.deletion is not None and pod.deletion <= self.now and pod.name not in self.lost_pods:
                del self.pods[pod.name]
        self._collect()

    def start_pod(self, batch_job: BatchJob, **more: Any) -> WorkerPod:
        """Have a Job's next pod made, and by default run."""
        self.made += 1
        ordinary = {"created": self.now, "scheduled": self.now, "started": self.now}
        pod = WorkerPod(**{"name": f"{batch_job.name}-p{self.made}", "batch_job": batch_job.name, **ordinary, **more})
        self.pods[pod.name] = pod
        return pod

    def end_pod(self, pod: WorkerPod, exit_code: int | None, **more: Any) -> None:
        """End a pod, and let the Job controller draw its conclusions."""
        ended = replace(pod, finished=self.now, exit_code=exit_code, failed=exit_code != 0, **more)
        self.pods[pod.name] = ended
        found = self.batch_jobs.get(pod.batch_job)
        if found is None or found.finished:
            return
        if exit_code == 0:
            self.batch_jobs[found.name] = replace(found, complete=True)
        elif not ended.disruption and exit_code != IGNORED:
            self.failures[found.name] += 1
            if exit_code in FINAL or self.failures[found.name] > self.limits.get(found.name, 0):
                self.batch_jobs[found.name] = replace(found, failed=True)

    def delete_batch_job(self, name: str, *, foreground: bool = False) -> None:
        """Delete a Job with its pods, whoever does; in the foreground it stays until they are gone."""
        for pod in self.pods.values():
            if pod.batch_job == name and pod.deletion is None:
                self.pods[pod.name] = replace(pod, deletion=self.now + timedelta(seconds=POD_SECONDS))
        if foreground:
            self.batch_jobs[name] = replace(self.batch_jobs[name], deleting=True)
        else:
            del self.batch_jobs[name]
        self._collect()

    def delete_pod(self, name: str) -> None:
        """Delete a pod that no Job answers for."""
        if name in self.pods:
            self.pods[name] = replace(self.pods[name], deletion=self.now + timedelta(seconds=POD_SECONDS))
            self._collect()

    def lose_node(self, pod: WorkerPod) -> None:
        """Let a pod's node go silent after the pod was told to go."""
        self.lost_pods.add(pod.name)
        self.pods[pod.name] = replace(pod, deletion=self.now)

    def _collect(self) -> None:
        """Take away pods that ended and are to go, then Jobs that waited for the last of them."""
        for pod in tuple(self.pods.values()):
            if pod.deletion is not None and pod.ended:
                del self.pods[pod.name]
        for found in tuple(self.batch_jobs.values()):
            if found.deleting and not any(pod.batch_job == found.name for pod in self.pods.values()):
                del self.batch_jobs[found.name]

    def _act(self, action: Action) -> BatchJob | None:
        match action:
            case Adopt(results_prefix=prefix):
                self._note(finalizers=(FINALIZER,), annotations={RESULTS_PREFIX_ANNOTATION: prefix})
            case CreateBatchJob(manifest=manifest):
                return self._create(manifest)
            case DeleteBatchJob() | DeletePod() | DeleteJob():
                self._delete(action)
            case SetQueuePriority(name=name, priority=priority):
                self.batch_jobs[name] = replace(self.batch_jobs[name], queue_priority=priority)
            case ClaimOutcome(manifest=manifest):
                self.manifest = self.manifest or manifest
            case DeleteObjects():
                self.manifest, self.delivered = None, False
                receipt = Release(objects=1, bytes=1, verified_empty=True, time=self.now)
                self._write(self.job.status.model_copy(update={"release": receipt}))
            case RemoveFinalizer():
                self.gone = True
        return None

    def _delete(self, action: DeleteBatchJob | DeletePod | DeleteJob) -> None:
        match action:
            case DeleteBatchJob(name=name, waits_for_pods=waits_for_pods):
                if name in self.batch_jobs:
                    self.delete_batch_job(name, foreground=waits_for_pods)
            case DeletePod(name=name):
                self.delete_pod(name)
            case DeleteJob():
                self.delete()

    def _create(self, manifest: dict[str, Any]) -> BatchJob:
        name = manifest["metadata"]["name"]
        if name in self.batch_jobs:
            raise AssertionError(f"{name} is created twice")
        suspended = manifest["spec"].get("suspend", False)
        labels = manifest["metadata"]["labels"]
        self.limits[name] = manifest["spec"]["backoffLimit"]
        self.batch_jobs[name] = BatchJob(
            name=name,
            uid=f"uid-of-{name}",
            owner_uid=self.job.metadata.uid,
            created=self.now,
            suspended=suspended,
            queue_priority=labels.get("kueue.x-k8s.io/priority-class"),
        )
        return self.batch_jobs[name]

    def _write(self, status: TranscriptionJobStatus) -> None:
        """Write the status as the API server takes it."""
        told = TranscriptionJobStatus.model_validate(status.to_wire())
        before = self.job.status.terminal
        if before is not None and (told.terminal is None or told.terminal.type is not before.type):
            raise AssertionError(f"{before.type} turned back to {told.conditions}")
        self.job = self.job.model_copy(update={"status": told})

    def _note(self, **metadata: Any) -> None:
        self.job = self.job.model_copy(update={"metadata": self.job.metadata.model_copy(update=metadata)})


def own_name(world: World, number: int = 0) -> str:
    """Give the name of the job's Job of that number."""
    return batch_job_name(world.job, number)
