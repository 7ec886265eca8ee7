"""Every address has its class, and hosts that only look like names are found out."""

from ipaddress import ip_address

import pytest

from steno_worker.intake.addresses import AddressClass, classify, parse_literal

TABLE = {
    AddressClass.PUBLIC: (
        "1.1.1.1",
        "8.8.8.8",
        "93.184.215.14",
        "172.15.255.255",
        "172.32.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "2001:4860:4860::8888",
        "2a00:1450:4001:830::200e",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2002:808:808::1",
    ),
    AddressClass.PRIVATE: (
        "10.0.0.1",
        "10.255.255.255",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "100.127.255.255",
        "fc00::1",
        "fd12:3456:789a::1",
        "fec0::1",
        "::ffff:10.0.0.1",
        "::ffff:a00:1",
        "64:ff9b::192.168.1.1",
        "2002:a00:1::",
        "2002:c0a8:101::1",
        "::10.0.0.1",
    ),
    AddressClass.LOOPBACK: (
        "127.0.0.1",
        "127.255.255.254",
        "::1",
        "::ffff:127.0.0.1",
        "0:0:0:0:0:ffff:7f00:1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::1",
    ),
    AddressClass.LINK_LOCAL: ("169.254.0.1", "169.254.255.255", "fe80::1", "fe80::1%eth0", "::ffff:169.254.1.1"),
    AddressClass.METADATA: (
        "169.254.169.254",
        "169.254.170.2",
        "100.100.100.200",
        "168.63.129.16",
        "fd00:ec2::254",
        "::ffff:169.254.169.254",
        "::ffff:a9fe:a9fe",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::",
        "::169.254.169.254",
        "2001:0:a9fe:a9fe::1",
    ),
    AddressClass.MULTICAST: ("224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"),
    AddressClass.RESERVED: ("240.0.0.1", "255.255.255.255", "::ffff:255.255.255.255"),
    AddressClass.UNSPECIFIED: ("0.0.0.0", "0.1.2.3", "::", "::ffff:0.0.0.0"),  # noqa: S104 -- nobody binds to it
    AddressClass.SPECIAL: (
        "192.0.2.1",
        "198.51.100.1",
        "203.0.113.1",
        "198.18.0.1",
        "192.88.99.1",
        "192.0.0.8",
        "2001:db8::1",
        "3fff::1",
        "100::1",
        "4000::1",
        "64:ff9b:1::1",
        "::8.8.8.8",
    ),
}


@pytest.mark.parametrize(
    ("address", "expected"),
    [pytest.param(address, found, id=address) for found, addresses in TABLE.items() for address in addresses],
)
def test_an_address_has_its_class(address: str, expected: AddressClass) -> None:
    """What an address is for is told from its number, and from the IPv4 address that it carries."""
    assert expected is classify(ip_address(address))


@pytest.mark.parametrize(
    ("server", "client", "expected"),
    [
        pytest.param("8.8.8.8", "127.0.0.1", AddressClass.LOOPBACK, id="client forbidden"),
        pytest.param("10.0.0.1", "8.8.8.8", AddressClass.PRIVATE, id="server forbidden"),
        pytest.param("10.0.0.1", "169.254.169.254", AddressClass.METADATA, id="the stricter of both"),
        pytest.param("169.254.169.254", "10.0.0.1", AddressClass.METADATA, id="the stricter, the other way round"),
        pytest.param("8.8.8.8", "1.1.1.1", AddressClass.SPECIAL, id="both public, the tunnel is not"),
    ],
)
def test_a_teredo_address_is_judged_by_both_its_ends(server: str, client: str, expected: AddressClass) -> None:
    """Teredo carries two IPv4 addresses, one of them with its bits turned over (RFC 4380, section 4)."""
    obscured = bytes(byte ^ 0xFF for byte in ip_address(client).packed)
    address = ip_address(bytes.fromhex("20010000") + ip_address(server).packed + bytes(4) + obscured)

    assert expected is classify(address)


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("2130706433", id="decimal"),
        pytest.param("0x7f000001", id="hexadecimal"),
        pytest.param("0X7F.1", id="hexadecimal, upper case"),
        pytest.param("017700000001", id="octal"),
        pytest.param("0177.0.0.1", id="octal byte"),
        pytest.param("127.1", id="two parts"),
        pytest.param("127.0.1", id="three parts"),
        pytest.param("0x7f.0.0.0x1", id="hexadecimal bytes"),
        pytest.param("127.0.0.01", id="leading zero"),
        pytest.param("127.0.0.1.", id="dot at the end"),
        pytest.param("999.999.999.999", id="too large"),
        pytest.param("host.0x", id="a name that browsers take for a number"),
    ],
)
def test_numbers_are_no_hosts(host: str) -> None:
    """What one parser takes for a name and another for an address is refused by its spelling."""
    with pytest.raises(ValueError, match="spells an address as a number"):
        parse_literal(host)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        pytest.param("192.0.2.7", "192.0.2.7", id="IPv4"),
        pytest.param("2001:DB8::0:1", "2001:db8::1", id="IPv6"),
        pytest.param("example.com", None, id="name"),
        pytest.param("4chan.org", None, id="a number first"),
        pytest.param("10.0.0.1.nip.io", None, id="an address in a name"),
        pytest.param("0xdead.example.", None, id="hexadecimal first, dot at the end"),
        pytest.param("localhost", None, id="localhost"),
    ],
)
def test_names_are_told_from_addresses(host: str, expected: str | None) -> None:
    """An address is read as such, and a name is left for the resolver."""
    found = parse_literal(host)

    assert expected == (None if found is None else str(found))
