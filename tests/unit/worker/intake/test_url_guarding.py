"""No job makes the worker ask a host that it must not ask, whatever it is called and however it is reached."""

from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest

from steno_worker.errors import SourceForbiddenError, SourceNotFoundError
from steno_worker.intake.hops import MAX_REDIRECTS, pinned_request
from unit.worker.intake.sites import LOOPBACK, Site, Visit, in_turn, redirect, whole


def is_refused(visit: Visit, url: str, match: str) -> None:
    """Refuse to fetch, with a reason, and leave nothing."""
    with pytest.raises(SourceForbiddenError, match=match):
        visit.fetch(url)
    assert not visit.into.exists()
    assert [] == visit.pauses


def answering(*addresses: list[str]) -> Callable[[str, int], list[str]]:
    """Lead to other addresses at each question."""
    left = list(addresses)
    return lambda *_: left.pop(0)


@pytest.mark.parametrize(
    ("host", "match"),
    [
        pytest.param("127.0.0.1", "loopback address.*can allow it in STENO_URL_ALLOWED_HOSTS", id="loopback"),
        pytest.param("[::1]", "loopback address", id="loopback, IPv6"),
        pytest.param("[::ffff:7f00:1]", "loopback address", id="loopback, mapped"),
        pytest.param("10.96.0.1", "private address.*STENO_URL_ALLOWED_HOSTS", id="a Service"),
        pytest.param("169.254.169.254", "cloud metadata address.*STENO_URL_ALLOWED_HOSTS cannot", id="metadata"),
        pytest.param("[fd00:ec2::254]", "cloud metadata address", id="metadata, IPv6"),
        pytest.param("[fe80::1%25eth0]", "link-local address", id="link-local with its interface"),
        pytest.param("0.0.0.0", "unspecified address", id="unspecified"),  # noqa: S104 -- nobody binds to it
        pytest.param("2130706433", "spells an address as a number", id="decimal"),
        pytest.param("0x7f.1", "spells an address as a number", id="hexadecimal"),
        pytest.param("017700000001", "spells an address as a number", id="octal"),
    ],
)
def test_an_address_that_is_not_public_is_refused(site: Site, visit: Visit, host: str, match: str) -> None:
    """A forbidden address is refused in whatever spelling, with its class and the setting; nobody is asked."""
    visit.allowed = ()

    is_refused(visit, site.url("/talk.wav", host=host), match)

    assert [] == site.asked
    assert [] == visit.resolved


@pytest.mark.parametrize(
    "addresses",
    [
        pytest.param(["10.0.0.7"], id="alone"),
        pytest.param(["127.0.0.1", "10.0.0.7"], id="beside one that is allowed"),
        pytest.param(["10.0.0.7", "127.0.0.1"], id="before it"),
    ],
)
def test_a_name_with_a_forbidden_address_is_refused(site: Site, visit: Visit, addresses: list[str]) -> None:
    """One forbidden answer of the name server spoils all others, and its number is not given away."""
    visit.hosts["recordings.example"] = addresses

    with pytest.raises(SourceForbiddenError, match="leads to a private address") as caught:
        visit.fetch(site.url("/talk.wav"))

    assert "10.0.0.7" not in str(caught.value)
    assert [] == site.asked


@pytest.mark.parametrize(
    ("target", "match"),
    [
        pytest.param("http://169.254.169.254/latest/meta-data/iam", "cloud metadata", id="metadata"),
        pytest.param("//[::ffff:169.254.169.254]/latest", "cloud metadata", id="metadata, mapped, no scheme"),
        pytest.param("http://inner.example/", "private", id="a name that leads inside"),
        pytest.param("http://3232235777/", "spells an address as a number", id="a number"),
        pytest.param("http://[::1]:6443/", "loopback", id="another loopback than the one allowed"),
        pytest.param("gopher://127.0.0.1/", "neither http nor https", id="another protocol"),
    ],
)
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirects_are_checked_like_the_first_address(
    site: Site, visit: Visit, target: str, match: str, code: int
) -> None:
    """A public page cannot send the worker where the job could not."""
    visit.hosts["inner.example"] = ["192.168.1.1"]
    site.pages["/talk.wav"] = redirect(target, code)

    is_refused(visit, site.url("/talk.wav"), match)


def test_redirects_are_followed(site: Site, visit: Visit) -> None:
    """Relative and absolute redirects lead on, to other hosts too, and each name is resolved once."""
    site.pages |= {
        "/talk.wav": redirect("/share/1"),
        "/share/1": redirect(site.url("/files/1?signature=x", host="files.example"), 307),
        "/files/1": whole(b"RIFF"),
    }

    assert 4 == visit.fetch(site.url("/talk.wav")).size_bytes
    assert ["/talk.wav", "/share/1", "/files/1?signature=x"] == [asked.path for asked in site.asked]
    assert f"files.example:{site.port}" == site.asked[-1].headers["host"]
    assert ["recordings.example", "recordings.example", "files.example"] == visit.resolved


