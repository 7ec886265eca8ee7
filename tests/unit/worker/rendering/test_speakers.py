"""Who speaks is said by every format in its own way, and by none where nobody is told apart."""

import csv
import html
import json

import pytest
import srt  # type: ignore[import-untyped]  # it has no stubs
import webvtt

from steno_worker.transcript import Segment
from unit.worker.rendering.transcripts import (
    HOSTILE_TEXTS,
    VOCABULARIES,
    a_segment,
    a_spoken_segment,
    a_transcript,
    bodies,
    random_segments,
)

Turns = list[tuple[str | None, str]]
"""Who speaks, and what is said."""

LONG = "A sentence that is too long for one line, and with that goes on to be too long for two lines as well."


def said(*turns: tuple[str | None, str]) -> list[Segment]:
    """Make segments of three seconds each, of who says it and what."""
    return [
        a_segment(text, start=3 * number, end=3 * number + 3, speaker=speaker)
        for number, (speaker, text) in enumerate(turns)
    ]


TRANSCRIPT = a_transcript(
    *said(("Ann *Lee*", "Hello & welcome."), ("Ann *Lee*", LONG), ("<SPEAKER_01>", "Thanks."), (None, "Yes."))
)

GOLDEN = {
    "md": r"""# Transcript of talk

de · 01:02:05 · faster-whisper 1.2.1, large-v3 (float16, cuda)

[00:00:00] **Ann \*Lee\*:** Hello \& welcome.

[00:00:03] A sentence that is too long for one line, and with that goes on to be too long for two lines as well.

[00:00:06] **\<SPEAKER\_01\>:** Thanks.

[00:00:09] **?:** Yes.
""",
    "srt": """\
1
00:00:00,000 --> 00:00:03,000
Ann *Lee*: Hello & welcome.

2
00:00:03,000 --> 00:00:04,253
A sentence that is too long for one line,

3
00:00:04,253 --> 00:00:06,000
and with that goes on to be
too long for two lines as well.

4
00:00:06,000 --> 00:00:09,000
<SPEAKER_01>: Thanks.

5
00:00:09,000 --> 00:00:12,000
?: Yes.
""",
    "vtt": """\
WEBVTT

00:00:00.000 --> 00:00:03.000
<v Ann *Lee*>Hello &amp; welcome.

00:00:03.000 --> 00:00:04.253
<v Ann *Lee*>A sentence that is too long for one line,

00:00:04.253 --> 00:00:06.000
<v Ann *Lee*>and with that goes on to be
too long for two lines as well.

00:00:06.000 --> 00:00:09.000
<v &lt;SPEAKER_01&gt;>Thanks.

00:00:09.000 --> 00:00:12.000
Yes.
""",
    "txt": f"""\
Ann *Lee*: Hello & welcome.
{LONG}
<SPEAKER_01>: Thanks.
?: Yes.
""",
    "tsv": f"""\
start\tend\ttext\tspeaker
0\t3000\tHello & welcome.\tAnn *Lee*
3000\t6000\t{LONG}\tAnn *Lee*
6000\t9000\tThanks.\t<SPEAKER_01>
9000\t12000\tYes.\t
""",
}


@pytest.mark.parametrize(
    ("transcript_format", "golden"), [pytest.param(*item, id=item[0]) for item in GOLDEN.items()]
)
def test_speakers_are_their_golden_text(transcript_format: str, golden: str) -> None:
    """Where the speaker changes, or with each cue or row, the name is spelled as the format asks for."""
    assert golden == bodies(TRANSCRIPT)[transcript_format]


def test_json_has_each_segments_speaker() -> None:
    """The name is as the engine gave it, and left out where there is none."""
    segments = json.loads(bodies(TRANSCRIPT)["json"])["segments"]

    assert ["Ann *Lee*", "Ann *Lee*", "<SPEAKER_01>", None] == [segment.get("speaker") for segment in segments]
    assert "speaker" not in segments[-1]


def test_openais_json_has_no_speakers() -> None:
    """It is the same as without them."""
    nobodys = a_transcript(*(each.model_copy(update={"speaker": None}) for each in TRANSCRIPT.segments))

    assert bodies(nobodys)["verbose_json"] == bodies(TRANSCRIPT)["verbose_json"]


