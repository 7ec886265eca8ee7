"""Start the operator: ``steno-operator`` or ``python -m steno_operator``."""

import sys
from typing import Final

EXIT_CONFIG: Final = 78
"""sysexits.h EX_CONFIG."""


def main() -> int:
    """Serve, unless the extra is not installed."""
    try:
        from steno_operator import process  # noqa: PLC0415 -- its imports are the extra's
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("steno_"):
            raise  # our own, so a fault of the build
        print(f"steno-operator: {missing.name} is not installed; run: pip install 'steno[operator]'", file=sys.stderr)
        return EXIT_CONFIG
    return process.main()


if __name__ == "__main__":
    sys.exit(main())
