"""What no test waits for and no API writes: an object whose deletion began a while ago, put so into etcd itself.

For the control plane tier, whose etcd speaks plain HTTP on loopback.
"""

import base64
import json
import urllib.request
from datetime import timedelta
from typing import Any, Final

from local_cluster.control_plane import ControlPlane

_TIME_FIELDS: Final = {"creation_timestamp": 8, "deletion_timestamp": 9}
"""Numbers in the ObjectMeta of Kubernetes' protobuf, which etcd keeps (apimachinery, generated.proto)."""


def make_older(control_plane: ControlPlane, key: str, metadata: Any, field: str, *, seconds: int) -> None:
    """Move a time of an object's metadata into the past.

    Parameters
    ----------
    control_plane
        Whose etcd it is.
    key
        Where it keeps the object, below ``/registry``: ``pods/<namespace>/<name>``.
    metadata
        As it was read; its times are looked for in what etcd keeps.
    field
        ``creation_timestamp`` or ``deletion_timestamp``.
    seconds
        How much earlier.

    Raises
    ------
    AssertionError
        etcd keeps the object, but not this time; it was written meanwhile.
    """
    path = _encoded(f"/registry/{key}".encode())
    (found,) = _call(control_plane, "range", {"key": path})["kvs"]
    before = base64.b64decode(found["value"])
    moment = getattr(metadata, field)
    old, new = (_time(_TIME_FIELDS[field], when) for when in (moment, moment - timedelta(seconds=seconds)))
    assert 1 == before.count(old)
    unchanged = {"key": path, "target": "MOD", "modRevision": found["mod_revision"]}
    put = {"requestPut": {"key": path, "value": _encoded(before.replace(old, new))}}
    answer = _call(control_plane, "txn", {"compare": [unchanged], "success": [put]})
    assert answer.get("succeeded"), "the object was written meanwhile"


def _call(control_plane: ControlPlane, method: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(f"{control_plane.etcd}/v3/kv/{method}", json.dumps(body).encode())  # noqa: S310 -- loopback
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 -- the same
        return json.load(answer)


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _time(field: int, moment: Any) -> bytes:
    """Spell a field that is a time as protobuf does: tag, length, seconds, no nanoseconds."""
    seconds = _varint(int(moment.timestamp()))
    body = b"\x08" + seconds + b"\x10\x00"
    return bytes([field << 3 | 2, len(body)]) + body


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])
