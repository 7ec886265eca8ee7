"""How much may be fetched from an address, and from where.

Made by whoever reads the settings; read by `url`. The constants are the settings' names, as messages must name what
whoever runs the cluster can change.
"""

from dataclasses import dataclass
from typing import Final

ALLOWED_HOSTS_VARIABLE: Final = "STENO_URL_ALLOWED_HOSTS"
"""Setting behind `IntakeLimits.allowed_hosts`."""

MAX_BYTES_VARIABLE: Final = "STENO_URL_MAX_BYTES"
"""Setting behind `IntakeLimits.max_bytes`."""

MAX_SECONDS_VARIABLE: Final = "STENO_URL_MAX_SECONDS"
"""Setting behind `IntakeLimits.max_seconds`."""

SCRATCH_VARIABLE: Final = "STENO_SCRATCH"
"""Setting that names the folder for the recording."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeLimits:
    """Bounds of one fetch from an http or https address."""

    max_bytes: int
    """Of the recording, and of what is sent for it where that is compressed."""
    max_seconds: float
    """From the first question to the name server until the last byte, retries and pauses included."""
    allowed_hosts: tuple[str, ...] = ()
    """Host names, IP addresses and CIDR ranges that need not be public; `addresses` says what each opens."""
