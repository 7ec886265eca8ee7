"""Why an attempt ended: the cluster's word first, then the worker's own, then what is seen from outside."""

from typing import Any

import pytest

from steno_operator.observed import WorkerPod
from steno_operator.policies.attempts import BARE_CODES, DISRUPTIONS, POD_FAILURES, ended
from steno_types import FAILURES, Disposition, Reason, TerminationMessage, failure_for
from support.builders import NOON

SAID = TerminationMessage(reason=Reason.DEVICE_OUT_OF_MEMORY, message="The GPU has 4 GiB and 6 are needed.")


def a_pod(**changes: Any) -> WorkerPod:
    """Give a pod that is over."""
    return WorkerPod(**{"name": "p", "started": NOON, "finished": NOON, "failed": True, **changes})


@pytest.mark.parametrize(
    ("pod", "reason", "words"),
    [
        pytest.param(
            {"exit_code": 75, "termination": SAID}, Reason.DEVICE_OUT_OF_MEMORY, SAID.message, id="own word"
        ),
        pytest.param(
            {"exit_code": 75, "termination": SAID, "disruption": "PreemptionByScheduler"},
            Reason.PREEMPTED,
            failure_for(Reason.PREEMPTED).meaning,
            id="a disruption before its own word",
        ),
        pytest.param(
            {"exit_code": 137, "disruption": "OfALaterVersion"},
            Reason.TERMINATED,
            failure_for(Reason.TERMINATED).meaning,
            id="a disruption that is not known",
        ),
        pytest.param(
            {"exit_code": 137, "out_of_memory": True},
            Reason.OUT_OF_MEMORY,
            failure_for(Reason.OUT_OF_MEMORY).meaning,
            id="OOMKilled",
        ),
        pytest.param(
            {"exit_code": 137, "out_of_memory": True, "termination": SAID},
            Reason.DEVICE_OUT_OF_MEMORY,
            SAID.message,
            id="its own word before the kernel's",
        ),
        pytest.param(
            {"exit_code": 137, "deletion": NOON},
            Reason.TERMINATED,
            failure_for(Reason.TERMINATED).meaning,
            id="deleted and not in time",
        ),
        pytest.param(
            {"exit_code": 143, "deletion": NOON},
            Reason.TERMINATED,
            failure_for(Reason.TERMINATED).meaning,
            id="deleted and in time",
        ),
        pytest.param(
            {"exit_code": 1, "deletion": NOON},
            Reason.INTERNAL_ERROR,
            "(The worker ended with code 1 and no word.)",
            id="deleted after it broke",
        ),
        pytest.param(
            {"exit_code": 137}, Reason.INTERNAL_ERROR, "(The worker ended with code 137 and no word.)", id="killed"
        ),
        pytest.param(
            {"exit_code": 69}, Reason.STORAGE_UNAVAILABLE, "(The worker ended with code 69 and no word.)", id="bare"
        ),
        pytest.param(
            {"exit_code": None, "failure_reason": "Evicted", "failure_message": "The node was low on memory."},
            Reason.EVICTED,
            f"{failure_for(Reason.EVICTED).meaning} (The node was low on memory.)",
            id="evicted by the kubelet",
        ),
        pytest.param(
            {"exit_code": None, "failure_reason": "UnexpectedAdmissionError", "started": None},
            Reason.NODE_LOST,
            failure_for(Reason.NODE_LOST).meaning,
            id="refused by the kubelet",
        ),
        pytest.param(
            {"exit_code": None, "failure_reason": "OutOfnvidia.com/gpu", "started": None},
            Reason.EVICTED,
            failure_for(Reason.EVICTED).meaning,
            id="no room for its GPU after all",
        ),
        pytest.param(
            {"exit_code": None, "failure_reason": "OfALaterVersion"},
            Reason.INTERNAL_ERROR,
            failure_for(Reason.INTERNAL_ERROR).meaning,
            id="a word that is not known",
        ),
        pytest.param({"exit_code": None}, Reason.INTERNAL_ERROR, "did not foresee", id="no word at all"),
    ],
)
def test_how_a_pod_ended(pod: dict[str, Any], reason: Reason, words: str) -> None:
    """The reason is one of the failure table's, the words are for people, the code is the container's."""
    found = ended(a_pod(**pod))

    assert (reason, pod["exit_code"]) == (found.reason, found.exit_code)
    assert words in found.message


@pytest.mark.parametrize("row", FAILURES, ids=lambda row: row.reason)
def test_a_worker_is_believed(row: Any) -> None:
    """Whatever reason a worker gives, it is the attempt's."""
    said = TerminationMessage(reason=row.reason, message="m")

    found = ended(a_pod(exit_code=row.exit_code, termination=said))

    assert (row.reason, "m") == (found.reason, found.message)


def test_every_exit_code_stands_for_something() -> None:
    """Each code of the failure table stands for one of the reasons that share it, when a worker says no more."""
    codes = {row.exit_code for row in FAILURES if row.exit_code is not None}

    assert codes == {*BARE_CODES}
    assert {code: code for code in codes} == {code: failure_for(BARE_CODES[code]).exit_code for code in codes}


@pytest.mark.parametrize("word", [*DISRUPTIONS, *POD_FAILURES])
def test_what_the_cluster_does_is_free(word: str) -> None:
    """No disruption, and no refusal of a kubelet's, costs a retry."""
    reason = DISRUPTIONS.get(word) or POD_FAILURES[word]

    assert Disposition.INTERRUPTED is failure_for(reason).disposition
