"""Any server that speaks OpenAI's audio API, by OpenAI's own client.

Loaded by `load_engine`. A chunk goes up as FLAC; what comes back becomes segments, whatever of it a server leaves
out::

    server       the decoder: a chunk's way up and back
    ├── settings     options and environment
    ├── limits       what a model takes and gives, and so how speech is cut for it
    ├── forms        a request in the API's fields, and what it has no way to ask
    ├── encoding     samples to FLAC, in pieces that fit
    ├── failures     the client's errors, turned into ours
    ├── answers      what servers answer, as far as it is read
    └── segments     the transcript's segments, out of an answer
        └── words        words, dealt out to the segments that they belong to

The client is imported here alone. Must not know how chunks are planned or joined.
"""

from steno_worker.errors import ModelUnknownError

try:
    from steno_worker.engines.openai.server import OpenAIServer
except ModuleNotFoundError as missing:  # all else that is imported below belongs to every worker
    raise ModelUnknownError(
        f"{missing.name} is not installed; the engine openai needs it: pip install 'steno[openai]'"
    ) from missing

__all__ = ["OpenAIServer"]
