"""The TranscriptionJob itself: its names in the API, its metadata, spec and status together.

Read by the operator and the gateway from what the API server sends; `steno_types.crdgen` renders it as a CRD.
"""

from typing import Final

from pydantic import Field

from steno_types.base import ResourceModel, Time, WireModel
from steno_types.spec import TranscriptionJobSpec
from steno_types.status import TranscriptionJobStatus

GROUP: Final = "steno.dev"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"
KIND: Final = "TranscriptionJob"
PLURAL: Final = "transcriptionjobs"
SINGULAR: Final = "transcriptionjob"
SHORT_NAME: Final = "tsj"

FINALIZER: Final = f"{GROUP}/release"
"""Holds a deleted job until its objects are gone from the store."""

RESULTS_PREFIX_ANNOTATION: Final = f"{GROUP}/results-prefix"
"""Where a job's results lie; on the job itself, so that a restored one (with a new uid) finds them."""

JOB_LABEL: Final = f"{GROUP}/job"
"""On every child Job and pod: the name of the TranscriptionJob it works for."""


class OwnerReference(WireModel):
    """The fields of ``metav1.OwnerReference`` that Steno reads."""

    kind: str
    name: str
    uid: str
    controller: bool = False


class ObjectMeta(WireModel):
    """The fields of ``metav1.ObjectMeta`` that Steno reads."""

    name: str
    namespace: str
    uid: str
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    finalizers: tuple[str, ...] = ()
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    owner_references: tuple[OwnerReference, ...] = ()


class TranscriptionJob(ResourceModel):
    """One recording on its way to a transcript."""

    metadata: ObjectMeta
    spec: TranscriptionJobSpec
    status: TranscriptionJobStatus = TranscriptionJobStatus()

    @property
    def key(self) -> str:
        """``namespace/name``: what the operator's queue holds."""
        return f"{self.metadata.namespace}/{self.metadata.name}"

    @property
    def uid8(self) -> str:
        """First eight hexadecimal digits of the uid: tells a job from a later one of the same name."""
        return self.metadata.uid[:8]
