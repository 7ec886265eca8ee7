"""The API server's own verdict on every CEL rule of the CRD: what it accepts, what it refuses with which words."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from control_plane.crd.questions import (
    SPEC,
    UPLOAD_ID,
    Asker,
    Question,
    Raw,
    changing,
    condition,
    creating,
    replacing,
    telling,
)
from steno_types.crdgen import custom_resource_definition

NAME_RULE = "metadata.name must be a DNS label of at most 52 characters: lower-case letters, digits and inner hyphens"
SOURCE_RULE = "set exactly one of spec.source.s3, spec.source.upload and spec.source.url"
OPTION_RULE = "each name must match ^[a-z][A-Za-z0-9]*$ and have at most 63 characters"
NEVER_BOTH = "a job is Complete or Failed, never both"


def immutable(field: str) -> str:
    """Give the words in which a change of `field` is refused."""
    return f"spec.{field} is immutable; create another TranscriptionJob instead"


def final(kind: str) -> str:
    """Give the words in which a terminal condition is kept."""
    return f"the condition {kind} is final once it is True"


UPLOAD: Raw = {"source": {"upload": {"id": UPLOAD_ID}}}
URL: Raw = {"source": {"url": "https://media.example.org/talk.wav?key=a"}}
FULL: Raw = {
    **SPEC,
    "profile": "cpu",
    "engine": {"name": "faster-whisper", "model": "tiny", "options": {"a": "b"}},
    "task": "translate",
    "language": "de",
    "prompt": "A talk.",
    "hotwords": ["Nyquist"],
    "channel": 1,
    "wordTimestamps": True,
    "outputs": {"destination": {"s3": {"bucket": "talks", "prefix": "a/"}}, "formats": ["srt"]},
    "backoffLimit": 5,
    "queueName": "team-a",
    "queuePriority": "low",
    "activeDeadlineSeconds": 3600,
    "pendingDeadlineSeconds": 600,
    "stallSeconds": 300,
    "suspend": True,
    "cancel": False,
    "ttlSecondsAfterFinished": 60,
}
OPTIONAL: tuple[tuple[str, Any, Any], ...] = (
    ("queueName", "team-a", "team-b"),
    ("activeDeadlineSeconds", 3600, 7200),
    ("pendingDeadlineSeconds", 600, 60),
    ("stallSeconds", 300, 30),
)
"""Fields that may be absent and never change: what they have in `FULL`, and what they do not."""
CANCEL_RULE = "spec.cancel is final once it is true; create another TranscriptionJob instead"
COMPLETE, FAILED, RUNNING = condition("Complete"), condition("Failed"), condition("Running")
S3 = SPEC["source"]["s3"]

ACCEPTED: tuple[tuple[str, str, Question], ...] = (
    (NAME_RULE, "the longest", creating(SPEC, name="a" * 52)),
    (NAME_RULE, "one character", creating(SPEC, name="a")),
    (NAME_RULE, "digits and hyphens", creating(SPEC, name="0-talk--9")),
    (SOURCE_RULE, "s3", creating(SPEC)),
    (SOURCE_RULE, "upload", creating(UPLOAD)),
    (SOURCE_RULE, "url", creating(URL)),
    (OPTION_RULE, "none", creating({**SPEC, "engine": {"options": {}}})),
    (OPTION_RULE, "the longest name", creating({**SPEC, "engine": {"options": {"a" * 63: ""}}})),
    (OPTION_RULE, "capitals and digits within", creating({**SPEC, "engine": {"options": {"maxSeconds2": "12"}}})),
    (immutable("source"), "the same", changing(FULL, {"source": SPEC["source"], "ttlSecondsAfterFinished": 1})),
    (immutable("profile"), "the same", changing(FULL, {"profile": "cpu", "ttlSecondsAfterFinished": 1})),
    (immutable("profile"), "absent as before", changing(SPEC, {"profile": None, "ttlSecondsAfterFinished": 1})),
    (immutable("engine"), "the same", changing(FULL, {"engine": FULL["engine"], "ttlSecondsAfterFinished": 1})),
    (immutable("task"), "the same", changing(FULL, {"task": "translate", "ttlSecondsAfterFinished": 1})),
    (immutable("task"), "the default, spelled out", changing(SPEC, {"task": "transcribe"})),
    (immutable("prompt"), "the same", changing(FULL, {"prompt": "A talk.", "ttlSecondsAfterFinished": 1})),
    (immutable("prompt"), "absent as before", changing(SPEC, {"prompt": None, "ttlSecondsAfterFinished": 1})),
    (immutable("hotwords"), "the same", changing(FULL, {"hotwords": ["Nyquist"], "ttlSecondsAfterFinished": 1})),
    (immutable("hotwords"), "the default, spelled out", changing(SPEC, {"hotwords": []})),
    (immutable("channel"), "the same", changing(FULL, {"channel": 1, "ttlSecondsAfterFinished": 1})),
    (immutable("outputs"), "the same", changing(FULL, {"outputs": FULL["outputs"], "ttlSecondsAfterFinished": 1})),
    (immutable("outputs"), "absent as before", changing(SPEC, {"outputs": None, "ttlSecondsAfterFinished": 1})),
    (immutable("language"), "the same", changing(FULL, {"language": "de", "ttlSecondsAfterFinished": 1})),
    (immutable("language"), "the default, spelled out", changing(SPEC, {"language": "auto"})),
    (immutable("language"), "the default, left out", changing({**SPEC, "language": "auto"}, {"language": None})),
    (immutable("wordTimestamps"), "the same", changing(FULL, {"wordTimestamps": True})),
    (immutable("wordTimestamps"), "the default, spelled out", changing(SPEC, {"wordTimestamps": False})),
    (immutable("backoffLimit"), "the same", changing(FULL, {"backoffLimit": 5})),
    (immutable("backoffLimit"), "the default, spelled out", changing(SPEC, {"backoffLimit": 3})),
    *((immutable(field), "the same", changing(FULL, {field: value})) for field, value, _ in OPTIONAL),
    *((immutable(field), "absent as before", changing(SPEC, {field: None})) for field, _, _ in OPTIONAL),
    (CANCEL_RULE, "from the start", creating({**SPEC, "cancel": True})),
    (CANCEL_RULE, "afterwards", changing(SPEC, {"cancel": True})),
    (CANCEL_RULE, "said again", changing({**SPEC, "cancel": True}, {"cancel": True, "suspend": True})),
    (final("Complete"), "told again", telling({"conditions": [COMPLETE]}, {"conditions": [COMPLETE]})),
    (
        final("Complete"),
        "other words for it",
        telling({"conditions": [COMPLETE]}, {"conditions": [condition("Complete", reason="Other"), RUNNING]}),
    ),
    (final("Complete"), "False before", telling({"conditions": [condition("Complete", "False")]}, None)),
    (
        final("Complete"),
        "Unknown before",
        telling({"conditions": [condition("Complete", "Unknown")]}, {"conditions": []}),
    ),
    (final("Complete"), "beside a change elsewhere", telling({"conditions": [COMPLETE]}, {"warnings": ["Loud."]})),
    (final("Failed"), "told again", telling({"conditions": [FAILED]}, {"conditions": [FAILED]})),
    (final("Failed"), "replaced as a whole", replacing({"conditions": [FAILED]}, {"conditions": [FAILED]})),
    (final("Failed"), "False before", telling({"conditions": [condition("Failed", "False")]}, {"conditions": []})),
    (NEVER_BOTH, "Complete, not Failed", telling({"conditions": [COMPLETE, condition("Failed", "False")]})),
    (NEVER_BOTH, "Failed, not Complete", telling({"conditions": [FAILED, condition("Complete", "False")]})),
    (NEVER_BOTH, "neither", telling({"conditions": [RUNNING]})),
    (NEVER_BOTH, "no conditions", telling({"phase": "Pending"})),
)
"""Rule, what is special, question."""

REFUSED: tuple[tuple[str, str, Question], ...] = (
    (NAME_RULE, "too long", creating(SPEC, name="a" * 53)),
    (NAME_RULE, "a dot", creating(SPEC, name="talk.wav")),
    (NAME_RULE, "a dot at length", creating(SPEC, name="a" * 30 + "." + "b" * 10)),
    (SOURCE_RULE, "both", creating({"source": {**SPEC["source"], **UPLOAD["source"]}})),
    (SOURCE_RULE, "neither", creating({"source": {}})),
    (SOURCE_RULE, "url and s3", creating({"source": {**SPEC["source"], **URL["source"]}})),
    (SOURCE_RULE, "url and upload", creating({"source": {**UPLOAD["source"], **URL["source"]}})),
    (SOURCE_RULE, "all three", creating({"source": {**SPEC["source"], **UPLOAD["source"], **URL["source"]}})),
    (OPTION_RULE, "too long a name", creating({**SPEC, "engine": {"options": {"a" * 64: ""}}})),
    (OPTION_RULE, "a dash", creating({**SPEC, "engine": {"options": {"max-seconds": ""}}})),
    (OPTION_RULE, "a capital first", creating({**SPEC, "engine": {"options": {"MaxSeconds": ""}}})),
    (OPTION_RULE, "one bad name of two", creating({**SPEC, "engine": {"options": {"a": "", "b c": ""}}})),
    (OPTION_RULE, "no name", creating({**SPEC, "engine": {"options": {"": ""}}})),
    (immutable("source"), "another key", changing(FULL, {"source": {"s3": {"key": "other.wav"}}})),
    (immutable("source"), "another bucket", changing(FULL, {"source": {"s3": {**S3, "bucket": "other"}}})),
    (immutable("source"), "another kind", changing(FULL, {"source": {"s3": None, **UPLOAD["source"]}})),
    (immutable("profile"), "changed", changing(FULL, {"profile": "gpu"})),
    (immutable("profile"), "added", changing(SPEC, {"profile": "gpu"})),
    (immutable("profile"), "removed", changing(FULL, {"profile": None})),
    (immutable("engine"), "changed", changing(FULL, {"engine": {"model": "base"}})),
    (immutable("engine"), "a field added", changing(FULL, {"engine": {"beamSize": 1}})),
    (immutable("engine"), "a field removed", changing(FULL, {"engine": {"model": None}})),
    (immutable("engine"), "added", changing(SPEC, {"engine": {"model": "base"}})),
    (immutable("engine"), "removed", changing(FULL, {"engine": None})),
    (
        immutable("source"),
        "another address",
        changing(URL, {"source": {"url": "https://media.example.org/talk.wav"}}),
    ),
    (immutable("engine"), "an option changed", changing(FULL, {"engine": {"options": {"a": "c"}}})),
    *((immutable(field), "changed", changing(FULL, {field: other})) for field, _, other in OPTIONAL),
    *((immutable(field), "added", changing(SPEC, {field: other})) for field, _, other in OPTIONAL),
    *((immutable(field), "removed", changing(FULL, {field: None})) for field, _, _ in OPTIONAL),
    (CANCEL_RULE, "taken back", changing({**SPEC, "cancel": True}, {"cancel": False})),
    (CANCEL_RULE, "left out", changing({**SPEC, "cancel": True}, {"cancel": None})),
    (immutable("engine"), "an option added", changing(FULL, {"engine": {"options": {"c": "d"}}})),
    (immutable("task"), "changed", changing(FULL, {"task": "transcribe"})),
    (immutable("task"), "removed, so defaulted", changing(FULL, {"task": None})),
    (immutable("prompt"), "changed", changing(FULL, {"prompt": "Another."})),
    (immutable("prompt"), "added", changing(SPEC, {"prompt": "A talk."})),
    (immutable("prompt"), "removed", changing(FULL, {"prompt": None})),
    (immutable("hotwords"), "changed", changing(FULL, {"hotwords": ["Fourier"]})),
    (immutable("hotwords"), "added", changing(SPEC, {"hotwords": ["Nyquist"]})),
    (immutable("hotwords"), "removed, so defaulted", changing(FULL, {"hotwords": None})),
    (immutable("channel"), "changed", changing(FULL, {"channel": 0})),
    (immutable("channel"), "added", changing(SPEC, {"channel": 0})),
    (immutable("channel"), "removed", changing(FULL, {"channel": None})),
    (immutable("outputs"), "another bucket", changing(FULL, {"outputs": {"destination": {"s3": {"bucket": "own"}}}})),
    (immutable("outputs"), "another format", changing(FULL, {"outputs": {"formats": ["srt", "vtt"]}})),
    (immutable("outputs"), "added", changing(SPEC, {"outputs": FULL["outputs"]})),
    (immutable("outputs"), "removed", changing(FULL, {"outputs": None})),
    (immutable("language"), "changed", changing(FULL, {"language": "en"})),
    (immutable("language"), "added", changing(SPEC, {"language": "en"})),
    (immutable("language"), "removed, so defaulted", changing(FULL, {"language": None})),
    (immutable("wordTimestamps"), "changed", changing(FULL, {"wordTimestamps": False})),
    (immutable("wordTimestamps"), "added", changing(SPEC, {"wordTimestamps": True})),
    (immutable("wordTimestamps"), "removed, so defaulted", changing(FULL, {"wordTimestamps": None})),
    (immutable("backoffLimit"), "changed", changing(FULL, {"backoffLimit": 6})),
    (immutable("backoffLimit"), "added", changing(SPEC, {"backoffLimit": 6})),
    (immutable("backoffLimit"), "removed, so defaulted", changing(FULL, {"backoffLimit": None})),
    *(
        case
        for kind in ("Complete", "Failed")
        for case in (
            (
                final(kind),
                "turned False",
                telling({"conditions": [condition(kind)]}, {"conditions": [condition(kind, "False")]}),
            ),
            (
                final(kind),
                "turned Unknown",
                telling({"conditions": [condition(kind)]}, {"conditions": [condition(kind, "Unknown")]}),
            ),
            (
                final(kind),
                "left out of the list",
                telling({"conditions": [condition(kind)]}, {"conditions": [RUNNING]}),
            ),
            (final(kind), "an empty list", telling({"conditions": [condition(kind)]}, {"conditions": []})),
            (final(kind), "no list", telling({"conditions": [condition(kind)]}, {"conditions": None})),
            (final(kind), "no status", telling({"conditions": [condition(kind)]}, None)),
            (
                final(kind),
                "another status in its place",
                replacing({"conditions": [condition(kind)]}, {"phase": "Pending"}),
            ),
            (final(kind), "no status in its place", replacing({"conditions": [condition(kind)]}, None)),
        )
    ),
    (final("Complete"), "turned into the other", telling({"conditions": [COMPLETE]}, {"conditions": [FAILED]})),
    (NEVER_BOTH, "both at once", telling({"conditions": [COMPLETE, FAILED]})),
    (NEVER_BOTH, "the other too", telling({"conditions": [FAILED]}, {"conditions": [FAILED, COMPLETE]})),
)
"""Rule, what is special, question."""


def rules_in(schema: Mapping[str, Any]) -> Iterator[str]:
    """Walk the messages of all rules of a schema."""
    for rule in schema.get("x-kubernetes-validations", []):
        yield rule["message"]
    for inner in schema.get("properties", {}).values():
        yield from rules_in(inner)
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), Mapping):
            yield from rules_in(schema[keyword])


def case_id(value: object) -> str | None:
    """Name a test by what is special; the rule is told by its first words."""
    return value[:40] if isinstance(value, str) else ""


@pytest.mark.parametrize(("rule", "special", "question"), ACCEPTED, ids=case_id)
def test_what_a_rule_accepts(asker: Asker, rule: str, special: str, question: Question) -> None:
    """The rule lets through what it is not about."""
    assert question(asker) is None, f"{rule}: {special}"


@pytest.mark.parametrize(("rule", "special", "question"), REFUSED, ids=case_id)
def test_what_a_rule_refuses(asker: Asker, rule: str, special: str, question: Question) -> None:
    """The rule refuses what it is about, in its own words."""
    said = question(asker)

    assert said is not None, special
    assert rule in said


def test_every_rule_has_an_example_of_either_kind() -> None:
    """A rule that nobody tried is a rule that nobody knows."""
    (version,) = custom_resource_definition()["spec"]["versions"]
    rules = set(rules_in(version["schema"]["openAPIV3Schema"]))

    assert rules == {rule for rule, _, _ in ACCEPTED}
    assert rules == {rule for rule, _, _ in REFUSED}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(SPEC, 60, id="added"),
        pytest.param(FULL, 120, id="changed"),
        pytest.param(FULL, -1, id="never"),
        pytest.param(FULL, None, id="removed"),
    ],
)
def test_the_ttl_may_change_at_any_time(asker: Asker, before: Raw, after: int | None) -> None:
    """Before the end and after it, the one mutable field takes any value of its range."""
    assert changing(before, {"ttlSecondsAfterFinished": after})(asker) is None
    assert asker.tell({"conditions": [COMPLETE]}) is None
    assert asker.change({"spec": {"ttlSecondsAfterFinished": 7}}) is None


def test_a_refused_change_changes_nothing(asker: Asker) -> None:
    """A change that is refused in one field takes none of its others along."""
    assert asker.create(FULL) is None
    assert asker.change({"spec": {"language": "en", "ttlSecondsAfterFinished": 1}}) is not None

    job = asker.api.job(asker.name)

    assert job is not None
    assert FULL == job["spec"]


def test_the_main_resource_writes_no_status(asker: Asker) -> None:
    """A user who writes the status beside the spec neither sets it nor takes a terminal condition away."""
    assert asker.create(SPEC) is None
    assert asker.tell({"phase": "Completed", "conditions": [COMPLETE]}) is None

    assert asker.change({"status": None}) is None
    assert asker.change({"status": {"phase": "Failed"}}) is None

    job = asker.api.job(asker.name)
    assert job is not None
    assert "Completed" == job["status"]["phase"]
