"""Which addresses a recording may be fetched from: the guard against server-side request forgery.

Asked by `hops` before every connection. Pure: resolves nothing, connects to nothing.

A job names the URL, and the worker stands inside the cluster. So only what the whole internet could reach anyway is
allowed, and beyond that what whoever runs the cluster has listed:

====================  =============================================================================
class                 opened by an entry of the list
====================  =============================================================================
public                needs none
private, special      the host's name, its address, or a range that holds it
loopback              the address or a range alone: a name's owner could point it anywhere
all others            nothing: no recording is there, and the metadata service gives credentials
====================  =============================================================================

An IPv6 address that carries an IPv4 one (mapped, compatible, 6to4, Teredo, NAT64) is judged by that one first.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, Self

IpAddress = IPv4Address | IPv6Address
IpNetwork = IPv4Network | IPv6Network


class AddressClass(StrEnum):
    """What an address is for, in the words of a message."""

    PUBLIC = "public"
    """Reachable by everybody."""
    PRIVATE = "private"
    """Of a network that is somebody's own (RFC 1918, RFC 4193), or of a carrier's or cloud's inside (RFC 6598)."""
    SPECIAL = "special-purpose"
    """Not globally reachable for another reason in IANA's registries: documentation, benchmarks, tunnels."""
    LOOPBACK = "loopback"
    """The worker itself."""
    LINK_LOCAL = "link-local"
    """Of the node's own wire."""
    METADATA = "cloud metadata"
    """Of a cloud's service that tells a machine its credentials."""
    MULTICAST = "multicast"
    """Of a group."""
    RESERVED = "reserved"
    """Of nobody so far."""
    UNSPECIFIED = "unspecified"
    """Of no host; Linux takes it for the worker itself."""


_BY_NAME: Final = frozenset({AddressClass.PRIVATE, AddressClass.SPECIAL})
"""Classes that a listed host name opens."""

_BY_ADDRESS: Final = _BY_NAME | {AddressClass.LOOPBACK}
"""Classes that a listed address or range opens."""

_METADATA: Final = frozenset(
    map(
        ip_address,
        (
            "169.254.169.254",  # AWS, Azure, Google, OpenStack, Oracle, DigitalOcean
            "169.254.169.253",  # AWS's name server
            "169.254.170.2",  # credentials of a container on AWS
            "169.254.170.23",  # credentials of a pod on AWS
            "100.100.100.200",  # Alibaba
            "168.63.129.16",  # Azure's agent; a public address by its number
            "192.0.0.192",  # Oracle, before it moved
            "fd00:ec2::254",  # AWS
            "fd00:ec2::23",  # credentials of a pod on AWS
            "fd20:ce::254",  # Google
            "fd00:c1::a9fe:a9fe",  # Oracle
        ),
    )
)
"""As each cloud documents them. Most are refused by their class too; named here, no listed range opens them."""

_CLASSES: Final = tuple(
    (ip_network(network), found)
    for network, found in (
        ("0.0.0.0/8", AddressClass.UNSPECIFIED),
        ("::/128", AddressClass.UNSPECIFIED),
        ("127.0.0.0/8", AddressClass.LOOPBACK),
        ("::1/128", AddressClass.LOOPBACK),
        ("169.254.0.0/16", AddressClass.LINK_LOCAL),
        ("fe80::/10", AddressClass.LINK_LOCAL),
        ("224.0.0.0/4", AddressClass.MULTICAST),
        ("ff00::/8", AddressClass.MULTICAST),
        ("240.0.0.0/4", AddressClass.RESERVED),
        ("10.0.0.0/8", AddressClass.PRIVATE),
        ("172.16.0.0/12", AddressClass.PRIVATE),
        ("192.168.0.0/16", AddressClass.PRIVATE),
        ("100.64.0.0/10", AddressClass.PRIVATE),
        ("fc00::/7", AddressClass.PRIVATE),
        ("fec0::/10", AddressClass.PRIVATE),  # site-local, before fc00::/7 took its place
        ("192.88.99.0/24", AddressClass.SPECIAL),  # relays of 6to4
        ("192.0.0.0/24", AddressClass.SPECIAL),  # protocols; older releases of Python know only parts of it
        ("3fff::/20", AddressClass.SPECIAL),  # documentation; older releases of Python do not know it
    )
)
"""IANA's special-purpose registries as far as their classes matter here; `ipaddress` knows the rest as not global."""

