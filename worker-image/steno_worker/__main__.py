"""The process: log, SIGTERM, one attempt, exit code. Entry point of ``steno-worker``."""

import sys
from typing import Final, NoReturn

from steno_worker.logs import configure_logging
from steno_worker.sigterm import SigtermWatch

EXIT_CONFIG: Final = 78
"""sysexits.h EX_CONFIG."""


def main() -> NoReturn:
    """Do the one attempt that the environment describes, and exit as it went."""
    log_context = configure_logging(sys.stdout)
    sigterm = SigtermWatch()
    sigterm.start()
    try:
        # Imported only now, as it takes a second in which a SIGTERM must already be heard.
        from steno_worker.worker import run  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("steno_"):
            raise  # our own, so a fault of the build
        print(f"steno-worker: {missing.name} is not installed; run: pip install 'steno[worker]'", file=sys.stderr)
        sys.exit(EXIT_CONFIG)

    sys.exit(run(log_context, sigterm))


if __name__ == "__main__":
    main()
