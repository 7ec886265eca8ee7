r"""The self-test: a model that was just loaded has to hear something in three seconds of clear speech.

Called by `loading`, once a load. It finds what loading does not: a GPU whose driver or architecture the compute type
does not suit, a model file that is damaged and yet well-formed. The clip is espeak-ng 1.51's, made by::

    espeak-ng -v en-us -s 165 --stdout "Good morning everyone. Thank you for coming." \
        | sox -t wav - -r 16000 -b 16 -c 1 --comment "" self_test.flac norm -3

What is heard is not compared: a small model may mishear it, and one of another language hears something else. Must
not know which engine it tests.
"""

import logging
import tempfile
from pathlib import Path
from typing import Final

from steno_types import EngineName
from steno_worker.checkpoints import NoCheckpoints
from steno_worker.decoding import start_decoding
from steno_worker.engines import Engine, SpeechRequest, Work
from steno_worker.errors import LanguageUnsupportedError, SelfTestFailedError, WorkerError

CLIP: Final = Path(__file__).with_name("self_test.flac")
"""Three seconds of English."""

SLOW: Final = frozenset({EngineName.MULTISTEP})
"""Engines whose many steps take minutes even with three seconds of speech."""

logger = logging.getLogger(__name__)


def is_testable(engine: Engine) -> bool:
    """Whether the model runs in this process, so that the engine has seen its files, and answers in seconds.

    An engine that asks a server would be charged for the test.
    """
    return engine.info.model_digest is not None and engine.info.name not in SLOW


def self_test(engine: Engine, scratch: Path) -> None:
    """Have `engine` hear the clip.

    Parameters
    ----------
    scratch
        A folder for the clip's samples; it is left as it was.

    Raises
    ------
    SelfTestFailedError
        Terminal, the platform's (exit 78): nothing was heard, or the device gave up; names device and compute type.
    DeviceOutOfMemoryError
        Retryable (exit 75).
    """
    info = engine.info
    place = f"the model {info.model} on {info.device} with compute type {info.compute_type}"
    with tempfile.TemporaryDirectory(prefix="self-test-", dir=scratch) as folder:
        try:
            heard = _hear(engine, Path(folder))
        except WorkerError:
            raise
        except Exception as error:  # whatever the device makes of it, it is unfit for work
            raise SelfTestFailedError(f"In the self-test {place} failed ({error}).") from error
    if not heard:
        raise SelfTestFailedError(f"In the self-test {place} heard nothing in three seconds of clear speech.")
    logger.info("self-test passed: %s", heard)


def _hear(engine: Engine, folder: Path) -> str:
    with start_decoding(CLIP, folder / "samples") as audio:
        hearing = engine.transcribe(
            Work(
                request=SpeechRequest(language=_language(engine)),
                audio=audio,
                recording=CLIP,
                scratch=folder,
                checkpoints=NoCheckpoints(),
                vad=False,  # the model is tested, and not what finds speech for it
                progress=lambda _: None,
            )
        )
    return " ".join(segment.text for segment in hearing.segments).strip()


def _language(engine: Engine) -> str:
    try:
        engine.check(SpeechRequest(language="en"))
    except LanguageUnsupportedError:
        return "auto"
    return "en"
