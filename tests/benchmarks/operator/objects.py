"""The objects that the bench makes itself: TranscriptionJobs, and Jobs as the operator makes them.

Called by the parts of the operator's benchmark. What the operator makes is copied from what it made, so that the
bench knows none of it and stays true when that changes. Pure.
"""

import copy
import json
from typing import Any, Final

from benchmarks.operator.stand import NAMESPACE
from steno_types import API_VERSION, GROUP, JOB_LABEL, KIND, PLURAL, VERSION

Raw = dict[str, Any]

JOBS: Final = f"/apis/{GROUP}/{VERSION}/namespaces/{NAMESPACE}/{PLURAL}"
"""Where the TranscriptionJobs are."""

PODS: Final = f"/api/v1/namespaces/{NAMESPACE}/pods"

NOBODY: Final = "steno.dev/bench"
"""Value of ``spec.managedBy`` of a Job that the Job controller is to leave alone."""

_MADE_BY_THE_SERVER: Final = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields")


def batch_jobs(namespace: str = NAMESPACE) -> str:
    """Give where the Jobs of a namespace are."""
    return f"/apis/batch/v1/namespaces/{namespace}/jobs"


def a_job(name: str, **metadata: Any) -> Raw:
    """Give a TranscriptionJob that asks for nothing special."""
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": name, **metadata},
        "spec": {"source": {"s3": {"key": f"recordings/{name}.wav"}}},
    }


def job_of(child: Raw) -> str:
    """Name the TranscriptionJob that a Job or a pod works for."""
    name: str = child["metadata"]["labels"][JOB_LABEL]
    return name


def ended_as(job: Raw) -> str | None:
    """Give the terminal condition of a TranscriptionJob or a Job, None while there is none."""
    conditions = job.get("status", {}).get("conditions", [])
    return next(
        (c["type"] for c in conditions if c["type"] in {"Complete", "Failed"} and c["status"] == "True"), None
    )


def ended(pod: Raw, *, at: str) -> Raw:
    """Give the status of a running pod as kubelet has it once its container has ended well; `at` is RFC 3339."""
    (container,) = pod["status"]["containerStatuses"]
    times = {"startedAt": container["state"]["running"]["startedAt"], "finishedAt": at}
    terminated = {"exitCode": 0, "reason": "Completed", **times}
    over = {**container, "ready": False, "started": False, "state": {"terminated": terminated}}
    return {"phase": "Succeeded", "containerStatuses": [over]}


def fresh(raw: Raw) -> Raw:
    """Give what was sent to make an object that the server has completed, without owner and status."""
    sent = copy.deepcopy(raw)
    sent.pop("status", None)
    for field in (*_MADE_BY_THE_SERVER, "ownerReferences", "namespace", "finalizers"):
        sent["metadata"].pop(field, None)
    if sent["kind"] == "Job":
        sent["spec"].pop("selector", None)
        labels = sent["spec"]["template"]["metadata"]["labels"]
        for label in [label for label in labels if label.partition("/")[2] in {"controller-uid", "job-name"}]:
            del labels[label]
        for label in ("controller-uid", "job-name"):
            labels.pop(label, None)
    return sent


def bare_batch_job(template: Raw, name: str) -> Raw:
    """Give a Job like `template`, which nobody owns."""
    made = fresh(template)
    made["metadata"]["name"] = name
    return made


def renamed(raw: Raw, *, of: Raw, to: Raw) -> Raw:
    """Give `raw`, which belongs to the TranscriptionJob `of`, as it would be for `to`: by its name and its uid."""
    text = json.dumps(raw)
    for field in ("uid", "name"):
        text = text.replace(of["metadata"][field], to["metadata"][field])
    # Names and prefixes hold the uid's first eight digits alone.
    text = text.replace(of["metadata"]["uid"][:8], to["metadata"]["uid"][:8])
    found: Raw = json.loads(text)
    return found
