"""What a client asks for is honoured or refused by name, and never ignored."""

import json
from typing import Any

import pytest

from steno_gateway.dialects.assemblyai import options
from steno_gateway.dialects.assemblyai.options import NO_OPS, TranscriptParams, spec_of
from steno_gateway.problems import ProblemError
from steno_gateway.settings import ModelChoice
from steno_types import EngineName, TranscriptionJobSpec

URL = "https://example.com/talk.mp3"
UPLOAD = "0123456789abcdef0123456789abcdef"
MODELS = {
    "whisper-1": ModelChoice(),
    "universal-2": ModelChoice(profile="gpu", engine=EngineName.OPENAI, model="large-v3"),
}


def spec(**asked: Any) -> TranscriptionJobSpec:
    """Give the spec of a request."""
    return spec_of(json.dumps({"audio_url": URL} | asked).encode(), MODELS)


def refusal(**asked: Any) -> ProblemError:
    """Give what a request is refused with."""
    with pytest.raises(ProblemError) as raised:
        spec(**asked)
    return raised.value


def test_a_request_without_options_is_all_defaults() -> None:
    """Words have times, the language is detected, the rest is the installation's."""
    wire = spec().to_wire()

    assert {
        "source": {"url": URL},
        "wordTimestamps": True,
        "language": "auto",
        "task": "transcribe",
    }.items() <= wire.items()
    assert {"engine", "profile", "prompt"}.isdisjoint(wire)


@pytest.mark.parametrize(
    "url",
    [
        f"http://127.0.0.1:8080/v2/upload/{UPLOAD}",
        f"https://steno.example.com/behind/a/path/v2/upload/{UPLOAD}",
        f"https://steno.example.com/v2/upload/{UPLOAD}/",
        f"https://steno.example.com/v2/upload/{UPLOAD}?x=1",
    ],
)
def test_an_upload_is_known_by_its_path(url: str) -> None:
    """Whatever name the client knows the gateway by."""
    found = spec(audio_url=url).source.upload

    assert found is not None
    assert UPLOAD == found.id


@pytest.mark.parametrize(
    "upload_id", ["", "x", UPLOAD.upper(), UPLOAD + "0", "..%2f..%2fjobs", "%00", UPLOAD[:31] + "é"]
)
def test_an_address_like_an_uploads_is_never_fetched(upload_id: str) -> None:
    """What can be no upload's id is refused, not handed to the worker as an address."""
    problem = refusal(audio_url=f"http://gateway/v2/upload/{upload_id}")

    assert ("upload-gone", "audio_url") == (problem.kind.slug, problem.field)


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ({}, "auto"),
        ({"language_detection": True}, "auto"),
        ({"language_detection": False}, "en"),
        ({"language_code": None}, "auto"),
        ({"language_code": "de"}, "de"),
        ({"language_code": "en_us"}, "en-us"),
        ({"language_code": "en_uk"}, "en-GB"),
        ({"language_code": "pt-BR", "language_detection": False}, "pt-br"),
        ({"language_codes": ["fr"]}, "fr"),
        ({"language_codes": ["fr"], "language_code": "fr"}, "fr"),
        ({"language_detection_options": {}}, "auto"),
        ({"language_detection_options": {"code_switching": False}}, "auto"),
        ({"language_detection": True, "language_detection_options": {"code_switching": True}}, "mixed"),
    ],
)
def test_the_language_is_given_or_detected(asked: dict[str, Any], language: str) -> None:
    """AssemblyAI's codes become BCP 47 tags."""
    assert language == spec(**asked).language


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"language_code": "de", "language_detection": True}, "language_code"),
        ({"language_code": "german!"}, "language_code"),
        ({"language_code": "auto"}, "language_code"),
        ({"language_code": "mixed"}, "language_code"),
        ({"language_code": ""}, "language_code"),
        ({"language_code": "en" + "-abcdefgh" * 9}, "language_code"),
        ({"language_code": 7}, "language_code"),
        ({"language_codes": ["de", "en"]}, "language_codes"),
        ({"language_codes": ["de"], "language_code": "en"}, "language_codes"),
        ({"language_code": "de", "language_detection_options": {"code_switching": True}}, "language_code"),
        (
            {"language_detection": False, "language_detection_options": {"code_switching": True}},
            "language_detection_options.code_switching",
        ),
        (
            {"language_detection_options": {"expected_languages": ["en"]}},
            "language_detection_options.expected_languages",
        ),
        ({"language_detection": "yes"}, "language_detection"),
    ],
)
def test_a_language_that_cannot_be_is_refused(asked: dict[str, Any], field: str) -> None:
    """By the name of the option."""
    assert field == refusal(**asked).field