_GLOBAL_UNICAST: Final = ip_network("2000::/3")
"""All that IANA has handed out of IPv6 so far."""

_COMPATIBLE: Final = ip_network("::/96")
"""IPv4-compatible addresses (RFC 4291, section 2.5.5.1), of no use any more."""

_NAT64: Final = ip_network("64:ff9b::/96")
"""RFC 6052's well-known prefix, the one that leads back to the public IPv4 internet."""

_NUMBER: Final = re.compile(r"(?:\d+|0x[0-9a-f]*)$", re.IGNORECASE)
"""A last label that makes a host an IPv4 address to some parser (WHATWG's URL standard, "ends in a number")."""

_HOST_NAME: Final = re.compile(r"(?!.*\.\.)[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?")
"""What may be listed as a name."""


def classify(address: IpAddress) -> AddressClass:
    """Say what `address` is for."""
    if address in _METADATA:
        return AddressClass.METADATA
    for network, found in _CLASSES:
        if address in network:
            return found
    if isinstance(address, IPv4Address):
        return AddressClass.PUBLIC if address.is_global else AddressClass.SPECIAL
    carried = {classify(inner) for inner in _carried(address)}
    if forbidden := carried - {AddressClass.PUBLIC}:
        return min(forbidden, key=_openness)
    leads_to_ipv4 = address.ipv4_mapped is not None or address in _NAT64
    is_public = leads_to_ipv4 or (address in _GLOBAL_UNICAST and address.is_global)
    return AddressClass.PUBLIC if is_public else AddressClass.SPECIAL


def _openness(found: AddressClass) -> tuple[int, str]:
    """Order classes by what opens them, the strictest first."""
    return (found in _BY_ADDRESS) + (found in _BY_NAME), found


def _carried(address: IPv6Address) -> Iterator[IPv4Address]:
    """Walk the IPv4 addresses that a packet to `address` may end up at."""
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if address in _NAT64 or address in _COMPATIBLE:
        yield IPv4Address(address.packed[-4:])


def parse_literal(host: str) -> IpAddress | None:
    """Read `host` as an IP address; None when it is a name.

    Raises
    ------
    ValueError
        It is a number that only some parsers take for an address: 2130706433, 0x7f000001, 0177.0.0.1, 127.1.
    """
    try:
        return ip_address(host)
    except ValueError:
        if _NUMBER.match(_plain(host).rpartition(".")[2]):
            raise ValueError(f"{host} spells an address as a number; write it as four decimal numbers") from None
        return None


def _plain(name: str) -> str:
    """Spell a host name as it is compared."""
    return name.lower().removesuffix(".")


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """What whoever runs the cluster has listed."""

    names: frozenset[str] = frozenset()
    networks: tuple[IpNetwork, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[str]) -> Self:
        """Read the list.

        Raises
        ------
        ValueError
            An entry is none of host name, address and range; no port, scheme or wildcard is understood.
        """
        names: set[str] = set()
        networks: list[IpNetwork] = []
        for entry in map(str.strip, entries):
            try:
                networks.append(ip_network(entry))
            except ValueError as error:
                name = _plain(entry)
                if not _HOST_NAME.fullmatch(name) or _NUMBER.match(name.rpartition(".")[2]):
                    raise ValueError(f"{entry!r} is no host name, IP address or CIDR range ({error})") from None
                names.add(name)
        return cls(frozenset(names), tuple(networks))

    def refusal(self, host: str, address: IpAddress) -> AddressClass | None:
        """Say why `address`, which `host` leads to, must not be asked; None: it may be."""
        found = classify(address)
        if found is AddressClass.PUBLIC:
            return None
        if found in _BY_ADDRESS and self._lists(address):
            return None
        if found in _BY_NAME and _plain(host) in self.names:
            return None
        return found

    def _lists(self, address: IpAddress) -> bool:
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        return any(found in network for found in (address, mapped) if found is not None for network in self.networks)


def can_be_listed(found: AddressClass) -> bool:
    """Whether an entry of the list could open an address of this class."""
    return found in _BY_ADDRESS
