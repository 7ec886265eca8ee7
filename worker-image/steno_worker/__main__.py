"""The process: log, SIGTERM, one attempt, exit code; or many of them. Entry point of ``steno-worker``."""

import argparse
import sys
from typing import Final, NoReturn

from steno_worker.logs import configure_logging
from steno_worker.sigterm import SigtermWatch

EXIT_CONFIG: Final = 78
"""sysexits.h EX_CONFIG."""


def main() -> NoReturn:
    """Do the one attempt that the environment describes, or those that come by standard input."""
    parser = argparse.ArgumentParser(prog="steno-worker", description="Transcribe one recording, as a pod does.")
    parser.add_argument(
        "--serve-stdin", action="store_true", help="work off assignment after assignment, each a line of JSON"
    )
    serving = parser.parse_args().serve_stdin
    log_context = configure_logging(sys.stderr if serving else sys.stdout)
    sigterm = SigtermWatch()
    sigterm.start()
    try:
        # Imported only now, as it takes a second in which a SIGTERM must already be heard.
        from steno_worker.serving import serve, take_stdout  # noqa: PLC0415
        from steno_worker.worker import run  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("steno_"):
            raise  # our own, so a fault of the build
        print(f"steno-worker: {missing.name} is not installed; run: pip install 'steno[worker]'", file=sys.stderr)
        sys.exit(EXIT_CONFIG)

    if serving:
        sys.exit(serve(log_context, sigterm, lines=sys.stdin.buffer, answers=take_stdout()))
    sys.exit(run(log_context, sigterm))


if __name__ == "__main__":
    main()
