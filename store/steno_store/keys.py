"""Where everything lies in the store: the one place that spells object keys.

Called by the gateway (uploads, downloads), the operator (results, release, sweep) and the worker (attempts,
manifest). Pure. Layout, under the installation's prefix::

    <prefix>/installation.json
    <prefix>/conditional-put.txt
    <prefix>/<namespace>/uploads/<upload-id>
    <prefix>/<namespace>/uploads/<upload-id>.condemned
    <prefix>/<namespace>/uploads/<upload-id>.<token>.condemned
    <prefix>/<namespace>/jobs/<name>-<uid8>/attempts/<pod>/transcript.<format>
    <prefix>/<namespace>/jobs/<name>-<uid8>/manifest.json
    <prefix>/<namespace>/sweep/uploads/<upload-id>
    <prefix>/<namespace>/sweep/jobs/<name>-<uid8>
    <prefix>/<namespace>/sweep/clock

The markers under ``sweep/`` lie beside what is swept, never inside, where they would be swept too. What lies beside
the namespaces has a dot in its name, as no namespace has.
"""

import re
import secrets
from dataclasses import dataclass
from typing import Final

UPLOAD_ID_BYTES: Final = 16
"""128 random bits: ids cannot be guessed and never collide."""

_ODD_STEPS: Final = frozenset({"", ".", ".."})
"""Steps of a path that some stores keep, some resolve and some refuse."""


def new_upload_id() -> str:
    """Draw an upload id that matches ``steno_types.UPLOAD_ID_PATTERN``."""
    return secrets.token_hex(UPLOAD_ID_BYTES)


@dataclass(frozen=True, slots=True)
class Layout:
    """Keys under one installation's prefix."""

    prefix: str
    """Without slashes at its ends; never empty, so that a bucket may be shared."""

    def __post_init__(self) -> None:
        if _ODD_STEPS.intersection(self.prefix.split("/")):
            raise ValueError(
                f"STENO_STORE_PREFIX is {self.prefix!r}; it must not be empty, nor begin or end with a slash, "
                "nor hold an empty step, . or .."
            )

    @property
    def root(self) -> str:
        """Prefix of all that is this installation's, with its trailing slash."""
        return f"{self.prefix}/"

    @property
    def owner(self) -> str:
        """Key of the record that says which installation owns the prefix."""
        return f"{self.prefix}/installation.json"

    @property
    def conditional_put(self) -> str:
        """Key of the object by which a store shows that it honours conditional writes."""
        return f"{self.prefix}/conditional-put.txt"

    def namespace(self, namespace: str) -> str:
        """Prefix of all that belongs to one namespace, with its trailing slash."""
        return f"{self.prefix}/{namespace}/"

    def uploads(self, namespace: str) -> str:
        """Prefix of a namespace's uploads, with its trailing slash."""
        return f"{self.prefix}/{namespace}/uploads/"

    def upload(self, namespace: str, upload_id: str) -> str:
        """Key of an upload."""
        return f"{self.uploads(namespace)}{upload_id}"

    def condemned(self, namespace: str, upload_id: str) -> str:
        """Key of the operator's marker that an upload is about to be deleted."""
        return self.upload(namespace, upload_id) + ".condemned"

    def markers(self, namespace: str, upload_id: str) -> str:
        """Prefix that all markers of one upload have."""
        return f"{self.upload(namespace, upload_id)}."

    def condemned_by(self, namespace: str, upload_id: str, token: str) -> str:
        """Key of another's marker that an upload is about to be deleted; `token` tells it from all other ones."""
        return f"{self.upload(namespace, upload_id)}.{token}.condemned"

    def all_results(self, namespace: str) -> str:
        """Prefix of the results of all jobs of a namespace, with its trailing slash."""
        return f"{self.prefix}/{namespace}/jobs/"

    def results(self, namespace: str, name: str, uid: str) -> str:
        """Prefix of a job's results, with its trailing slash."""
        return f"{self.all_results(namespace)}{name}-{uid[:8]}/"

    def is_results(self, prefix: str, namespace: str, name: str) -> bool:
        """Whether `prefix` can be the results of job `name`: the check on an annotation that a user may edit."""
        expected = re.escape(f"{self.prefix}/{namespace}/jobs/{name}-") + r"[0-9a-f]{8}/"
        return re.fullmatch(expected, prefix) is not None

    def sweep(self, namespace: str) -> str:
        """Prefix of a namespace's markers of what nobody names, with its trailing slash."""
        return f"{self.prefix}/{namespace}/sweep/"

    def sweep_clock(self, namespace: str) -> str:
        """Key of the object that a sweep writes to hear the store's time, and deletes again."""
        return f"{self.sweep(namespace)}clock"

    def unnamed_upload(self, namespace: str, upload_id: str) -> str:
        """Key of the marker that says since when no job names an upload."""
        return f"{self.sweep(namespace)}uploads/{upload_id}"

    def unnamed_results(self, namespace: str, directory: str) -> str:
        """Key of the same for results; `directory` is the last step of their prefix, without its slash."""
        return f"{self.sweep(namespace)}jobs/{directory}"

    def holds(self, key: str) -> bool:
        """Whether `key` lies inside this installation's prefix."""
        return key.startswith(self.root)


_MARKER: Final = re.compile(r"(\.[0-9a-f]+)?\.condemned$")


def is_marker(key: str) -> bool:
    """Whether a key below ``uploads/`` is a marker's."""
    return _MARKER.search(key) is not None


def without_marker(key: str) -> str:
    """Give the upload's key, or id, whichever is marked; what is no marker's stays as it is."""
    return _MARKER.sub("", key)


def manifest(results_prefix: str) -> str:
    """Key of the manifest under a job's results."""
    return f"{results_prefix}manifest.json"


def attempt(results_prefix: str, pod: str) -> str:
    """Prefix of what one attempt writes, with its trailing slash."""
    return f"{results_prefix}attempts/{pod}/"


def transcript(results_prefix: str, pod: str, suffix: str) -> str:
    """Key of one rendering by one attempt; `suffix` is its format's."""
    return f"{attempt(results_prefix, pod)}transcript.{suffix}"


def checkpoints(results_prefix: str, work: str) -> str:
    """Prefix of the finished pieces of one piece of work, named by its fingerprint; with its trailing slash."""
    return f"{results_prefix}checkpoints/{work}/"


def delivery(results_prefix: str) -> str:
    """Key of the record that says what was copied to the user's destination."""
    return f"{results_prefix}delivery.json"
