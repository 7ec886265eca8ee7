"""Whom a token belongs to, and whose a pod and a Job are, at the API server. Gives plain values (`evidence`)."""

from collections.abc import Mapping
from typing import Any, Final

from lightkube import AsyncClient
from lightkube.models.authentication_v1 import TokenReviewSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.authentication_v1 import TokenReview as TokenReviewResource
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import Pod

from steno_kube import ResourceNotFoundError, translated
from steno_operator.progress.evidence import Controller, OwnedObject, TokenReview
from steno_types import PROGRESS_AUDIENCE

POD_NAME_EXTRA: Final = "authentication.kubernetes.io/pod-name"
"""Among what the API server knows of a bound token: its pod's name (Kubernetes, "Bound service account tokens")."""

POD_UID_EXTRA: Final = "authentication.kubernetes.io/pod-uid"
"""The same: that pod's uid."""

_OVER: Final = frozenset({"Failed", "Succeeded"})


class TokenReviews:
    """Reviews of tokens that are shown to the operator."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def review(self, token: str) -> TokenReview:
        """Ask the API server whose token it is, for the audience of progress reports alone."""
        spec = TokenReviewSpec(token=token, audiences=[PROGRESS_AUDIENCE])
        with translated():
            answer = await self._client.create(TokenReviewResource(spec=spec))
        status = answer.status
        if status is None or not status.authenticated:
            return TokenReview(authenticated=False)
        user = status.user
        extra = (user.extra if user else None) or {}
        return TokenReview(
            authenticated=True,
            audiences=tuple(status.audiences or ()),
            username=(user.username if user else None) or "",
            pod_name=_only(extra, POD_NAME_EXTRA),
            pod_uid=_only(extra, POD_UID_EXTRA),
        )


class OwnedObjects:
    """Pods and Jobs, and whose they are."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def pod(self, namespace: str, name: str) -> OwnedObject | None:
        """Read a pod, fresh from the server; None when there is none of that name."""
        try:
            with translated():
                pod = await self._client.get(Pod, name, namespace=namespace)
        except ResourceNotFoundError:
            return None
        ended = pod.status is not None and pod.status.phase in _OVER
        return _owned(pod.metadata, ended=ended)

    async def batch_job(self, namespace: str, name: str) -> OwnedObject | None:
        """Read a Job, fresh from the server; None when there is none of that name."""
        try:
            with translated():
                batch_job = await self._client.get(Job, name, namespace=namespace)
        except ResourceNotFoundError:
            return None
        return _owned(batch_job.metadata)


def _only(extra: Mapping[str, Any], name: str) -> str | None:
    """Give the one value of a name; None where there is none, or a choice."""
    values = [*(extra.get(name) or ())]
    return str(values[0]) if len(values) == 1 else None


def _owned(metadata: ObjectMeta | None, *, ended: bool = False) -> OwnedObject:
    if metadata is None or metadata.name is None or metadata.uid is None:
        raise ValueError("the API server sent an object without name or uid")
    owner = next((o for o in metadata.ownerReferences or [] if o.controller), None)
    return OwnedObject(
        name=metadata.name,
        uid=metadata.uid,
        controller=Controller(api_version=owner.apiVersion, kind=owner.kind, name=owner.name, uid=owner.uid)
        if owner is not None
        else None,
        created=metadata.creationTimestamp,
        deleting=metadata.deletionTimestamp is not None,
        ended=ended,
    )
