"""Start the gateway: ``steno-gateway`` or ``python -m steno_gateway``."""

import sys
from typing import Final

EXIT_CONFIG: Final = 78
"""sysexits.h EX_CONFIG."""


def main() -> int:
    """Serve, unless the extra is not installed."""
    try:
        from steno_gateway import server  # noqa: PLC0415 -- its imports are the extra's
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("steno_"):
            raise  # our own, so a fault of the build
        print(f"steno-gateway: {missing.name} is not installed; run: pip install 'steno[gateway]'", file=sys.stderr)
        return EXIT_CONFIG
    return server.main()


if __name__ == "__main__":
    sys.exit(main())