@pytest.mark.parametrize(
    ("turns", "lines"),
    [
        pytest.param([(None, "One."), (None, "Two.")], ["One.", "Two."], id="nobody"),
        pytest.param([("", "One."), (" \n\x07", "Two.")], ["One.", "Two."], id="names without a letter"),
        pytest.param([("A", "One."), ("A", "Two.")], ["A: One.", "Two."], id="goes on"),
        pytest.param([("A", "One."), ("A\n", "Two.")], ["A: One.", "Two."], id="the same but for white space"),
        pytest.param([("A", "One."), ("B", "Two."), ("A", "Three.")], ["A: One.", "B: Two.", "A: Three."], id="back"),
        pytest.param([(None, "One."), ("A", "Two.")], ["One.", "A: Two."], id="nobody first"),
        pytest.param(
            [("A", "One."), (None, "Two."), (None, "Three."), ("A", "Four.")],
            ["A: One.", "?: Two.", "Three.", "A: Four."],
            id="nobody in between",
        ),
        pytest.param([("A", "One."), ("B", " \n"), ("A", "Two.")], ["A: One.", "", "Two."], id="without a word"),
        pytest.param([("B", "\x07"), ("A", "Two.")], ["", "A: Two."], id="without a word at first"),
    ],
)
def test_a_speaker_is_named_where_another_takes_over(turns: list[tuple[str | None, str]], lines: list[str]) -> None:
    """Text, subtitles and page agree on where that is; nobody's words are not taken for somebody's."""
    every = bodies(a_transcript(*said(*turns)))

    assert lines == every["txt"].splitlines()
    assert [line for line in lines if line] == [cue.content for cue in srt.parse(every["srt"], ignore_errors=False)]
    page = [line.partition("] ")[2].replace("**", "") for line in every["md"].split("\n\n")[2:]]
    assert lines == [line.strip() for line in page]


@pytest.mark.parametrize("name", [pytest.param(text, id=id_) for id_, text in HOSTILE_TEXTS.items()])
def test_a_hostile_name_stays_a_name(name: str) -> None:
    """No name makes or ends a cue, a row or a line, and readers of WebVTT and tables get it back."""
    segments = said(("Ann", "Before."), (name, "Now."), ("Ann", "After."))
    spelled = " ".join("".join(c for c in name if c not in "\x07\x1b\x7f\x01").split())

    every = bodies(a_transcript(*segments))

    captions = webvtt.from_string(every["vtt"], strict=True).captions
    assert ["Ann", spelled, "Ann"] == [html.unescape(caption.voice or "") for caption in captions]
    assert ["Before.", "Now.", "After."] == [caption.text for caption in captions]
    table = list(csv.DictReader(every["tsv"].splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    assert ["Ann", spelled, "Ann"] == [row["speaker"] for row in table]
    cues = [cue.content.replace("\n", " ") for cue in srt.parse(every["srt"], ignore_errors=False)]
    assert ["Ann: Before.", "Ann: After."] == [cues[0], cues[-1]]
    assert "-->" not in "".join(cues)
    assert (3, 5) == (len(every["txt"].splitlines()), len(every["md"].split("\n\n")))


def test_half_a_character_of_a_name_is_spelled_as_such() -> None:
    """A name is mended like a text."""
    every = bodies(a_transcript(*said(("Ann \udc00", "Yes."))))

    assert {"json", "md", "srt", "vtt", "txt", "tsv"} == {key for key, body in every.items() if "Ann \ufffd" in body}


@pytest.mark.parametrize("with_words", [pytest.param(True, id="words"), pytest.param(False, id="no words")])
@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_no_cue_has_two_speakers(vocabulary: str, *, with_words: bool) -> None:
    """All that each one says is read back as theirs: by voice, and by the names that begin SubRip's cues."""
    names = ["Ann", "Bob-of-the-board-of-something-rather-long", "Ann"]
    heard = random_segments(vocabulary, seed=7, with_words=with_words)
    segments = [each.model_copy(update={"speaker": names[number % 3]}) for number, each in enumerate(heard)]

    every = bodies(a_transcript(*segments))

    turns = joined([(each.speaker, each.text) for each in segments])
    captions = webvtt.from_string(every["vtt"], strict=True).captions
    assert turns == joined([(caption.voice, html.unescape(caption.text)) for caption in captions])
    cues: Turns = []
    for cue in srt.parse(every["srt"], ignore_errors=False):
        name, colon, text = "".join(cue.content.split()).partition(":")
        cues.append((name, text) if colon and name in names else (cues[-1][0], cue.content))
    assert turns == joined(cues)


def test_a_name_takes_room_and_no_time_of_its_own() -> None:
    """A line with a name is no longer than any other; a word that is said for long stays with its speaker's name."""
    long = a_spoken_segment([(" Ooooooh!", 0, 30)]).model_copy(update={"speaker": "Ann"})
    full = a_segment("a" * 20 + " " + "b" * 21, start=30, end=33, speaker="SPEAKER_01")

    first, second = srt.parse(bodies(a_transcript(long, full))["srt"], ignore_errors=False)

    assert ("Ann: Ooooooh!", 30.0) == (first.content, first.end.total_seconds())
    assert f"SPEAKER_01: {'a' * 20}\n{'b' * 21}" == second.content


def joined(turns: Turns) -> Turns:
    """Join what one says after another, without white space."""
    together: Turns = []
    for who, text in turns:
        said_before = together.pop()[1] if together and together[-1][0] == who else ""
        together.append((who, said_before + "".join(text.split())))
    return together
