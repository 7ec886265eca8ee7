"""The parts of the faster-whisper engine that need no model: languages, devices that are full."""

import pytest

from steno_worker.engines.faster_whisper import _device_errors, whisper_code
from steno_worker.errors import DeviceOutOfMemoryError, LanguageUnsupportedError

KNOWN = ["de", "en", "he", "jw", "no", "zh", "yue"]


@pytest.mark.parametrize(
    ("language", "code"),
    [
        pytest.param("en", "en", id="plain"),
        pytest.param("EN-gb", "en", id="region and case"),
        pytest.param("zh-Hant-TW", "zh", id="script"),
        pytest.param("yue", "yue", id="three letters"),
        pytest.param("nb-NO", "no", id="macrolanguage"),
        pytest.param("jv", "jw", id="Whisper's own spelling"),
    ],
)
def test_bcp_47_becomes_a_code_of_whisper(language: str, code: str) -> None:
    """Region and script are dropped, and the few codes that differ are translated."""
    assert code == whisper_code(language, known=KNOWN, model="large-v3")


@pytest.mark.parametrize(
    ("known", "said"),
    [
        pytest.param(["en"], "the model tiny.en knows en", id="English only"),
        pytest.param(KNOWN, "the model tiny.en knows 7 others", id="many"),
    ],
)
def test_an_unknown_language_is_refused(known: list[str], said: str) -> None:
    """faster-whisper would take an English-only model for any language in silence; we do not."""
    with pytest.raises(LanguageUnsupportedError, match=said):
        whisper_code("tlh", known=known, model="tiny.en")


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("CUDA failed with error out of memory", id="CUDA"),
        pytest.param("cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED", id="cuBLAS"),
    ],
)
def test_a_full_gpu_is_told_from_other_errors(message: str) -> None:
    """CTranslate2 raises RuntimeError for all; a full GPU is worth another attempt."""
    with pytest.raises(DeviceOutOfMemoryError), _device_errors():
        raise RuntimeError(message)


def test_other_errors_of_ctranslate2_stay_what_they_are() -> None:
    """An error that nobody foresaw must reach the log as itself."""
    with pytest.raises(RuntimeError, match="something else"), _device_errors():
        raise RuntimeError("something else")
