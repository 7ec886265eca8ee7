"""Connect to the API server.

Called by the entry points of operator and gateway; tests give a kubeconfig through ``KUBECONFIG``.
"""

from typing import Final

import httpx2
from lightkube import AsyncClient, ConfigError

from steno_kube.errors import ClusterUnknownError

REQUEST_TIMEOUT_SECONDS: Final = 10.0
"""Of one request other than a watch: a server that needs longer is treated as away."""


def connect(field_manager: str) -> AsyncClient:
    """Open a client from the pod's service account, ``KUBECONFIG``, or ``~/.kube/config``, in that order.

    Raises
    ------
    ClusterUnknownError
        None of them is there, or can be read.
    """
    try:
        return AsyncClient(field_manager=field_manager, timeout=httpx2.Timeout(REQUEST_TIMEOUT_SECONDS))
    except ConfigError as error:
        raise ClusterUnknownError(str(error)) from error
