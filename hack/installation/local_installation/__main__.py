"""The command line: ``python -m local_installation demo|install NAME``; the Makefile is its caller."""

import argparse
import sys
from collections.abc import Sequence

from local_cluster.errors import LocalClusterError
from local_installation import demo
from local_installation.installation import InstallationError, describe, install

DEMO_CLUSTER = "steno"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives its exit status."""
    parser = argparse.ArgumentParser(prog="local_installation", description="Steno on the local cluster.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("demo", help="install Steno, transcribe a recording through REST, print the transcript")
    named = commands.add_parser("install", help="install Steno on a local cluster")
    named.add_argument("name", metavar="NAME", help="the cluster; begins with steno")
    given = parser.parse_args(arguments)
    try:
        if given.command == "demo":
            demo.show(install(DEMO_CLUSTER))
        else:
            print(describe(install(given.name)))
    except LocalClusterError as error:
        print(f"local_installation: {error}", file=sys.stderr)
        return error.exit_status
    except InstallationError as error:
        print(f"local_installation: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
