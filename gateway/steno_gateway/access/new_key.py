"""Make an API key: ``steno-gateway key --name NAME --namespace NAMESPACE --scopes read,write``.

Called by `__main__`. The key is shown once, on stderr; stdout has its entry for the Secret, which holds the digest
alone.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import yaml
from pydantic import ValidationError

from steno_gateway.access.caller import Scope
from steno_gateway.access.keys import ApiKey, digest_of, new_key

EXIT_USAGE: Final = 2
"""What argparse ends with, too."""


def main(arguments: Sequence[str]) -> int:
    """Print a key and its entry; the exit code is 2 where an argument is wrong."""
    asked = _parser().parse_args(arguments)
    key = new_key()
    fields = {
        "name": asked.name,
        "sha256": digest_of(key),
        "namespace": asked.namespace,
        "scopes": asked.scopes.split(","),
        "requests_per_minute": asked.requests_per_minute,
        "max_unfinished": asked.max_unfinished,
        "expires": asked.expires,
    }
    told = {name: value for name, value in fields.items() if value is not None}
    try:
        entry = ApiKey.model_validate(told)
    except ValidationError as error:
        for fault in error.errors(include_input=False, include_url=False, include_context=False):
            sys.stderr.write(f"steno-gateway key: --{str(fault['loc'][0]).replace('_', '-')}: {fault['msg']}\n")
        return EXIT_USAGE
    if entry.expires is not None:
        told["expires"] = entry.expires.isoformat()
    print(yaml.safe_dump([told], sort_keys=False), end="")  # noqa: T201 -- what the command is for
    sys.stderr.write(f"The key, shown this once: {key}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="steno-gateway key",
        description="Make an API key. The key goes to stderr, once; its entry for the keys' Secret goes to stdout.",
    )
    parser.add_argument("--name", required=True, help="whose it is: small letters, digits and dashes")
    parser.add_argument("--namespace", required=True, help="the tenant whose tasks it sees")
    parser.add_argument(
        "--scopes", default="read,write", help=f"of {', '.join(Scope)}; comma-separated (default: %(default)s)"
    )
    parser.add_argument("--requests-per-minute", type=int, help="most requests of a minute (default: no limit)")
    parser.add_argument("--max-unfinished", type=int, help="most tasks at once (default: no limit of its own)")
    parser.add_argument(
        "--expires", type=datetime.fromisoformat, help="with a time zone, such as 2027-01-31T00:00:00+00:00"
    )
    return parser
