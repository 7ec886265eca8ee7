"""The command line: ``python3 -m local_cluster COMMAND``; the Makefile is its caller.

Steps go to stderr, answers to stdout. An error is a line for people: status 2 where the machine lacks something or
a name is refused, 1 for the rest.
"""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from local_cluster import clusters, images, loading, tools
from local_cluster.control_plane import ControlPlane
from local_cluster.errors import LocalClusterError
from local_cluster.pins import PINS

Command = Callable[[argparse.Namespace], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status."""
    given = _parser().parse_args(arguments)
    command: Command = given.command
    try:
        command(given)
    except LocalClusterError as error:
        print(f"local_cluster: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


def _terminate(signal_number: int, _: FrameType | None) -> NoReturn:
    raise SystemExit(128 + signal_number)


def _up(given: argparse.Namespace) -> None:
    clusters.up(given.name, gateway_port=given.gateway_port, store_port=given.store_port)


def _down(given: argparse.Namespace) -> None:
    clusters.down(given.name)


def _kubeconfig(given: argparse.Namespace) -> None:
    print(clusters.kubeconfig_path(given.name))


def _ports(given: argparse.Namespace) -> None:
    found = clusters.ports(given.name)
    print(f"gateway={found.gateway} store={found.store}")


def _load(given: argparse.Namespace) -> None:
    loading.load(given.name, given.images)


def _tools(given: argparse.Namespace) -> None:
    tools.install(given.tools or PINS)


def _images(_: argparse.Namespace) -> None:
    images.base_images()


def _control_plane(given: argparse.Namespace) -> None:
    with ControlPlane(given.dir) as control_plane:
        print(control_plane.kubeconfig, flush=True)
        while True:
            signal.pause()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="local_cluster", description="A real Kubernetes cluster from nothing.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    up = _named(commands, "up", _up, "make a cluster, or find it running")
    for option, what in (("--gateway-port", "gateway"), ("--store-port", "object store")):
        up.add_argument(option, type=int, metavar="N", help=f"the {what}'s port of 127.0.0.1; 0 is any free one")
    _named(commands, "down", _down, "remove a cluster, and stop the Docker daemon that was started for it")
    _named(commands, "kubeconfig", _kubeconfig, "print where a cluster's kubeconfig lies")
    _named(commands, "ports", _ports, "print a cluster's ports of 127.0.0.1")
    load = _named(commands, "load", _load, "put images of the Docker daemon into a cluster")
    load.add_argument("images", nargs="+", metavar="IMAGE")

    install = commands.add_parser("tools", help="install tools, all by default")
    install.add_argument("tools", nargs="*", metavar="TOOL")
    install.set_defaults(command=_tools)
    commands.add_parser("images", help="make the base images").set_defaults(command=_images)
    bare = commands.add_parser("control-plane", help="run a bare control plane until interrupted")
    bare.add_argument("--dir", type=Path, metavar="D", help="where its state lies; a temporary folder by default")
    bare.set_defaults(command=_control_plane)
    return parser


def _named(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", word: str, command: Command, what: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(word, help=what)
    parser.add_argument("name", metavar="NAME", help="begins with steno")
    parser.set_defaults(command=command)
    return parser


if __name__ == "__main__":
    # As an exception, so that what is half done is undone; children die with us even where this does not help.
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(main())
