"""A watch that has to begin anew with a list has missed something: then all jobs are looked at, and not before."""

import ssl
from collections.abc import AsyncIterator
from typing import Final

import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer

from steno_operator.api_session import open_session
from steno_operator.handlers import Relisting
from steno_operator.heartbeat import Heartbeat, Watch
from steno_operator.queue import ReconcileQueue
from steno_operator.roster import Roster
from steno_operator.sightings import Sightings
from support.builders import NAMESPACE, an_installation
from unit.operator_admission.raw_jobs import a_raw_job, key_of, with_condition

PODS: Final = f"/api/v1/namespaces/{NAMESPACE}/pods"
WATCH: Final[Watch] = ("pods", NAMESPACE)


class Nobody:
    """Credentials that nobody asks for."""

    proxy_url: str | None = None
    trust_env = False

    def as_http_headers(self) -> dict[str, str]:
        """Give none."""
        return {}

    def as_ssl_context(self) -> ssl.SSLContext:
        """Trust whom everybody trusts."""
        return ssl.create_default_context()


@pytest.fixture
async def server() -> AsyncIterator[BaseTestServer]:
    """A server that refuses whom it is asked to refuse, and else has nothing."""

    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"items": []}, status=int(request.query.get("status", "200")))

    application = web.Application()
    application.add_routes([web.get("/{path:.*}", answer)])
    async with TestServer(application) as running:
        yield running


@pytest.mark.parametrize(
    ("path", "query", "told"),
    [
        pytest.param(PODS, {}, [WATCH], id="a list"),
        pytest.param(PODS, {"limit": "500"}, [WATCH], id="its first page"),
        pytest.param(PODS, {"limit": "500", "continue": "abc"}, [], id="its second page"),
        pytest.param(PODS, {"watch": "true"}, [], id="a watch"),
        pytest.param(PODS, {"status": "500"}, [], id="a refusal"),
        pytest.param(f"{PODS}/talk", {}, [], id="one pod"),
    ],
)
async def test_a_list_is_told_of_once(
    server: BaseTestServer, path: str, query: dict[str, str], told: list[Watch]
) -> None:
    """Its first page is, when it came; what follows it, and what failed, is not."""
    heard: list[Watch] = []
    session = open_session(Nobody(), read_again=lambda: None, heartbeat=Heartbeat(), listed=heard.append)

    async with session, session.get(server.make_url(path), params=query):
        pass

    assert told == heard


@pytest.fixture
def roster() -> Roster:
    """A job that waits, one that has ended, and what the operator knows of them."""
    known = Roster(an_installation())
    known.saw_job(key_of("waits"), a_raw_job("waits"))
    known.saw_job(key_of("ended"), with_condition(a_raw_job("ended"), "Complete"))
    return known


@pytest.mark.parametrize(
    ("kind", "queued"),
    [
        pytest.param("pods", 1, id="pods: an ended job has no interest in them"),
        pytest.param("jobs", 1, id="Jobs: nor in them"),
        pytest.param("transcriptionjobs", 2, id="TranscriptionJobs: an ended one may be gone"),
    ],
)
async def test_the_second_list_of_a_watch_has_all_jobs_looked_at(roster: Roster, kind: str, queued: int) -> None:
    """The first is how a watch begins; of the others' lists nothing follows for it."""
    queue = ReconcileQueue()
    relisting = Relisting(queue, Sightings(), roster)

    relisting.listed((kind, NAMESPACE))
    relisting.listed((kind, "elsewhere"))
    before = len(queue)
    relisting.listed((kind, NAMESPACE))

    assert (0, queued) == (before, len(queue))


def test_a_roster_says_when_turns_may_have_changed(roster: Roster) -> None:
    """Whatever the news comes from, a watch or a read that found nothing."""
    said: list[str] = []
    roster.on_change = lambda: said.append("changed")

    roster.lost_job(key_of("waits"))
    roster.lost_job(key_of("waits"))

    assert ["changed"] == said
