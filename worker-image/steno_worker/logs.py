"""The worker's log: one JSON object a line on standard output.

Configured once by `__main__`; everybody else uses the standard library's loggers and passes what a program should
read as ``extra=fields(...)``. Job and attempt are on every line once they are known. Must not know what is logged.
"""

import json
import logging
from datetime import UTC, datetime
from typing import Final, TextIO

_EXTRA: Final = "steno_fields"


def fields(**values: object) -> dict[str, object]:
    """Wrap named values for a logging call's ``extra``; None is left out."""
    return {_EXTRA: {name: value for name, value in values.items() if value is not None}}


class JsonFormatter(logging.Formatter):
    """Spell a record as one line of JSON: time (UTC, milliseconds), level, message, context, fields, traceback."""

    def __init__(self, context: dict[str, str]) -> None:
        super().__init__()
        self._context = context

    def format(self, record: logging.LogRecord) -> str:
        """Spell it."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **self._context,
            **getattr(record, _EXTRA, {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def configure_logging(stream: TextIO) -> dict[str, str]:
    """Send every log record to `stream`; gives the context that is on every line, for the caller to fill in."""
    context: dict[str, str] = {}
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter(context))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("steno_worker").setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    return context
