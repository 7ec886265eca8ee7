"""A watch that is silent for too long is complained of, and whatever the server sends counts as a sign of life."""

import pytest

from steno_operator.heartbeat import KINDS, SILENCE_LIMIT_SECONDS, Heartbeat, Watch, watch_of


class Clock:
    """Says what the test says."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        """Give the moment."""
        return self.seconds


@pytest.mark.parametrize(
    ("path", "watch"),
    [
        pytest.param("/apis/batch/v1/namespaces/speech/jobs", ("jobs", "speech"), id="Jobs of a namespace"),
        pytest.param("/apis/batch/v1/jobs", ("jobs", None), id="all Jobs"),
        pytest.param("/api/v1/namespaces/speech/pods", ("pods", "speech"), id="pods of a namespace"),
        pytest.param("/api/v1/pods", ("pods", None), id="all pods"),
        pytest.param(
            "/apis/steno.dev/v1alpha1/namespaces/speech/transcriptionjobs",
            ("transcriptionjobs", "speech"),
            id="TranscriptionJobs of a namespace",
        ),
        pytest.param("/apis/steno.dev/v1/transcriptionjobs", ("transcriptionjobs", None), id="of another version"),
        pytest.param("/k8s/clusters/c-1/api/v1/namespaces/a/pods", ("pods", "a"), id="behind a gateway"),
        pytest.param("/api/v1/namespaces/pods/pods", ("pods", "pods"), id="a namespace called pods"),
        pytest.param("/api/v1/namespaces/speech/pods/talk-1", None, id="one pod"),
        pytest.param("/api/v1/namespaces/speech/pods/talk-1/log", None, id="its log"),
        pytest.param("/api/v1/namespaces/pods", None, id="a namespace"),
        pytest.param("/apis/batch/v1/namespaces/jobs/cronjobs", None, id="another kind"),
        pytest.param("/apis/metrics.k8s.io/v1beta1/pods", None, id="another group's pods"),
        pytest.param("/apis/batch/v1", None, id="discovery"),
    ],
)
def test_the_path_says_which_watch_it_is(path: str, watch: Watch | None) -> None:
    """Lists and watches of what the operator follows are told from everything else, by path alone."""
    assert watch == watch_of(path)


def test_nothing_is_expected_before_watching_begins() -> None:
    """A standby watches nothing, so it has neither ages nor complaints, for however long it stands by."""
    clock = Clock()
    heartbeat = Heartbeat(clock)
    clock.seconds += 86_400

    assert ({}, []) == (heartbeat.ages(), heartbeat.complaints())


@pytest.mark.parametrize("kind", KINDS)
def test_the_silent_kind_is_named(kind: str) -> None:
    """One kind that falls silent is complained of by name, after the limit and not before, while the others go on."""
    clock = Clock()
    heartbeat = Heartbeat(clock)
    heartbeat.begin(["speech"])
    for _ in range(int(SILENCE_LIMIT_SECONDS)):
        clock.seconds += 1
        for other in {*KINDS} - {kind}:
            heartbeat.heard((other, "speech"))
    assert [] == heartbeat.complaints()

    clock.seconds += 1

    assert [f"The watch of {kind} in speech is silent for 181 s (limit 180 s)."] == heartbeat.complaints()
    assert {**dict.fromkeys(KINDS, 1.0), kind: 181.0} == heartbeat.ages()


def test_a_watch_that_never_said_anything_is_complained_of() -> None:
    """Silence counts from the beginning of watching, so that a watch that never came about is noticed."""
    clock = Clock()
    heartbeat = Heartbeat(clock)
    heartbeat.begin(None)
    clock.seconds += SILENCE_LIMIT_SECONDS + 1

    assert 3 == len(heartbeat.complaints())
    assert "The watch of pods in all namespaces is silent" in heartbeat.complaints()[2]


def test_one_silent_namespace_is_not_hidden_by_another() -> None:
    """Each namespace has a watch of its own: the age of a kind is that of the one that is silent longest."""
    clock = Clock()
    heartbeat = Heartbeat(clock)
    heartbeat.begin(["speech", "radio"])
    clock.seconds += 200
    for kind in KINDS:
        heartbeat.heard((kind, "speech"))
    heartbeat.heard(("jobs", "radio"))

    assert {"transcriptionjobs": 200.0, "jobs": 0.0, "pods": 200.0} == heartbeat.ages()
    assert ["transcriptionjobs in radio", "pods in radio"] == [
        complaint.removeprefix("The watch of ").partition(" is silent")[0] for complaint in heartbeat.complaints()
    ]


def test_a_sound_ends_the_complaint() -> None:
    """A watch that comes back is well again."""
    clock = Clock()
    heartbeat = Heartbeat(clock)
    heartbeat.begin(["speech"])
    clock.seconds += 1000

    for kind in KINDS:
        heartbeat.heard((kind, "speech"))

    assert [] == heartbeat.complaints()


def test_what_is_not_watched_is_not_heard() -> None:
    """A request to another namespace says nothing about the watches there are."""
    clock = Clock()
    heartbeat = Heartbeat(clock)
    heartbeat.begin(["speech"])
    clock.seconds += 5

    heartbeat.heard(("pods", None))

    assert dict.fromkeys(KINDS, 5.0) == heartbeat.ages()
