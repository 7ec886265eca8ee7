"""API keys for tests: entries of a keys' file, and the file."""

from pathlib import Path
from typing import Any

import yaml

from steno_gateway.access.keys import digest_of, new_key

SESSION_SECRET = "a secret of the tests, forty characters"


class Key:
    """An API key with its entry; whatever is not said is what a newsroom needs."""

    def __init__(self, name: str = "newsroom", namespace: str = "speech", **fields: Any) -> None:
        self.key = new_key()
        self.name = name
        self.namespace = namespace
        self.entry: dict[str, Any] = {
            "name": name,
            "sha256": digest_of(self.key),
            "namespace": namespace,
            "scopes": ["read", "write"],
            **fields,
        }

    @property
    def bearer(self) -> dict[str, str]:
        """The header that shows it."""
        return {"Authorization": f"Bearer {self.key}"}


def write_keys(path: Path, *keys: Key, session_secret: str | None = SESSION_SECRET) -> Path:
    """Write a file of these keys in place of what is there, as the kubelet does: by turning a link."""
    document: dict[str, Any] = {"keys": [key.entry for key in keys]}
    if session_secret is not None:
        document["session_secret"] = session_secret
    return write_text(path, yaml.safe_dump(document))


def write_text(path: Path, text: str) -> Path:
    """Write any text in place of the file."""
    version = len(list(path.parent.iterdir()))
    fresh = path.with_name(f"..{version}-{path.name}")
    fresh.write_text(text)
    link = path.with_name(f"..link-{path.name}")
    link.symlink_to(fresh)
    link.replace(path)
    return path
