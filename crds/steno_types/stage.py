"""The stages of a worker's attempt, by name: on the wire, in the status, in the log."""

from enum import StrEnum


class Stage(StrEnum):
    """What a worker is doing."""

    FETCH = "fetch"
    LOAD_MODEL = "load-model"
    SELF_TEST = "self-test"
    TRANSCRIBE = "transcribe"
    PUBLISH = "publish"
    DELIVER = "deliver"
