"""Every field of the custom resource's spec can be asked for by an option of the REST API."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from steno_types import (
    Destination,
    Engine,
    EngineName,
    Outputs,
    S3Destination,
    S3Source,
    Source,
    Task,
    TranscriptFormat,
    TranscriptionJobSpec,
)
from support.gateway import FORM_TYPE, Gateway, Part, a_file, a_form, kind_of

ASKED: dict[str, Any] = {
    "task": "translate",
    "language": "pt-BR",
    "prompt": "Steno, Kueue and Kubernetes.",
    "hotwords": ["Steno", "Kueue"],
    "channel": 1,
    "word_timestamps": True,
    "profile": "large",
    "engine": "faster-whisper",
    "model": "large-v3",
    "compute_type": "int8_float16",
    "beam_size": 1,
    "batch_size": 4,
    "vad": False,
    "engine_options": {"patience": "1.5"},
    "s3_path": "s3://results/talks/",
    "s3_formats": ["srt", "txt"],
    "backoff_limit": 0,
    "queue_name": "night",
    "queue_priority": "low",
    "suspend": True,
    "active_deadline_seconds": 3600,
    "pending_deadline_seconds": 86_400,
    "stall_seconds": 600,
    "ttl_seconds_after_finished": -1,
}

BECOMES: dict[str, Any] = {
    "profile": "large",
    "engine": Engine(
        name=EngineName.FASTER_WHISPER,
        model="large-v3",
        compute_type="int8_float16",
        beam_size=1,
        batch_size=4,
        vad=False,
        options={"patience": "1.5"},
    ),
    "task": Task.TRANSLATE,
    "language": "pt-BR",
    "prompt": "Steno, Kueue and Kubernetes.",
    "hotwords": ("Steno", "Kueue"),
    "channel": 1,
    "word_timestamps": True,
    "outputs": Outputs(
        destination=Destination(s3=S3Destination(bucket="results", prefix="talks/")),
        formats=(TranscriptFormat.SRT, TranscriptFormat.TEXT),
    ),
    "backoff_limit": 0,
    "queue_name": "night",
    "queue_priority": "low",
    "suspend": True,
    "active_deadline_seconds": 3600,
    "pending_deadline_seconds": 86_400,
    "stall_seconds": 600,
    "ttl_seconds_after_finished": -1,
}

WITHOUT_OPTION = {"cancel"}
"""A task that is made to be ended at once is of no use; POST /cancel ends one."""


def leaves(model: BaseModel, path: str = "") -> Iterator[tuple[str, object, object]]:
    """Walk the fields of a model down to what is no model, each with its path, its value and its default."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value, field.get_default(call_default_factory=True, validated_data={})


def the_spec(gateway: Gateway) -> TranscriptionJobSpec:
    """Give the spec of the one job there is."""
    (job,) = gateway.jobs.jobs
    return job.spec


def form_of(options: dict[str, Any]) -> bytes:
    """Spell options as a form's parts: lists as one part for each item, maps as JSON."""
    parts = []
    for name, value in options.items():
        if isinstance(value, list):
            parts += [Part(name, item.encode()) for item in value]
        else:
            text = value if isinstance(value, str) else json.dumps(value)
            parts.append(Part(name, text.encode()))
    return a_form(*parts, a_file())


async def test_json_options_become_the_spec(gateway: Gateway) -> None:
    """Each option is the field of the same meaning."""
    response = await gateway.client.post("/transcribe", json={"s3": {"key": "a.wav"}, **ASKED})

    assert 202 == response.status_code
    assert TranscriptionJobSpec(source=Source(s3=S3Source(key="a.wav")), **BECOMES) == the_spec(gateway)


async def test_a_forms_options_become_the_same_spec(gateway: Gateway) -> None:
    """A form asks for the same things, in its own spelling."""
    response = await gateway.client.post("/transcribe", headers={"Content-Type": FORM_TYPE}, content=form_of(ASKED))

    spec = the_spec(gateway)
    assert 202 == response.status_code
    assert TranscriptionJobSpec(source=spec.source, **BECOMES) == spec


async def test_no_field_of_the_spec_lacks_an_option(gateway: Gateway) -> None:
    """All that the custom resource knows was asked for above, and came to something else than its default."""
    await gateway.client.post("/transcribe", json={"s3": {"key": "a.wav"}, **ASKED})

    fields = {path: (value, default) for path, value, default in leaves(the_spec(gateway)) if path[:7] != "source."}
    unchanged = {path for path, (value, default) in fields.items() if value == default}
    assert WITHOUT_OPTION == unchanged


@pytest.mark.parametrize(
    ("parts", "hotwords"),
    [
        pytest.param([b"Steno"], ("Steno",), id="one"),
        pytest.param([b"Steno", b"Kueue"], ("Steno", "Kueue"), id="two parts"),
        pytest.param([b'["Steno", "Kueue"]'], ("Steno", "Kueue"), id="a JSON array"),
        pytest.param([b"[1]", b"Kueue"], ("[1]", "Kueue"), id="a bracket among several"),
    ],
)
async def test_a_list_is_spelled_in_two_ways(gateway: Gateway, parts: list[bytes], hotwords: tuple[str, ...]) -> None:
    """Parts of one name, as curl -F makes them, or JSON, as programs do."""
    form = a_form(*(Part("hotwords", part) for part in parts), a_file())

    await gateway.client.post("/transcribe", headers={"Content-Type": FORM_TYPE}, content=form)

    assert hotwords == the_spec(gateway).hotwords


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        pytest.param([Part("hotwords", b'["a"')], "hotwords", id="a list that is cut"),
        pytest.param([Part("hotwords", b"[1]")], "hotwords.0", id="a list of numbers"),
        pytest.param([Part("hotwords", b"")], "hotwords.0", id="an empty word"),
        pytest.param([Part("hotwords", b"a")] * 51, "hotwords", id="too many words"),
        pytest.param([Part("engine_options", b"beam=1")], "engine_options", id="no JSON"),
        pytest.param([Part("engine_options", b'["a"]')], "engine_options", id="no object"),
        pytest.param([Part("engine_options", b'{"a": 1}')], "engine_options.a", id="a number"),
        pytest.param([Part("s3_formats", b"srt")], "s3_formats", id="formats without a path"),
        pytest.param([Part("s3_path", b"a/"), Part("s3_formats", b"doc")], "s3_formats.0", id="no format"),
        pytest.param([Part("language", b"de"), Part("language", b"en")], "language", id="twice"),
        pytest.param([Part("stall_seconds", b"29")], "stall_seconds", id="too soon"),
    ],
)
async def test_a_bad_option_of_a_form_is_named(gateway: Gateway, parts: list[Part], field: str) -> None:
    """It is refused before the file is stored."""
    response = await gateway.client.post(
        "/transcribe", headers={"Content-Type": FORM_TYPE}, content=a_form(*parts, a_file())
    )

    assert (422, "field-invalid", field) == kind_of(response)
    assert ((), {}) == (gateway.jobs.jobs, gateway.uploads())
