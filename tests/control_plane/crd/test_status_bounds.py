"""The API server's own verdict on every bound of the status: a value just inside, and one just outside."""

import pytest

from control_plane.crd.bounds import Cases, bounds_of, field_of, number, text, under, without
from control_plane.crd.questions import SPEC, TIME, Asker, Raw, condition
from steno_types import Reason

OUTPUT: Raw = {"format": "json", "uri": "s3://b/k", "bytes": 0, "sha256": "a" * 64}
PROGRESS: Raw = {"percent": 0, "processedSeconds": 0, "totalSeconds": 0, "time": TIME}
EFFECTIVE: Raw = {"profile": "cpu", "image": "i", "engine": "e", "model": "m"}
FAILURE: Raw = {"reason": "InternalError", "message": "m", "retryable": True}
ATTEMPT: Raw = {"name": "talk-0", "start": TIME}
STOPPING: Raw = {"reason": "Cancelled", "message": "m", "time": TIME}
RELEASE: Raw = {"objects": 0, "bytes": 0, "verifiedEmpty": True, "time": TIME}


def in_output(cases: tuple[Raw, Raw]) -> tuple[Raw, Raw]:
    """Give both cases as the one output."""
    inside, outside = cases
    return {"outputs": [inside]}, {"outputs": [outside]}


def in_attempt(cases: tuple[Raw, Raw]) -> tuple[Raw, Raw]:
    """Give both cases as the one attempt."""
    inside, outside = cases
    return {"attempts": [inside]}, {"attempts": [outside]}


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
    "launches.minimum": number("launches", 0, -1),
    "attempts.maxItems": ({"attempts": [ATTEMPT] * 100}, {"attempts": [ATTEMPT] * 101}),
    "attempts[].required": in_attempt((ATTEMPT, without(ATTEMPT, "start"))),
    "attempts[].name.maxLength": in_attempt(text("name", 256, ATTEMPT)),
    "attempts[].reason.enum": in_attempt(({**ATTEMPT, "reason": Reason.NODE_LOST}, {**ATTEMPT, "reason": "BadMood"})),
    **{
        f"earlierAttempts.{field}.minimum": under("earlierAttempts", number(field, 0, -1))
        for field in ("count", "counted", "interrupted", "activeSeconds")
    },
    "stopping.required": ({"stopping": STOPPING}, {"stopping": without(STOPPING, "time")}),
    "stopping.reason.enum": (
        {"stopping": {**STOPPING, "reason": Reason.CANCELLED}},
        {"stopping": {**STOPPING, "reason": "BadMood"}},
    ),
    "stopping.message.maxLength": under("stopping", text("message", 1024, STOPPING)),
    "progress.stage.enum": (
        {"progress": {**PROGRESS, "stage": "load-model"}},
        {"progress": {**PROGRESS, "stage": "daydream"}},
    ),
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
    "media.speechSeconds.minimum": under("media", number("speechSeconds", 0, -0.5, {"durationSeconds": 1})),
    "media.language.maxLength": under("media", text("language", 35, {"durationSeconds": 1})),
    **{
        f"effective.{field}.maxLength": under("effective", text(field, length, EFFECTIVE))
        for field, length in (
            *(("profile", 256), ("image", 1024), ("engine", 256), ("model", 256)),
            *(("device", 256), ("computeType", 256), ("modelDigest", 71)),
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


@pytest.mark.parametrize("bound", STATUS_CASES)
def test_the_bounds_of_the_status(asker: Asker, bound: str) -> None:
    """The server takes the last value inside of the bound and refuses the first outside, naming the field."""
    inside, outside = STATUS_CASES[bound]
    assert asker.create(SPEC) is None

    refused = asker.tell(outside)
    accepted = asker.tell(inside)

    assert accepted is None
    assert refused is not None
    assert field_of(bound, under="status") in refused


def test_every_bound_has_an_example_of_either_kind() -> None:
    """A bound that the models gain shows up here until someone tries it."""
    assert {*STATUS_CASES} == bounds_of("status")
