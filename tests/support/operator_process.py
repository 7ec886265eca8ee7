"""The operator as a process of its own: started, ended as Kubernetes would, or killed as a lost node would.

For the control plane tier; its fixtures say what the process is told.
"""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from local_cluster.loopback import free_ports
from support.kubernetes_api import wait_for

STOP_SECONDS = 30.0
"""Kubernetes' own patience between SIGTERM and SIGKILL."""


class OperatorProcess:
    """One operator, serving one namespace."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self._environment = dict(environment)
        self.log = log
        """What it writes, over all its lives."""
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it and wait until it answers its probe."""
        (self._port,) = free_ports(1)
        environment = {**os.environ, **self._environment, "STENO_HEALTH_PORT": str(self._port)}
        with self.log.open("ab") as log:
            # It goes with the test run, however that ends.
            command = ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "steno_operator"]
            self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

        def answers() -> bool | None:
            if not self.alive:
                raise AssertionError(f"the operator ended:\n{self.log.read_text()[-2000:]}")
            try:
                return True if self.probe("healthz") == 200 else None
            except OSError:
                return None

        wait_for(answers, "the operator's probe")

    def probe(self, name: str) -> int:
        """Ask a probe as kubelet does; gives the status of its answer, `OSError` when there is none."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/{name}", timeout=1) as answer:
                status: int = answer.status
                return status
        except urllib.error.HTTPError as refusal:
            return refusal.code

    @property
    def url(self) -> str:
        """Where it answers, in this life."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        """Its process id."""
        if self._process is None:
            raise AssertionError("the operator does not run")
        return self._process.pid

    def stop(self) -> int:
        """End it as Kubernetes would, and give its exit code."""
        if self._process is None:
            return 0
        self._process.terminate()
        try:
            code = self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self._process = None
        return code

    def pause(self) -> None:
        """Let it stand still, as a node that swaps or a debugger would."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def wait(self, *, timeout_seconds: float = STOP_SECONDS) -> int:
        """Wait until it ends by itself, and give its exit code."""
        if self._process is None:
            raise AssertionError("the operator does not run")
        code = self._process.wait(timeout=timeout_seconds)
        self._process = None
        return code

    def kill(self) -> None:
        """End it as a lost node would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=STOP_SECONDS)
            self._process = None
