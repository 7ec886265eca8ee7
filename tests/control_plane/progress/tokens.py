"""Tokens of every kind: the projected one that a kubelet would mount, and those that must open nothing.

Used by the tests of this folder. Real ones come from the TokenRequest API; the others are spelled and signed here, as
an API server signs (RFC 7515, RS256), so that exactly one thing is wrong with each.
"""

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

from steno_types import PROGRESS_AUDIENCE
from support.kubernetes_api import Api

ACCOUNT = "steno-worker"
SECONDS = 600
"""The shortest life that the TokenRequest API gives a token."""


def token_of(api: Api, pod: Any | None, *, audience: str = PROGRESS_AUDIENCE) -> str:
    """Ask for a token of the workers' account, bound to `pod` as the kubelet does; to nothing where there is none."""
    spec: dict[str, Any] = {"audiences": [audience], "expirationSeconds": SECONDS}
    if pod is not None:
        bound = {"apiVersion": "v1", "kind": "Pod", "name": pod.metadata.name, "uid": pod.metadata.uid}
        spec["boundObjectRef"] = bound
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    answer = api.core.create_namespaced_service_account_token(ACCOUNT, api.namespace, request)
    token: str = answer.status.token
    return token


def signed_anew(token: str, key: Path, **changes: Any) -> str:
    """Spell a token again with other claims, and sign it with `key`."""
    header, claims, _ = token.split(".")
    changed = {**json.loads(_decoded(claims)), **changes}
    said = f"{header}.{_encoded(json.dumps(changed).encode())}"
    command = ["openssl", "dgst", "-sha256", "-sign", str(key)]
    signature = subprocess.run(command, input=said.encode(), check=True, capture_output=True).stdout
    return f"{said}.{_encoded(signature)}"


def claims_of(token: str) -> dict[str, Any]:
    """Read what a token claims."""
    claims: dict[str, Any] = json.loads(_decoded(token.split(".")[1]))
    return claims


def a_key(folder: Path) -> Path:
    """Make a key that no API server knows."""
    path = folder / "forger.key"
    command = ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return path


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
