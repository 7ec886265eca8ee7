"""What of the store the TranscriptionJobs name, as the API server has them."""

from steno_kube import TRANSCRIPTION_JOBS, ApiServer
from steno_operator.names import Names, names_of, union
from steno_store import Layout


class UploadReaders:
    """Who reads an upload.

    Asked of the jobs as the server has them: one that this version cannot parse, a newer one's, keeps its upload too.
    """

    def __init__(self, server: ApiServer) -> None:
        self._server = server

    async def of(self, namespace: str, upload_id: str) -> tuple[str, ...]:
        """Give the uids of the jobs that name the upload and are to stay; one being deleted needs it no more."""
        return tuple(
            [
                raw["metadata"]["uid"]
                async for raw in self._server.list(TRANSCRIPTION_JOBS.all(namespace))
                if (raw["spec"]["source"].get("upload") or {}).get("id") == upload_id
                and "deletionTimestamp" not in raw["metadata"]
            ]
        )


class JobReferences:
    """What the TranscriptionJobs of a namespace name of the store; those being deleted too, until they are gone."""

    def __init__(self, server: ApiServer, layout: Layout) -> None:
        self._server = server
        self._layout = layout

    async def of(self, namespace: str) -> Names:
        """List the jobs afresh, as of now, and give all that any of them names.

        Raises
        ------
        KubeError
            The list could not be read to its end; what is known of it says nothing.
        """
        listing = self._server.list(TRANSCRIPTION_JOBS.all(namespace))
        return union([names_of(raw, self._layout) async for raw in listing])
