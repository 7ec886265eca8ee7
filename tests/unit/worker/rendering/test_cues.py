"""Which cues a segment becomes, and when they are shown."""

import pytest

from steno_worker.rendering import DEFAULT_LAYOUT
from steno_worker.rendering.cues import Cue, CueLayout, lay_out
from steno_worker.transcript import Segment
from unit.worker.rendering.transcripts import a_segment, a_spoken_segment

NARROW = CueLayout(max_chars_per_line=10, max_lines=2)


def cues_of(*segments: Segment, layout: CueLayout = DEFAULT_LAYOUT) -> list[Cue]:
    """Lay segments out."""
    return list(lay_out(segments, layout))


def lines_of(text: str, layout: CueLayout = DEFAULT_LAYOUT) -> list[tuple[str, ...]]:
    """Lay a text of three seconds out, and give each cue's lines."""
    return [cue.lines for cue in cues_of(a_segment(text), layout=layout)]


def times_of(*segments: Segment, layout: CueLayout = DEFAULT_LAYOUT) -> list[tuple[int, int]]:
    """Lay segments out, and give each cue's start and end."""
    return [(cue.start_ms, cue.end_ms) for cue in cues_of(*segments, layout=layout)]


@pytest.mark.parametrize(
    ("text", "cues"),
    [
        pytest.param("ten column", [("ten column",)], id="what fits in a line is one"),
        pytest.param("aaa bbb ccc", [("aaa", "bbb ccc")], id="two lines, the lower longer"),
        pytest.param("a b c d e f", [("a b c", "d e f")], id="balanced"),
        pytest.param("a, b c d e f", [("a, b c", "d e f")], id="balance before a near comma"),
        pytest.param("aaaa bb. cc d", [("aaaa bb.", "cc d")], id="a near full stop before balance"),
        pytest.param("aaaa bbbb cccc dddd eeee", [("aaaa bbbb",), ("cccc", "dddd eeee")], id="two cues"),
        pytest.param("aa bb cc. dd ee ff gg hh ii", [("aa bb cc.",), ("dd ee ff", "gg hh ii")], id="at a full stop"),
        pytest.param("unbreakables are", [("unbreakables", "are")], id="a long word has a line to itself"),
        pytest.param("  a \n\n b  ", [("a b",)], id="white space is one space"),
        pytest.param(" \n ", [], id="without text there is no cue"),
        pytest.param("今日は天気がいい", [("今日は天", "気がいい")], id="wide characters are two columns"),
        pytest.param("今日は、天気がいい", [("今日は、", "天気がいい")], id="after a wide comma"),
        pytest.param("ああああああ。いい", [("ああああ", "ああ。いい")], id="no line begins with a full stop"),
        pytest.param("あああああ、ああああ", [("あああ", "ああ、"), ("ああああ",)], id="not even where it would fit"),
        pytest.param("わたしは「そう」と", [("わたしは", "「そう」と")], id="no line ends with a bracket"),
        pytest.param("Bonjour à ! Toi", [("Bonjour", "à ! Toi")], id="no line begins with a mark on its own"),
    ],
)
def test_a_text_is_cut_where_a_reader_pauses(text: str, cues: list[tuple[str, ...]]) -> None:
    """A cue has as few lines as can be, of about equal length, and ends with a sentence where one ends near."""
    assert cues == lines_of(text, NARROW)


def test_the_norm_is_forty_two_columns_in_two_lines() -> None:
    """By default a cue holds 84 columns."""
    assert [("a" * 42, "b" * 42)] == lines_of("a" * 42 + " " + "b" * 42)
    assert [("a" * 43,), ("b" * 42,)] == [cue[:1] for cue in lines_of("a" * 43 + " " + "b" * 42 + " " + "c" * 42)][:2]


def test_lines_can_be_more_or_fewer() -> None:
    """The number of lines is a setting."""
    text = "aaaa bbbb cccc dddd eeee ffff"

    assert [("aaaa bbbb",), ("cccc dddd",), ("eeee ffff",)] == lines_of(
        text, CueLayout(max_chars_per_line=10, max_lines=1)
    )
    assert [("aaaa bbbb", "cccc dddd", "eeee ffff")] == lines_of(text, CueLayout(max_chars_per_line=10, max_lines=3))


def test_words_say_when_a_cue_begins_and_ends() -> None:
    """Where a segment is cut, each cue has the times of its own words."""
    words = [(" aaaa", 0.1, 0.5), (" bbbb", 0.6, 1.0), (" cccc", 1.1, 1.5), (" dddd", 2.0, 2.4), (" eeee", 2.5, 2.9)]

    assert [(100, 1000), (1100, 2900)] == times_of(a_spoken_segment(words), layout=NARROW)


