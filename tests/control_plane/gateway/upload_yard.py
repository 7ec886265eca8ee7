"""A gateway over each kind of real store in turn, spoken to over real sockets; what is left in the store is counted.

Used by the tests of this folder about uploads.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from control_plane.conftest import account_of
from control_plane.gateway.front_door import FrontDoor, front_door
from local_cluster.object_stores import MinioServer, VersityServer
from steno_store import Layout
from support.kubernetes_api import Api
from support.s3_buckets import S3Account

PART = 5 << 20
"""S3's least, and the gateway's own parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadYard:
    """One gateway and the bucket behind it."""

    door: FrontDoor
    account: S3Account
    bucket: str

    @property
    def folder(self) -> str:
        """Where the namespace's uploads lie."""
        return Layout("steno").uploads(self.door.api.namespace)

    def left(self) -> tuple[list[str], list[str]]:
        """Give the keys of what lies in the bucket, whole and unfinished."""
        client = self.account.client
        whole = client.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        unfinished = client.list_multipart_uploads(Bucket=self.bucket).get("Uploads", [])
        return [found["Key"] for found in whole], [found["Key"] for found in unfinished]

    def wait_until_nothing_is_left(self) -> None:
        """Wait for what a request does after its client has gone."""
        deadline = time.monotonic() + 20
        while self.left() != ([], []):
            assert time.monotonic() < deadline, self.left()
            time.sleep(0.05)

    def wait_for_parts(self) -> None:
        """Wait until an upload has begun."""
        deadline = time.monotonic() + 20
        while not self.left()[1]:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def read(self, upload_id: str) -> bytes:
        """Read an upload behind the gateway's back."""
        return self.account.client.get_object(Bucket=self.bucket, Key=self.folder + upload_id)["Body"].read()

    def begin(self, size_bytes: int, **announced: Any) -> dict[str, Any]:
        """Begin an upload in the smallest parts."""
        response = self.door.http.post("/uploads", json={"bytes": size_bytes, "part_bytes": PART, **announced})
        assert 201 == response.status_code, response.text
        answer: dict[str, Any] = response.json()
        return answer

    @contextmanager
    def connection(self, head: str) -> Iterator[socket.socket]:
        """Begin a request by hand, and hang up on leaving."""
        address = urlsplit(str(self.door.http.base_url))
        with closing(socket.create_connection((address.hostname, address.port), timeout=30)) as opened:
            opened.sendall(head.replace("\n", "\r\n").encode())
            yield opened


@contextmanager
def upload_yard(
    api: Api, server: MinioServer | VersityServer, folder: Path, *, endpoint: str | None = None, **settings: str
) -> Iterator[UploadYard]:
    """Run a gateway over a bucket of its own; `endpoint` is another way to the server."""
    # Whatever has an endpoint and keys will do.
    server = cast("MinioServer", server)
    other: Any = {"endpoint": endpoint, **settings}
    with closing(account_of(server)) as account:
        bucket = account.new_bucket()
        with (
            closing(account.store(bucket)) as store,
            front_door(api, store, server, folder, **other) as door,
        ):
            yield UploadYard(door=door, account=account, bucket=bucket)
