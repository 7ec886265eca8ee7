"""Whose token is taken: one that a kubelet mounts into a worker's pod, and no other; asked of a real API server."""

import time
from pathlib import Path

import pytest

from control_plane.conftest import new_namespace
from control_plane.progress.tokens import a_key, claims_of, signed_anew, token_of
from control_plane.progress.workplace import Workplace
from local_cluster.control_plane import ControlPlane
from steno_types import PROGRESS_AUDIENCE

API_SERVER = "https://kubernetes.default.svc"
HOUR = 3600


@pytest.fixture
def signing_key(control_plane: ControlPlane) -> Path:
    """The key that the API server signs service accounts' tokens with."""
    return control_plane.ca_file.with_name("sa.key")


async def test_a_workers_token_moves_its_job(workplace: Workplace) -> None:
    """A projected token of the Job's pod is all it takes, and the status has the progress under its own manager."""
    pod = workplace.work_for(workplace.submit("talk"))

    answer = await workplace.report(token_of(workplace.api, pod), 40)

    assert (200, {"stop": False}) == (answer.status_code, answer.json())
    progress = workplace.progress("talk")
    assert progress is not None
    del progress["time"]
    assert {"stage": "transcribe", "percent": 40, "processedSeconds": 40, "totalSeconds": 100} == progress
    job = workplace.api.job("talk")
    assert job is not None
    (written,) = [entry for entry in job["metadata"]["managedFields"] if entry.get("subresource") == "status"]
    assert "steno-operator-progress" == written["manager"]
    assert {"f:progress"} == {*written["fieldsV1"]["f:status"]} - {"."}


async def test_a_token_signed_by_nobody_is_refused(workplace: Workplace, tmp_path: Path) -> None:
    """A token with all the right claims and a forger's signature opens nothing."""
    pod = workplace.work_for(workplace.submit("talk"))
    forged = signed_anew(token_of(workplace.api, pod), a_key(tmp_path))

    assert "NotAuthenticated" == await refusal(workplace, forged)
    assert workplace.progress("talk") is None


async def test_an_expired_token_is_refused(workplace: Workplace, signing_key: Path) -> None:
    """Signed by the API server's own key: taken as long as its claims say it is valid, and refused an hour later."""
    pod = workplace.work_for(workplace.submit("talk"))
    good = token_of(workplace.api, pod)
    now = int(time.time())
    lived = {"iat": now - 2 * HOUR, "nbf": now - 2 * HOUR}

    again = signed_anew(good, signing_key, **lived, exp=claims_of(good)["exp"])
    expired = signed_anew(good, signing_key, **lived, exp=now - HOUR)

    assert "NotAuthenticated" == await refusal(workplace, expired)
    assert 200 == (await workplace.report(again)).status_code


async def test_a_token_for_another_audience_is_refused(workplace: Workplace) -> None:
    """The token that pods have for the API server, or for anybody else, is not for the operator."""
    pod = workplace.work_for(workplace.submit("talk"))

    refusals = [
        await refusal(workplace, token_of(workplace.api, pod, audience=audience))
        for audience in (API_SERVER, "vault")
    ]

    assert ["NotAuthenticated", "NotAuthenticated"] == refusals


async def test_a_token_is_good_for_nothing_else(workplace: Workplace) -> None:
    """What a worker shows the operator is no key to the API server, should anybody overhear it."""
    pod = workplace.work_for(workplace.submit("talk"))
    token = token_of(workplace.api, pod)

    assert [PROGRESS_AUDIENCE] == claims_of(token)["aud"]
    assert 401 == workplace.status_at_the_api_server(token)


async def test_an_unbound_token_is_refused(workplace: Workplace) -> None:
    """A token of the workers' account that anybody asked for, and that is no pod's, is nobody's."""
    workplace.work_for(workplace.submit("talk"))

    assert "NotBoundToAPod" == await refusal(workplace, token_of(workplace.api, None))


async def test_an_administrators_token_is_refused(workplace: Workplace, control_plane: ControlPlane) -> None:
    """Who may do anything at the API server may still not speak for a worker."""
    workplace.work_for(workplace.submit("talk"))

    assert "NotAuthenticated" == await refusal(workplace, control_plane.token)


async def test_a_deleted_pods_token_is_refused(workplace: Workplace) -> None:
    """Both the token that was taken a moment ago and the one that was never shown end with their pod."""
    pod = workplace.work_for(workplace.submit("talk"))
    shown, kept_back = token_of(workplace.api, pod), token_of(workplace.api, pod)
    before = await workplace.report(shown, 40)
    workplace.remove(pod)

    refusals = [await refusal(workplace, token) for token in (shown, kept_back)]

    assert 200 == before.status_code
    assert ["PodGone", "NotAuthenticated"] == refusals
    progress = workplace.progress("talk")
    assert progress is not None
    assert 40 == progress["percent"]


async def test_a_namespace_that_is_not_served_is_refused(workplace: Workplace, control_plane: ControlPlane) -> None:
    """A worker of another namespace is another operator's."""
    elsewhere = Workplace(new_namespace(control_plane), workplace.http, workplace.jobs)
    pod = elsewhere.work_for(elsewhere.submit("talk"))

    assert "NamespaceNotServed" == await refusal(workplace, token_of(elsewhere.api, pod))


async def refusal(workplace: Workplace, token: str) -> str:
    """Report, and say why it is not taken."""
    answer = await workplace.report(token, 99)
    assert 403 == answer.status_code, answer.text
    reason: str = answer.json()["reason"]
    return reason
