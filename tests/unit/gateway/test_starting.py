"""The gateway starts with settings it can use, and says in one line which one it cannot."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from steno_gateway.settings import GatewaySettings

USABLE = {"STENO_NAMESPACE": "speech", "STENO_STORE_BUCKET": "steno", "STENO_ANONYMOUS": "true"}


KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: nowhere
clusters: [{name: nowhere, cluster: {server: "http://127.0.0.1:9"}}]
users: [{name: nobody, user: {}}]
contexts: [{name: nowhere, context: {cluster: nowhere, user: nobody}}]
"""
"""An API server that refuses every connection: nothing listens on the discard port."""


def environment(**variables: str) -> dict[str, str]:
    """Have these variables, and what Python itself needs."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "PYTHONPATH"}}
    return {**kept, **variables, "HOME": variables.get("HOME", "/nonexistent")}


def start(**variables: str) -> subprocess.CompletedProcess[str]:
    """Run the gateway with these settings alone."""
    return subprocess.run(
        [sys.executable, "-m", "steno_gateway"],
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        pytest.param({"STENO_STORE_BUCKET": "steno"}, "STENO_NAMESPACE is not set", id="no namespace"),
        pytest.param({"STENO_NAMESPACE": "speech"}, "STENO_STORE_BUCKET is not set", id="no bucket"),
        pytest.param(
            {**USABLE, "STENO_GATEWAY_PORT": "http"}, "STENO_GATEWAY_PORT: Input should be a valid integer", id="port"
        ),
        pytest.param(
            {**USABLE, "STENO_MAX_UPLOAD_BYTES": "0"},
            "STENO_MAX_UPLOAD_BYTES: Input should be greater than or equal to 1",
            id="limit",
        ),
        pytest.param({**USABLE, "STENO_STORE_PREFIX": "/steno/"}, "STENO_STORE_PREFIX: ", id="the store's"),
        pytest.param(
            {**USABLE, "STENO_ANONYMOUS": "false"}, "neither STENO_API_KEYS_FILE nor STENO_ANONYMOUS", id="nobody"
        ),
        pytest.param(
            {**USABLE, "STENO_API_KEYS_FILE": "/nowhere/keys.yaml"},
            "STENO_API_KEYS_FILE: it cannot be read: No such file",
            id="no keys",
        ),
        pytest.param(
            {**USABLE, "STENO_FORWARDED_ALLOW_IPS": "ingress"}, "STENO_FORWARDED_ALLOW_IPS: Value error", id="a proxy"
        ),
        pytest.param({**USABLE, "STENO_CORS_ORIGINS": "app.example"}, "STENO_CORS_ORIGINS: String", id="an origin"),
        pytest.param({**USABLE, "STENO_NAMESPACES": "talks, films"}, "STENO_NAMESPACES: String", id="a namespace"),
        pytest.param(USABLE, "cannot find the Kubernetes API server", id="no cluster"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(variables: dict[str, str], complaint: str) -> None:
    """One line on stderr names the variable; the exit code is EX_CONFIG."""
    ended = start(**variables)

    (line,) = ended.stderr.splitlines()
    assert 78 == ended.returncode
    assert line.startswith(f"steno-gateway: {complaint}")


def test_it_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    """With settings it can use it lives, says that it is not ready without a cluster, and ends on SIGTERM."""
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(KUBECONFIG)
    gateway = subprocess.Popen(
        [sys.executable, "-m", "steno_gateway"],
        env=environment(
            **USABLE,
            KUBECONFIG=str(kubeconfig),
            STENO_GATEWAY_HOST="127.0.0.1",
            STENO_GATEWAY_PORT="0",
            STENO_STORE_ENDPOINT="http://127.0.0.1:9",
            AWS_ACCESS_KEY_ID="key",
            AWS_SECRET_ACCESS_KEY="not-to-be-logged",
        ),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert gateway.stderr is not None
    with gateway, gateway.stderr as log:
        told = ""
        while (address := re.search(r"http://[\d.:]+", told)) is None:
            told += log.readline() or pytest.fail(f"it ended: {told}")
        with httpx.Client(base_url=address[0], timeout=60) as client:
            alive, ready = client.get("/healthz"), client.get("/readyz")
        gateway.terminate()
        told += log.read()

    assert (200, 503, -signal.SIGTERM) == (alive.status_code, ready.status_code, gateway.returncode)
    assert "the Kubernetes API server and from the object store" in ready.json()["detail"]
    assert "not-to-be-logged" not in told
    assert "GET /readyz" not in told


def test_without_its_extra_it_says_what_to_install() -> None:
    """Whoever installed the base alone is told the extra's name."""
    code = "import sys; sys.modules['fastapi'] = None; from steno_gateway.__main__ import main; sys.exit(main())"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)

    assert (78, "steno-gateway: fastapi is not installed; run: pip install 'steno[gateway]'\n") == (
        ended.returncode,
        ended.stderr,
    )


def test_defaults_are_those_of_the_chart(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the namespace alone the gateway listens where the chart expects it."""
    for name in os.environ:
        if name.startswith("STENO_"):
            monkeypatch.delenv(name)

    settings = GatewaySettings(namespace="speech")

    assert (8080, 10 << 30, 30.0) == (
        settings.gateway_port,
        settings.max_upload_bytes,
        settings.release_wait_seconds,
    )
