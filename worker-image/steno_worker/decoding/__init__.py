"""Decode any recording to the samples that engines want, in memory that is flat in its duration.

Called by `pipeline` (`start_decoding`), by engines (`Audio`) and by their tests (`audio_of`). One thread decodes with
FFmpeg (by PyAV) into a spool file; whoever reads may follow while it grows. The file's bytes are a stranger's: only
containers that hold media themselves are accepted, no demuxer may open anything besides this one file, and what a
header claims refuses nothing and reserves nothing.

::

    audio        what readers see, and the thread behind it
    ├── spool        the file of samples that one writes and many read
    ├── probing      is it a recording, which of its streams, within which limits
    │   ├── unreadable   what it is instead
    │   ├── encryption   whether it is locked
    │   └── claims       what the file says of its own length, by `boxes` and `mpeg_audio`
    └── decoder      packets to samples, in order
        ├── timeline     where they belong by the recording's clock
        └── mixing       any rate and channels to mono at 16 kHz

Must not know stores, jobs or engines.
"""

from steno_worker.decoding.audio import Audio, audio_of, start_decoding
from steno_worker.decoding.limits import DecodingLimits

__all__ = ["Audio", "DecodingLimits", "audio_of", "start_decoding"]
