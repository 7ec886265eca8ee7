"""Take a recording that is a request's whole body: ``curl -T talk.mp3 $STENO/uploads/``.

Called by `routes.uploads`. The bytes stream to the store in bounded memory; no job knows them yet, so what no job
comes to name is deleted by the operator's sweep.
"""

from steno_gateway import problems
from steno_gateway.access.caller import Caller
from steno_gateway.context import Context
from steno_gateway.problems import ProblemError
from steno_gateway.uploads.existing import StoredUpload, metadata_of
from steno_gateway.uploads.request_body import RequestBody
from steno_gateway.uploads.streaming import DigestMismatchError, open_upload
from steno_store import new_upload_id


async def receive(
    context: Context, caller: Caller, body: RequestBody, *, file_name: str | None, sha256: str | None
) -> StoredUpload:
    """Store the body while it arrives.

    Parameters
    ----------
    file_name
        Of the recording, cleaned.
    sha256
        What the body's digest must be, in hexadecimal; None: it is not announced.
    """
    upload_id = new_upload_id()
    key = context.layout.upload(caller.namespace, upload_id)
    async with open_upload(context, key, digest=True, metadata=metadata_of(file_name, sha256)) as upload:
        async for chunk in body:
            await upload.write(chunk)
        if body.size_bytes == 0:
            raise empty_upload()
        try:
            await upload.complete(sha256=sha256)
        except DigestMismatchError as error:
            raise ProblemError(
                problems.DIGEST_MISMATCH,
                f"The {body.size_bytes} bytes that came have the sha256 {upload.sha256}.",
                field="sha256",
                remedy="Send the recording again, or correct the digest.",
            ) from error
    return StoredUpload(upload_id=upload_id, size_bytes=upload.size_bytes, sha256=upload.sha256, file_name=file_name)


def empty_upload() -> ProblemError:
    """Say that nothing was sent."""
    return ProblemError(
        problems.BODY_EMPTY,
        "The request has no body.",
        remedy="Send the recording's bytes as the body: curl -T talk.mp3 …/uploads/.",
    )
