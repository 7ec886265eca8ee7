"""How fast recordings go through the gateway, and what memory they take.

Called by `suite`. The baseline is `bare`, in turns; the store is the same. Must not know how the gateway does it.
"""

import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from benchmarks.figures import figure
from benchmarks.gateway.senders import BOUNDARY, in_a_form, random_bytes, send
from benchmarks.gateway.stand import Found, Stand, Terms
from benchmarks.usage import rss_mebibytes

THROUGHPUT_GOAL: Final = ">= 0.9"
"""Of the bare server's."""

DENSE_GOAL: Final = ">= 0.5"
"""Of random bytes' in the same form."""

MEMORY_GOAL: Final = "<= 150"
"""MB over the idle gateway, while `AT_ONCE` uploads run."""

AT_ONCE: Final = 20

MEGABYTE: Final = 1e6
_MEBIBYTE: Final = 2**20
_LOOK_SECONDS: Final = 0.1

DENSE: Final = b"\r\n--\r\n-" * (1 << 17)
"""Nothing but what a boundary begins with."""

FORM_TYPE: Final = f"multipart/form-data; boundary={BOUNDARY}"
RAW_TYPE: Final = "application/octet-stream"


def measure(terms: Terms) -> Found:
    """Measure all."""
    size = terms.upload_bytes
    raw = random_bytes(size)
    noise, dense = in_a_form(os.urandom(len(DENSE)), size), in_a_form(DENSE, size)
    with Stand() as stand:
        gateway, bare = stand.gateway.port, stand.bare.port
        terms.say(f"raw uploads of {size / MEGABYTE:.0f} MB, the gateway and a bare server in turns")
        through, beside = _in_turns(
            terms.rounds,
            lambda: send(gateway, "PUT", "/uploads/talk.wav", raw, content_type=RAW_TYPE)[0],
            lambda: send(bare, "PUT", "/uploads/", raw, content_type=RAW_TYPE)[0],
        )
        terms.say("forms: random bytes, and bytes that look like boundaries, in turns")
        of_noise, of_dense = _in_turns(
            terms.rounds,
            lambda: send(gateway, "POST", "/transcribe", noise, content_type=FORM_TYPE)[0],
            lambda: send(gateway, "POST", "/transcribe", dense, content_type=FORM_TYPE)[0],
        )
    with Stand() as stand:
        terms.say(f"{AT_ONCE} uploads of {size / MEGABYTE:.0f} MB at once")
        idle, peak, seconds = _memory(stand, size)

    def rate(took: float) -> float:
        return size / MEGABYTE / took

    raw_name, dense_name = "raw upload", "form of CR, LF and hyphens"
    memory = f"memory of {AT_ONCE} uploads at once"
    return (
        [
            figure(raw_name, "MB/s", rate(through), baseline=rate(beside), goal=THROUGHPUT_GOAL),
            figure(dense_name, "MB/s", rate(of_dense), baseline=rate(of_noise), goal=DENSE_GOAL),
            figure(memory, "MB", (peak - idle) * _MEBIBYTE / MEGABYTE, goal=MEMORY_GOAL),
            figure("memory of the idle gateway", "MB", idle * _MEBIBYTE / MEGABYTE),
            figure(f"{AT_ONCE} uploads at once, together", "MB/s", AT_ONCE * rate(seconds)),
        ],
        {
            raw_name: (
                f"PUT of {size / MEGABYTE:.0f} MB of noise, to the end of the answer; the baseline is a bare uvicorn "
                f"route that streams to the same store with boto3. Medians of {terms.rounds}."
            ),
            dense_name: "The same in a form whose file looks like boundaries; the baseline is a form of noise.",
            memory: f"Most resident memory while {AT_ONCE} uploads run, over the gateway before them.",
        },
        [],
    )


def _in_turns(rounds: int, first: Callable[[], float], second: Callable[[], float]) -> tuple[float, float]:
    """Take turns, and give the medians; a first go of each does not count."""
    first(), second()
    taken = [(first(), second()) for _ in range(rounds)]
    return statistics.median(a for a, _ in taken), statistics.median(b for _, b in taken)


def _memory(stand: Stand, size: int) -> tuple[float, float, float]:
    """Give the gateway's memory idle and at its peak, in MiB, and how long all uploads took."""
    port, pid = stand.gateway.port, stand.gateway.pid
    send(port, "PUT", "/uploads/talk.wav", random_bytes(1 << 20), content_type=RAW_TYPE)
    idle = peak = rss_mebibytes(pid)
    body = random_bytes(size)
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as senders:
        uploads = [
            senders.submit(send, port, "PUT", "/uploads/talk.wav", body, content_type=RAW_TYPE)
            for _ in range(AT_ONCE)
        ]
        while not all(upload.done() for upload in uploads):
            peak = max(peak, rss_mebibytes(pid))
            time.sleep(_LOOK_SECONDS)
        for upload in uploads:
            upload.result()
    return idle, peak, time.monotonic() - began
