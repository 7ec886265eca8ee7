"""What whoever runs the cluster lists is opened, and no more than that."""

from ipaddress import ip_address

import pytest

from steno_worker.intake import AllowedHosts
from steno_worker.intake.addresses import AddressClass, can_be_listed

METADATA = AddressClass.METADATA
PRIVATE = AddressClass.PRIVATE
LOOPBACK = AddressClass.LOOPBACK


@pytest.mark.parametrize(
    ("listed", "host", "address", "expected"),
    [
        pytest.param([], "files.example", "8.8.8.8", None, id="public needs no entry"),
        pytest.param([], "files.local", "10.0.0.7", PRIVATE, id="private needs one"),
        pytest.param(["files.local"], "files.local", "10.0.0.7", None, id="by name"),
        pytest.param(["Files.Local."], "files.LOCAL", "10.0.0.7", None, id="case and last dot do not count"),
        pytest.param(["files.local"], "files.local.", "fd00::7", None, id="a host with its last dot"),
        pytest.param(["files.local"], "x.files.local", "10.0.0.7", PRIVATE, id="names below are other names"),
        pytest.param(["local"], "files.local", "10.0.0.7", PRIVATE, id="and so are names above"),
        pytest.param(["files.local"], "files.local", "198.18.0.7", None, id="special by name"),
        pytest.param(["files.local"], "files.local", "127.0.0.1", LOOPBACK, id="loopback not by name"),
        pytest.param(["localhost"], "localhost", "::1", LOOPBACK, id="not even by its own"),
        pytest.param(["10.0.0.7"], "other.local", "10.0.0.7", None, id="by address"),
        pytest.param(["10.0.0.7"], "other.local", "10.0.0.8", PRIVATE, id="another address"),
        pytest.param(["10.0.0.0/24"], "other.local", "10.0.0.8", None, id="by range"),
        pytest.param([" 10.0.0.0/24 "], "other.local", "10.0.1.8", PRIVATE, id="outside the range"),
        pytest.param(["10.0.0.0/24"], "other.local", "::ffff:10.0.0.8", None, id="mapped into a range"),
        pytest.param(["fd00::/8"], "other.local", "fd12::1", None, id="by IPv6 range"),
        pytest.param(["127.0.0.1"], "localhost", "127.0.0.1", None, id="loopback by address"),
        pytest.param(["0.0.0.0/0", "::/0"], "h", "169.254.169.254", METADATA, id="metadata by no range"),
        pytest.param(["fd00::/8"], "h", "fd00:ec2::254", METADATA, id="metadata on IPv6 by no range"),
        pytest.param(["169.254.169.254"], "169.254.169.254", "169.254.169.254", METADATA, id="nor by its address"),
        pytest.param(["metadata.example"], "metadata.example", "169.254.169.254", METADATA, id="nor by name"),
        pytest.param(["169.254.0.0/16"], "h", "169.254.1.1", AddressClass.LINK_LOCAL, id="link-local never"),
        pytest.param(["0.0.0.0"], "h", "0.0.0.0", AddressClass.UNSPECIFIED, id="unspecified never"),  # noqa: S104
    ],
)
def test_entries_open_what_they_name(
    listed: list[str], host: str, address: str, expected: AddressClass | None
) -> None:
    """A name opens private addresses, an address or a range also loopback, and nothing opens the rest."""
    assert expected is AllowedHosts.of(listed).refusal(host, ip_address(address))


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param("*.example.com", id="wildcard"),
        pytest.param("https://example.com", id="URL"),
        pytest.param("example.com:8080", id="port"),
        pytest.param("10.0.0.1/8", id="bits beyond the mask"),
        pytest.param("10.0.0.0/33", id="impossible mask"),
        pytest.param("10.0.0", id="half an address"),
        pytest.param("0x7f000001", id="number"),
        pytest.param("a..b", id="empty label"),
        pytest.param("", id="nothing"),
    ],
)
def test_an_entry_that_means_nothing_is_told(entry: str) -> None:
    """A typing error must not look like a list that works."""
    with pytest.raises(ValueError, match="is no host name, IP address or CIDR range") as caught:
        AllowedHosts.of(["files.local", entry])

    assert repr(entry) in str(caught.value)


@pytest.mark.parametrize("found", list(AddressClass))
def test_a_remedy_is_promised_where_there_is_one(found: AddressClass) -> None:
    """What is said to be openable is opened by listing its range."""
    examples = {
        AddressClass.PUBLIC: "8.8.8.8",
        AddressClass.PRIVATE: "10.0.0.1",
        AddressClass.SPECIAL: "198.18.0.1",
        AddressClass.LOOPBACK: "127.0.0.1",
        AddressClass.LINK_LOCAL: "169.254.1.1",
        AddressClass.METADATA: "169.254.169.254",
        AddressClass.MULTICAST: "224.0.0.1",
        AddressClass.RESERVED: "240.0.0.1",
        AddressClass.UNSPECIFIED: "0.0.0.0",  # noqa: S104 -- nobody binds to it
    }
    all_listed = AllowedHosts.of(["0.0.0.0/0"])
    if found is AddressClass.PUBLIC:
        assert all_listed.refusal("h", ip_address(examples[found])) is None
        return

    assert can_be_listed(found) is (all_listed.refusal("h", ip_address(examples[found])) is None)
