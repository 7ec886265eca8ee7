"""A fresh process that transcribes one recording and says how much memory it took, stage by stage.

Started by `memory` as ``python -m benchmarks.memory_process RECORDING``; prints one line of JSON, in bytes. The peak
is ``VmHWM``, which begins anew with the program; ``ru_maxrss`` would remember the process that started it. Must not
know what it is compared with.
"""

import json
import sys
from pathlib import Path
from typing import Final

STATUS: Final = Path("/proc/self/status")
"""Where the kernel says what this process holds."""


def held_bytes(field: str) -> int:
    """Read ``VmRSS`` (what is held now) or ``VmHWM`` (the most that was)."""
    for line in STATUS.read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024  # the kernel counts in KiB
    raise ValueError(f"{STATUS} has no {field}")


def main(recording: Path) -> None:
    """Load the model, transcribe and render, and print what was held."""
    from benchmarks.sides import Steno  # noqa: PLC0415 -- with it come the libraries, which are measured

    imported = held_bytes("VmRSS")
    steno = Steno()
    loaded = held_bytes("VmRSS")
    transcription = steno.transcribe(recording)
    held = {
        "imported": imported,
        "loaded": loaded,
        "peak": held_bytes("VmHWM"),
        "words": len(transcription.text.split()),
        "chunks": transcription.chunks,
    }
    sys.stdout.write(json.dumps(held) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
