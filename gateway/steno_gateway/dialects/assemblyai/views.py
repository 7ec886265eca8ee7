"""A task as a transcript of AssemblyAI's, but for what was said: that is `documents`.

Called by the routes. Pure. Fields that nothing here can fill are null, or say that they are off; AssemblyAI's SDKs
want most of them to be there.
"""

from typing import Any, Final

from steno_gateway.dialects.assemblyai import addresses
from steno_gateway.tasks.views import phase_of
from steno_types import Phase, TranscriptionJob, to_rfc3339

Fields = dict[str, Any]

COMPLETED: Final = "completed"

STATUSES: Final = {
    Phase.PENDING: "queued",
    Phase.QUEUED: "queued",
    Phase.PROCESSING: "processing",
    Phase.COMPLETED: COMPLETED,
    Phase.FAILED: "error",
}

_OFF: Final = (
    "auto_chapters",
    "auto_highlights",
    "content_safety",
    "custom_topics",
    "disfluencies",
    "dual_channel",
    "entity_detection",
    "filter_profanity",
    "iab_categories",
    "multichannel",
    "redact_pii",
    "redact_pii_audio",
    "sentiment_analysis",
    "speaker_labels",
    "speed_boost",
    "summarization",
    "webhook_auth",
)
"""What a transcript never has."""

_UNKNOWN: Final = (
    "audio_end_at",
    "audio_start_from",
    "auto_highlights_result",
    "boost_param",
    "chapters",
    "content_safety_labels",
    "custom_spelling",
    "entities",
    "iab_categories_result",
    "language_confidence",
    "language_confidence_threshold",
    "prompt",
    "redact_pii_audio_quality",
    "redact_pii_policies",
    "redact_pii_sub",
    "sentiment_analysis_results",
    "speakers_expected",
    "speech_model",
    "speech_threshold",
    "summary",
    "summary_model",
    "summary_type",
    "throttled",
    "topics",
    "webhook_auth_header_name",
    "webhook_status_code",
    "webhook_url",
)
"""What is null of every transcript. ``speech_model`` is an enumeration to the SDKs, of AssemblyAI's own models;
``speech_model_used`` says which one it was."""

SAID: Final = ("text", "words", "utterances", "confidence")
"""What is null until the transcript is completed; then `documents` gives it."""


def status_of(job: TranscriptionJob) -> str:
    """Say how far the task is, in AssemblyAI's words."""
    return STATUSES[phase_of(job)]


def fields(job: TranscriptionJob, *, base_url: str, bucket: str) -> Fields:
    """Show a task without what was said.

    Parameters
    ----------
    base_url
        Of the gateway, as the client knows it, without a slash.
    bucket
        Steno's own, for sources that name none.
    """
    detects = job.spec.language in {"auto", "mixed"}
    model = model_of(job)
    return {
        "id": job.metadata.name,
        "status": status_of(job),
        "error": error_of(job),
        "audio_url": addresses.shown(job.spec.source, base_url=base_url, bucket=bucket),
        "audio_duration": whole_seconds(duration_seconds(job)),
        "language_code": language_code(job),
        "language_detection": detects,
        "language_model": model,
        "acoustic_model": model,
        "speech_model_used": model,
        "punctuate": True,
        "format_text": True,
        "word_boost": [*job.spec.hotwords],
        "keyterms_prompt": [*job.spec.hotwords],
        **dict.fromkeys(_OFF, False),
        **dict.fromkeys(_UNKNOWN),
        **({} if status_of(job) == COMPLETED else dict.fromkeys(SAID)),
    }


def deleted(job: TranscriptionJob, *, base_url: str, bucket: str) -> Fields:
    """Show a task whose data is deleted, as AssemblyAI does it: its status stays."""
    return {
        **fields(job, base_url=base_url, bucket=bucket),
        **dict.fromkeys(SAID),
        "text": "Deleted by user.",
        "audio_url": addresses.DELETED,
        "word_boost": [],
        "keyterms_prompt": [],
        "error": None,
    }


def item(job: TranscriptionJob, *, base_url: str, bucket: str) -> Fields:
    """Show a task as one of a list."""
    created, completed = job.metadata.creation_timestamp, job.status.completion_time
    return {
        "id": job.metadata.name,
        "resource_url": f"{base_url}/v2/transcript/{job.metadata.name}",
        "status": status_of(job),
        "created": to_rfc3339(created) if created else "",
        "completed": to_rfc3339(completed) if completed and status_of(job) == COMPLETED else None,
        "audio_url": addresses.shown(job.spec.source, base_url=base_url, bucket=bucket),
        "error": error_of(job),
    }


def error_of(job: TranscriptionJob) -> str | None:
    """Say why the task failed; None unless it did."""
    if phase_of(job) is not Phase.FAILED:
        return None
    failure = job.status.failure
    if failure is None:
        return "The transcription failed."
    return f"{failure.reason}: {failure.message} {failure.remedy}".rstrip()


def model_of(job: TranscriptionJob) -> str | None:
    """Name the model that heard it; None while that is unknown."""
    return job.status.effective.model if job.status.effective else None


def duration_seconds(job: TranscriptionJob) -> float | None:
    """Give the audio's playing time; None while it is unknown."""
    return job.status.media.duration_seconds if job.status.media else None


def whole_seconds(seconds: float | None) -> int | None:
    """Round up, so that no word ends after the audio: AssemblyAI's duration is a whole number."""
    return None if seconds is None else -int(-seconds // 1)


def language_code(job: TranscriptionJob) -> str | None:
    """Spell the language given or detected as AssemblyAI does; None while it is unknown, and where it changes."""
    media = job.status.media
    tag = media.language if media and media.language else job.spec.language
    if tag in {"auto", "mixed"}:
        return None
    code = tag.lower().replace("-", "_")
    return {"en_gb": "en_uk"}.get(code, code)
