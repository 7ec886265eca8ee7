"""Spell offsets into a recording.

Called by the formats that show times. Must not know any of them.
"""

from decimal import ROUND_HALF_EVEN, Decimal


def milliseconds(seconds: float) -> int:
    """Round an offset half to even, as its shortest decimal spelling reads.

    Notes
    -----
    ``1000 * seconds`` would round the binary neighbour instead: 0.5015 s is 501.4999… ms there, and 502 ms here.
    """
    return int(Decimal(str(seconds)).scaleb(3).to_integral_value(ROUND_HALF_EVEN))


def timestamp(offset_ms: int, *, point: str) -> str:
    """Spell an offset as hh:mm:ss, `point` and three digits; hours grow past two digits where needed."""
    whole_seconds, thousandths = divmod(offset_ms, 1000)
    return f"{clock_time(whole_seconds)}{point}{thousandths:03d}"


def clock_time(seconds: float) -> str:
    """Spell an offset as hh:mm:ss, rounded down; hours grow past two digits where needed."""
    minutes, whole_seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{whole_seconds:02d}"
