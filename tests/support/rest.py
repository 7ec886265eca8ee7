"""Steno's REST API as an application uses it: submit, wait, download, release.

For the cluster tier; knows HTTP alone.
"""

from pathlib import Path
from typing import Any

import httpx

from support.kubernetes_api import wait_for

Answer = dict[str, Any]


class Rest:
    """One gateway."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def submit(self, recording: Path | bytes, *, name: str = "talk.wav", **options: Any) -> Answer:
        """Send a recording; gives what the gateway answered it with."""
        body = recording if isinstance(recording, bytes) else recording.read_bytes()
        fields = {
            field: str(value).lower() if isinstance(value, bool) else str(value) for field, value in options.items()
        }
        accepted = self.http.post("/transcribe", files={"file": (name, body, "audio/wav")}, data=fields)
        assert 202 == accepted.status_code, accepted.text
        answer: Answer = accepted.json()
        return answer

    def status(self, task_id: str) -> Answer:
        """Ask how a task is."""
        answer: Answer = self.http.get(f"/status/{task_id}").raise_for_status().json()
        return answer

    def wait_for(self, task_id: str, status: str, *, timeout_seconds: float = 120) -> Answer:
        """Wait until a task is `status`."""

        def look() -> Answer | None:
            seen = self.status(task_id)
            return seen if seen["status"] == status else None

        return wait_for(look, f"{task_id} to be {status}", timeout_seconds=timeout_seconds)

    def wait_until_gone(self, task_id: str, *, timeout_seconds: float = 60) -> None:
        """Wait until a task is known no more."""
        wait_for(
            lambda: True if self.http.get(f"/status/{task_id}").status_code == 404 else None,
            f"{task_id} to go",
            timeout_seconds=timeout_seconds,
        )
