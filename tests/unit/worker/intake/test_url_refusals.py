"""What a server, or the name server, says decides who has to act, and the message tells them what to do."""

import socket
from collections.abc import Callable

import pytest

from steno_worker.errors import SourceForbiddenError, SourceNotFoundError, SourceUnavailableError, WorkerError
from steno_worker.intake.patience import TRIES
from unit.worker.intake.sites import Page, Site, Visit, in_turn, redirect, status, whole

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("code", "expected", "match"),
    [
        pytest.param(404, SourceNotFoundError, "There is no recording at .*: the server answers 404", id="404"),
        pytest.param(410, SourceNotFoundError, "the server answers 410", id="410"),
        pytest.param(401, SourceForbiddenError, r"refuses .* \(401\).* may have expired", id="401"),
        pytest.param(403, SourceForbiddenError, r"refuses .* \(403\).* submit the job with a fresh one", id="403"),
        pytest.param(400, SourceForbiddenError, "answers 400. If the address was signed", id="400"),
        pytest.param(405, SourceForbiddenError, "does not hand out .* it answers 405", id="405"),
        pytest.param(451, SourceForbiddenError, "answers 451", id="451"),
        pytest.param(202, SourceForbiddenError, "answers 202", id="not ready"),
        pytest.param(204, SourceForbiddenError, "answers 204", id="nothing to send"),
        pytest.param(300, SourceForbiddenError, "answers 300", id="choices"),
        pytest.param(304, SourceForbiddenError, "answers 304", id="not modified"),
        pytest.param(302, SourceForbiddenError, "answers 302", id="a redirect to nowhere"),
    ],
)
def test_a_final_answer_ends_the_fetch(
    site: Site, visit: Visit, code: int, expected: type[WorkerError], match: str
) -> None:
    """An answer that another try would only repeat is told at once."""
    site.pages["/talk.wav"] = status(code)

    with pytest.raises(expected, match=match) as caught:
        visit.fetch(site.url(f"/talk.wav?key={SECRET}"))

    assert expected is caught.type
    assert 1 == len(site.asked)
    assert SECRET not in str(caught.value)
    assert not visit.into.exists()


@pytest.mark.parametrize("code", [408, 425, 429, 500, 502, 503, 504])
def test_a_passing_fault_is_tried_again(site: Site, visit: Visit, code: int) -> None:
    """A server that is busy or broken is asked again, until it answers or patience ends."""
    site.pages["/talk.wav"] = in_turn(status(code), status(code), whole(b"RIFF"))
    assert 4 == visit.fetch(site.url("/talk.wav")).size_bytes
    assert [1.0, 2.0] == visit.pauses

    site.asked.clear()
    site.pages["/talk.wav"] = status(code)
    with pytest.raises(SourceUnavailableError, match=f"{TRIES} times in a row: the server answers {code}"):
        visit.fetch(site.url("/talk.wav"))
    assert TRIES == len(site.asked)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param({"Retry-After": "7"}, 7.0, id="seconds"),
        pytest.param({"Retry-After": "0"}, 1.0, id="at once"),
        pytest.param({"Retry-After": "3600"}, 60.0, id="an hour"),
        pytest.param({"Retry-After": "soon"}, 1.0, id="nonsense"),
        pytest.param({"Retry-After": "-5"}, 1.0, id="negative"),
        pytest.param({"Retry-After": "Sat, 21 Nov 2015 12:00:00 GMT"}, 1.0, id="a date that is past"),
        pytest.param({"Retry-After": "Sat, 21 Nov 2099 12:00:00 GMT"}, 60.0, id="a date far ahead"),
        pytest.param({"Retry-After": "Sat, 21 Nov 2099 12:00:00 -0000"}, 1.0, id="a date without a zone"),
    ],
)
def test_a_server_may_say_when(site: Site, visit: Visit, headers: dict[str, object], expected: float) -> None:
    """Retry-After is honoured, in both its forms and within bounds."""
    site.pages["/talk.wav"] = in_turn(status(503, **headers), whole(b"RIFF"))

    visit.fetch(site.url("/talk.wav"))

    assert [expected] == visit.pauses


def resolver_that_says(*errors: Exception) -> Callable[[str, int], list[str]]:
    """Fail with each of `errors`, then lead to loopback."""
    left = list(errors)

    def resolve(host: str, port: int) -> list[str]:
        del host, port
        if left:
            raise left.pop(0)
        return ["127.0.0.1"]

    return resolve


