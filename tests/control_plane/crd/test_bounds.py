"""The API server's own verdict on every bound of the CRD's schema: a value just inside, and one just outside."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from control_plane.crd.questions import SPEC, TIME, UPLOAD_ID, Asker, Raw, condition
from steno_types import Reason
from steno_types.crdgen import custom_resource_definition

BOUNDS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern", "enum", "required")
"""Keywords that limit a value; types and formats are the API server's own business."""

OUTPUT: Raw = {"format": "json", "uri": "s3://b/k", "bytes": 0, "sha256": "a" * 64}
PROGRESS: Raw = {"percent": 0, "processedSeconds": 0, "totalSeconds": 0, "time": TIME}
EFFECTIVE: Raw = {"profile": "cpu", "image": "i", "engine": "e", "model": "m"}
FAILURE: Raw = {"reason": "InternalError", "message": "m", "retryable": True}
RELEASE: Raw = {"objects": 0, "bytes": 0, "verifiedEmpty": True, "time": TIME}


def without(whole: Raw, field: str) -> Raw:
    """Give `whole` without one field."""
    return {name: value for name, value in whole.items() if name != field}


def text(field: str, length: int, whole: Raw | None = None) -> tuple[Raw, Raw]:
    """Give a text of the greatest length, and one a character longer; characters, not bytes."""
    return {**(whole or {}), field: "ä" * length}, {**(whole or {}), field: "ä" * (length + 1)}


def number(field: str, last: float, beyond: float, whole: Raw | None = None) -> tuple[Raw, Raw]:
    """Give the last number of a range, and one beyond."""
    return {**(whole or {}), field: last}, {**(whole or {}), field: beyond}


def under(field: str, cases: tuple[Raw, Raw]) -> tuple[Raw, Raw]:
    """Give both cases as the value of a field."""
    inside, outside = cases
    return {field: inside}, {field: outside}


def in_output(cases: tuple[Raw, Raw]) -> tuple[Raw, Raw]:
    """Give both cases as the one output."""
    inside, outside = cases
    return {"outputs": [inside]}, {"outputs": [outside]}


Cases = Mapping[str, tuple[Any, Any]]

SPEC_CASES: Cases = {
    "source.required": ({}, {"source": None}),
    "source.s3.required": ({}, {"source": {"s3": {"bucket": "recordings"}}}),
    "source.s3.bucket.minLength": (
        {"source": {"s3": {"key": "k", "bucket": "abc"}}},
        {"source": {"s3": {"key": "k", "bucket": "ab"}}},
    ),
    "source.s3.bucket.maxLength": (
        {"source": {"s3": {"key": "k", "bucket": "a" * 63}}},
        {"source": {"s3": {"key": "k", "bucket": "a" * 64}}},
    ),
    "source.s3.bucket.pattern": (
        {"source": {"s3": {"key": "k", "bucket": "my.talks-2026"}}},
        {"source": {"s3": {"key": "k", "bucket": "My_Talks"}}},
    ),
    "source.s3.key.minLength": ({"source": {"s3": {"key": "k"}}}, {"source": {"s3": {"key": ""}}}),
    "source.s3.key.maxLength": (
        {"source": {"s3": {"key": "ä" * 1024}}},
        {"source": {"s3": {"key": "ä" * 1025}}},
    ),
    "source.s3.key.pattern": (
        {"source": {"s3": {"key": "Aufnahmen 2026/Größe ☎/talk #1?.wav"}}},
        {"source": {"s3": {"key": "talk\n.wav"}}},
    ),
    "source.upload.required": ({"source": {"upload": {"id": UPLOAD_ID}}}, {"source": {"upload": {}}}),
    "source.upload.id.maxLength": (
        {"source": {"upload": {"id": UPLOAD_ID}}},
        {"source": {"upload": {"id": UPLOAD_ID + "0"}}},
    ),
    "source.upload.id.pattern": (
        {"source": {"upload": {"id": "f" * 32}}},
        {"source": {"upload": {"id": "../" + "a" * 29}}},
    ),
    "profile.minLength": ({"profile": "a"}, {"profile": ""}),
    "profile.maxLength": ({"profile": "a" * 63}, {"profile": "a" * 64}),
    "profile.pattern": ({"profile": "gpu-a100"}, {"profile": "GPU"}),
    "engine.name.enum": ({"engine": {"name": "faster-whisper"}}, {"engine": {"name": "abacus"}}),
    "engine.model.minLength": ({"engine": {"model": "m"}}, {"engine": {"model": ""}}),
    "engine.model.maxLength": ({"engine": {"model": "m" * 253}}, {"engine": {"model": "m" * 254}}),
    "engine.computeType.maxLength": ({"engine": {"computeType": "i" * 32}}, {"engine": {"computeType": "i" * 33}}),
    "engine.computeType.pattern": ({"engine": {"computeType": "int8_float16"}}, {"engine": {"computeType": "int 8"}}),
    "engine.beamSize.minimum": ({"engine": {"beamSize": 1}}, {"engine": {"beamSize": 0}}),
    "engine.beamSize.maximum": ({"engine": {"beamSize": 20}}, {"engine": {"beamSize": 21}}),
    "language.maxLength": (
        {"language": "de-12345678-12345678-12345678-12345"},
        {"language": "de-12345678-12345678-12345678-123456"},
    ),
    "language.pattern": ({"language": "zh-Hant-TW"}, {"language": "German"}),
    "backoffLimit.minimum": number("backoffLimit", 0, -1),
    "backoffLimit.maximum": number("backoffLimit", 20, 21),
    "ttlSecondsAfterFinished.minimum": number("ttlSecondsAfterFinished", -1, -2),
    "ttlSecondsAfterFinished.maximum": number("ttlSecondsAfterFinished", 315_360_000, 315_360_001),
}
"""By path and keyword: what to merge into an ordinary spec so that it is just accepted, and just refused."""

