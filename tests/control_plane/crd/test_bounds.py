"""The API server's own verdict on every bound of the spec: a value just inside, and one just outside."""

import pytest

from control_plane.crd.bounds import Cases, bounds_of, field_of, number, text
from control_plane.crd.questions import SPEC, UPLOAD_ID, Asker, Raw
from steno_types import TranscriptFormat


def in_destination(place: Raw) -> Raw:
    """Give a spec whose results go there."""
    return {"outputs": {"destination": {"s3": place}}}


def with_formats(formats: list[str]) -> Raw:
    """Give a spec of whose results these are copied."""
    return {"outputs": {"destination": {"s3": {}}, "formats": formats}}


def at(url: str) -> Raw:
    """Give a spec whose recording is there."""
    return {"source": {"url": url}}


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
    "source.upload.sha256.maxLength": (
        {"source": {"upload": {"id": UPLOAD_ID, "sha256": "a" * 64}}},
        {"source": {"upload": {"id": UPLOAD_ID, "sha256": "a" * 65}}},
    ),
    "source.upload.sha256.pattern": (
        {"source": {"upload": {"id": UPLOAD_ID, "sha256": "0123456789abcdef" * 4}}},
        {"source": {"upload": {"id": UPLOAD_ID, "sha256": "A" * 64}}},
    ),
    "source.url.maxLength": (at("https://a/" + "ä" * 4086), at("https://a/" + "ä" * 4087)),
    "source.url.pattern": (at("http://user:pw@[::1]:8080?key=#ä"), at("ftp://media.example.org/talk.wav")),
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
    "engine.batchSize.minimum": ({"engine": {"batchSize": 1}}, {"engine": {"batchSize": 0}}),
    "engine.batchSize.maximum": ({"engine": {"batchSize": 256}}, {"engine": {"batchSize": 257}}),
    "engine.options.maxProperties": (
        {"engine": {"options": {f"a{number}": "" for number in range(16)}}},
        {"engine": {"options": {f"a{number}": "" for number in range(17)}}},
    ),
    "engine.options{}.maxLength": (
        {"engine": {"options": {"a": "ä" * 256}}},
        {"engine": {"options": {"a": "ä" * 257}}},
    ),
    "task.enum": ({"task": "translate"}, {"task": "summarize"}),
    "prompt.minLength": ({"prompt": "\n"}, {"prompt": ""}),
    "prompt.maxLength": text("prompt", 1000),
    "hotwords.maxItems": ({"hotwords": ["w"] * 50}, {"hotwords": ["w"] * 51}),
    "hotwords[].minLength": ({"hotwords": ["w"]}, {"hotwords": [""]}),
    "hotwords[].maxLength": ({"hotwords": ["ä" * 63]}, {"hotwords": ["ä" * 64]}),
    "channel.minimum": number("channel", 0, -1),
    "channel.maximum": number("channel", 63, 64),
    "outputs.required": (in_destination({}), {"outputs": {"formats": ["json"]}}),
    "outputs.destination.required": (in_destination({}), {"outputs": {"destination": {}}}),
    "outputs.destination.s3.bucket.minLength": (in_destination({"bucket": "abc"}), in_destination({"bucket": "ab"})),
    "outputs.destination.s3.bucket.maxLength": (
        in_destination({"bucket": "a" * 63}),
        in_destination({"bucket": "a" * 64}),
    ),
    "outputs.destination.s3.bucket.pattern": (
        in_destination({"bucket": "my.talks-2026"}),
        in_destination({"bucket": "s3://talks"}),
    ),
    "outputs.destination.s3.prefix.maxLength": (
        in_destination({"prefix": "ä" * 900}),
        in_destination({"prefix": "ä" * 901}),
    ),
    "outputs.destination.s3.prefix.pattern": (
        in_destination({"prefix": "Aufnahmen 2026/☎/"}),
        in_destination({"prefix": "talks\t"}),
    ),
    "outputs.formats.minItems": (with_formats(["json"]), with_formats([])),
    "outputs.formats.maxItems": (with_formats([*TranscriptFormat]), with_formats([*TranscriptFormat, "json"])),
    "outputs.formats[].enum": (with_formats(["verbose_json"]), with_formats(["docx"])),
    "language.maxLength": (
        {"language": "de-12345678-12345678-12345678-12345"},
        {"language": "de-12345678-12345678-12345678-123456"},
    ),
    "language.pattern": ({"language": "zh-Hant-TW"}, {"language": "German"}),
    "backoffLimit.minimum": number("backoffLimit", 0, -1),
    "backoffLimit.maximum": number("backoffLimit", 20, 21),
    **{
        f"{field}.{keyword}": (given, refused)
        for field in ("queueName", "queuePriority")
        for keyword, given, refused in (
            ("minLength", {field: "a"}, {field: ""}),
            ("maxLength", {field: "a" * 63}, {field: "a" * 64}),
            ("pattern", {field: "team-a"}, {field: "Team A"}),
        )
    },
    **{
        f"{field}.{keyword}": number(field, last, beyond)
        for field, least in (("activeDeadlineSeconds", 1), ("pendingDeadlineSeconds", 1), ("stallSeconds", 30))
        for keyword, last, beyond in (("minimum", least, least - 1), ("maximum", 31_536_000, 31_536_001))
    },
    "ttlSecondsAfterFinished.minimum": number("ttlSecondsAfterFinished", -1, -2),
    "ttlSecondsAfterFinished.maximum": number("ttlSecondsAfterFinished", 315_360_000, 315_360_001),
}
"""By path and keyword: what to merge into an ordinary spec so that it is just accepted, and just refused."""


