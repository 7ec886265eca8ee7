"""Build the batch/v1 Job that does one TranscriptionJob's work.

Called by the launch policy; pure. The Job is created once and never re-applied. Its podFailurePolicy comes from the
failure table, so that the worker's exit codes and the Job's reaction cannot drift apart.
"""

from typing import Any, Final

from steno_operator.installation import Installation
from steno_operator.profiles import WorkerProfile
from steno_types import (
    API_VERSION,
    ASSIGNMENT_VARIABLE,
    ATTEMPT_VARIABLE,
    JOB_LABEL,
    KIND,
    PROGRESS_AUDIENCE,
    Assignment,
    Disposition,
    TranscriptionJob,
    exit_codes,
)

CONTAINER: Final = "worker"
"""Name of the pod's one container; the podFailurePolicy speaks of it."""

WORKER_USER_ID: Final = 10001
"""The user of the worker's image."""

TERMINATION_GRACE_SECONDS: Final = 30
"""From SIGTERM to SIGKILL; the worker needs at most 10 of them."""

SCRATCH_PATH: Final = "/scratch"
"""The one writable place for the recording and its samples; gone with the pod."""

LABEL_MAX_LENGTH: Final = 63
"""Of a label's value (Kubernetes, "Labels and Selectors"); every pod has its Job's name in one."""

PROOF_PATH: Final = "/var/run/secrets/steno"
"""Folder of the token that the worker proves itself to the operator with."""

PROOF_SECONDS: Final = 3600
"""For which that token holds; the kubelet renews it long before."""

QUEUE_NAME_LABEL: Final = "kueue.x-k8s.io/queue-name"
"""On a Job that Kueue admits: the LocalQueue."""

QUEUE_PRIORITY_LABEL: Final = "kueue.x-k8s.io/priority-class"
"""On such a Job: its WorkloadPriorityClass."""

QUEUED_BACKOFF_MARGIN: Final = 6
"""Failed pods that a Job in Kueue's hands may have beyond the retries: a pod that does not end in time when its Job
is suspended counts as failed there, and is free here."""

MODEL_CACHE_PATH: Final = "/models/cache"
"""Where engines keep downloaded models."""


def batch_job_name(job: TranscriptionJob, number: int = 0) -> str:
    """``<name>-<uid8>`` for the first Job, ``<name>-<uid8>-<number>`` for those after it.

    At most 63 characters, so that it fits a label: from the tenth on, a long name loses its end.
    """
    own = f"{job.metadata.name}-{job.uid8}"
    if number == 0:
        return own
    tail = f"-{job.uid8}-{number}"
    return f"{job.metadata.name[: LABEL_MAX_LENGTH - len(tail)]}{tail}"


def batch_job_number(job: TranscriptionJob, name: str) -> int | None:
    """Say which of the job's Jobs has `name`; None: no Job of this job can have it."""
    if name == batch_job_name(job):
        return 0
    number = name.rpartition("-")[2]
    mine = number.isdecimal() and number != "0" and name == batch_job_name(job, int(number))
    return int(number) if mine else None


