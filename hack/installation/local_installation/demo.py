"""The demo: send a recording through REST as an application would, and print what became of it.

Called by `__main__`. Uses the gateway's HTTP interface alone.
"""

import sys
import time
from pathlib import Path
from typing import Any, Final

import httpx

from local_installation.images import ROOT
from local_installation.installation import NAMESPACE, Installation

RECORDING: Final = ROOT / "tests" / "fixtures" / "recordings" / "meeting.wav"
LONGEST_SECONDS: Final = 180
POLL_SECONDS: Final = 0.2


def show(here: Installation, recording: Path = RECORDING) -> None:
    """Transcribe `recording` and print its sentences with their times, the task's id and where to go next."""
    with httpx.Client(base_url=here.gateway_url, timeout=60) as http:
        sent = time.monotonic()
        task = _submit(http, recording)
        status = _wait(http, task["status_url"])
        took_seconds = time.monotonic() - sent
        if status["status"] != "completed":
            error = status["error"]
            sys.exit(f"{task['task_id']} failed: {error['reason']}: {error['message']}")
        transcript = http.get(task["download_url"], params={"fmt": "json"}).raise_for_status().json()
    print(f"\n{recording.name}, {transcript['durationSeconds']:.1f} s, language {transcript['language']}\n")
    for segment in transcript["segments"]:
        print(f"  {segment['start']:6.2f} - {segment['end']:6.2f}  {segment['text'].strip()}")
    print(
        f"\nTask {task['task_id']}: done {took_seconds:.1f} s after it was sent, "
        f"real-time factor {status['real_time_factor']:.3f}"
    )
    for name in ("json", "md", "txt"):
        print(f"  {here.gateway_url}{task['download_url']}?fmt={name}")
    print(f"\nThe API, to try by hand: {here.gateway_url}/docs")
    print(f"The cluster: export KUBECONFIG={here.kubeconfig}; kubectl get tsj --namespace {NAMESPACE}\n")
    print(here.kubectl("get", "transcriptionjobs", "--namespace", NAMESPACE))


def _submit(http: httpx.Client, recording: Path) -> dict[str, Any]:
    with recording.open("rb") as file:
        answer = http.post("/transcribe", files={"file": (recording.name, file, "audio/wav")})
    accepted: dict[str, Any] = answer.raise_for_status().json()
    return accepted


def _wait(http: httpx.Client, status_url: str) -> dict[str, Any]:
    deadline = time.monotonic() + LONGEST_SECONDS
    while True:
        status: dict[str, Any] = http.get(status_url).raise_for_status().json()
        if status["status"] in {"completed", "failed"}:
            return status
        if time.monotonic() > deadline:
            sys.exit(f"no transcript after {LONGEST_SECONDS} s; the task is {status}")
        time.sleep(POLL_SECONDS)
