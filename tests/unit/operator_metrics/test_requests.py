"""Writes to the API server, counted by the verb and the resource that a Role would name."""

import pytest

from steno_operator.metrics import resource_of
from unit.operator_metrics.meter import Meter

JOB = "/apis/steno.dev/v1alpha1/namespaces/speech/transcriptionjobs/talk"


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        pytest.param(JOB, "transcriptionjobs", id="an object"),
        pytest.param(f"{JOB}/status", "transcriptionjobs/status", id="a subresource"),
        pytest.param("/apis/batch/v1/namespaces/speech/jobs", "jobs", id="a collection"),
        pytest.param("/apis/batch/v1/jobs", "jobs", id="of all namespaces"),
        pytest.param("/api/v1/namespaces/speech/pods/talk-abc", "pods", id="of the core group"),
        pytest.param("/api/v1/namespaces/speech/events", "events", id="events"),
        pytest.param("/api/v1/namespaces/speech", "namespaces", id="a namespace itself"),
        pytest.param("/apis/authentication.k8s.io/v1/tokenreviews", "tokenreviews", id="of no namespace"),
        pytest.param(
            "/apis/coordination.k8s.io/v1/namespaces/speech/leases/steno-operator", "leases", id="a group with dots"
        ),
        pytest.param(f"/k8s/clusters/c-1{JOB}/status", "transcriptionjobs/status", id="behind a gateway"),
        pytest.param("/api/v1/namespaces/api/pods/v1", "pods", id="names that look like parts of the path"),
        pytest.param("/version", "unknown", id="no resource"),
        pytest.param("/", "unknown", id="nothing"),
    ],
)
def test_the_resource_of_a_path(path: str, resource: str) -> None:
    """A path is known by its plural and subresource, without any name."""
    assert resource == resource_of(path)


@pytest.mark.parametrize(
    ("method", "verb"),
    [
        pytest.param("POST", "create", id="create"),
        pytest.param("PUT", "update", id="update"),
        pytest.param("PATCH", "patch", id="patch"),
        pytest.param("DELETE", "delete", id="delete"),
    ],
)
def test_a_write_is_counted(meter: Meter, method: str, verb: str) -> None:
    """Under Kubernetes' word for it, the resource, and the answer's code."""
    meter.metrics.requested(method, JOB, 200)

    assert {f'steno_api_writes_total{{code="200",resource="transcriptionjobs",verb="{verb}"}}': 1} == meter.moved()


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_read_is_not(meter: Meter, method: str) -> None:
    """Lists, watches and single reads are not counted."""
    meter.metrics.requested(method, JOB, 200)

    assert {} == meter.moved()


def test_refusals_are_told_apart(meter: Meter) -> None:
    """A conflict and a request without an answer have series of their own."""
    for code in (200, 409, 409, 0):
        meter.metrics.requested("PATCH", f"{JOB}/status", code)

    sample = 'steno_api_writes_total{{code="{}",resource="transcriptionjobs/status",verb="patch"}}'
    assert {sample.format("200"): 1, sample.format("409"): 2, sample.format("none"): 1} == meter.moved()