@pytest.mark.parametrize(("redirects", "arrives"), [(MAX_REDIRECTS, True), (MAX_REDIRECTS + 1, False)])
def test_redirects_are_bounded(site: Site, visit: Visit, redirects: int, *, arrives: bool) -> None:
    """A chain that is too long, or a circle, ends."""
    site.pages["/talk.wav"] = in_turn(*[redirect("/talk.wav?secret")] * redirects, whole(b"RIFF"))

    if arrives:
        assert 4 == visit.fetch(site.url("/talk.wav")).size_bytes
        return
    with pytest.raises(SourceNotFoundError, match=f"/talk.wav is redirected more than {MAX_REDIRECTS} times"):
        visit.fetch(site.url("/talk.wav?secret"))


def test_a_name_that_changes_its_address_changes_nothing(site: Site, visit: Visit) -> None:
    """The address that was checked is the one that is asked: the name is resolved once a try, and checked anew."""
    visit.resolver = answering(["127.0.0.1"], ["169.254.169.254"])
    site.pages["/talk.wav"] = whole(b"RIFF")

    assert 4 == visit.fetch(site.url("/talk.wav")).size_bytes
    assert ["recordings.example"] == visit.resolved

    with pytest.raises(SourceForbiddenError, match="cloud metadata"):
        visit.fetch(site.url("/talk.wav"))


def test_every_try_passes_the_guard(site: Site, visit: Visit) -> None:
    """A name that leads elsewhere when a broken fetch is taken up is refused then."""
    visit.resolver = answering(["127.0.0.1"], ["10.0.0.7"])
    site.pages["/talk.wav"] = lambda handler: handler.head(200, Content_Length=9)

    with pytest.raises(SourceForbiddenError, match="private"):
        visit.fetch(site.url("/talk.wav"))


@pytest.mark.parametrize(
    ("url", "host", "sni"),
    [
        pytest.param("https://a.example/t?q", "a.example", "a.example", id="name"),
        pytest.param("https://a.example:8443/t?q", "a.example:8443", "a.example", id="port"),
        pytest.param("https://a.example./t?q", "a.example.", "a.example", id="dot at the end"),
        pytest.param("https://me:secret@a.example/t?q#f", "a.example", "a.example", id="password"),
        pytest.param("https://bücher.example/t?q", "xn--bcher-kva.example", "xn--bcher-kva.example", id="umlaut"),
        pytest.param("https://192.0.2.7/t?q", "192.0.2.7", None, id="address"),
        pytest.param("https://[2001:db8::7]:8443/t?q", "[2001:db8::7]:8443", None, id="IPv6 address"),
    ],
)
@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:220:1::1"])
def test_a_request_names_the_host_and_goes_to_the_address(url: str, host: str, sni: str | None, address: str) -> None:
    """The connection's end is the checked address; Host and TLS carry the name, and the URL's password stays here."""
    request = pinned_request(httpx.URL(url), {"Accept": "*/*"}, ip_address(address), {})

    assert (address, "/t?q") == (request.url.host, request.url.raw_path.decode())
    assert "https" == request.url.scheme
    assert httpx.URL(url).port == request.url.port
    assert b"" == request.url.userinfo
    assert {"host": host, "accept": "*/*"} == dict(request.headers)
    assert sni == request.extensions.get("sni_hostname")


def test_a_password_goes_to_its_own_host_alone(site: Site, visit: Visit) -> None:
    """Credentials in the job's URL are sent to that origin, again when it redirects to itself, and to no other."""
    site.pages |= {
        "/talk.wav": redirect("/own"),
        "/own": redirect(site.url("/other", host="me:other@files.example")),
        "/other": whole(b"RIFF"),
    }

    visit.fetch(site.url("/talk.wav", host="me:p%40ss@recordings.example"))

    basic = "Basic bWU6cEBzcw=="
    assert [basic, basic, None] == [asked.headers.get("authorization") for asked in site.asked]


def test_cookies_are_not_kept(site: Site, visit: Visit) -> None:
    """A cookie that one hop sets is not sent to the next."""
    site.pages |= {
        "/talk.wav": lambda handler: handler.head(302, Location="/own", Set_Cookie="a=b", Content_Length=0),
        "/own": whole(b"RIFF"),
    }

    visit.fetch(site.url("/talk.wav"))

    assert [None, None] == [asked.headers.get("cookie") for asked in site.asked]


def test_the_environments_proxy_and_passwords_are_not_used(
    site: Site, visit: Visit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A proxy would resolve the name by itself and so undo the guard."""
    site.pages["/talk.wav"] = whole(b"RIFF")
    netrc = tmp_path / "netrc"
    netrc.write_text("machine recordings.example login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert 4 == visit.fetch(site.url("/talk.wav")).size_bytes
    assert "authorization" not in site.asked[0].headers


def test_only_what_is_allowed_is_open(site: Site, visit: Visit) -> None:
    """The same site that a range of loopback opens is closed without it."""
    site.pages["/talk.wav"] = whole(b"RIFF")
    visit.allowed = (LOOPBACK,)
    assert 4 == visit.fetch(site.url("/talk.wav")).size_bytes

    visit.allowed = ("recordings.example",)  # a name opens no loopback
    is_refused(visit, site.url("/talk.wav"), "loopback")
