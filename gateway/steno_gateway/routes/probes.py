"""``/healthz`` and ``/readyz`` for the kubelet, ``/metrics`` for Prometheus."""

from fastapi import APIRouter, Response

from steno_gateway import problems
from steno_gateway.context import ContextDependency
from steno_gateway.metrics import MEDIA_TYPE
from steno_gateway.openapi import problem_responses
from steno_gateway.problems import ProblemError
from steno_gateway.responses import Health

router = APIRouter(tags=["probes"])


@router.get("/healthz", summary="Whether the gateway lives")
async def healthz() -> Health:
    """Answer as long as the process can; asks nobody else, so that no outage elsewhere restarts the gateway."""
    return Health()


@router.get("/readyz", summary="Whether the gateway can work", responses=problem_responses(problems.NOT_READY))
async def readyz(context: ContextDependency) -> Health:
    """Answer well while the API server and the object store answer; asked for at most every few seconds."""
    if away := await context.readiness.away():
        raise ProblemError(
            problems.NOT_READY,
            f"No answer from {' and from '.join(away)}.",
            remedy="Whoever runs the cluster looks after what does not answer, and at the gateway's log.",
        )
    return Health()


@router.get("/metrics", include_in_schema=False)
async def metrics(context: ContextDependency) -> Response:
    """Give what this replica has measured."""
    return Response(context.metrics.text(), media_type=MEDIA_TYPE)
