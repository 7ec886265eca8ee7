"""The client's errors, turned into ours: who can mend it, and what the server said, without secrets.

Called by `server` once the client has given up. Must not know audio or answers.
"""

import re
from dataclasses import dataclass, field
from typing import Final

import openai

from steno_types import shorten
from steno_worker.errors import (
    EngineFailedError,
    LanguageUnsupportedError,
    ModelUnknownError,
    OptionUnsupportedError,
    SettingsInvalidError,
    WorkerError,
)

QUOTED_CHARACTERS: Final = 300
"""Most of a server's words that are repeated."""

SHORTEST_KEY: Final = 8
"""A key with fewer characters, such as ``none``, is a placeholder and masked only as a word of its own."""

_FIELDS: Final[dict[str, tuple[str, type[WorkerError]]]] = {
    "timestamp_granularities": ("wordTimestamps", OptionUnsupportedError),
    "response_format": ("engine.options.responseFormat", OptionUnsupportedError),
    "prompt": ("prompt and hotwords", OptionUnsupportedError),
    "language": ("language", LanguageUnsupportedError),
    "model": ("engine.model", ModelUnknownError),
}
"""A job's fields, and what it means when a server refuses them, by the API's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked, as far as a message tells it."""

    server: str
    """Host and port."""
    model: str
    upload_bytes: int
    max_retries: int
    timeout_seconds: float
    key: str = field(repr=False)
    """Ours, which a server may repeat and a message must not."""


def failure_of(error: openai.OpenAIError, question: Question) -> WorkerError:
    """Turn an error of the client into ours; to be raised ``from None``, as its own words may quote the key."""
    if isinstance(error, openai.APIStatusError):
        return _refused(error, question)
    if isinstance(error, openai.APITimeoutError):
        return EngineFailedError(
            f"The server at {question.server} did not answer within {question.timeout_seconds:g} s, "
            f"asked {question.max_retries + 1} times; see engine.options.timeoutSeconds."
        )
    return EngineFailedError(
        f"The server at {question.server} cannot be reached ({type(error.__cause__ or error).__name__}); "
        f"check OPENAI_BASE_URL and that the worker's network policy lets it out."
    )


def _refused(error: openai.APIStatusError, question: Question) -> WorkerError:
    """Turn an answer of 4xx or 5xx into our error."""
    told = f"The server at {question.server} answered {error.status_code}"
    says = f"It says: {_masked(_said(error), key=question.key)}"
    failed: WorkerError = EngineFailedError(f"{told}. {says}")
    match error.status_code:
        case 401 | 403:
            failed = SettingsInvalidError(
                f"{told}: OPENAI_API_KEY does not open the model {question.model} there. {says}"
            )
        case 404:
            failed = ModelUnknownError(
                f"{told} for the model {question.model}; check engine.model and that OPENAI_BASE_URL "
                f"ends with /v1. {says}"
            )
        case 413:
            failed = OptionUnsupportedError(
                f"{told}: {question.upload_bytes} bytes are too many; set engine.options.maxBytes to what it takes. "
                f"{says}"
            )
        case 429:
            failed = EngineFailedError(
                f"{told}, after {question.max_retries} retries at most; check quota and rate limits, or "
                f"lower engine.batchSize. {says}"
            )
        case 400 | 422:
            blamed = _blamed(error)
            for part, (ours, kind) in _FIELDS.items():
                if part in blamed:
                    return kind(f"{told} about {ours}. {says}")
    return failed


def _blamed(error: openai.APIStatusError) -> str:
    """Give the API's field that an answer blames: OpenAI names it, FastAPI gives the way to it."""
    if error.param:
        return error.param
    detail = error.body.get("detail") if isinstance(error.body, dict) else None
    first = detail[0] if isinstance(detail, list) and detail else None
    return str(first.get("loc", "")) if isinstance(first, dict) else ""


def _said(error: openai.APIStatusError) -> str:
    """Give a server's own words: OpenAI's ``message``, FastAPI's ``detail``, or the body as it is."""
    body = error.body
    if isinstance(body, dict):
        body = body.get("message") or body.get("detail") or body
    return str(body or "nothing")


def _masked(words: str, *, key: str) -> str:
    """Shorten a server's words, and take out what may be a secret: our key, other keys, queries of addresses."""
    edge = "" if len(key) >= SHORTEST_KEY else r"\b"
    for pattern in (
        f"{edge}{re.escape(key)}{edge}",
        r"\b[sp]k-[\w*.-]+",
        r"\bBearer\s+\S+",
        r"(?<=\w)\?\S+=\S*",
    ):
        words = re.sub(pattern, "***", words)
    return shorten(" ".join(words.split()), max_length=QUOTED_CHARACTERS)
