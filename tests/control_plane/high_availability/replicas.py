"""Two replicas of an operator in one namespace, and the Lease between them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kubernetes import client

from control_plane.conftest import MakeOperator
from support.kubernetes_api import Api, wait_for
from support.operator_process import OperatorProcess

LEASE = "steno-operator"


def lease_of(api: Api) -> Any:
    """Read the Lease's record; None where there is none yet."""
    coordination: Any = client.CoordinationV1Api(api.connection)
    try:
        return coordination.read_namespaced_lease(LEASE, api.namespace).spec
    except api.refusal as error:
        if error.status == 404:
            return None
        raise


def holder_of(api: Api) -> str:
    """Name the pod that holds the Lease; empty: none does."""
    record = lease_of(api)
    holder: str = (record.holder_identity if record else None) or ""
    return holder.rpartition("_")[0]


def wait_for_holder(api: Api, *, other_than: str = "", timeout_seconds: float = 60) -> str:
    """Wait until another pod than the one named holds the Lease, and name it."""

    def look() -> str | None:
        holder = holder_of(api)
        return holder if holder not in {"", other_than} else None

    return wait_for(look, f"a holder other than {other_than!r}", timeout_seconds=timeout_seconds)


def renewed_at(api: Api) -> datetime:
    """Say when the Lease was renewed last, by the holder's clock."""
    moment: datetime = lease_of(api).renew_time
    return moment


@dataclass
class Replicas:
    """A leader, and one that stands by."""

    api: Api
    leader: OperatorProcess
    standby: OperatorProcess
    leading: str
    """The leader's pod name."""

    @classmethod
    def start(cls, api: Api, make_operator: MakeOperator, **of_the_leader: Any) -> "Replicas":
        """Start one, let it lead, then start the other."""
        leader = make_operator(api, **of_the_leader)
        leading = wait_for_holder(api)
        standby = make_operator(api)
        return cls(api, leader, standby, leading)

    def wait_for_takeover(self) -> str:
        """Wait until the standby leads, and name it."""
        return wait_for_holder(self.api, other_than=self.leading)
