"""``POST /detect-language``: the language of a transcript."""

import pytest

from support.gateway import kind_of
from support.installation import Installation
from support.transcriber import RECORDING

FILES = {"audio_file": ("talk.mp3", RECORDING)}


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        pytest.param("en", {"detected_language": "english", "language_code": "en"}, id="English"),
        pytest.param("de-AT", {"detected_language": "german", "language_code": "de"}, id="a country's"),
        pytest.param("jv", {"detected_language": "javanese", "language_code": "jw"}, id="one that Whisper misspells"),
    ],
)
async def test_the_language_is_named_and_coded(
    installation: Installation, tag: str, expected: dict[str, str]
) -> None:
    """By Whisper's name and code; how sure the model was is not known, and said to be so."""
    installation.transcriber.language = tag

    answer = await installation.http.post("/detect-language", files=FILES)

    assert (200, {**expected, "confidence": None}) == (answer.status_code, answer.json())


async def test_silence_has_no_language(installation: Installation) -> None:
    """A recording in which nobody speaks is refused, with what would help."""
    installation.transcriber.language = None
    installation.transcriber.sentences = ()

    answer = await installation.http.post("/detect-language", files=FILES)

    assert (422, "language-undetected", "audio_file") == kind_of(answer)


async def test_a_transcription_finds_the_job_of_the_detection(installation: Installation) -> None:
    """Clients ask for the language first and for the transcript then: the recording is heard once."""
    await installation.http.post("/detect-language", files=FILES)
    await installation.http.post("/asr", files=FILES)

    assert 1 == len(installation.jobs)


async def test_options_of_the_other_call_are_refused(installation: Installation) -> None:
    """There is nothing to choose but whether the recording has a head."""
    answer = await installation.http.post("/detect-language", params={"language": "en"}, files=FILES)

    assert (422, "field-unknown", "language") == kind_of(answer)
