"""A line of the log is one JSON object, whatever is in it."""

import io
import json
import logging

from steno_worker.logs import JsonFormatter, fields


def logged(context: dict[str, str], message: str, *arguments: object, **extra: object) -> dict[str, object]:
    """Log one line and read it back."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter(context))
    logger = logging.getLogger("steno_worker.test")
    logger.addHandler(handler)
    try:
        logger.warning(message, *arguments, extra=fields(**extra))
    finally:
        logger.removeHandler(handler)
    (line,) = stream.getvalue().splitlines()
    parsed: dict[str, object] = json.loads(line)
    return parsed


def test_a_line_has_context_and_fields() -> None:
    """Job and attempt come from the context, figures from the call; None is left out."""
    line = logged({"job": "team/talk", "attempt": "talk-1"}, "said %s", "so", percent=40, language=None)

    assert line.pop("time")
    assert {
        "level": "warning",
        "logger": "steno_worker.test",
        "message": "said so",
        "job": "team/talk",
        "attempt": "talk-1",
        "percent": 40,
    } == line


def test_line_breaks_stay_inside_the_line() -> None:
    """A message of several lines, in any script, is still one line."""
    assert "zwei\nZeilen, 世界" == logged({}, "zwei\nZeilen, 世界")["message"]
