"""Memory does not grow with a recording's duration."""

import os
import subprocess
import sys
from pathlib import Path

from unit.worker.recordings import write_silence

MAX_GROWTH_BYTES = 32 * 1024 * 1024
"""Twelve times the duration; its samples alone would be 420 MB more as floats."""


def decoded(recording: Path) -> tuple[int, int]:
    """Run ``measured_process.py``, and give the number of samples and the peak in bytes."""
    program = str(Path(__file__).with_name("measured_process.py"))
    command = [sys.executable, "-W", "error", program, str(recording), str(recording.with_suffix(".spool"))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    printed = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    num_samples, peak_bytes = printed.split()
    return int(num_samples), int(peak_bytes)


def test_two_hours_take_the_memory_of_ten_minutes(tmp_path: Path) -> None:
    """A process that decodes and reads twelve times as much peaks where the other did."""
    short = write_silence(tmp_path / "short.flac", codec="flac", rate_hz=4_000, seconds=600)
    long = write_silence(tmp_path / "long.flac", codec="flac", rate_hz=4_000, seconds=7200)

    short_samples, short_peak_bytes = decoded(short)
    long_samples, long_peak_bytes = decoded(long)

    assert (600 * 16_000, 7200 * 16_000) == (short_samples, long_samples)
    assert long_peak_bytes - short_peak_bytes < MAX_GROWTH_BYTES
