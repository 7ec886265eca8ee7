"""AssemblyAI's REST API v2, answered from TranscriptionJobs: for programs written with its SDKs.

Its clients need another base URL and API key and nothing else. ``docs/dialects.md`` says what is honoured, what is
refused and what differs. A transcript there is a task here, and its id the task's.
"""

from steno_gateway.dialects.assemblyai.errors import PREFIX, spelled
from steno_gateway.dialects.assemblyai.routes import router

__all__ = ["PREFIX", "router", "spelled"]
