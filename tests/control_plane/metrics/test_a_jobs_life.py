"""A job's life, told by the operator's metrics: each moves, and the two replicas can be told apart."""

import urllib.request
from collections.abc import Iterator
from contextlib import closing

import pytest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from control_plane.conftest import MakeOperator, account_of
from control_plane.operator_loop.attempts import Attempts
from local_cluster.object_stores import MinioServer
from steno_store import ObjectStore, claim_outcome
from steno_types import Reason, Telemetry
from support import kubelet
from support.kubernetes_api import Api, wait_for
from support.manifests import a_complete_manifest
from support.operator_process import OperatorProcess

GPU = '{engine="faster-whisper",profile="gpu"}'
SWEEPING = {"STENO_SWEEP_EVERY_SECONDS": "1", "STENO_SWEEP_GRACE_SECONDS": "0"}


def scraped(operator: OperatorProcess) -> list[Metric]:
    """Read the operator's metrics as Prometheus does."""
    request = urllib.request.Request(f"{operator.url}/metrics")  # noqa: S310 -- a loopback address of the test's own
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 -- the same
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        return [*text_string_to_metric_families(answer.read().decode())]


def read(operator: OperatorProcess) -> dict[str, float]:
    """Give each sample but the buckets, by its name and labels."""
    return {
        sample.name + spelled(sample.labels): sample.value
        for family in scraped(operator)
        for sample in family.samples
        if not sample.name.endswith("_bucket")
    }


def spelled(labels: dict[str, str]) -> str:
    """Spell labels as Prometheus' text does, in order."""
    inner = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
    return f"{{{inner}}}" if inner else ""


@pytest.fixture
def own_store(minio: MinioServer) -> Iterator[ObjectStore]:
    """A bucket for one test, whose prefix its operator owns."""
    with closing(account_of(minio)) as account, closing(account.store(account.new_bucket())) as connected:
        yield connected


@pytest.fixture
def node(api: Api) -> Iterator[str]:
    """A node with GPUs: enough for the pods that other tests have left waiting for one."""
    kubelet.add_node(api, api.namespace, gpus=64)
    yield api.namespace
    kubelet.remove_node(api, api.namespace)


def live_and_go(attempts: Attempts, operator: OperatorProcess) -> dict[str, float]:
    """Let a job fail once, complete, and be released; gives what was measured while it was complete."""
    attempts.submit("talk", profile="gpu", backoffLimit=1)
    attempts.placed("talk")
    pod = attempts.run("talk")
    attempts.end("talk", pod, 75, said=Reason.DEVICE_OUT_OF_MEMORY)
    attempts.next_pod("talk", than=pod)
    second = attempts.run("talk")
    job, prefix = attempts.api.job("talk"), attempts.prefix("talk")
    assert job is not None
    seconds = {"fetch": 1.0, "load-model": 4.5, "transcribe": 1.5}
    manifest = a_complete_manifest(job, attempt=second.metadata.name, prefix=prefix)
    telemetry = Telemetry(stage_seconds=seconds, peak_rss_bytes=1)
    claim_outcome(attempts.store, prefix, manifest.model_copy(update={"telemetry": telemetry}))
    attempts.end("talk", second, 0)
    attempts.api.wait_for_phase("talk", "Completed")
    # The status is there a moment before it is counted, and the roster hears of it by the watch.
    at_rest = 'steno_jobs{profile="gpu",standing="complete"}'
    measured = wait_for(lambda: now if (now := read(operator))[at_rest] else None, "the job to be shown complete")
    for left in attempts.api.pods("talk"):
        kubelet.let_go(attempts.api, left)
    attempts.api.delete("talk")
    attempts.api.wait_until_gone("talk")
    return measured


@pytest.mark.usefixtures("node")
def test_every_metric_moves(api: Api, make_operator: MakeOperator, own_store: ObjectStore) -> None:
    """What happened to one job is what the counters and histograms say, and the gauges say how it is now."""
    operator = make_operator(api, STENO_STORE_BUCKET=own_store.bucket, **SWEEPING)
    own_store.put(f"steno/{api.namespace}/uploads/{'ab' * 16}", b"abc")

    complete = live_and_go(Attempts(api, own_store), operator)

    once = {
        'steno_jobs_finished_total{engine="faster-whisper",profile="gpu",reason="",result="Complete"}': 1,
        'steno_attempts_ended_total{profile="gpu",reason="DeviceOutOfMemory"}': 1,
        'steno_queue_wait_seconds_count{profile="gpu"}': 1,
        'steno_start_latency_seconds_count{profile="gpu",step="schedule"}': 2,
        'steno_start_latency_seconds_count{profile="gpu",step="pull"}': 2,
        'steno_start_latency_seconds_count{profile="gpu",step="load"}': 1,
        'steno_start_latency_seconds_sum{profile="gpu",step="load"}': 4.5,
        f"steno_run_seconds_count{GPU}": 1,
        f"steno_audio_seconds_total{GPU}": 28.66,
        f"steno_real_time_factor_count{GPU}": 1,
        f"steno_real_time_factor_sum{GPU}": 0.05,
        'steno_api_writes_total{code="201",resource="jobs",verb="create"}': 1,
        'steno_api_writes_total{code="200",resource="transcriptionjobs",verb="patch"}': 1,
        "steno_leader": 1,
    }
    assert once == {name: complete.get(name) for name in once}
    assert 4 <= complete['steno_api_writes_total{code="200",resource="transcriptionjobs/status",verb="patch"}']
    assert 1 <= complete['steno_reconcile_seconds_count{result="success"}']

    def settled() -> dict[str, float] | None:
        now = read(operator)
        over = 'steno_releases_total{result="verified"}' in now and now.get("steno_swept_objects_total", 0) > 0
        return now if over else None

    now = wait_for(settled, "the release and the sweep to be counted", timeout_seconds=60)
    assert (1, 3) == (now["steno_swept_objects_total"], now["steno_swept_bytes_total"])
    assert 1 <= now['steno_sweeps_total{result="complete"}']
    assert {0.0} == {value for name, value in now.items() if name.startswith("steno_jobs{")}
    ages = {name: value for name, value in now.items() if name.startswith("steno_watch_age_seconds")}
    assert {f'steno_watch_age_seconds{{kind="{kind}"}}' for kind in ("jobs", "pods", "transcriptionjobs")} == {*ages}
    assert all(0 <= age < 180 for age in ages.values())
    operator.kill()


def test_replicas_are_told_apart(api: Api, make_operator: MakeOperator) -> None:
    """Both answer; the leader says that it is, and the one that stands by reconciles and watches nothing."""
    leader = make_operator(api)
    wait_for(lambda: read(leader)["steno_leader"] or None, "the first to lead")
    standby = make_operator(api)
    api.submit("talk", {"source": {"s3": {"key": "recordings/talk.wav"}}})
    api.wait_for_phase("talk", "Queued")

    leading, waiting = read(leader), read(standby)

    assert (1, 0) == (leading["steno_leader"], waiting["steno_leader"])
    done = 'steno_reconcile_seconds_count{result="success"}'
    assert (True, False) == (leading.get(done, 0) > 0, done in waiting)
    assert [] == [name for name in waiting if name.startswith("steno_watch_age_seconds")]
    for replica in (leader, standby):
        replica.kill()