def test_a_cue_ends_with_a_pause() -> None:
    """Words with a pause among them are cut there, though the cues are then of less equal length."""
    words = [
        (" aa", 0, 0.2),
        (" bb", 0.2, 0.4),
        (" cc", 0.4, 0.6),
        (" dd", 1.6, 2),
        (" ee", 2, 2.2),
        (" ff", 2.2, 2.4),
    ]
    more = [(" gg", 2.4, 2.6), (" hh", 2.6, 2.8)]

    assert [(0, 600), (1600, 2800)] == times_of(a_spoken_segment([*words, *more]), layout=NARROW)


def test_a_cue_ends_with_its_last_word_to_the_half_millisecond() -> None:
    """A time that is known is rounded as it reads, and not after it was added up."""
    assert [(4800, 15_424)] == times_of(a_segment("x", start=4.8, end=15.4245))


def test_a_word_that_is_cut_shares_its_time() -> None:
    """A word without spaces, cut between two characters, gives each part its share."""
    assert [(0, 750), (750, 1500)] == times_of(
        a_spoken_segment([("今日は天気がいい今日は天", 0, 1.5)]), layout=CueLayout(max_chars_per_line=16, max_lines=1)
    )


def test_words_that_are_not_the_text_are_not_asked() -> None:
    """Words whose letters are other than the segment's say nothing about it."""
    odd = a_spoken_segment([(" aaaa", 0, 0.1), (" bbbb", 0.1, 0.2)]).model_copy(
        update={"text": "aaaa bbbb cccc dddd", "end": 4.0}
    )

    assert [(0, 2000), (2000, 4000)] == times_of(odd, layout=CueLayout(max_chars_per_line=10, max_lines=1))


def test_without_words_a_cue_has_its_share_of_letters() -> None:
    """A cut segment's time is divided by its letters."""
    segment = a_segment("aaaa bbb. ccc d", start=1, end=13)

    assert [(1000, 9000), (9000, 13_000)] == times_of(segment, layout=CueLayout(max_chars_per_line=10, max_lines=1))


@pytest.mark.parametrize(
    ("words", "times"),
    [
        pytest.param([(" a", 0, 1), (" b", 6, 7)], [(0, 7000)], id="seven seconds"),
        pytest.param([(" a", 0, 1), (" b", 6, 7.5)], [(0, 1000), (6000, 7500)], id="more"),
        pytest.param([(" a", 0, 30)], [(0, 30_000)], id="a single word"),
        pytest.param(
            [(" a", 0, 1), (" b", 1, 2), (" c", 5, 6), (" d", 6, 8)], [(0, 2000), (5000, 8000)], id="cut at the pause"
        ),
    ],
)
def test_no_cue_stays_for_ever(words: list[tuple[str, float, float]], times: list[tuple[int, int]]) -> None:
    """More than seven seconds are cut where the words' times are known, a pause first, but never within a word."""
    assert times == times_of(a_spoken_segment(words))


def test_a_short_text_of_unknown_times_stays_whole() -> None:
    """A line said over half a minute is shown all the while; more text than a line is cut."""
    assert [(0, 30_000)] == times_of(a_segment("Thank you.", end=30))
    assert 2 == len(times_of(a_segment("word " * 16, end=13)))


@pytest.mark.parametrize(
    ("spans", "times"),
    [
        pytest.param([(0, 2), (2, 4)], [(0, 2000), (2000, 4000)], id="one after the other"),
        pytest.param([(0, 3), (2, 4)], [(0, 2000), (2000, 4000)], id="cut short by the next"),
        pytest.param([(0, 30), (2, 4), (3, 9)], [(0, 2000), (2000, 3000), (3000, 9000)], id="around others"),
        pytest.param([(1, 1), (4, 5)], [(1000, 1001), (4000, 5000)], id="no time at all"),
        pytest.param([(1, 1.0004), (1.0002, 1.0004)], [(1000, 1001), (1001, 1002)], id="less than a millisecond"),
        pytest.param([(5, 6), (1, 2)], [(5000, 5001), (5001, 5002)], id="backwards"),
        pytest.param([(59.9996, 60.0004), (61, 62)], [(60_000, 60_001), (61_000, 62_000)], id="rounded to nothing"),
    ],
)
def test_cues_stand_in_order(spans: list[tuple[float, float]], times: list[tuple[int, int]]) -> None:
    """Cues last a millisecond or more, and none begins before the one before it has ended."""
    assert times == times_of(*(a_segment("x", start=start, end=end) for start, end in spans))
