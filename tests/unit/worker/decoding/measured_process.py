"""Decode a recording, read it window by window, and print the process's peak of memory; run by ``test_memory.py``.

Arguments: recording, spool.
"""

import resource
import sys
from pathlib import Path

from steno_worker.decoding import start_decoding

WINDOW_SAMPLES = 30 * 16_000
"""What an engine reads at once."""

if __name__ == "__main__":
    with start_decoding(Path(sys.argv[1]), Path(sys.argv[2])) as audio:
        position = 0
        while len(window := audio.read(position, position + WINDOW_SAMPLES)):
            position += len(window)
    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB
    sys.stdout.write(f"{position} {peak_bytes}\n")
