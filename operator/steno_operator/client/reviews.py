"""Whom a token belongs to, and whose a pod and a Job are, at the API server. Gives plain values (`evidence`)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from steno_kube import ApiServer, ResourceNotFoundError
from steno_operator.client.batch_jobs import JOBS, PODS
from steno_operator.progress.evidence import Controller, OwnedObject, TokenReview
from steno_types import PROGRESS_AUDIENCE

REVIEWS: Final = "/apis/authentication.k8s.io/v1/tokenreviews"
"""Where they are asked for; they lie in no namespace, nor anywhere."""

POD_NAME_EXTRA: Final = "authentication.kubernetes.io/pod-name"
"""Among what the API server knows of a bound token: its pod's name (Kubernetes, "Bound service account tokens")."""

POD_UID_EXTRA: Final = "authentication.kubernetes.io/pod-uid"
"""The same: that pod's uid."""

_OVER: Final = frozenset({"Failed", "Succeeded"})


class TokenReviews:
    """Reviews of tokens that are shown to the operator."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server

    async def review(self, token: str) -> TokenReview:
        """Ask the API server whose token it is, for the audience of progress reports alone."""
        body = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenReview",
            "spec": {"token": token, "audiences": [PROGRESS_AUDIENCE]},
        }
        status = (await self._server.create(REVIEWS, body)).get("status") or {}
        if not status.get("authenticated"):
            return TokenReview(authenticated=False)
        user = status.get("user") or {}
        extra = user.get("extra") or {}
        return TokenReview(
            authenticated=True,
            audiences=tuple(status.get("audiences") or ()),
            username=user.get("username") or "",
            pod_name=_only(extra, POD_NAME_EXTRA),
            pod_uid=_only(extra, POD_UID_EXTRA),
        )


class OwnedObjects:
    """Pods and Jobs, and whose they are."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server

    async def pod(self, namespace: str, name: str) -> OwnedObject | None:
        """Read a pod, fresh from the server; None when there is none of that name."""
        try:
            pod = await self._server.get(PODS.one(namespace, name))
        except ResourceNotFoundError:
            return None
        return _owned(pod["metadata"], ended=(pod.get("status") or {}).get("phase") in _OVER)

    async def batch_job(self, namespace: str, name: str) -> OwnedObject | None:
        """Read a Job, fresh from the server; None when there is none of that name."""
        try:
            batch_job = await self._server.get(JOBS.one(namespace, name))
        except ResourceNotFoundError:
            return None
        return _owned(batch_job["metadata"])


def _only(extra: Mapping[str, Any], name: str) -> str | None:
    """Give the one value of a name; None where there is none, or a choice."""
    values = [*(extra.get(name) or ())]
    return str(values[0]) if len(values) == 1 else None


def _owned(metadata: Mapping[str, Any], *, ended: bool = False) -> OwnedObject:
    owner = next((o for o in metadata.get("ownerReferences") or () if o.get("controller")), None)
    created = metadata.get("creationTimestamp")
    return OwnedObject(
        name=metadata["name"],
        uid=metadata["uid"],
        controller=Controller(
            api_version=owner["apiVersion"], kind=owner["kind"], name=owner["name"], uid=owner["uid"]
        )
        if owner is not None
        else None,
        created=datetime.fromisoformat(created) if created else None,
        deleting="deletionTimestamp" in metadata,
        ended=ended,
    )
