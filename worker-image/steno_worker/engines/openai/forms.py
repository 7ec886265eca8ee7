"""A request in the API's own fields, and what the API has no way to ask a model for.

Called by `server`. Must not know the client, nor what is answered.
"""

from typing import Any, Final

from steno_types import Task
from steno_worker.engines import SpeechRequest
from steno_worker.engines.openai.encoding import Upload
from steno_worker.engines.openai.limits import Model
from steno_worker.errors import LanguageUnsupportedError, OptionUnsupportedError
from steno_worker.languages import NAMES, whisper_code

DETECTED: Final = frozenset({"auto", "mixed"})
"""Languages of a request that are no language."""


def check(request: SpeechRequest, model: Model) -> None:
    """Refuse what `model` cannot do.

    Raises
    ------
    OptionUnsupportedError, LanguageUnsupportedError
        Terminal, the user's (exit 65).
    """
    if request.task is Task.TRANSLATE and not model.traits.whisper:
        raise OptionUnsupportedError(f"task is translate; of OpenAI's API only Whisper can, and not {model.name}.")
    if request.word_timestamps and not model.gives_times:
        raise OptionUnsupportedError(f"wordTimestamps is set; the model {model.name} gives no times.")
    if request.word_timestamps and request.task is Task.TRANSLATE:
        raise OptionUnsupportedError("wordTimestamps is set; OpenAI's API gives none for a translation.")
    _language_code(request, model)


def form_of(request: SpeechRequest, model: Model, upload: Upload, *, temperature: float | None) -> dict[str, Any]:
    """Give the fields that ask `model` for `upload`, named as in the API; without a temperature the server chooses.

    Raises
    ------
    LanguageUnsupportedError
        Terminal, the user's (exit 65).
    """
    fields: dict[str, Any] = {
        "file": ("speech.flac", upload.flac, "audio/flac"),
        "model": model.name,
        "response_format": model.answer_format,
    }
    if prompt := _prompt(request):
        fields["prompt"] = prompt
    if temperature is not None:
        fields["temperature"] = temperature
    return fields if request.task is Task.TRANSLATE else fields | _only_to_transcribe(request, model)


def _only_to_transcribe(request: SpeechRequest, model: Model) -> dict[str, Any]:
    """Give the fields that the API has for a transcription and not for a translation."""
    fields: dict[str, Any] = {}
    if code := _language_code(request, model):
        fields["language"] = code
    if model.gives_times:
        fields["timestamp_granularities"] = ["segment", "word"] if request.word_timestamps else ["segment"]
    elif model.traits.log_probs:
        fields["include"] = ["logprobs"]
    return fields


def _language_code(request: SpeechRequest, model: Model) -> str | None:
    """Give the code that the API knows a language by; None to have it detected."""
    if request.language in DETECTED:
        return None
    code = whisper_code(request.language)
    known = code in NAMES if model.traits.whisper else len(code) == 2  # noqa: PLR2004 -- ISO 639-1
    if not known:
        raise LanguageUnsupportedError(
            f"The language asked for is {request.language}; the model {model.name} knows "
            f"{'the languages of Whisper' if model.traits.whisper else 'those with a code of two letters'}."
        )
    return code


def _prompt(request: SpeechRequest) -> str:
    """Join hotwords and prompt: a list, a full stop, the prompt.

    Whisper heeds the last 224 tokens only and goes on from the very last, so the prompt stands behind the hotwords.
    """
    hotwords = f"{', '.join(request.hotwords)}." if request.hotwords else ""
    return " ".join(part for part in (hotwords, request.prompt) if part)
