"""How many status reads a second the gateway answers, what open event streams take, how long a submission takes.

Called by `suite`, over one stand with thousands of jobs. Must not know how the gateway does it.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import aiohttp

from benchmarks.api_server import BenchApi
from benchmarks.figures import Figure, figure
from benchmarks.gateway.stand import NAMESPACE, Found, Stand, Terms
from benchmarks.pacing import at_once, at_rate
from benchmarks.percentiles import Latencies
from benchmarks.usage import cpu_seconds, rss_mebibytes
from steno_types import API_VERSION, GROUP, KIND, PLURAL, VERSION

READS_GOAL: Final = ">= 0.8"
"""Of a bare FastAPI route's."""

CONNECTIONS: Final = 16
"""That ask for statuses."""

READ_SECONDS: Final = 10.0
"""Of one round."""

PER_SECOND: Final = 10
"""Submissions."""

CONCURRENCY: Final = 50
"""Under way while the jobs are made."""

SETTLE_SECONDS: Final = 5.0
"""From the last job to the first read."""

JOBS: Final = f"/apis/{GROUP}/{VERSION}/namespaces/{NAMESPACE}/{PLURAL}"


def measure(terms: Terms) -> Found:
    """Measure all."""
    with Stand() as stand:
        terms.say(f"{terms.jobs} jobs")
        asyncio.run(_fill(stand, terms.jobs))
        reads, means = _reads(terms, stand)
        streams, more = asyncio.run(_streams(terms, stand))
        submissions, most = asyncio.run(_submissions(terms, stand))
    return [*reads, *streams, *submissions], means | more | most, []


def _name(number: int) -> str:
    return f"job-{number:05}"


def _a_job(name: str) -> dict[str, Any]:
    spec = {"source": {"s3": {"key": f"recordings/{name}.wav"}}}
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": name}, "spec": spec}


async def _fill(stand: Stand, count: int) -> None:
    async with BenchApi.connected(stand.control_plane) as api:

        async def make(number: int) -> None:
            await api.post(JOBS, _a_job(_name(number)))

        await at_once(make, times=count, concurrency=CONCURRENCY)
    await asyncio.sleep(SETTLE_SECONDS)


def _reads(terms: Terms, stand: Stand) -> tuple[list[Figure], dict[str, str]]:
    terms.say("status reads, the gateway and bare routes in turns")
    found: dict[str, list[float]] = {"status": [], "two words": [], "a document": []}
    for _ in range(terms.rounds):
        found["status"].append(_asked(stand.gateway.port, "status", terms.jobs))
        found["two words"].append(_asked(stand.bare.port, "status", terms.jobs))
        found["a document"].append(_asked(stand.bare.port, "document", terms.jobs))
    rates = {name: statistics.median(each) for name, each in found.items()}
    strict, alike = "status reads", "status reads, over a bare route with a document"
    return (
        [
            figure(strict, "1/s", rates["status"], baseline=rates["two words"], goal=READS_GOAL),
            figure(alike, "1/s", rates["status"], baseline=rates["a document"]),
        ],
        {
            strict: (
                f"GET /status over {CONNECTIONS} connections with {terms.jobs:,} waiting jobs in the cache; the "
                "baseline is a bare FastAPI route that gives two words, on uvicorn as it comes. Medians of "
                f"{terms.rounds} rounds of {READ_SECONDS:.0f} s."
            ),
            alike: "The same over a bare route that gives a document of a status's size.",
        },
    )


def _asked(port: int, path: str, jobs: int) -> float:
    """Give how many answers a second a server gives."""
    with tempfile.NamedTemporaryFile("w", suffix=".paths") as paths:
        paths.write("\n".join(f"/{path}/{_name(number)}" for number in range(jobs)))
        paths.flush()
        arguments = [str(port), paths.name, str(CONNECTIONS), str(READ_SECONDS)]
        command = [sys.executable, "-m", "benchmarks.gateway.http_load", *arguments]
        folder = Path(__file__).parents[2]
        said = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=folder).stdout)
    return float(said["requests"] / said["seconds"])


async def _streams(terms: Terms, stand: Stand) -> tuple[list[Figure], dict[str, str]]:
    terms.say(f"{terms.streams} open event streams")
    pid = stand.gateway.pid
    before = rss_mebibytes(pid)
    idle = await _burned(pid, terms.seconds)
    async with AsyncExitStack() as opened:
        session = await opened.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None))
        )
        for number in range(terms.streams):
            url = f"{stand.gateway.address}/events/{_name(number % terms.jobs)}"
            answer = await opened.enter_async_context(session.get(url))
            answer.raise_for_status()
            await answer.content.readuntil(b"\n\n")
        burned = await _burned(pid, terms.seconds)
        held = rss_mebibytes(pid)
    memory, cpu = f"memory of {terms.streams} event streams", f"CPU of {terms.streams} event streams"
    return (
        [
            figure(memory, "MiB", held - before),
            figure(cpu, "% of a core", burned),
            figure("CPU without event streams", "% of a core", idle),
        ],
        {
            memory: "Resident memory with one stream for each of as many waiting jobs, over that before.",
            cpu: f"Over {terms.seconds:.0f} s in which no job changes, heartbeats included.",
        },
    )


async def _burned(pid: int, seconds: float) -> float:
    """Give what a process takes of a core, in percent."""
    burned, began = cpu_seconds(pid), time.monotonic()
    await asyncio.sleep(seconds)
    return (cpu_seconds(pid) - burned) / (time.monotonic() - began) * 100


async def _submissions(terms: Terms, stand: Stand) -> tuple[list[Figure], dict[str, str]]:
    terms.say(f"submissions, {PER_SECOND} a second, through the gateway and then straight to the API server")
    through: list[float] = []
    straight: list[float] = []
    async with (
        aiohttp.ClientSession(stand.gateway.address) as session,
        BenchApi.connected(stand.control_plane) as api,
    ):

        async def submit(number: int) -> None:
            began = time.monotonic()
            async with session.post("/transcribe", json={"s3": {"key": f"recordings/{number}.wav"}}) as answer:
                answer.raise_for_status()
                await answer.read()
            through.append(time.monotonic() - began)

        async def create(number: int) -> None:
            began = time.monotonic()
            await api.post(JOBS, _a_job(f"bare-{number:05}"))
            straight.append(time.monotonic() - began)

        await at_rate(submit, per_second=PER_SECOND, seconds=terms.seconds)
        await at_rate(create, per_second=PER_SECOND, seconds=terms.seconds)
    ours, theirs = Latencies.of(through), Latencies.of(straight)
    p99, p50 = "POST with an S3 source, p99", "POST with an S3 source, p50"
    return (
        [
            figure(p99, "ms", ours.p99_ms, baseline=theirs.p99_ms),
            figure(p50, "ms", ours.p50_ms, baseline=theirs.p50_ms),
        ],
        {
            p99: (
                f"{PER_SECOND} a second for {terms.seconds:.0f} s, to the end of the answer; the baseline is the "
                "same TranscriptionJob created at the API server without a gateway."
            )
        },
    )
