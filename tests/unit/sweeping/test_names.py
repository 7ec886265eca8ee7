"""What a job names, read from the job as the API server has it, a newer version's too."""

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from steno_kube import ApiServer, KubeError, KubeUnavailableError
from steno_operator.client import JobReferences, Namespaces
from steno_operator.names import Names, names_of, union
from steno_types import RESULTS_PREFIX_ANNOTATION
from support.builders import LAYOUT, NAMESPACE, UID, UPLOAD_ID

Raw = dict[str, Any]

OWN = "talk-6f3d1c6e"
OTHER_ID = "f" * 32


def a_raw_job(spec: Any = None, **metadata: Any) -> Raw:
    """Have a job with this spec."""
    return {"metadata": {"name": "talk", "namespace": NAMESPACE, "uid": UID, **metadata}, "spec": spec}


@pytest.mark.parametrize(
    ("spec", "uploads", "results"),
    [
        pytest.param({"source": {"upload": {"id": UPLOAD_ID}}}, {UPLOAD_ID}, set(), id="upload"),
        pytest.param({"source": {"s3": {"key": "recordings/talk.wav"}}}, set(), set(), id="a user's own"),
        pytest.param(
            {"source": {"s3": {"key": LAYOUT.upload(NAMESPACE, UPLOAD_ID)}}}, {UPLOAD_ID}, set(), id="by key"
        ),
        pytest.param({"source": {"s3": {"key": LAYOUT.upload("other", UPLOAD_ID)}}}, set(), set(), id="elsewhere"),
        pytest.param(
            {"source": {"s3": {"key": "steno/speech/jobs/walk-0a0b0c0d/attempts/p/transcript.txt"}}},
            set(),
            {"walk-0a0b0c0d"},
            id="another job's results",
        ),
        pytest.param(
            {"sources": [{"upload": {"id": UPLOAD_ID}}, {"upload": {"id": OTHER_ID}}]},
            {UPLOAD_ID, OTHER_ID},
            set(),
            id="a newer version's list",
        ),
        pytest.param({"from": UPLOAD_ID}, {UPLOAD_ID}, set(), id="a newer version's text"),
        pytest.param({"source": {"upload": {"id": UPLOAD_ID.upper()}}}, set(), set(), id="no id"),
        pytest.param({"source": None, "shards": 3, "cancel": True}, set(), set(), id="no text"),
        pytest.param(None, set(), set(), id="no spec"),
    ],
)
def test_what_a_spec_names(spec: Any, uploads: set[str], results: set[str]) -> None:
    """Whatever could mean an upload or results counts, wherever it stands."""
    assert Names(uploads=frozenset(uploads), results=frozenset({OWN, *results})) == names_of(a_raw_job(spec), LAYOUT)


@pytest.mark.parametrize(
    ("annotations", "results"),
    [
        pytest.param({RESULTS_PREFIX_ANNOTATION: f"steno/speech/jobs/{OWN}/"}, {OWN}, id="as by uid"),
        pytest.param(
            {RESULTS_PREFIX_ANNOTATION: "steno/speech/jobs/talk-0a0b0c0d/"}, {OWN, "talk-0a0b0c0d"}, id="old"
        ),
        pytest.param({RESULTS_PREFIX_ANNOTATION: "steno/speech/jobs/walk-0a0b0c0d/"}, {OWN}, id="another's"),
        pytest.param({"example.dev/note": "talk-0a0b0c0d"}, {OWN}, id="another annotation"),
        pytest.param(None, {OWN}, id="none"),
    ],
)
def test_what_an_annotation_names(annotations: Raw | None, results: set[str]) -> None:
    """Results are named by the uid, and by an annotation that can be true."""
    assert frozenset(results) == names_of(a_raw_job(annotations=annotations), LAYOUT).results


def test_names_are_compared_by_kind() -> None:
    """An upload and a directory of one name are two things."""
    some = Names(uploads=frozenset("ab"), results=frozenset("bc"))
    more = Names(uploads=frozenset("b"), results=frozenset("cd"))

    assert Names(uploads=frozenset("a"), results=frozenset("b")) == some - more
    assert Names(uploads=frozenset("ab"), results=frozenset("bcd")) == union([some, more])
    assert (4, 0) == (len(some), len(union([])))


class Answering:
    """The API server, as far as a list and a GET go; may fail after what it has."""

    def __init__(self, *answers: Any, failure: Exception | None = None) -> None:
        self._answers = answers
        self._failure = failure
        self.asked: list[str] = []

    async def list(self, path: str) -> AsyncIterator[Any]:
        """Give all answers."""
        self.asked.append(path)
        for answer in self._answers:
            yield answer
        if self._failure is not None:
            raise self._failure

    async def get(self, path: str) -> Any:
        """Give the first answer."""
        self.asked.append(path)
        return self._answers[0]


async def test_all_jobs_of_the_namespace_are_asked() -> None:
    """Those that are being deleted and those that this version cannot parse name what they name."""
    asked = Answering(
        a_raw_job({"source": {"upload": {"id": UPLOAD_ID}}}, deletionTimestamp="2026-01-31T12:00:00Z"),
        a_raw_job({"engine": {"name": "abacus"}, "source": {"upload": {"id": OTHER_ID}}}, name="walk"),
    )

    named = await JobReferences(cast("ApiServer", asked), LAYOUT).of(NAMESPACE)

    assert Names(uploads=frozenset({UPLOAD_ID, OTHER_ID}), results=frozenset({OWN, "walk-6f3d1c6e"})) == named
    assert [f"/apis/steno.dev/v1alpha1/namespaces/{NAMESPACE}/transcriptionjobs"] == asked.asked


async def test_a_list_that_ends_midway_says_nothing() -> None:
    """What came before the failure is not taken for all there is."""
    asked = Answering(a_raw_job(), failure=KubeUnavailableError("The provided continue parameter is too old"))

    with pytest.raises(KubeError, match="continue parameter is too old"):
        await JobReferences(cast("ApiServer", asked), LAYOUT).of(NAMESPACE)


async def test_a_namespace_is_known_by_its_uid() -> None:
    """It is asked for by name."""
    asked = Answering({"metadata": {"name": "steno-system", "uid": "u"}})

    assert "u" == await Namespaces(cast("ApiServer", asked)).uid("steno-system")
    assert ["/api/v1/namespaces/steno-system"] == asked.asked