STATUS_CASES: Cases = {
    "phase.enum": ({"phase": "Processing"}, {"phase": "Thinking"}),
    "conditions.maxItems": (
        {"conditions": [condition(kind, "False") for kind in ("Queued", "Running", "Complete", "Failed")]},
        {"conditions": [condition("Queued", "False", reason=f"R{number}") for number in range(9)]},
    ),
    "conditions[].required": ({"conditions": [condition("Queued")]}, {"conditions": [{"type": "Queued"}]}),
    "conditions[].type.enum": ({"conditions": [condition("Running")]}, {"conditions": [condition("Happy")]}),
    "conditions[].status.pattern": (
        {"conditions": [condition("Running", "Unknown")]},
        {"conditions": [condition("Running", "true")]},
    ),
    "conditions[].reason.minLength": (
        {"conditions": [condition("Running", reason="R")]},
        {"conditions": [condition("Running", reason="")]},
    ),
    "conditions[].reason.maxLength": (
        {"conditions": [condition("Running", reason="R" * 128)]},
        {"conditions": [condition("Running", reason="R" * 129)]},
    ),
    "conditions[].reason.pattern": (
        {"conditions": [condition("Running", reason="Worker_Started2")]},
        {"conditions": [condition("Running", reason="2 workers")]},
    ),
    "conditions[].message.maxLength": (
        {"conditions": [condition("Running", message="ä" * 1024)]},
        {"conditions": [condition("Running", message="ä" * 1025)]},
    ),
    "conditions[].observedGeneration.minimum": (
        {"conditions": [condition("Running", observedGeneration=0)]},
        {"conditions": [condition("Running", observedGeneration=-1)]},
    ),
    "observedGeneration.minimum": number("observedGeneration", 0, -1),
    "jobRef.required": ({"jobRef": {"name": "n", "uid": "u"}}, {"jobRef": {"name": "n"}}),
    "realTimeFactor.minimum": number("realTimeFactor", 0, -0.1),
    "progress.required": ({"progress": PROGRESS}, {"progress": without(PROGRESS, "percent")}),
    "media.required": ({"media": {"durationSeconds": 0}}, {"media": {"language": "de"}}),
    "effective.required": ({"effective": EFFECTIVE}, {"effective": without(EFFECTIVE, "model")}),
    "outputs.maxItems": ({"outputs": [OUTPUT] * 16}, {"outputs": [OUTPUT] * 17}),
    "outputs[].required": ({"outputs": [OUTPUT]}, {"outputs": [without(OUTPUT, "sha256")]}),
    "outputs[].sha256.pattern": (
        {"outputs": [{**OUTPUT, "sha256": "0" * 64}]},
        {"outputs": [{**OUTPUT, "sha256": "A" * 64}]},
    ),
    "warnings.maxItems": ({"warnings": ["w"] * 20}, {"warnings": ["w"] * 21}),
    "warnings[].maxLength": ({"warnings": ["ä" * 1024]}, {"warnings": ["ä" * 1025]}),
    "failure.required": ({"failure": FAILURE}, {"failure": without(FAILURE, "retryable")}),
    "failure.reason.enum": (
        {"failure": {**FAILURE, "reason": Reason.NAME_TAKEN}},
        {"failure": {**FAILURE, "reason": "BadMood"}},
    ),
    "release.required": ({"release": RELEASE}, {"release": without(RELEASE, "verifiedEmpty")}),
    **{
        f"jobRef.{field}.maxLength": under("jobRef", text(field, 256, {"name": "n", "uid": "u"}))
        for field in ("name", "uid")
    },
    **{
        f"progress.{field}.minimum": under("progress", number(field, 0, -1, PROGRESS))
        for field in ("percent", "processedSeconds", "totalSeconds")
    },
    "progress.percent.maximum": under("progress", number("percent", 100, 101, PROGRESS)),
    "media.durationSeconds.minimum": under("media", number("durationSeconds", 0, -0.5)),
    "media.language.maxLength": under("media", text("language", 35, {"durationSeconds": 1})),
    **{
        f"effective.{field}.maxLength": under("effective", text(field, length, EFFECTIVE))
        for field, length in (
            *(("profile", 256), ("image", 1024), ("engine", 256), ("model", 256)),
            *(("device", 256), ("computeType", 256)),
        )
    },
    "effective.beamSize.minimum": under("effective", number("beamSize", 1, 0, EFFECTIVE)),
    "outputs[].format.maxLength": in_output(text("format", 16, OUTPUT)),
    "outputs[].uri.maxLength": in_output(text("uri", 2048, OUTPUT)),
    "outputs[].bytes.minimum": in_output(number("bytes", 0, -1, OUTPUT)),
    **{f"failure.{field}.maxLength": under("failure", text(field, 1024, FAILURE)) for field in ("message", "remedy")},
    **{f"release.{field}.minimum": under("release", number(field, 0, -1, RELEASE)) for field in ("objects", "bytes")},
}
"""By path and keyword: a status that is just accepted, and one that is just refused."""


