"""Steno's own JSON, of the transcript and of the report.

Called by `rendering`; `rendering.schema` describes the same as a JSON Schema. Fields and their meaning are those of
`steno_worker.transcript` and `steno_worker.report`; here is decided only what is left out.
"""

from typing import Any, Final

from steno_worker.report import Report
from steno_worker.transcript import Transcript

LEFT_OUT: Final = ("Segment", "tokens")
"""Model and field that the transcript's JSON does not show; ``verbose_json`` does."""

_EXCLUDED: Final[Any] = {"segments": {"__all__": {LEFT_OUT[1]}}}


def transcript_to_json(transcript: Transcript) -> str:
    """Spell a transcript; fields that are unset are left out, never null."""
    return transcript.model_dump_json(by_alias=True, exclude_none=True, exclude=_EXCLUDED, indent=1) + "\n"


def report_to_json(report: Report) -> str:
    """Spell a report; fields that are unset are left out, never null."""
    return report.model_dump_json(by_alias=True, exclude_none=True, indent=1) + "\n"
