"""What multistep's steps leave is told apart: sound results, failures in disguise, and a transcript to be mended."""

import json
from typing import Any

import pytest

from steno_worker.engines.multistep.names import StepName
from steno_worker.engines.multistep.reading import (
    Line,
    UnsoundError,
    lines_of,
    name_words,
    respelled,
    retimed,
    sound,
    spaced,
)

ROW = {"start": 0.0, "end": 1.5, "transcript": "Hello."}


def rows(*said: tuple[float, float, str]) -> list[dict[str, Any]]:
    """Make a transcript as the package spells it."""
    return [{"start": start, "end": end, "transcript": text} for start, end, text in said]


@pytest.mark.parametrize(
    ("name", "result"),
    [
        pytest.param(StepName.RAW_TRANSCRIPT, [], id="nothing said"),
        pytest.param(StepName.RAW_TRANSCRIPT, [ROW], id="transcript"),
        pytest.param(StepName.RAW_TRANSCRIPT, [{**ROW, "transcript": "Error: Could not go on."}], id="said so"),
        pytest.param(StepName.ENTITIES, {}, id="no names"),
        pytest.param(StepName.DIARIZATION, [], id="one turn"),
        pytest.param(StepName.INTRODUCTIONS, [], id="no introductions"),
        pytest.param(StepName.SPEAKER_MAP, {"null": "Ann"}, id="speaker unknown"),
    ],
)
def test_a_sound_result_is_read_as_it_is(name: StepName, result: Any) -> None:
    """A step may find nothing, and people may say what the package says of its errors."""
    assert result == sound(name, json.dumps(result).encode())


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        pytest.param(StepName.RAW_TRANSCRIPT, None, "it gave nothing", id="no file"),
        pytest.param(StepName.RAW_TRANSCRIPT, b"null", "it gave nothing", id="None"),
        pytest.param(StepName.CORRECTED_TRANSCRIPT, b'[{"start": 0', "no JSON", id="cut off"),
        pytest.param(StepName.RAW_TRANSCRIPT, b'"initial_transcription failed"', "a text", id="X failed"),
        pytest.param(StepName.RAW_TRANSCRIPT, b'[{"start": 0, "end": 1}]', r"0\.transcript: Field", id="no text"),
        pytest.param(StepName.SENTENCE_MERGE, b'[{"start": NaN, "end": 1, "transcript": ""}]', "finite", id="NaN"),
        pytest.param(StepName.DIARIZATION, b"{}", "valid list", id="error of diarization"),
        pytest.param(StepName.MERGED, json.dumps([ROW]).encode(), r"0\.speaker", id="no speakers"),
    ],
)
def test_a_failure_in_disguise_is_told(name: StepName, body: bytes | None, said: str) -> None:
    """Whatever the package leaves in place of a result is no result."""
    with pytest.raises(UnsoundError, match=said):
        sound(name, body)


def test_stretches_are_parted_by_a_space() -> None:
    """The last word of one stretch and the first of the next stay two words, and silence is left out."""
    raw = rows((0, 2, "and then"), (2, 3, " "), (3, 5, "we left. "))

    assert [" and then", " we left."] == [row["transcript"] for row in spaced(raw)]


def test_sentences_are_timed_by_their_letters() -> None:
    """A sentence begins and ends where its letters do, within a stretch as well as across two."""
    raw = rows((0.0, 4.0, " One two. And"), (10.0, 12.0, " then."), (20.0, 21.0, " End."))
    wrong = rows((0, 0, "One two."), (0, 0, "And then."), (0, 0, "End."))

    timed = [(row["start"], row["end"], row["transcript"]) for row in retimed(wrong, raw)]

    assert [(0.0, 2.8, "One two."), (2.8, 12.0, "And then."), (20.0, 21.0, "End.")] == timed


def test_no_sentence_drifts_in_a_long_recording() -> None:
    """The thousandth sentence is as well placed as the first."""
    raw = rows(*((float(n), n + 1.0, f" Number {n:04d} is here. So is this.") for n in range(500)))
    sentences = [text for n in range(500) for text in (f"Number {n:04d} is here.", "So is this.")]

    timed = retimed(rows(*((0, 0, text) for text in sentences)), raw)

    assert (499.0, 500.0) == (timed[-2]["start"], timed[-1]["end"])


def test_foreign_sentences_keep_their_times() -> None:
    """Where the letters are not the recording's, nobody knows better than the package."""
    other = rows((1, 2, "Something else."))

    assert other == retimed(other, rows((0, 4, "One two.")))


def test_names_are_given_word_by_word() -> None:
    """People's names are parted; places of several words and dates are left out."""
    entities = {
        "Person": [{"text": "Ann Lee"}, {"text": "Bob"}],
        "Locations": [{"text": "Main Street"}, {"text": "Ayer"}],
        "Date": [{"text": "Monday"}],
    }

    assert {"Person": [{"text": word} for word in ("Ann", "Ayer", "Bob", "Lee")]} == name_words(entities)
    assert {} == name_words({"Person": [], "Date": [{"text": "Monday"}]})


@pytest.mark.parametrize(
    ("heard", "corrected", "expected"),
    [
        pytest.param("Thank you Anne.", "Thank you Ann", "Thank you Ann.", id="full stop"),
        pytest.param("(Anne's) turn", "Ann turn", "(Ann's) turn", id="genitive"),
        pytest.param("Mr Macdonald, please", "Mr Mcdonald please", "Mr McDonald, please", id="inner capital"),
        pytest.param("Mark the page. Will you?", "Mark the page. Will you?", "Mark the page. Will you?", id="alike"),
        pytest.param("to ann, surely", "to Ann surely", "to ann, surely", id="only case and comma"),
        pytest.param("I am Ann", "I am Ann lee", "I am Ann", id="a word too many"),
    ],
)
def test_a_correction_changes_names_alone(heard: str, corrected: str, expected: str) -> None:
    """Punctuation and capitals survive, and what is no replacement of words is not believed."""
    (row,) = respelled(rows((0, 1, corrected)), rows((0, 1, heard)), ["Ann", "McDonald"])

    assert expected == row["transcript"]


def test_a_correction_of_other_rows_is_not_believed() -> None:
    """Rows that were lost on the way are kept as they were heard."""
    heard = rows((0, 1, "One."), (1, 2, "Two."))

    assert heard == respelled(heard[:1], heard, [])


def test_speakers_are_found_by_words_and_time() -> None:
    """Two sentences alike have each its speaker, an unknown one is none, and inserted silence is no sentence."""
    said = rows((0, 1, "Yes."), (5, 6, "Yes."), (8, 9, "No."), (9, 10, " "))
    final = [
        {**ROW, "start": 0, "end": 2, "transcript": "Yes.", "speaker_name": "Ann"},
        {**ROW, "start": 2, "end": 4, "transcript": "[SILENCE]", "speaker_name": "Bob"},
        {**ROW, "start": 4, "end": 6, "transcript": "Yes.", "speaker_name": "Bob"},
        {**ROW, "start": 6, "end": 9, "transcript": "No.", "speaker_name": "UNKNOWN"},
    ]

    assert (
        Line(start_seconds=0, end_seconds=1, text="Yes.", speaker="Ann"),
        Line(start_seconds=5, end_seconds=6, text="Yes.", speaker="Bob"),
        Line(start_seconds=8, end_seconds=9, text="No."),
    ) == lines_of(said, final)
