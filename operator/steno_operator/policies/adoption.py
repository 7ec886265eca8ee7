"""Adoption: the finalizer and the results' prefix on the job, before anything exists that they speak of.

So that no object of the store outlives an unwatched job. Called by the policies that make the first one; pure.
"""

from steno_operator.installation import Installation
from steno_operator.plan import Adopt
from steno_types import FINALIZER, RESULTS_PREFIX_ANNOTATION, TranscriptionJob


def adoption(job: TranscriptionJob, installation: Installation) -> tuple[Adopt, ...]:
    """Adopt the job, unless it is adopted already."""
    prefix = installation.results_prefix(job)
    noted = job.metadata.annotations.get(RESULTS_PREFIX_ANNOTATION)
    return () if FINALIZER in job.metadata.finalizers and noted == prefix else (Adopt(results_prefix=prefix),)
