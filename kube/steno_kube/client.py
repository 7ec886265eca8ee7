"""Connect to the API server.

Called by the entry points of operator and gateway; tests give a kubeconfig through ``KUBECONFIG``. The one module
beside `credentials` that knows lightkube, which finds the server and whom to trust.
"""

from lightkube import ConfigError, KubeConfig, SingleConfig
from lightkube.config.client_adapter import user_auth, verify_cluster
from lightkube.config.models import User

from steno_kube.api_server import ApiServer, Told
from steno_kube.credentials import Credentials
from steno_kube.errors import ClusterUnknownError


def connect(field_manager: str, *, told: Told = lambda *_: None) -> ApiServer:
    """Open a client from the pod's service account, ``KUBECONFIG``, or ``~/.kube/config``, in that order.

    `told` hears of each request.

    Raises
    ------
    ClusterUnknownError
        None of them is there, or can be read.
    """
    try:
        config, user = _context(KubeConfig.from_env().get())
        return ApiServer(
            config.cluster.server,
            verify_cluster(config.cluster, user, config.abs_file),
            Credentials(user_auth(user)),
            field_manager=field_manager,
            told=told,
        )
    except ConfigError as error:
        raise ClusterUnknownError(str(error)) from error


def _context(config: SingleConfig | None) -> tuple[SingleConfig, User]:
    if config is None or config.user is None:
        raise ConfigError("the kubeconfig's context names no user")
    return config, config.user
