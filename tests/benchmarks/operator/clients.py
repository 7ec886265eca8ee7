"""What a request costs in each client that an operator in Python could use, and in Steno's own.

Called by `suite`; the ground on which Steno's was chosen. One process, one event loop, a GET of one
TranscriptionJob over and over. Must not know the operator.
"""

import asyncio
import os
import ssl
import time
from collections.abc import Awaitable, Callable
from statistics import median
from typing import Final

import aiohttp
import httpx2
import uvloop
from lightkube import AsyncClient, KubeConfig
from lightkube.generic_resource import create_namespaced_resource

from benchmarks.api_server import BenchApi
from benchmarks.figures import figure
from benchmarks.operator.creation import Found
from benchmarks.operator.objects import JOBS, a_job
from benchmarks.operator.stand import NAMESPACE, Stand, Terms
from benchmarks.pacing import at_once
from steno_kube import TranscriptionJobs, connect
from steno_types import GROUP, KIND, PLURAL, VERSION

REQUESTS: Final = 2_000
"""Of each client in each round."""

ROUNDS: Final = 3
"""In turns; medians are told."""

CONCURRENCY: Final = 16

NAME: Final = "talk"

Get = Callable[[int], Awaitable[None]]


def measure(terms: Terms) -> Found:
    """Measure all; the baseline is the cheapest."""
    terms.say("requests by client")
    with Stand(terms, "clients") as stand, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        found = runner.run(_run(stand))
    bare_seconds, bare_cpu = found.pop("aiohttp")
    figures = [
        figure("GET by aiohttp, wall time", "us", bare_seconds * 1e6),
        figure("GET by aiohttp, CPU of the client", "us", bare_cpu * 1e6),
    ]
    for name, (seconds, cpu) in found.items():
        figures += [
            figure(f"GET by {name}, wall time", "us", seconds * 1e6, baseline=bare_seconds * 1e6),
            figure(f"GET by {name}, CPU of the client", "us", cpu * 1e6, baseline=bare_cpu * 1e6),
        ]
    meaning = (
        f"Per request, over {REQUESTS} with {CONCURRENCY} at once on one event loop, JSON parsed, by steno_kube "
        f"into the model; medians of {ROUNDS} rounds in turns. The baseline is aiohttp."
    )
    return figures, {each.metric: meaning for each in figures[:1]}, []


async def _run(stand: Stand) -> dict[str, tuple[float, float]]:
    """Give wall and CPU seconds per request, by client."""
    plane = stand.control_plane
    path = f"{JOBS}/{NAME}"
    trust = ssl.create_default_context(cafile=str(plane.ca_file))
    headers = {"Authorization": f"Bearer {plane.token}"}
    resource = create_namespaced_resource(GROUP, VERSION, KIND, PLURAL)
    os.environ["KUBECONFIG"] = str(plane.kubeconfig)  # the one way to tell it
    connection = connect("bench")
    typed = AsyncClient(config=KubeConfig.from_file(str(plane.kubeconfig)).get())
    async with (
        BenchApi.connected(plane) as api,
        aiohttp.ClientSession(plane.server, headers=headers, connector=aiohttp.TCPConnector(ssl=trust)) as bare,
        httpx2.AsyncClient(base_url=plane.server, headers=headers, verify=trust) as middle,
    ):
        await api.post(JOBS, a_job(NAME))
        own = TranscriptionJobs(connection)

        async def by_aiohttp(_: int) -> None:
            async with bare.get(path) as answer:
                answer.raise_for_status()
                await answer.json()

        async def by_httpx2(_: int) -> None:
            (await middle.get(path)).raise_for_status().json()

        async def by_lightkube(_: int) -> None:
            await typed.get(resource, NAME, namespace=NAMESPACE)

        async def by_steno(_: int) -> None:
            await own.get(NAMESPACE, NAME)

        gets: dict[str, Get] = {
            "aiohttp": by_aiohttp,
            "httpx2": by_httpx2,
            "lightkube": by_lightkube,
            "steno_kube": by_steno,
        }
        measured: dict[str, list[tuple[float, float]]] = {name: [] for name in gets}
        for _ in range(ROUNDS):
            for name, get in gets.items():
                measured[name].append(await _cost(get))
        await typed.close()
        await connection.close()
    return {
        name: (median(seconds for seconds, _ in costs), median(cpu for _, cpu in costs))
        for name, costs in measured.items()
    }


async def _cost(get: Get) -> tuple[float, float]:
    """Give wall and CPU seconds per request."""
    await at_once(get, times=REQUESTS // 10, concurrency=CONCURRENCY)
    began, burned = time.monotonic(), _cpu_seconds()
    await at_once(get, times=REQUESTS, concurrency=CONCURRENCY)
    return (time.monotonic() - began) / REQUESTS, (_cpu_seconds() - burned) / REQUESTS


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system
