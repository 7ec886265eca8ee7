"""Begin to decode a recording and leave; run by ``test_audio.py``. Arguments: recording, spool."""

import sys
from pathlib import Path

from steno_worker.decoding import start_decoding

if __name__ == "__main__":
    audio = start_decoding(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.write(f"{len(audio.read(0, 16_000))}\n")
