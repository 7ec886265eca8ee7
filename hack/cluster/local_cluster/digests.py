"""One digest for whatever a thing is made from, so that a change of any part makes it anew."""

import hashlib
from typing import Final

LENGTH: Final = 12
"""Hex digits kept: as many as Docker shows of an image's id."""


def digest(*parts: str) -> str:
    """Return the digest of `parts`; where one ends and the next begins counts too."""
    whole = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        whole.update(f"{len(encoded)}:".encode() + encoded)
    return whole.hexdigest()[:LENGTH]
