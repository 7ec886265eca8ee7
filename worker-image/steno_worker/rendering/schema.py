"""The JSON Schema of what Steno writes as JSON: ``python -m steno_worker.rendering.schema`` prints it.

For whoever reads transcripts or reports by program. Made from the models, so that it says what `rendering.own_json`
does; a document is one of the two models at the top. Readers must bear fields that they do not know: while
``schemaVersion`` stays the same, some may be added.
"""

import json
import sys
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from steno_worker.rendering.own_json import LEFT_OUT
from steno_worker.report import Report
from steno_worker.transcript import Transcript

DOCUMENTS: Final = (Transcript, Report)
"""The ``json`` and the ``report`` output."""


class _AsWritten(GenerateJsonSchema):
    """Says that unset fields are left out, never null, and that all others are there."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  (pydantic's signature)
        return False  # "Nospeechprob" says less than the field's name

    def field_is_required(
        self,
        field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField,
        total: bool,  # noqa: ARG002, FBT001  (pydantic's signature)
    ) -> bool:
        schema = field["schema"]
        return not (schema["type"] == "default" and "default" in schema and schema["default"] is None)


def json_schema() -> dict[str, Any]:
    """Give the schema, JSON Schema 2020-12; its ``$defs`` hold a model each."""
    _, shared = models_json_schema(
        [(model, "serialization") for model in DOCUMENTS], by_alias=True, schema_generator=_AsWritten
    )
    definitions = shared["$defs"]
    model, field = LEFT_OUT
    del definitions[model]["properties"][field]
    definitions[model]["required"].remove(field)
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "title": "What Steno writes as JSON: a transcript, or the report on one",
        "anyOf": [{"$ref": f"#/$defs/{model.__name__}"} for model in DOCUMENTS],
        "$defs": definitions,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(json_schema(), indent=2) + "\n")