def pod_failure_policy() -> dict[str, Any]:
    """Say how the Job reacts to a failed pod; the first rule that matches decides, none means: count it."""

    def on_exit(action: str, disposition: Disposition) -> dict[str, Any]:
        codes = {"containerName": CONTAINER, "operator": "In", "values": list(exit_codes(disposition))}
        return {"action": action, "onExitCodes": codes}

    return {
        "rules": [
            {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
            on_exit("Ignore", Disposition.INTERRUPTED),
            on_exit("FailJob", Disposition.TERMINAL),
        ]
    }


def batch_job_manifest(
    job: TranscriptionJob,
    profile: WorkerProfile,
    assignment: Assignment,
    installation: Installation,
    *,
    number: int = 0,
    retries: int | None = None,
) -> dict[str, Any]:
    """Build the Job that does `assignment` on `profile`; it may hold the source's address, which is a secret.

    Parameters
    ----------
    job, profile, assignment, installation
        What is to be done, and where.
    number
        How many Jobs the job had before.
    retries
        Failed pods that it may still have; default: the job's backoffLimit.
    """
    queue = job.spec.queue_name
    margin = QUEUED_BACKOFF_MARGIN if queue is not None else 0
    labels = {
        JOB_LABEL: job.metadata.name,
        "app.kubernetes.io/name": "steno-worker",
        "app.kubernetes.io/managed-by": "steno",
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": batch_job_name(job, number),
            "namespace": job.metadata.namespace,
            "labels": {**labels, **_queue_labels(job)},
            "ownerReferences": [
                {
                    "apiVersion": API_VERSION,
                    "kind": KIND,
                    "name": job.metadata.name,
                    "uid": job.metadata.uid,
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
        },
        "spec": {
            "backoffLimit": (job.spec.backoff_limit if retries is None else retries) + margin,
            # Born asleep, so that no quota is passed by while Kueue's webhook is away.
            **({"suspend": True} if queue is not None else {}),
            "podFailurePolicy": pod_failure_policy(),
            "podReplacementPolicy": "Failed",
            "template": {
                "metadata": {"labels": labels},
                "spec": _pod_spec(profile, assignment, installation),
            },
        },
    }


def _queue_labels(job: TranscriptionJob) -> dict[str, str]:
    if job.spec.queue_name is None:
        return {}
    priority = job.spec.queue_priority
    return {QUEUE_NAME_LABEL: job.spec.queue_name, **({QUEUE_PRIORITY_LABEL: priority} if priority else {})}


def _pod_spec(profile: WorkerProfile, assignment: Assignment, installation: Installation) -> dict[str, Any]:
    cache = profile.model_cache
    cache_volume: dict[str, Any] = (
        {"persistentVolumeClaim": {"claimName": cache.claim_name}}
        if cache.claim_name
        else {"emptyDir": {"sizeLimit": cache.size_limit}}
    )
    optional = {
        "imagePullSecrets": [{"name": name} for name in installation.image_pull_secrets],
        "nodeSelector": profile.node_selector,
        "tolerations": list(profile.tolerations),
        "priorityClassName": profile.priority_class_name,
        "runtimeClassName": profile.runtime_class_name,
    }
    return {
        "restartPolicy": "Never",
        "serviceAccountName": installation.worker_service_account,
        # The worker asks the API server nothing.
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": TERMINATION_GRACE_SECONDS,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": WORKER_USER_ID,
            "runAsGroup": WORKER_USER_ID,
            "fsGroup": WORKER_USER_ID,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(profile, assignment, installation)],
        "volumes": [
            {"name": "scratch", "emptyDir": {"sizeLimit": profile.scratch.size_limit}},
            {"name": "model-cache", **cache_volume},
            *([_token_volume()] if installation.progress_url else []),
        ],
        **{name: value for name, value in optional.items() if value},
    }


def _token_volume() -> dict[str, Any]:
    """Give the worker a token that only the operator takes: the API server is not among its audience."""
    token = {"path": "token", "audience": PROGRESS_AUDIENCE, "expirationSeconds": PROOF_SECONDS}
    return {"name": "token", "projected": {"sources": [{"serviceAccountToken": token}]}}


def _container(profile: WorkerProfile, assignment: Assignment, installation: Installation) -> dict[str, Any]:
    # In a variable's value Kubernetes takes "$(NAME)" for a reference and "$$" for "$": no dollar sign, no surprise.
    told = assignment.model_dump_json(by_alias=True, exclude_none=True).replace("$", r"\u0024")
    env = {
        ASSIGNMENT_VARIABLE: told,
        "HF_HOME": MODEL_CACHE_PATH,
        "STENO_MODEL_CACHE": MODEL_CACHE_PATH,
        "HOME": SCRATCH_PATH,
        "TMPDIR": SCRATCH_PATH,
        **({"STENO_PROGRESS_URL": installation.progress_url} if installation.progress_url else {}),
        **dict(installation.worker_env),
        **profile.env,
    }
    named = [{"name": name, "value": value} for name, value in env.items()]
    own_name = {"name": ATTEMPT_VARIABLE, "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    # The last one counts: no Secret of a profile takes the place of the store's keys.
    store_secret = installation.store_secret_in(assignment.job.namespace)
    secrets = (*profile.env_from_secrets, *((store_secret,) if store_secret else ()))
    return {
        "name": CONTAINER,
        "image": profile.image,
        "imagePullPolicy": profile.image_pull_policy,
        "env": [*named, own_name],
        "envFrom": [{"secretRef": {"name": name}} for name in secrets],
        "resources": _resources(profile),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "scratch", "mountPath": SCRATCH_PATH},
            {"name": "model-cache", "mountPath": MODEL_CACHE_PATH},
            *([{"name": "token", "mountPath": PROOF_PATH, "readOnly": True}] if installation.progress_url else []),
        ],
    }


def _resources(profile: WorkerProfile) -> dict[str, dict[str, str]]:
    resources = {kind: dict(amounts) for kind, amounts in profile.resources.items()}
    if profile.gpu is not None:
        # Extended resources are not overcommitted: the limit alone is enough, and is the request too.
        resources.setdefault("limits", {})[profile.gpu.resource_name] = str(profile.gpu.count)
    return resources
