"""The keys and the second tenant of the installation that the cluster tests share.

Made once by conftest: a key for everything and one for reading in Steno's own namespace, one in the tenant's, and
what the chart does not make there. The tenant's workers get a user of the store's who may reach the tenant's part
alone, by the policy of docs/operations.md.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from minio import MinioAdmin
from minio.credentials.providers import StaticProvider

from local_installation.images import ROOT
from local_installation.installation import ACCESS_KEY, BUCKET, NAMESPACE, SECRET_KEY, Installation
from support.api_keys import SESSION_SECRET, Key

ARCHIVE = "steno-archive"
"""The tenant's namespace, as the values have it."""

ARCHIVE_STORE = {"AWS_ACCESS_KEY_ID": "steno-archive", "AWS_SECRET_ACCESS_KEY": "steno-archive-secret"}
"""What the tenant's workers show the store."""

MOST_JOBS = 2
"""Of the tenant's quota, as the values have it."""

VALUES = ROOT / "manifests" / "kind" / "tenants-values.yaml"


@dataclass(frozen=True, slots=True)
class Keys:
    """The API keys."""

    newsroom: Key = field(default_factory=lambda: Key(namespace=NAMESPACE, scopes=["read", "write", "admin"]))
    reader: Key = field(default_factory=lambda: Key("reader", namespace=NAMESPACE, scopes=["read"]))
    archive: Key = field(default_factory=lambda: Key("archive", namespace=ARCHIVE))

    def secret(self, *more: Key) -> str:
        """Give the Secret that the gateway reads them from, and others beside them."""
        document = {
            "session_secret": SESSION_SECRET,
            "keys": [key.entry for key in (self.newsroom, self.reader, self.archive, *more)],
        }
        return _secret("steno-keys", NAMESPACE, {"keys.yaml": yaml.safe_dump(document)})


def tenant() -> str:
    """Give the tenant's namespace and the Secret of its workers."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ARCHIVE, "labels": labels}}
    return f"{yaml.safe_dump(namespace)}---\n{_secret('archive-store', ARCHIVE, ARCHIVE_STORE)}"


def let_into_the_store(installation: Installation) -> None:
    """Make the store's user for the tenant's workers, with the policy that the documentation has for one."""
    admin: Any = MinioAdmin(
        endpoint=installation.store_url.removeprefix("http://"),
        credentials=StaticProvider(ACCESS_KEY, SECRET_KEY),
        secure=False,
    )
    user = ARCHIVE_STORE["AWS_ACCESS_KEY_ID"]
    admin.policy_add(ARCHIVE, policy=documented_policy())
    admin.user_add(user, ARCHIVE_STORE["AWS_SECRET_ACCESS_KEY"])
    attached = json.loads(admin.get_policy_entities([user], [], []))
    if not attached.get("userMappings"):
        admin.attach_policy([ARCHIVE], user=user)


def documented_policy() -> dict[str, Any]:
    """Read the policy of a tenant's workers out of the documentation, and put the tenant in the example's place."""
    text = Path(ROOT / "docs" / "operations.md").read_text()
    (example,) = re.findall(r'```json\n(\{\s+"Version": "2012-10-17".*?)```', text, re.DOTALL)
    policy: dict[str, Any] = json.loads(example.replace("steno/newsroom/", f"steno/{ARCHIVE}/"))
    assert BUCKET == "steno", "the example's"
    return policy


def _secret(name: str, namespace: str, entries: dict[str, str]) -> str:
    metadata = {"name": name, "namespace": namespace}
    return yaml.safe_dump({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": entries})
