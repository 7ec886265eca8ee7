"""The package's steps by name: as it names their files, and as people call them. Knows nothing else."""

from enum import StrEnum


class StepName(StrEnum):
    """A step, by the end of its file's name in the package's cache."""

    RAW_TRANSCRIPT = "raw_transcript"
    SENTENCE_MERGE = "sentence_merge"
    ENTITIES = "entities"
    CORRECTED_TRANSCRIPT = "corrected_transcript"
    DIARIZATION = "diarization"
    MERGED = "merged"
    COMPRESSED = "compressed"
    INTRODUCTIONS = "introductions"
    SPEAKER_MAP = "speaker_map"
    FINAL = "final"

    @property
    def spoken(self) -> str:
        """What it does, for messages."""
        return _SPOKEN[self]


_SPOKEN = {
    StepName.RAW_TRANSCRIPT: "transcription",
    StepName.SENTENCE_MERGE: "merging of sentences",
    StepName.ENTITIES: "search for names",
    StepName.CORRECTED_TRANSCRIPT: "correction of names",
    StepName.DIARIZATION: "telling apart of speakers",
    StepName.MERGED: "merging with speakers",
    StepName.COMPRESSED: "joining of speakers' sentences",
    StepName.INTRODUCTIONS: "search for introductions",
    StepName.SPEAKER_MAP: "naming of speakers",
    StepName.FINAL: "mapping of speakers' names",
}
