"""Which URLs are refused as sources at once: what no worker would ever fetch.

Called by `requests` for each address, and by `permissible` for what the installation's list says of it. Pure. The
guard itself is the worker's, which resolves names, pins addresses and follows redirects; here only what the address
says by itself is looked at, so that a mistake is heard of before there is a task.
"""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError

IpNetwork = IPv4Network | IPv6Network

_NUMBER: Final = re.compile(r"(?:\d+|0x[0-9a-f]*)$", re.IGNORECASE)
"""A last label that makes a host an IPv4 address to some parser (WHATWG's URL standard, "ends in a number")."""

_INVISIBLE: Final = re.compile(r"[\s\x00-\x1f\x7f]")


def checked_url(url: str | None) -> str | None:
    """Give the address back unless it is none that could ever be fetched; for a field of a request.

    The message never quotes the address, which may be a secret.
    """
    if url is None:
        return None
    if _INVISIBLE.search(url):
        raise _refused("must not hold spaces or control characters; write them as %20 and the like")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _refused("cannot be read as an address") from None
    if parts.scheme not in {"http", "https"}:
        raise _refused("must begin with http:// or https://")
    if not host:
        raise _refused("names no host")
    if "@" in parts.netloc or "\\" in parts.netloc:
        raise _refused("must not hold a user or password; sign the address, or put the recording into S3")
    if parts.netloc.rpartition("]")[2].count(":") > 1:
        raise _refused("cannot be read as an address")
    if literal(url) is None and _NUMBER.match(host.removesuffix(".").rpartition(".")[2]):
        raise _refused("spells an IP address as a number; write it as four decimal numbers")
    return url


def literal(url: str) -> IPv4Address | IPv6Address | None:
    """Give the IP address that a checked `url` names as its host; None: it is a name."""
    try:
        address = ip_address(urlsplit(url).hostname or "")
    except ValueError:
        return None
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address


def is_private(address: IPv4Address | IPv6Address, allowed: tuple[IpNetwork, ...]) -> bool:
    """Whether no worker fetches from `address`: not everybody's, and not listed by the installation."""
    return not address.is_global and not any(address in network for network in allowed)


def allowed_networks(entries: str | None) -> tuple[IpNetwork, ...]:
    """Read the addresses and ranges out of the installation's list of hosts; names are the worker's business."""
    networks: list[IpNetwork] = []
    for entry in (entries or "").split(","):
        try:
            networks.append(ip_network(entry.strip()))
        except ValueError:
            continue
    return tuple(networks)


def _refused(wrong: str) -> PydanticCustomError:
    return PydanticCustomError("url", "The address {wrong}", {"wrong": wrong})
