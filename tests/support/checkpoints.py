"""What a job's attempts have kept so far, as the bucket of an installation shows it.

Used by the cluster tier, to catch a worker in the middle and to count what was heard twice.
"""

from typing import Any

from local_installation.installation import BUCKET, NAMESPACE, Installation


def checkpoints(installation: Installation, job: dict[str, Any]) -> list[str]:
    """List the batches that a job's attempts have kept."""
    prefix = f"steno/{NAMESPACE}/jobs/{job['metadata']['name']}-{job['metadata']['uid'][:8]}/checkpoints/"
    listing = installation.store().list_objects(BUCKET, prefix=prefix, recursive=True)
    return [entry.object_name for entry in listing if entry.object_name and "/heard/" in entry.object_name]