def bounds_in(schema: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Walk the bounds of a schema, each as path and keyword."""
    for keyword in BOUNDS:
        if keyword in schema:
            yield f"{path}.{keyword}".lstrip(".")
    for name, inner in schema.get("properties", {}).items():
        yield from bounds_in(inner, f"{path}.{name}")
    if isinstance(schema.get("items"), Mapping):
        yield from bounds_in(schema["items"], f"{path}[]")


@pytest.mark.parametrize("bound", SPEC_CASES)
def test_the_bounds_of_the_spec(asker: Asker, bound: str) -> None:
    """The server takes the last value inside of the bound and refuses the first outside, naming the field."""
    inside, outside = SPEC_CASES[bound]

    refused = asker.create({**SPEC, **outside})
    accepted = asker.create({**SPEC, **inside})

    assert accepted is None
    assert refused is not None
    assert f"spec.{bound.rsplit('.', 1)[0]}".removesuffix(".required") in refused


@pytest.mark.parametrize("bound", STATUS_CASES)
def test_the_bounds_of_the_status(asker: Asker, bound: str) -> None:
    """The server takes the last value inside of the bound and refuses the first outside, naming the field."""
    inside, outside = STATUS_CASES[bound]
    assert asker.create(SPEC) is None

    refused = asker.tell(outside)
    accepted = asker.tell(inside)

    assert accepted is None
    assert refused is not None
    assert f"status.{bound.split('.', 1)[0].removesuffix('[]')}" in refused


def test_every_bound_has_an_example_of_either_kind() -> None:
    """A bound that the models gain shows up here until someone tries it."""
    (version,) = custom_resource_definition()["spec"]["versions"]
    properties = version["schema"]["openAPIV3Schema"]["properties"]

    assert {"required" if bound == "source.required" else bound for bound in SPEC_CASES} == {
        *bounds_in(properties["spec"])
    }
    assert {*STATUS_CASES} == {*bounds_in(properties["status"])}


@pytest.mark.parametrize(
    "language",
    ["auto", "de", "yue", "de-AT", "zh-Hant-TW", "sl-rozaj-biske-1994"],
)
def test_languages_that_are_taken(asker: Asker, language: str) -> None:
    """A tag has the shape of BCP 47, or is auto."""
    assert asker.create({**SPEC, "language": language}) is None


@pytest.mark.parametrize("language", ["", "x", "deut", "de_AT", "de-", "de-A", "d3", "de-123456789", "auto-detect"])
def test_languages_that_are_not(asker: Asker, language: str) -> None:
    """What cannot be a tag is refused before a worker sees it."""
    said = asker.create({**SPEC, "language": language})

    assert said is not None
    assert "spec.language" in said


def test_the_defaults_are_filled_in(asker: Asker) -> None:
    """What the user leaves open is there to read afterwards; an absent TTL stays absent."""
    assert asker.create(SPEC) is None

    job = asker.api.job(asker.name)

    assert job is not None
    assert {**SPEC, "language": "auto", "wordTimestamps": False, "backoffLimit": 3} == job["spec"]


def test_a_spec_is_required(asker: Asker) -> None:
    """A job of nothing is none."""
    said = asker.create({})

    assert said is not None
    assert "spec.source" in said
