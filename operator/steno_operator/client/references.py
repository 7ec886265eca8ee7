"""What of the store the TranscriptionJobs name, as the API server has them."""

from typing import Final

from lightkube import AsyncClient
from lightkube.generic_resource import create_namespaced_resource

from steno_kube import translated
from steno_operator.names import Names, names_of, union
from steno_store import Layout
from steno_types import GROUP, KIND, PLURAL, VERSION

LIST_CHUNK: Final = 500
"""Objects per page of a list; client-go's default."""

_TranscriptionJob: Final = create_namespaced_resource(GROUP, VERSION, KIND, PLURAL)


class UploadReaders:
    """Who reads an upload.

    Asked of the jobs as the server has them: one that this version cannot parse, a newer one's, keeps its upload too.
    """

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def of(self, namespace: str, upload_id: str) -> tuple[str, ...]:
        """Give the uids of the jobs that name the upload and are to stay; one being deleted needs it no more."""
        with translated():
            listing = self._client.list(_TranscriptionJob, namespace=namespace, chunk_size=LIST_CHUNK)
            return tuple(
                [
                    raw["metadata"]["uid"]
                    async for raw in listing
                    if (raw["spec"]["source"].get("upload") or {}).get("id") == upload_id
                    and "deletionTimestamp" not in raw["metadata"]
                ]
            )


class JobReferences:
    """What the TranscriptionJobs of a namespace name of the store; those being deleted too, until they are gone."""

    def __init__(self, client: AsyncClient, layout: Layout) -> None:
        self._client = client
        self._layout = layout

    async def of(self, namespace: str) -> Names:
        """List the jobs afresh, as of now, and give all that any of them names.

        Raises
        ------
        KubeError
            The list could not be read to its end; what is known of it says nothing.
        """
        with translated():
            listing = self._client.list(_TranscriptionJob, namespace=namespace, chunk_size=LIST_CHUNK)
            return union([names_of(raw, self._layout) async for raw in listing])
