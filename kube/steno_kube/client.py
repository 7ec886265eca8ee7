"""Connect to the API server.

Called by the entry points of operator and gateway; tests give a kubeconfig through ``KUBECONFIG``.
"""

from typing import Final

import httpx2
from lightkube import AsyncClient

REQUEST_TIMEOUT_SECONDS: Final = 10.0
"""Of one request other than a watch: a server that needs longer is treated as away."""


def connect(field_manager: str) -> AsyncClient:
    """Open a client from the pod's service account, ``KUBECONFIG``, or ``~/.kube/config``, in that order."""
    return AsyncClient(field_manager=field_manager, timeout=httpx2.Timeout(REQUEST_TIMEOUT_SECONDS))
