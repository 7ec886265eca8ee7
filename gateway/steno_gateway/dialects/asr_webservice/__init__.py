"""ahmetoner/whisper-asr-webservice, answered from TranscriptionJobs: ``/asr`` and ``/detect-language``.

What it is: https://github.com/ahmetoner/whisper-asr-webservice, as of release 1.8. ``docs/dialects.md`` says what is
honoured and what is refused.
"""

from steno_gateway.dialects.asr_webservice.routes import router

__all__ = ["router"]
