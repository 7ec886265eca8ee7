"""A namespace, a bucket of its own with versions, and a sweeper that a test leads through time.

Used by the tests of this folder. The sweeper runs in the test's process, under an account that may do no more than it
needs; store and API server are real.
"""

import secrets
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from kubernetes.client import RbacAuthorizationV1Api

from steno_kube import ApiServer
from steno_operator.client import JobReferences, Namespaces
from steno_operator.keyed_locks import KeyedLocks
from steno_operator.names import Names
from steno_operator.sweep import GRACE_SECONDS, Sweep, Sweeper
from steno_store import Layout, ObjectStore, StoredObject
from steno_types import GROUP
from support.kubernetes_api import Api
from support.s3_buckets import S3Account

GRACE: Final = timedelta(seconds=GRACE_SECONDS)
LATER: Final = datetime(2036, 1, 31, 12, tzinfo=UTC)
"""The sweeper's time; to it every object is ten years old from the start."""
LAYOUT: Final = Layout("steno")
ACCOUNT: Final = "sweeper"
"""The sweeper's service account, in the namespace that it sweeps."""


def allow_sweeping(api: Api, namespace: str) -> None:
    """Let that account do in `namespace` what an operator there needs for a sweep, and nothing else.

    All of it fits a Role: to the API server a namespace is an object in itself.
    """
    rbac: Any = RbacAuthorizationV1Api(api.connection)
    rules = [
        {"apiGroups": [GROUP], "resources": ["transcriptionjobs"], "verbs": ["list"]},
        {"apiGroups": [""], "resources": ["namespaces"], "resourceNames": [namespace], "verbs": ["get"]},
    ]
    rbac.create_namespaced_role(namespace, {"metadata": {"name": ACCOUNT}, "rules": rules})
    rbac.create_namespaced_role_binding(
        namespace,
        {
            "metadata": {"name": ACCOUNT},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": ACCOUNT},
            "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": api.namespace}],
        },
    )


class Interrupted(JobReferences):
    """The real lists, and what happens just before each."""

    def __init__(self, client: ApiServer) -> None:
        super().__init__(client, LAYOUT)
        self.lists = 0
        """Lists so far."""
        self.before: Callable[[int], Awaitable[None]] | None = None
        """Awaited before each list with its number, from 1 on."""

    async def of(self, namespace: str) -> Names:
        """List the jobs."""
        self.lists += 1
        if self.before is not None:
            await self.before(self.lists)
        return await super().of(namespace)


class TimedStore(ObjectStore):
    """A real store to which time passes as it does in the yard; what was written before is older by as much."""

    yard: "Yard"
    written: dict[str, timedelta]
    """How much time had passed in the yard when an object was last written, by key."""

    @classmethod
    def of(cls, store: ObjectStore, yard: "Yard") -> "TimedStore":
        """Let time pass for `store` too."""
        store.__class__ = cls
        assert isinstance(store, cls)
        store.yard, store.written = yard, {}
        return store

    def put(self, key: str, body: bytes | bytearray, **more: Any) -> None:
        """Write an object."""
        super().put(key, body, **more)
        self.written[key] = self.yard.passed

    def list(self, prefix: str, **more: Any) -> Iterator[StoredObject]:
        """Walk objects, each with its time by the yard."""
        for found in super().list(prefix, **more):
            yield replace(found, modified=found.modified + self.written.get(found.key, timedelta()))


@dataclass
class Yard:
    """What is swept."""

    api: Api
    account: S3Account
    store: ObjectStore
    client: ApiServer
    """Of the sweeper's own account."""
    references: Interrupted = field(init=False)
    sweeper: Sweeper = field(init=False)
    now: datetime = LATER
    """By the sweeper's clock."""
    passed: timedelta = timedelta()
    """How much time has passed beside the test's own."""

    def __post_init__(self) -> None:
        self.store = TimedStore.of(self.store, self)
        self.references = Interrupted(self.client)
        self.sweeper = self.a_sweeper(self.references)

    def a_sweeper(self, references: JobReferences, **changes: Any) -> Sweeper:
        """Make a sweeper of the namespace, for the installation there."""
        usual: dict[str, Any] = {
            "store": self.store,
            "cluster": Namespaces(self.client),
            "own_namespace": self.api.namespace,
            "watched": (self.api.namespace,),
            "condemning": KeyedLocks(),
        }
        return Sweeper(
            layout=LAYOUT,
            references=references,
            **usual | changes,
            still_leader=lambda: True,
            now=lambda: self.now,
        )

    async def sweep(self, *, after: timedelta = timedelta()) -> Sweep:
        """Let time pass, and sweep; the lists are counted from here."""
        self.pass_time(after)
        self.references.lists = 0
        return await self.sweeper.sweep()

    def pass_time(self, after: timedelta) -> None:
        """Let time pass, by the sweeper's clock and the store's."""
        self.now += after
        self.passed += after

    def upload(self, body: bytes = b"12345") -> str:
        """Upload a recording, as the gateway does, and give its id."""
        upload_id = secrets.token_hex(16)
        self.store.put(self.key(upload_id), body)
        return upload_id

    def key(self, upload_id: str) -> str:
        """Say where an upload lies."""
        return LAYOUT.upload(self.api.namespace, upload_id)

    def condemned(self, upload_id: str) -> str:
        """Say where its condemnation would lie."""
        return LAYOUT.condemned(self.api.namespace, upload_id)

    def leave_results(self, name: str) -> str:
        """Leave results of a job that is gone, as restores meet them; gives their prefix."""
        prefix = LAYOUT.results(self.api.namespace, name, secrets.token_hex(4))
        for key in ("manifest.json", "attempts/pod-0/transcript.json"):
            self.store.put(prefix + key, b"12345")
        return prefix

    def submit(self, name: str, upload_id: str, **metadata: Any) -> dict[str, Any]:
        """Create a job that names an upload."""
        return self.api.submit(name, {"source": {"upload": {"id": upload_id}}}, **metadata)

    def versions(self) -> list[str]:
        """List the keys of all versions and delete markers of the namespace, behind the store's back."""
        prefix = LAYOUT.namespace(self.api.namespace)
        page: Any = self.account.client.list_object_versions(Bucket=self.store.bucket, Prefix=prefix)
        return sorted(entry["Key"] for entry in [*page.get("Versions", []), *page.get("DeleteMarkers", [])])
