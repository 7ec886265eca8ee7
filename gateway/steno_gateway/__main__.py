"""Start the gateway: ``steno-gateway`` or ``python -m steno_gateway``; ``… key`` makes an API key instead."""

import sys
from typing import Final

EXIT_CONFIG: Final = 78
"""sysexits.h EX_CONFIG."""

EXIT_USAGE: Final = 2
"""What argparse ends with, too."""


def main() -> int:
    """Serve, or make a key, unless the extra is not installed."""
    try:
        from steno_gateway import server  # noqa: PLC0415 -- its imports are the extra's
        from steno_gateway.access import new_key  # noqa: PLC0415 -- the same
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("steno_"):
            raise  # our own, so a fault of the build
        print(f"steno-gateway: {missing.name} is not installed; run: pip install 'steno[gateway]'", file=sys.stderr)
        return EXIT_CONFIG
    match sys.argv[1:]:
        case []:
            return server.main()
        case ["key", *arguments]:
            return new_key.main(arguments)
        case _:
            print("usage: steno-gateway [key --name NAME --namespace NAMESPACE ...]", file=sys.stderr)
            return EXIT_USAGE


if __name__ == "__main__":
    sys.exit(main())
