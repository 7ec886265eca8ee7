"""The process: ``steno`` or ``python -m steno_command``. Lists the subcommands, or hands over to one."""

import importlib.metadata
import sys
from collections.abc import Iterable, Sequence
from typing import Final

from steno_command.subcommands import ExtraMissingError, Subcommand, find_subcommands

EXIT_USAGE: Final = 2
"""As argparse exits on arguments that it does not understand."""

EXIT_CONFIG: Final = 78
"""sysexits.h EX_CONFIG, as the parts exit without their extra."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say; default: those of the process."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    found = find_subcommands()
    match given:
        case ["-h" | "--help", *_]:
            print(_usage(found.values()))
            return 0
        case ["--version", *_]:
            print(f"steno {importlib.metadata.version('steno')}")
            return 0
        case [name, *rest] if name in found:
            try:
                return found[name].run(rest)
            except ExtraMissingError as missing:
                print(f"steno {name}: {missing}", file=sys.stderr)
                return EXIT_CONFIG
        case [name, *_]:
            print(f"steno: there is no subcommand {name}\n\n{_usage(found.values())}", file=sys.stderr)
            return EXIT_USAGE
        case _:
            print(_usage(found.values()), file=sys.stderr)
            return EXIT_USAGE


def _usage(subcommands: Iterable[Subcommand]) -> str:
    listed = [(subcommand.name, subcommand.summary) for subcommand in subcommands]
    width = max((len(name) for name, _ in listed), default=0)
    lines = [f"  {name:<{width}}  {summary}" for name, summary in listed] or ["  none is installed"]
    return "\n".join(
        [
            "usage: steno SUBCOMMAND ...",
            "",
            "Speech to text on your own cluster, or on this machine.",
            "",
            "subcommands (steno SUBCOMMAND --help says more):",
            *lines,
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
