"""A token is reviewed once a minute at most, and only an answer is remembered."""

from dataclasses import replace
from typing import Any

import pytest

from steno_kube import KubeUnavailableError
from steno_operator.progress.evidence import OwnedObject, Speaker, TokenReview
from steno_operator.progress.identity import (
    ACCEPTED_SECONDS,
    REFUSED_SECONDS,
    TOKENS_REMEMBERED,
    Identities,
    speaker_of,
)
from steno_operator.progress.refusals import Refusal, ReportRefusedError
from steno_types import PROGRESS_AUDIENCE
from support.reviews import InMemoryTokenReviews

POD = OwnedObject(name="talk-0", uid="pod-uid")
REVIEW = TokenReview(
    authenticated=True,
    audiences=(PROGRESS_AUDIENCE,),
    username="system:serviceaccount:speech:steno-worker",
    pod_name="talk-0",
    pod_uid="pod-uid",
)


class Reception:
    """Identities, and the clock they go by."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.reviews = InMemoryTokenReviews()
        self.identities = Identities(self.reviews, clock=lambda: self.seconds)

    async def refusal_of(self, token: str) -> Refusal:
        """Say why a token is refused."""
        with pytest.raises(ReportRefusedError) as refused:
            await self.identities.speaker(token)
        return refused.value.refusal


@pytest.fixture
def reception() -> Reception:
    """One good token, and nobody who has shown it yet."""
    reception = Reception()
    reception.reviews.hand_out("good", namespace="speech", pod=POD)
    return reception


def test_a_bound_token_tells_its_pod() -> None:
    """Namespace, name and uid of the pod are in what the API server says of a projected token."""
    expected = Speaker(namespace="speech", pod_name="talk-0", pod_uid="pod-uid")

    assert expected == speaker_of(REVIEW)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        pytest.param({"authenticated": False}, "NotAuthenticated", id="forged, expired, or of a deleted pod"),
        pytest.param({"audiences": ()}, "WrongAudience", id="a server that knows no audiences"),
        pytest.param({"audiences": ("https://kubernetes.default.svc",)}, "WrongAudience", id="the API server's own"),
        pytest.param({"username": "admin"}, "NotBoundToAPod", id="a person's"),
        pytest.param({"pod_name": None}, "NotBoundToAPod", id="a service account's, bound to nothing"),
        pytest.param({"pod_uid": None}, "NotBoundToAPod", id="a pod's without uid"),
    ],
)
def test_any_other_token_is_refused(changes: dict[str, Any], refusal: str) -> None:
    """What is no projected token of ours is refused, by name."""
    assert refusal == speaker_of(replace(REVIEW, **changes))


async def test_a_token_is_reviewed_once_a_minute(reception: Reception) -> None:
    """A worker reports every two seconds; the API server is asked again when the minute is over, not before."""
    for at in (0.0, 2.0, ACCEPTED_SECONDS - 1):
        reception.seconds = at
        await reception.identities.speaker("good")
    within = len(reception.reviews.asked)
    reception.seconds = ACCEPTED_SECONDS
    await reception.identities.speaker("good")

    assert (1, 2) == (within, len(reception.reviews.asked))


async def test_a_token_that_is_good_no_more_is_found_out(reception: Reception) -> None:
    """After its minute an expired token is refused."""
    await reception.identities.speaker("good")
    reception.reviews.known.clear()
    reception.seconds = ACCEPTED_SECONDS

    assert Refusal.NOT_AUTHENTICATED == await reception.refusal_of("good")


async def test_a_refusal_is_remembered_for_less(reception: Reception) -> None:
    """A forged token costs one review in five seconds, and one that turns good is let in after them."""
    await reception.refusal_of("late")
    await reception.refusal_of("late")
    asked = len(reception.reviews.asked)
    reception.reviews.hand_out("late", namespace="speech", pod=POD)
    reception.seconds = REFUSED_SECONDS

    assert "pod-uid" == (await reception.identities.speaker("late")).pod_uid
    assert 1 == asked


async def test_an_error_is_never_remembered(reception: Reception) -> None:
    """When the API server is back, the next report is let in at once."""
    reception.reviews.failing = KubeUnavailableError("away")
    with pytest.raises(KubeUnavailableError):
        await reception.identities.speaker("good")
    reception.reviews.failing = None

    assert "talk-0" == (await reception.identities.speaker("good")).pod_name


async def test_forged_tokens_drive_out_no_good_one(reception: Reception) -> None:
    """However many forged tokens come by, the good one's minute stands."""
    await reception.identities.speaker("good")
    for number in range(TOKENS_REMEMBERED + 1):
        await reception.refusal_of(f"forged-{number}")
    await reception.identities.speaker("good")

    assert 1 == reception.reviews.asked.count("good")