@pytest.mark.parametrize("bound", SPEC_CASES)
def test_the_bounds_of_the_spec(asker: Asker, bound: str) -> None:
    """The server takes the last value inside of the bound and refuses the first outside, naming the field."""
    inside, outside = SPEC_CASES[bound]

    refused = asker.create({**SPEC, **outside})
    accepted = asker.create({**SPEC, **inside})

    assert accepted is None
    assert refused is not None
    assert field_of(bound, under="spec") in refused


def test_every_bound_has_an_example_of_either_kind() -> None:
    """A bound that the models gain shows up here until someone tries it."""
    assert {"required" if bound == "source.required" else bound for bound in SPEC_CASES} == bounds_of("spec")


@pytest.mark.parametrize(
    "language",
    ["auto", "mixed", "de", "yue", "de-AT", "zh-Hant-TW", "sl-rozaj-biske-1994"],
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
    defaults = {"task": "transcribe", "language": "auto", "hotwords": [], "wordTimestamps": False, "backoffLimit": 3}
    switches = {"cancel": False, "suspend": False}
    assert {**SPEC, **defaults, **switches} == job["spec"]


def test_the_defaults_of_a_copy_are_filled_in(asker: Asker) -> None:
    """A copy that is asked for without more goes to the root of the default bucket, to read and to work with."""
    assert asker.create({**SPEC, **in_destination({})}) is None

    job = asker.api.job(asker.name)

    assert job is not None
    assert {"destination": {"s3": {"prefix": ""}}, "formats": ["json", "md"]} == job["spec"]["outputs"]


def test_an_engines_options_are_kept(asker: Asker) -> None:
    """What the schema does not know by name is not pruned, since each engine has options of its own."""
    engine = {"name": "fake", "batchSize": 2, "vad": False, "options": {"chunkSeconds": "5", "a" * 63: ""}}
    assert asker.create({**SPEC, "engine": engine}) is None

    job = asker.api.job(asker.name)

    assert job is not None
    assert engine == job["spec"]["engine"]


def test_a_spec_is_required(asker: Asker) -> None:
    """A job of nothing is none."""
    said = asker.create({})

    assert said is not None
    assert "spec.source" in said
