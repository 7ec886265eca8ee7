"""A fresh process on its way to the first segment, saying when it got where.

Started by `start` as ``python -m benchmarks.start_process RECORDING``; prints one line of JSON: for each stage when
it ended, in seconds on the clock of `time.monotonic`, which all processes share. Must not know when it was started.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path


def main(recording: Path) -> None:
    """Go from nothing to the first heard chunk, as a pod does."""
    ended = {"interpreter": time.monotonic()}

    def reached(stage: str) -> None:
        ended[stage] = time.monotonic()

    # Imported only now, since importing is one of the stages.
    from benchmarks.sides import JOB, ObservedDecoder, settings  # noqa: PLC0415
    from steno_types import ASSIGNMENT_VARIABLE, ATTEMPT_VARIABLE, Assignment, SourceObject  # noqa: PLC0415
    from steno_worker.checkpoints import NoCheckpoints  # noqa: PLC0415
    from steno_worker.decoding import start_decoding  # noqa: PLC0415
    from steno_worker.engines import Work  # noqa: PLC0415
    from steno_worker.engines.chunked import ChunkedEngine  # noqa: PLC0415
    from steno_worker.engines.faster_whisper import FasterWhisper  # noqa: PLC0415
    from steno_worker.intake import fetch  # noqa: PLC0415
    from steno_worker.pipeline import request_of  # noqa: PLC0415
    from steno_worker.self_test import self_test  # noqa: PLC0415
    from steno_worker.settings import WorkerSettings  # noqa: PLC0415
    from support.object_store import InMemoryObjectStore  # noqa: PLC0415

    reached("imports")
    store = InMemoryObjectStore()
    store.put("upload", recording.read_bytes())
    given = Assignment(
        job=JOB,
        source=SourceObject(bucket=store.bucket, key="upload"),
        results_prefix="steno/bench/jobs/bench-00000000/",
        profile="bench",
        image="bench",
        engine=settings(),
        language="en",
    )
    os.environ |= {
        ASSIGNMENT_VARIABLE: given.model_dump_json(by_alias=True),
        ATTEMPT_VARIABLE: "bench",
        "STENO_STORE_BUCKET": store.bucket,
    }
    reached("store")
    worker_settings, _ = WorkerSettings.from_environment()
    assignment = worker_settings.assignment
    reached("settings")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        scratch = Path(folder)
        fetched = scratch / "recording"
        limits = worker_settings.limits.intake
        fetch(store, assignment.source, assignment.source_url, into=fetched, limits=limits)
        reached("fetch")
        with start_decoding(fetched, scratch / "samples") as audio:
            decoder = ObservedDecoder(FasterWhisper.load(assignment.engine))
            reached("model")
            self_test(ChunkedEngine(decoder), scratch)
            reached("self-test")
            decoder.forget()
            ChunkedEngine(decoder).transcribe(
                Work(
                    request=request_of(assignment),
                    audio=audio,
                    recording=fetched,
                    scratch=scratch,
                    checkpoints=NoCheckpoints(),
                    vad=True,
                    progress=lambda _: None,
                )
            )
    if decoder.first_heard_at is None:
        raise RuntimeError("the recording holds no speech")
    ended["first chunk"] = decoder.first_heard_at
    sys.stdout.write(json.dumps(ended) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