@pytest.mark.parametrize(
    ("asked", "choice"),
    [
        ({"speech_model": "best"}, ModelChoice()),
        ({"speech_models": []}, ModelChoice()),
        ({"speech_models": ["universal-3-pro", "universal-2"]}, MODELS["universal-2"]),
        ({"speech_models": ["whisper-1", "universal-2"]}, MODELS["whisper-1"]),
        ({"speech_model": "universal-2"}, MODELS["universal-2"]),
    ],
)
def test_a_model_is_what_the_installation_says(asked: dict[str, Any], choice: ModelChoice) -> None:
    """The first that it has; AssemblyAI's own names mean something where STENO_MODELS says so."""
    found = spec(**asked)
    engine = found.engine

    assert choice == ModelChoice(
        profile=found.profile, engine=engine and engine.name, model=engine.model if engine else None
    )


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"speech_model": "nano"}, "speech_model"),
        ({"speech_model": ""}, "speech_model"),
        ({"speech_models": ["universal-3-pro", "slam-1"]}, "speech_models"),
        ({"speech_models": "best"}, "speech_models"),
        ({"speech_model": "best", "speech_models": ["best"]}, "speech_models"),
    ],
)
def test_a_model_that_nobody_has_is_refused(asked: dict[str, Any], field: str) -> None:
    """With the names that would do."""
    assert field == refusal(**asked).field


def test_a_refused_model_is_named_with_those_there_are() -> None:
    """So that a client's author knows what to write."""
    problem = refusal(speech_models=["nano"])

    assert "'nano'" in problem.detail
    assert "best, universal-2, whisper-1" in problem.remedy


def test_terms_of_both_lists_are_hotwords() -> None:
    """Each once."""
    asked = spec(keyterms_prompt=["Steno", "kopf"], word_boost=["kopf", "Kueue"], boost_param="default")

    assert ("Steno", "kopf", "Kueue") == asked.hotwords


@pytest.mark.parametrize("field", ["word_boost", "keyterms_prompt"])
@pytest.mark.parametrize(
    "terms",
    [
        pytest.param([f"term {number}" for number in range(51)], id="too many"),
        pytest.param(["x" * 64], id="too long"),
        pytest.param([""], id="empty"),
        pytest.param("term", id="no list"),
        pytest.param([7], id="no text"),
    ],
)
def test_terms_beyond_the_bounds_are_refused(field: str, terms: object) -> None:
    """By the name of their list, whichever it was."""
    name = refusal(**{field: terms}).field

    assert name is not None
    assert name.startswith(field)


@pytest.mark.parametrize(
    ("field", "value"), [(name, value) for name, values in NO_OPS.items() for value in (None, *values)]
)
def test_an_option_that_asks_for_nothing_is_taken(field: str, value: object) -> None:
    """AssemblyAI's clients send some of their defaults."""
    assert spec() == spec(**{field: value})


@pytest.mark.parametrize("field", sorted(NO_OPS))
def test_an_option_that_nobody_can_do_is_refused(field: str) -> None:
    """By its name, with a remedy."""
    wanted = {"format_text": False, "punctuate": False}.get(field, "wanted")
    problem = refusal(**{field: wanted})

    assert ("field-invalid", field) == (problem.kind.slug, problem.field)
    assert field in problem.detail
    assert problem.remedy


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("summarization", True),
        ("summarization", 0),
        ("audio_start_from", False),
        ("audio_start_from", 1),
        ("temperature", 0.2),
    ],
)
def test_a_value_is_no_default_for_looking_like_one(field: str, value: object) -> None:
    """Python's 0 is False; a client's is not."""
    assert field == refusal(**{field: value}).field


def test_several_refused_options_are_named_together() -> None:
    """One answer instead of one after the other."""
    assert "auto_chapters, webhook_url" in refusal(auto_chapters=True, webhook_url="https://me.example.com").detail


def test_an_unknown_option_is_refused() -> None:
    """A misspelled option is noticed at once."""
    assert ("field-unknown", "languagecode") == (
        refusal(languagecode="de").kind.slug,
        refusal(languagecode="de").field,
    )


@pytest.mark.parametrize(
    "url",
    ["", "talk.mp3", "file:///etc/passwd", "s3://bucket/key", "ftp://example.com/a", "https://", "https://u:p@example.com/a",
     "https://example.com/a b", "http://2130706433/", "https://example.com/" + "a" * 4096, None, 7, ["https://example.com"]],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(url: object) -> None:
    """By the name that AssemblyAI has for it, without repeating it, as it may be a secret."""
    problem = refusal(audio_url=url)

    assert "audio_url" == problem.field
    assert "u:p" not in problem.detail + problem.remedy


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"null", b"\xff", b"7", b"[" * 100_000])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    """However it is broken."""
    with pytest.raises(ProblemError) as raised:
        spec_of(body, MODELS)

    assert "body-malformed" == raised.value.kind.slug


def test_a_request_without_an_address_is_refused() -> None:
    """There is nothing to transcribe."""
    with pytest.raises(ProblemError) as raised:
        spec_of(b"{}", MODELS)

    assert "audio_url" == raised.value.field


def test_bounds_are_those_of_the_job() -> None:
    """What is taken here is taken by the cluster."""
    hotwords = TranscriptionJobSpec.model_fields["hotwords"].metadata

    assert options.MAX_HOTWORDS in [getattr(each, "max_length", None) for each in hotwords]
    assert set(NO_OPS).isdisjoint(TranscriptParams.model_fields)
    TranscriptionJobSpec(source=spec().source, hotwords=("x" * 63,) * 50)
