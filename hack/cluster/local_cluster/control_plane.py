"""A Kubernetes control plane as processes on loopback: etcd, API server, controller manager, scheduler.

No root, no containers, no kubelet: a node is whatever a test patches into being, or kwok's.

The control plane tests hold one for their session. Must not know about clusters or Docker.
"""

import json
import secrets
import ssl
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from local_cluster import commands, loopback
from local_cluster.pins import KUBERNETES
from local_cluster.processes import Process
from local_cluster.tools import tool

START_SECONDS: Final = 90
"""Allowed to each component; all of them together take 4 s on two idle cores."""

_NOWHERE: Final = "192.0.2.1"
"""Stands for no machine (RFC 5737): kubeadm and the API server want an address that is not loopback, and would look
for a default route."""


class ControlPlane:
    """A control plane that lives as long as the context.

    Parameters
    ----------
    folder
        Where certificates, logs and etcd's data lie; a temporary folder, removed at the end, where none is given.
    flags
        Further flags by component, for example ``{"kube-controller-manager": ["--kube-api-qps=200"]}``.
    """

    kubeconfig: Path
    server: str
    etcd: str
    """etcd's address; it asks nobody who they are."""
    token: str
    """Of a member of system:masters."""
    ca_file: Path

    def __init__(self, folder: Path | None = None, *, flags: Mapping[str, Sequence[str]] | None = None) -> None:
        self._given_folder = folder
        self._flags = dict(flags or {})
        self._components: dict[str, Process] = {}
        self._exit = ExitStack()

    def component(self, name: str) -> Process:
        """Return the process of ``etcd``, ``kube-apiserver``, ``kube-controller-manager`` or ``kube-scheduler``."""
        return self._components[name]

    def get(self, path: str) -> Any:
        """Return what the API server answers to a GET; None while it does not, or refuses."""
        return loopback.answer(f"{self.server}{path}", token=self.token, trust=self._trust)

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            self._folder = self._given_folder or Path(
                undo.enter_context(tempfile.TemporaryDirectory(prefix="steno-control-plane-"))
            )
            self._folder = self._folder.absolute()
            self._folder.mkdir(parents=True, exist_ok=True)
            self._start(undo)
            self._exit = undo.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._exit.close()

    def _start(self, undo: ExitStack) -> None:
        etcd, peer, api_server, controller_manager, scheduler = loopback.free_ports(5)
        self.server = f"https://127.0.0.1:{api_server}"
        self.etcd = f"http://127.0.0.1:{etcd}"
        self.token = secrets.token_hex(16)
        self._make_credentials()

        self._run(undo, "etcd", _etcd_flags(self._folder / "etcd", etcd, peer))
        server = self._run(undo, "kube-apiserver", self._api_server_flags(api_server, etcd))
        server.wait_until(lambda: self.get("/readyz") == "ok", timeout_seconds=START_SECONDS)
        self._run(undo, "kube-controller-manager", self._controller_manager_flags(controller_manager))
        self._run(undo, "kube-scheduler", self._client_flags(scheduler))
        self._wait_for("kube-scheduler", f"https://127.0.0.1:{scheduler}/readyz")
        self._wait_for("kube-controller-manager", f"https://127.0.0.1:{controller_manager}/healthz")
        # The controller manager's first work, without which no pod is admitted.
        account = f"{self.server}/api/v1/namespaces/default/serviceaccounts/default"
        self._wait_for("kube-controller-manager", account)

    def _run(self, undo: ExitStack, name: str, flags: Sequence[str]) -> Process:
        command: list[str | Path] = [tool(name), *flags, *self._flags.get(name, ())]
        process = Process(command, log=self._folder / f"{name}.log", folder=self._folder)
        self._components[name] = undo.enter_context(process)
        return process

    def _wait_for(self, name: str, url: str) -> None:
        self._components[name].wait_until(
            lambda: loopback.answer(url, token=self.token, trust=self._trust) is not None,
            timeout_seconds=START_SECONDS,
        )

    def _make_credentials(self) -> None:
        """Make a CA, one certificate for all servers, the key of service accounts, a kubeconfig."""
        certificates = self._folder / "certificates"
        settings = self._folder / "kubeadm.yaml"
        settings.write_text("\n---\n".join(json.dumps(part) for part in _kubeadm_settings(certificates)))
        for kind in ("ca", "apiserver", "sa"):
            commands.run([tool("kubeadm"), "init", "phase", "certs", kind, "--config", settings])
        self.ca_file = certificates / "ca.crt"
        self._trust = ssl.create_default_context(cafile=str(self.ca_file))

        (self._folder / "tokens.csv").write_text(f"{self.token},admin,admin,system:masters\n")
        self.kubeconfig = self._folder / "kubeconfig"
        self.kubeconfig.write_text(json.dumps(_kubeconfig(self.server, self.ca_file, self.token)))

    def _api_server_flags(self, port: int, etcd_port: int) -> list[str]:
        return [
            *_server_flags(port),
            f"--advertise-address={_NOWHERE}",
            f"--etcd-servers=http://127.0.0.1:{etcd_port}",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-account-key-file=certificates/sa.pub",
            "--service-account-signing-key-file=certificates/sa.key",
            "--token-auth-file=tokens.csv",
            "--authorization-mode=RBAC",
            "--allow-privileged",
        ]

    def _controller_manager_flags(self, port: int) -> list[str]:
        return [
            *self._client_flags(port),
            "--root-ca-file=certificates/ca.crt",
            "--service-account-private-key-file=certificates/sa.key",
            "--use-service-account-credentials",
        ]

    def _client_flags(self, port: int) -> list[str]:
        return [*_server_flags(port), f"--kubeconfig={self.kubeconfig}", "--leader-elect=false"]


def _kubeadm_settings(certificates: Path) -> list[dict[str, Any]]:
    """Return what kubeadm would look up otherwise: its latest release, and this machine's address."""
    group = "kubeadm.k8s.io/v1beta4"
    return [
        {
            "apiVersion": group,
            "kind": "InitConfiguration",
            "localAPIEndpoint": {"advertiseAddress": _NOWHERE},
        },
        {
            "apiVersion": group,
            "kind": "ClusterConfiguration",
            "kubernetesVersion": KUBERNETES,
            "certificatesDir": str(certificates),
            "apiServer": {"certSANs": ["127.0.0.1", "localhost"]},
        },
    ]


def _server_flags(port: int) -> list[str]:
    """Return what every component but etcd understands; paths are relative to the folder that they run in."""
    return [
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        "--tls-cert-file=certificates/apiserver.crt",
        "--tls-private-key-file=certificates/apiserver.key",
    ]


def _etcd_flags(data: Path, client_port: int, peer_port: int) -> list[str]:
    client, peer = (f"http://127.0.0.1:{port}" for port in (client_port, peer_port))
    return [
        f"--data-dir={data}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",  # nothing here outlives a power cut
    ]


def _kubeconfig(server: str, ca_file: Path, token: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "steno-bare",
        "contexts": [{"name": "steno-bare", "context": {"cluster": "steno-bare", "user": "admin"}}],
        "clusters": [{"name": "steno-bare", "cluster": {"server": server, "certificate-authority": str(ca_file)}}],
        "users": [{"name": "admin", "user": {"token": token}}],
    }
