"""The CRD says what the models say, in the schema language that the API server accepts."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from steno_types import PLURAL, TranscriptionJobSpec, TranscriptionJobStatus
from steno_types.crdgen import FILE_NAME, PRINTER_COLUMNS, TARGETS, custom_resource_definition, main, render
from steno_types.spec import MUTABLE_FIELDS

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """The schema of the one version."""
    (version,) = custom_resource_definition()["spec"]["versions"]
    found: dict[str, Any] = version["schema"]["openAPIV3Schema"]
    return found


def schemas_in(schema: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Walk a schema and all those in it, each with its path."""
    yield path, schema
    for name, inner in schema.get("properties", {}).items():
        yield from schemas_in(inner, f"{path}.{name}")
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), Mapping):
            yield from schemas_in(schema[keyword], f"{path}[]")


def field_of(schema: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """Find the schema of a field by its path."""
    return dict(schemas_in(schema))[path]


def test_the_committed_files_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    """What is committed is what the models say; `make generate` writes it."""
    assert (0, "") == (main(["--check", "--root", str(ROOT)]), capsys.readouterr().err)


def test_the_generator_writes_what_its_check_accepts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The check fails by name on a missing and on an edited file, and passes once they are written."""
    assert 1 == main(["--check", "--root", str(tmp_path)])
    assert len(TARGETS) == capsys.readouterr().err.count("run `make generate`")
    assert 0 == main(["--root", str(tmp_path)])
    assert 0 == main(["--check", "--root", str(tmp_path)])

    (tmp_path / TARGETS[0]).write_text(render() + "# edited\n")

    assert 1 == main(["--check", "--root", str(tmp_path)])
    assert str(TARGETS[0]) in capsys.readouterr().err


def test_the_names_are_the_designs() -> None:
    """Group, plural, short name, categories and status subresource are as section 2 says."""
    crd = custom_resource_definition()

    assert "transcriptionjobs.steno.dev" == crd["metadata"]["name"] == f"{PLURAL}.steno.dev"
    assert "transcriptionjobs.steno.dev.yaml" == FILE_NAME
    assert ("tsj",) == tuple(crd["spec"]["names"]["shortNames"])
    assert ["all", "steno"] == crd["spec"]["names"]["categories"]
    assert ("v1alpha1", {"status": {}}) == (
        crd["spec"]["versions"][0]["name"],
        crd["spec"]["versions"][0]["subresources"],
    )


def test_the_schema_is_structural(schema: dict[str, Any]) -> None:
    """Every part has a type and no keyword that a structural schema may not hold."""
    forbidden = {"$ref", "$defs", "anyOf", "oneOf", "allOf", "not", "title", "const", "exclusiveMinimum"}
    for path, part in schemas_in(schema):
        assert not forbidden & part.keys(), path
        assert part.get("type") in {"object", "array", "string", "integer", "number", "boolean"}, path


def test_every_string_and_list_of_the_status_is_bounded(schema: dict[str, Any]) -> None:
    """A status shares etcd's 1.5 MB, so nothing in it grows without end."""
    for path, part in schemas_in(schema["properties"]["status"], "status"):
        if part["type"] == "array":
            assert "maxItems" in part, path
        if part["type"] == "string":
            assert part.keys() & {"maxLength", "enum", "format", "pattern"}, path


def test_every_field_is_described(schema: dict[str, Any]) -> None:
    """`kubectl explain` has a word for every field of spec and status."""
    for part in ("spec", "status"):
        for path, field in schemas_in(schema["properties"][part], f".{part}"):
            assert field.get("description") or path.endswith("[]"), path


def test_the_spec_has_the_models_fields(schema: dict[str, Any]) -> None:
    """Every field of the models is in the schema under its wire name, and none besides."""
    for part, model in (("spec", TranscriptionJobSpec), ("status", TranscriptionJobStatus)):
        expected = {field.alias for field in model.model_fields.values()}

        assert expected == schema["properties"][part]["properties"].keys()
    assert (["spec"], ["source"]) == (schema["required"], schema["properties"]["spec"]["required"])


@pytest.mark.parametrize(
    ("path", "keywords"),
    [
        pytest.param(".spec.language", {"default": "auto", "maxLength": 35}, id="default and bound"),
        pytest.param(
            ".spec.backoffLimit", {"type": "integer", "minimum": 0, "maximum": 20, "default": 3}, id="range"
        ),
        pytest.param(".spec.ttlSecondsAfterFinished", {"type": "integer", "minimum": -1}, id="optional number"),
        pytest.param(
            ".spec.activeDeadlineSeconds", {"type": "integer", "minimum": 1, "maximum": 31_536_000}, id="deadline"
        ),
        pytest.param(".spec.stallSeconds", {"type": "integer", "minimum": 30}, id="least of a deadline"),
        pytest.param(".status.attempts", {"type": "array", "maxItems": 100}, id="bounded list"),
        pytest.param(".status.attempts[].reason", {"type": "string"}, id="enumeration of the failure table"),
        pytest.param(".spec.task", {"type": "string", "enum": ["transcribe", "translate"]}, id="enumeration"),
        pytest.param(".spec.engine.options", {"type": "object", "maxProperties": 16}, id="map"),
        pytest.param(".spec.engine.options[]", {"type": "string", "maxLength": 256}, id="values of a map"),
        pytest.param(".spec.source.s3.key", {"minLength": 1, "maxLength": 1024}, id="length"),
        pytest.param(".status.startTime", {"type": "string", "format": "date-time"}, id="time"),
        pytest.param(
            ".status.conditions",
            {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"], "maxItems": 8},
            id="map of conditions",
        ),
    ],
)
def test_the_models_bounds_are_the_schemas(schema: dict[str, Any], path: str, keywords: dict[str, Any]) -> None:
    """Defaults, ranges, lengths, patterns and list types reach the API server."""
    assert keywords.items() <= field_of(schema, path).items()


def test_only_the_spec_has_defaults(schema: dict[str, Any]) -> None:
    """The API server fills the spec in and leaves the status to Steno; an absent TTL stays absent."""
    assert not [path for path, part in schemas_in(schema["properties"]["status"]) if "default" in part]
    assert "default" not in field_of(schema, ".spec.ttlSecondsAfterFinished")


def test_every_field_but_the_mutable_ones_is_immutable(schema: dict[str, Any]) -> None:
    """Each immutable field has a rule of its own, whose message names it."""
    rules = {
        rule["fieldPath"].lstrip("."): rule
        for rule in schema["properties"]["spec"]["x-kubernetes-validations"]
        if "immutable" in rule["message"]
    }
    mutable = {TranscriptionJobSpec.model_fields[name].alias for name in MUTABLE_FIELDS}

    assert schema["properties"]["spec"]["properties"].keys() - mutable == rules.keys()
    for name, rule in rules.items():
        assert f"self.{name} == oldSelf.{name}" in rule["rule"]
        assert f"spec.{name} is immutable; create another TranscriptionJob instead" == rule["message"]


@pytest.mark.parametrize(
    ("name", "guarded"),
    [
        pytest.param("source", False, id="required"),
        pytest.param("language", False, id="with a default"),
        pytest.param("profile", True, id="optional"),
    ],
)
def test_a_rule_looks_before_it_reads(schema: dict[str, Any], name: str, *, guarded: bool) -> None:
    """CEL fails on an absent field, so the rule of an optional one asks first; it may neither come nor go."""
    rules = schema["properties"]["spec"]["x-kubernetes-validations"]
    (rule,) = (rule["rule"] for rule in rules if rule["fieldPath"] == f".{name}")

    assert guarded == rule.startswith(f"has(self.{name}) == has(oldSelf.{name}) && ")


def test_a_one_way_field_has_a_rule(schema: dict[str, Any]) -> None:
    """Whoever cancels a job cannot take it back, and the refusal names the field."""
    rules = schema["properties"]["spec"]["x-kubernetes-validations"]

    assert [
        {
            "rule": "self.cancel || !oldSelf.cancel",
            "message": "spec.cancel is final once it is true; create another TranscriptionJob instead",
            "fieldPath": ".cancel",
        }
    ] == [rule for rule in rules if "immutable" not in rule["message"]]
    assert {"type": "boolean", "default": False}.items() <= field_of(schema, ".spec.cancel").items()


@pytest.mark.parametrize("kind", ["Complete", "Failed"])
def test_a_terminal_condition_has_a_rule(schema: dict[str, Any], kind: str) -> None:
    """Once True, a terminal condition stays."""
    messages = [rule["message"] for rule in schema["x-kubernetes-validations"]]

    assert f"the condition {kind} is final once it is True" in messages


def test_the_source_is_exactly_one(schema: dict[str, Any]) -> None:
    """The choice that no schema keyword can say is a rule, over all that the model offers."""
    source = field_of(schema, ".spec.source")
    (rule,) = source["x-kubernetes-validations"]

    assert {"s3", "upload", "url"} == source["properties"].keys()
    assert "[has(self.s3), has(self.upload), has(self.url)].exists_one(given, given)" == rule["rule"]


def test_the_keys_of_a_map_are_bounded_by_a_rule(schema: dict[str, Any]) -> None:
    """A structural schema knows no pattern for keys, and would prune a map whose values it does not know."""
    options = field_of(schema, ".spec.engine.options")

    assert ["self.all(name, name.size() <= 63 && name.matches('^[a-z][A-Za-z0-9]*$'))"] == [
        rule["rule"] for rule in options["x-kubernetes-validations"]
    ]


@pytest.mark.parametrize("column", PRINTER_COLUMNS, ids=lambda column: column["name"])
def test_a_printer_column_shows_a_field(schema: dict[str, Any], column: dict[str, Any]) -> None:
    """What `kubectl get` prints is there, and of the type it is printed as."""
    if column["jsonPath"].startswith(".metadata"):
        assert "date" == column["type"]
    else:
        assert column["type"] == field_of(schema, column["jsonPath"])["type"]


def test_the_printer_columns_are_the_designs() -> None:
    """Narrow and wide columns stand in the design's order."""
    narrow = [column["name"] for column in PRINTER_COLUMNS if not column.get("priority")]
    wide = [column["name"] for column in PRINTER_COLUMNS if column.get("priority")]

    assert ["Phase", "Progress", "Duration", "Language", "RTF", "Age"] == narrow
    assert ["Engine", "Model", "Queue", "Reason"] == wide
