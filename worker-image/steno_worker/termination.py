"""The container's last word: the termination message that the kubelet copies into the pod's status.

Written by `worker` for every failure and by `sigterm` when the cluster ends the pod; read by the operator. Must not
know why an attempt failed.
"""

import logging
import os
from pathlib import Path
from typing import Final

from steno_types import Reason, TerminationMessage

TERMINATION_VARIABLE: Final = "STENO_TERMINATION_MESSAGE"
"""Environment variable that names another file for it, for runs outside Kubernetes."""

DEFAULT_PATH: Final = "/dev/termination-log"
"""Kubernetes' default for ``terminationMessagePath``."""

logger = logging.getLogger(__name__)


def write_termination_message(reason: Reason, message: str) -> None:
    """Leave `reason` and `message` behind; where that is impossible the log has them."""
    path = Path(os.environ.get(TERMINATION_VARIABLE, DEFAULT_PATH))
    try:
        path.write_text(TerminationMessage(reason=reason, message=message).to_json(), encoding="utf-8")
    except OSError as error:
        logger.warning("no termination message could be written: %s", error)
