"""Where samples belong by the recording's own clock, so that times in the transcript are the player's.

`decoder` asks before each frame. Pure arithmetic on seconds::

    container's start      first frame            gap             next frame
    |----- silence --------|======== sound =======|--- silence ---|======

Only containers that store a time with their packets have a clock; the others' is counted up by FFmpeg from packet
lengths, and says nothing that the samples do not. Must not know FFmpeg.
"""

from dataclasses import dataclass, field
from typing import Final

TOLERANCE_SECONDS: Final = 0.1
"""Deviation that rounding and jitter of the clock explain; FFmpeg's own players take the same before they resync."""

MAX_GAP_SECONDS: Final = 3_600.0
"""Longest gap that is believed: a participant who was muted for an hour. Beyond, the clock itself has jumped."""

MAX_GAP_OF_BROADCAST_SECONDS: Final = 10.0
"""The same where clocks are known to jump (MPEG transport streams); FFmpeg's ``dts_delta_threshold``."""


@dataclass(slots=True, kw_only=True)
class Timeline:
    """The clock of one stream."""

    start_seconds: float = 0.0
    """What the clock shows where a player's shows zero."""
    max_gap_seconds: float = MAX_GAP_SECONDS
    num_gaps: int = 0
    """Gaps amid the sound; not a late start, which is no fault."""
    gap_seconds: float = 0.0
    """Their sum."""
    num_jumps: int = 0
    """Times that the clock was found to have been set anew, forwards."""
    _shift_seconds: float = field(default=0.0, init=False)

    def silence_before(self, clock_seconds: float, position_seconds: float) -> float:
        """Say how much silence belongs before what the clock puts at `clock_seconds`.

        `position_seconds` is the length of all before it. A clock that runs late or starts again is followed: no
        sound is ever dropped for it.
        """
        ahead = clock_seconds - self.start_seconds + self._shift_seconds - position_seconds
        if position_seconds == 0 and 0 < ahead <= self.max_gap_seconds:
            return ahead
        if abs(ahead) <= TOLERANCE_SECONDS:
            return 0.0
        if ahead < 0 or ahead > self.max_gap_seconds:
            self._shift_seconds -= ahead
            self.num_jumps += ahead > 0
            return 0.0
        self.num_gaps += 1
        self.gap_seconds += ahead
        return ahead
