"""Lines of the audit log are counted by what was asked for, and by whom."""

import json
from collections import Counter
from typing import Any

import pytest

from benchmarks.operator.audit import Request, counted, per_job, policy, spelled

OPERATOR = "system:serviceaccount:speech:steno-operator"


def a_line(verb: str, resource: str, *, subresource: str | None = None, **changes: Any) -> str:
    """Give a line as the API server 1.34 writes it, without what nobody reads."""
    what = {"resource": resource, "namespace": "speech"} | ({"subresource": subresource} if subresource else {})
    event = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "stage": "ResponseComplete",
        "verb": verb,
        "user": {"username": OPERATOR, "groups": ["system:serviceaccounts"]},
        "objectRef": what,
        "responseStatus": {"metadata": {}, "code": 200},
    }
    return json.dumps({**event, **changes}) + "\n"


def test_requests_are_counted_by_verb_and_resource() -> None:
    """A subresource is a resource of its own."""
    lines = [
        a_line("patch", "transcriptionjobs", subresource="status"),
        a_line("patch", "transcriptionjobs"),
        a_line("patch", "transcriptionjobs", subresource="status"),
    ]

    expected = {
        Request(verb="patch", resource="transcriptionjobs/status"): 2,
        Request(verb="patch", resource="transcriptionjobs"): 1,
    }
    assert expected == counted(lines, user=OPERATOR)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(a_line("create", "jobs", user={"username": "admin"}), id="somebody else's"),
        pytest.param(a_line("watch", "pods", stage="ResponseStarted"), id="a watch that begins"),
        pytest.param(a_line("create", "jobs")[:-1], id="a line that is still written"),
        pytest.param(a_line("create", "jobs")[:40], id="half a line"),
        pytest.param(a_line("get", "", objectRef=None), id="no object, as in a probe"),
    ],
)
def test_what_is_no_request_of_the_operator_counts_for_nothing(line: str) -> None:
    """The log holds more than is asked about."""
    assert Counter() == counted([line], user=OPERATOR)


def test_a_refused_request_counts() -> None:
    """A conflict costs the server what a success costs."""
    lines = [a_line("patch", "transcriptionjobs", responseStatus={"code": 409})]

    assert 1 == counted(lines, user=OPERATOR).total()


def test_writes_and_reads_are_told_apart() -> None:
    """What changes something is a write; each kind is spelled out, the most frequent first."""
    lines = [a_line("create", "jobs")] * 2 + [a_line("delete", "jobs")] * 4 + [a_line("list", "pods")] * 6
    requests = counted(lines, user=OPERATOR)

    assert (3.0, 3.0) == (per_job(requests, 2, writes=True), per_job(requests, 2, writes=False))
    assert "delete jobs 2.00, create jobs 1.00" == spelled(requests, 2, writes=True)
    assert "none" == spelled(Counter(), 2, writes=True)


def test_the_policy_notes_one_user_alone() -> None:
    """The first rule that fits decides: the user's requests without bodies, then nothing."""
    rules = policy(OPERATOR)["rules"]

    assert [{"level": "Metadata", "users": [OPERATOR]}, {"level": "None"}] == rules
