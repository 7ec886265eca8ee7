"""The JSON answers of both calls, made of what the worker rendered.

Called by `routes`. Whisper's own shape: a language's code, the whole text, and segments with all that the model said
of them. Pure.
"""

import json
from typing import Any, Final

_WHISPER_CODES: Final = {"cmn": "zh", "fil": "tl", "iw": "he", "jv": "jw", "nb": "no"}
"""Codes of Whisper by the primary subtags that it spells otherwise; as the worker's ``languages`` has them."""


def transcript_of(own: bytes, verbose: bytes) -> bytes:
    """Spell what ``output=json`` answers, of Steno's own ``json`` and OpenAI's ``verbose_json``."""
    heard, spelled = json.loads(own), json.loads(verbose)
    segments = []
    for known, segment in zip(heard["segments"], spelled["segments"], strict=True):
        words = {"words": known["words"]} if "words" in known else {}
        segments.append({**segment, **words})
    answer = {"language": language_code(heard), "segments": segments, "text": spelled["text"]}
    return json.dumps(answer, ensure_ascii=False).encode()


def language_of(own: bytes, verbose: bytes) -> dict[str, Any] | None:
    """Spell what ``/detect-language`` answers; None: no language was detected.

    How sure the model was of it is not kept with a transcript, so `confidence` is null.
    """
    code = language_code(json.loads(own))
    if code is None:
        return None
    return {"detected_language": json.loads(verbose)["language"], "language_code": code, "confidence": None}


def language_code(heard: dict[str, Any]) -> str | None:
    """Give Whisper's code of the transcript's language, where that is known."""
    tag = heard.get("language")
    if tag is None:
        return None
    primary = str(tag).partition("-")[0].lower()
    return _WHISPER_CODES.get(primary, primary)
