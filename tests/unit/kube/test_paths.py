"""Where objects are: of one namespace, of all, one alone; whatever a name holds, it stays a name."""

import pytest

from steno_kube import Resource

JOBS, PODS = Resource("batch/v1", "jobs"), Resource("v1", "pods")


@pytest.mark.parametrize(
    ("path", "given"),
    [
        pytest.param("/apis/batch/v1/namespaces/speech/jobs", JOBS.all("speech"), id="of a namespace"),
        pytest.param("/apis/batch/v1/jobs", JOBS.all(None), id="of all"),
        pytest.param("/api/v1/pods", PODS.all(None), id="of the core"),
        pytest.param("/api/v1/namespaces/speech/pods/p", PODS.one("speech", "p"), id="one"),
        pytest.param("/api/v1/namespaces/speech/pods/p/status", PODS.one("speech", "p", "status"), id="its status"),
        pytest.param("/api/v1/namespaces/speech/pods/..%2Fp%3Fq", PODS.one("speech", "../p?q"), id="an odd name"),
        pytest.param("/api/v1/namespaces/a%2Fb/pods", PODS.all("a/b"), id="an odd namespace"),
    ],
)
def test_where_objects_are(path: str, given: str) -> None:
    """As the API server's own conventions say."""
    assert path == given
