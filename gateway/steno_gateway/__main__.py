"""Start the gateway: ``steno-gateway`` or ``python -m steno_gateway``."""

import sys
from importlib.util import find_spec
from typing import Final

EXIT_CONFIG: Final = 78
"""sysexits.h EX_CONFIG."""

NEEDED: Final = (
    "boto3",
    "fastapi",
    "lightkube",
    "pydantic_settings",
    "python_multipart",
    "swagger_ui_bundle",
    "uvicorn",
    "uvloop",
)
"""What the extra ``gateway`` brings."""


def main() -> int:
    """Serve, unless the extra is not installed."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        print(
            f"steno-gateway: {', '.join(missing)} not installed; run: pip install 'steno[gateway]'", file=sys.stderr
        )
        return EXIT_CONFIG
    from steno_gateway import server  # noqa: PLC0415 -- only now is it known that its imports are there

    return server.main()


if __name__ == "__main__":
    sys.exit(main())
