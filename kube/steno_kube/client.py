"""Connect to the API server.

Called by the entry points of operator and gateway; tests give a kubeconfig through ``KUBECONFIG``.
"""

import ssl
from typing import Final

import httpx2
from lightkube import AsyncClient, ConfigError, KubeConfig, SingleConfig
from lightkube.config.client_adapter import verify_cluster

from steno_kube.errors import ClusterUnknownError
from steno_kube.transport import AiohttpTransport, Told

REQUEST_TIMEOUT_SECONDS: Final = 10.0
"""Of one request other than a watch: a server that needs longer is treated as away."""


def connect(field_manager: str, *, told: Told = lambda *_: None) -> AsyncClient:
    """Open a client from the pod's service account, ``KUBECONFIG``, or ``~/.kube/config``, in that order.

    `told` hears of each request.

    Raises
    ------
    ClusterUnknownError
        None of them is there, or can be read.
    """
    try:
        config = KubeConfig.from_env().get()
        transport = AiohttpTransport(_trust(config), told)
        timeout = httpx2.Timeout(REQUEST_TIMEOUT_SECONDS)
        return AsyncClient(config, field_manager=field_manager, timeout=timeout, transport=transport)
    except ConfigError as error:
        raise ClusterUnknownError(str(error)) from error


def _trust(config: SingleConfig | None) -> ssl.SSLContext:
    """Say whom to trust, and as whom to show up, as lightkube itself would."""
    if config is None or config.user is None:
        raise ConfigError("the kubeconfig's context names no user")
    return verify_cluster(config.cluster, config.user, config.abs_file)
