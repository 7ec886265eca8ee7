"""OpenAI's audio API, answered from TranscriptionJobs.

Its clients need another ``base_url`` and nothing else. ``docs/dialects.md`` says what is honoured and what is
refused.
"""

from steno_gateway.dialects.openai.errors import spell
from steno_gateway.dialects.openai.routes import router

__all__ = ["router", "spell"]
