"""The gateway as a process of its own, started and ended as Kubernetes would.

For the control plane tier; its fixtures say what the process is told. `operator_process` is its like.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from local_cluster.loopback import free_ports
from support.kubernetes_api import wait_for

STOP_SECONDS = 30.0
"""Kubernetes' own patience between SIGTERM and SIGKILL."""


class GatewayProcess:
    """One gateway."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self._environment = dict(environment)
        self.log = log
        """What it writes on stderr."""
        self.audit_log = log.with_suffix(".audit")
        """What it writes on stdout."""
        (self._port,) = free_ports(1)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it and wait until it is ready."""
        told = {**self._environment, "STENO_GATEWAY_HOST": "127.0.0.1", "STENO_GATEWAY_PORT": str(self._port)}
        with self.log.open("ab") as log, self.audit_log.open("ab") as audit_log:
            # It goes with the test run, however that ends.
            command = ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "steno_gateway"]
            self._process = subprocess.Popen(command, env={**os.environ, **told}, stdout=audit_log, stderr=log)

        def answers() -> bool | None:
            if self._process is None or self._process.poll() is not None:
                raise AssertionError(f"the gateway ended:\n{self.log.read_text()[-2000:]}")
            try:
                return httpx.get(f"{self.url}/readyz", trust_env=False, timeout=10).status_code == 200 or None
            except httpx.TransportError:
                return None

        wait_for(answers, "the gateway to be ready")

    def stop(self) -> int:
        """End it as Kubernetes would, and give its exit code; negative: the signal's number."""
        if self._process is None:
            return 0
        self._process.terminate()
        try:
            code = self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=STOP_SECONDS)
            raise
        self._process = None
        return code