@pytest.mark.parametrize(
    ("error", "match"),
    [
        pytest.param(
            socket.gaierror(socket.EAI_NONAME, "unknown"), "does not exist; check its spelling", id="unknown"
        ),
        pytest.param(socket.gaierror(socket.EAI_NODATA, "no data"), "does not exist", id="no address"),
        pytest.param(UnicodeError("label too long"), "no valid name", id="no name at all"),
    ],
)
def test_a_name_that_does_not_exist_is_not_found(visit: Visit, error: Exception, match: str) -> None:
    """The name server's final word is told at once."""
    visit.resolver = resolver_that_says(error)

    with pytest.raises(SourceNotFoundError, match=match) as caught:
        visit.fetch(f"http://recordings.example/talk.wav?key={SECRET}")

    assert SECRET not in str(caught.value)
    assert [] == visit.pauses


def test_a_name_server_that_is_away_is_waited_for(site: Site, visit: Visit) -> None:
    """A failure of the name server may pass."""
    site.pages["/talk.wav"] = whole(b"RIFF")
    away = socket.gaierror(socket.EAI_AGAIN, "temporary failure")
    visit.resolver = resolver_that_says(away, away)

    assert 4 == visit.fetch(site.url("/talk.wav")).size_bytes
    assert [1.0, 2.0] == visit.pauses


def test_a_name_server_that_stays_away_is_given_up(visit: Visit) -> None:
    """Its failure counts like the server's own."""
    visit.resolver = resolver_that_says(*[socket.gaierror(socket.EAI_AGAIN, "temporary failure")] * TRIES)

    with pytest.raises(SourceUnavailableError, match="its host's name could not be resolved"):
        visit.fetch("http://recordings.example/talk.wav")


def test_a_name_without_addresses_is_not_found(visit: Visit) -> None:
    """No answer at all leads nowhere."""
    visit.hosts["recordings.example"] = []

    with pytest.raises(SourceNotFoundError, match="has no address"):
        visit.fetch("http://recordings.example/talk.wav")


def test_a_port_that_nobody_listens_at_is_unavailable(visit: Visit) -> None:
    """A refused connection may be a server that is being restarted."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(SourceUnavailableError, match="no connection could be made"):
        visit.fetch(f"http://recordings.example:{port}/talk.wav")


@pytest.mark.parametrize(
    ("url", "expected", "match"),
    [
        pytest.param(f"ftp://h/{SECRET}", SourceForbiddenError, "neither http nor https", id="ftp"),
        pytest.param(f"file:///etc/{SECRET}", SourceForbiddenError, "neither http nor https", id="file"),
        pytest.param(f"https:///{SECRET}", SourceNotFoundError, "names no host", id="no host"),
        pytest.param(f"http://h:0/{SECRET}", SourceNotFoundError, "a port that cannot be", id="port 0"),
        pytest.param(f"http://h:65536/{SECRET}", SourceNotFoundError, "a port that cannot be", id="port too high"),
        pytest.param(f"http://h:{SECRET}/", SourceNotFoundError, "cannot be read as an address", id="no number"),
        pytest.param(
            f"http://[::1/{SECRET}", SourceNotFoundError, "cannot be read as an address", id="half a bracket"
        ),
    ],
)
@pytest.mark.parametrize("redirected", [False, True], ids=["the job's own", "redirected"])
def test_what_is_no_web_address_is_not_asked(
    site: Site, visit: Visit, url: str, expected: type[WorkerError], match: str, *, redirected: bool
) -> None:
    """Only http and https lead anywhere, from the job and from a redirect alike."""
    site.pages["/talk.wav"] = redirect(url)

    with pytest.raises(expected, match=match) as caught:
        visit.fetch(site.url("/talk.wav") if redirected else url)

    assert SECRET not in str(caught.value)


def test_the_last_hop_answers_for_the_recording(site: Site, visit: Visit) -> None:
    """A refusal behind a redirect ends the fetch like one before it."""
    pages: dict[str, Page] = {"/talk.wav": redirect("/elsewhere"), "/elsewhere": status(404)}
    site.pages |= pages

    with pytest.raises(SourceNotFoundError, match="answers 404"):
        visit.fetch(site.url("/talk.wav"))
