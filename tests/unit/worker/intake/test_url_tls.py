"""Certificates are checked against the name in the URL, though the connection goes to an address."""

import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from steno_worker.errors import SourceForbiddenError, SourceUnavailableError
from steno_worker.intake.hops import Network
from unit.worker.intake.sites import Site, Visit, redirect, whole


@dataclass(frozen=True)
class Certificate:
    """One that signs itself, for ``recordings.example`` and 127.0.0.1."""

    file: Path
    key: Path

    def served(self) -> ssl.SSLContext:
        """Serve it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key)
        return context

    def trusted(self) -> ssl.SSLContext:
        """Trust it and no other."""
        return ssl.create_default_context(cafile=str(self.file))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Make a certificate for a day."""
    folder = tmp_path_factory.mktemp("tls")
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    command = [
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *("-days", "1", "-subj", "/CN=recordings.example", "-out", str(made.file), "-keyout", str(made.key)),
        *("-addext", "subjectAltName=DNS:recordings.example,IP:127.0.0.1"),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return made


@pytest.fixture
def secure_site(certificate: Certificate) -> Iterator[Site]:
    """A site that speaks TLS."""
    with Site(tls=certificate.served()) as site:
        site.pages["/talk.wav"] = whole(b"RIFF")
        yield site


@pytest.mark.parametrize("host", ["recordings.example", "recordings.example.", "127.0.0.1"])
def test_a_certificate_for_the_host_is_accepted(
    secure_site: Site, visit: Visit, certificate: Certificate, host: str
) -> None:
    """The name in the URL is what the certificate must bear, or the address where there is no name."""
    visit.trust = certificate.trusted()

    assert 4 == visit.fetch(secure_site.url("/talk.wav", host=host)).size_bytes


@pytest.mark.parametrize("host", ["other.example", "127.0.0.2"])
def test_a_certificate_for_another_host_is_refused(
    secure_site: Site, visit: Visit, certificate: Certificate, host: str
) -> None:
    """A trusted certificate of another name proves nothing, though the address is the same."""
    visit.trust = certificate.trusted()
    visit.hosts[host] = ["127.0.0.1"]
    if host == "127.0.0.2":
        visit.hosts["named.example"] = ["127.0.0.1"]
        host = "named.example"

    with pytest.raises(SourceForbiddenError, match=f"The certificate of .*{host}.* is not to be trusted: .*match"):
        visit.fetch(secure_site.url("/talk.wav", host=host))
    assert [] == secure_site.asked


def test_a_certificate_that_signs_itself_is_refused(secure_site: Site, visit: Visit) -> None:
    """What nobody vouches for is refused at once, in OpenSSL's words and without the query."""
    visit.trust = Network().trust

    with pytest.raises(SourceForbiddenError, match=r"not to be trusted: self.signed certificate") as caught:
        visit.fetch(secure_site.url("/talk.wav?key=secret"))

    assert "secret" not in str(caught.value)
    assert [] == visit.pauses
    assert [] == secure_site.asked


def test_the_platform_may_vouch_for_a_certificate(
    secure_site: Site, visit: Visit, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bundle named by ``SSL_CERT_FILE``, as clusters with an authority of their own have it, is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    visit.trust = Network().trust

    assert 4 == visit.fetch(secure_site.url("/talk.wav")).size_bytes


def test_a_server_without_tls_is_unavailable(site: Site, visit: Visit) -> None:
    """A plain server at an https address is no matter of trust."""
    with pytest.raises(SourceUnavailableError, match="no connection could be made"):
        visit.fetch(site.url("/talk.wav").replace("http:", "https:"))


def test_no_redirect_leads_out_of_tls(secure_site: Site, site: Site, visit: Visit, certificate: Certificate) -> None:
    """From https to http is refused; the other way round is followed."""
    visit.trust = certificate.trusted()
    site.pages |= {"/plain.wav": whole(b"RIFF"), "/up": redirect(secure_site.url("/talk.wav"))}
    secure_site.pages["/down"] = redirect(site.url("/plain.wav?secret"))

    assert 4 == visit.fetch(site.url("/up")).size_bytes
    with pytest.raises(SourceForbiddenError, match="redirects from https to http") as caught:
        visit.fetch(secure_site.url("/down"))
    assert "secret" not in str(caught.value)
