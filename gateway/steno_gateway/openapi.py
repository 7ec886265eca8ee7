"""The OpenAPI document: what FastAPI finds in the routes, and what it cannot see there.

That is: the problem documents, and the bodies of `POST /transcribe`, which no FastAPI parameter reads. Given as
OpenAPI 3.0.3, since the Swagger UI that is served offline (4.15) shows no 3.1; pydantic's schemas are 3.1's and are
rewritten here.
"""

from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated, Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import Field
from pydantic.json_schema import models_json_schema

from steno_gateway.access import document as access
from steno_gateway.batch_requests import BatchOfItems, BatchOfPrefix
from steno_gateway.problems import MEDIA_TYPE, TYPE_PREFIX, Kind, Problem
from steno_gateway.requests import ChangeRequest, TranscribeOptions, TranscribeRequest
from steno_gateway.tasks import idempotency
from steno_gateway.uploads.documents import UploadRequest

Schema = dict[str, Any]

VERSION: Final = "3.0.3"
TAGS: Final = [
    {"name": "tasks", "description": "One recording on its way to a transcript."},
    {"name": "uploads", "description": "Recordings that come before the task that is to be made of them."},
    {"name": "queue", "description": "All recordings together."},
    {"name": "session", "description": "Who one is, and the page's cookie."},
    {"name": "probes", "description": "For the kubelet and for load balancers."},
]
_REF: Final = "#/components/schemas/"


class TranscribeForm(TranscribeOptions):
    """A recording and how to transcribe it; options may stand before or after the file."""

    file: Annotated[bytes, Field()]
    """The recording: any container and codec that ffmpeg reads."""


TRANSCRIBE_BODY: Final[Schema] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": {"$ref": f"{_REF}TranscribeForm"}},
            "application/json": {"schema": {"$ref": f"{_REF}TranscribeRequest"}},
        },
    }
}
"""What `POST /transcribe` reads; for ``openapi_extra``."""

_BYTES: Final[Schema] = {"schema": {"type": "string", "format": "binary"}}
UPLOAD_RAW_BODY: Final[Schema] = {"requestBody": {"required": True, "content": {"*/*": _BYTES}}}
"""What `PUT /uploads/{upload}` reads."""

UPLOAD_PART_BODY: Final[Schema] = {"requestBody": {"required": True, "content": {"application/octet-stream": _BYTES}}}
"""What `PUT /uploads/{upload}/parts/{number}` reads."""

UPLOAD_BODY: Final[Schema] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": f"{_REF}UploadRequest"}},
            "application/octet-stream": _BYTES,
        },
    }
}
"""What `POST /uploads` reads."""

BATCH_BODY: Final[Schema] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"oneOf": [{"$ref": f"{_REF}BatchOfItems"}, {"$ref": f"{_REF}BatchOfPrefix"}]}
            },
        },
    }
}
"""What `POST /batches` reads."""

CHANGE_BODY: Final[Schema] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": f"{_REF}ChangeRequest"}}},
    }
}
"""What `PATCH /jobs/{task_id}` reads."""

IDEMPOTENCY_PARAMETER: Final[Schema] = {
    "parameters": [
        {
            "name": idempotency.HEADER,
            "in": "header",
            "required": False,
            "schema": {"type": "string", "minLength": 1, "maxLength": idempotency.KEY_MAX_LENGTH},
            "description": "Drawn at random by the client, the same for each try of one request: however often it is "
            "sent, there is one task. The answer to a repeated one has the header "
            f"`{idempotency.REPLAY_HEADER}: true`.",
        }
    ]
}
"""A header that no FastAPI parameter reads; for ``openapi_extra``."""


def problem_responses(*kinds: Kind) -> dict[int | str, dict[str, Any]]:
    """Describe the problems that a route answers with; for ``responses``."""
    responses: dict[int | str, dict[str, Any]] = {
        "default": {
            "description": "Any other problem",
            "content": {MEDIA_TYPE: {"schema": {"$ref": f"{_REF}Problem"}}},
        }
    }
    for status in sorted({kind.status for kind in kinds}):
        alike = [kind for kind in kinds if kind.status == status]
        types = ", ".join(f"`{TYPE_PREFIX}{kind.slug}`" for kind in alike)
        responses[status] = {
            "description": "; ".join(kind.title for kind in alike) + f" ({types})",
            "content": {MEDIA_TYPE: {"schema": {"$ref": f"{_REF}Problem"}}},
        }
    return responses


def document_of(app: FastAPI) -> Callable[[], Schema]:
    """Give what makes the document of `app`, once."""

    def document() -> Schema:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    return document


def _document(app: FastAPI) -> Schema:
    document = get_openapi(
        title="Steno",
        version=version("steno"),
        openapi_version=VERSION,
        summary="Recordings in, transcripts out.",
        description=(
            "Send a recording to `POST /transcribe`, ask `GET /status/{task_id}` until it says `completed`, and "
            "fetch the transcript from `GET /download/{task_id}`. Every error is a problem document (RFC 9457) that "
            "names the field at fault and the remedy. Clients of OpenAI's audio API (`/v1`), AssemblyAI (`/v2`) and "
            "whisper-asr-webservice (`/asr`, `/detect-language`) are answered too; what those calls take is "
            "described by whoever made them, and what of it is honoured in docs/dialects.md."
        ),
        routes=app.routes,
        tags=TAGS,
    )
    document["info"].pop("summary", None)
    _, unseen = models_json_schema(
        [
            (TranscribeForm, "validation"),
            (TranscribeRequest, "validation"),
            (UploadRequest, "validation"),
            (BatchOfItems, "validation"),
            (BatchOfPrefix, "validation"),
            (ChangeRequest, "validation"),
            (Problem, "serialization"),
        ],
        ref_template=_REF + "{model}",
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(unseen["$defs"])
    access.describe(document, app.routes, problem_responses)
    older = _as_3_0(document)
    if not isinstance(older, dict):
        raise TypeError("an OpenAPI document is an object")
    return older


def _as_3_0(node: Any) -> Any:
    """Rewrite the keywords of OpenAPI 3.1's schemas that 3.0 spells otherwise."""
    if isinstance(node, list):
        return [_as_3_0(item) for item in node]
    if not isinstance(node, dict):
        return node
    new = {key: _as_3_0(value) for key, value in node.items()}
    if isinstance(examples := new.get("examples"), list):
        del new["examples"]
        new["example"] = examples[0]
    if new.get("default", "") is None:
        del new["default"]
    if "const" in new:
        new["enum"] = [new.pop("const")]
    options = new.get("anyOf", [])
    if {"type": "null"} in options:
        del new["anyOf"]
        (only,) = (option for option in options if option != {"type": "null"})
        new = {**only, **new, "nullable": True}
    if "$ref" in new and len(new) > 1:
        new["allOf"] = [{"$ref": new.pop("$ref")}]
    return new
