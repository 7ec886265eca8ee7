"""Words and phrases are found where they were said."""

import pytest

from steno_gateway.dialects.assemblyai.word_search import normalized, search
from steno_gateway.dialects.assemblyai.words import Word
from support.spoken import a_told_segment, an_untold_segment, said, words_of

TEXT = "The smoke, the Smoke! It's New York's smoke-free air. New  York is in NEW YORK."


def found(*phrases: str, text: str = TEXT) -> dict[str, list[int]]:
    """Give, by phrase, which words it was found at."""
    return {each.phrase: each.indexes for each in search(said(text), phrases)}


@pytest.mark.parametrize(
    ("phrase", "indexes"),
    [
        ("smoke", [1, 3]),
        ("SMOKE", [1, 3]),
        ("the smoke", [0, 2]),
        ("it's", [4]),
        ("it\u2019s", [4]),
        ("new york", [9, 13]),
        ("smoke-free", [7]),
        ("york is in new york", [10]),
        ("\uff53\uff4d\uff4f\uff4b\uff45", [1, 3]),  # smoke, in full-width letters
        ('"smoke"', [1, 3]),
    ],
)
def test_letters_alone_are_compared(phrase: str, indexes: list[int]) -> None:
    """Neither case nor width nor the punctuation around a word counts."""
    assert {phrase: indexes} == found(phrase)


@pytest.mark.parametrize(
    "phrase", ["smok", "moke", "its", "york's new", "air new york is in it", "thesmoke", "?", ""]
)
def test_what_was_not_said_is_not_there(phrase: str) -> None:
    """Parts of words, words in another order, words run together, and punctuation."""
    assert {} == found(phrase)


def test_times_are_those_of_the_phrase() -> None:
    """From the start of its first word to the end of its last, over segments too."""
    (only,) = search(said("We went to New", "York City."), ["new york city"])

    assert ([(1200, 2400)], [3]) == (only.times_ms, only.indexes)


def test_results_come_in_the_order_of_the_question() -> None:
    """Each phrase once, as it was first spelled."""
    assert ["York", "the"] == [*found("York", "nothing", "the", "THE")]


def test_occurrences_of_a_phrase_do_not_overlap() -> None:
    """As a reader would count them."""
    assert {"no no": [0, 2]} == found("no no", text="No, no, no, no, no!")


@pytest.mark.parametrize(
    ("words", "phrase", "indexes"),
    [
        (words_of(a_told_segment("我在北京大学。", words=["我", "在", "北京", "大学。"])), "北京大学", [2]),
        (words_of(an_untold_segment("我在北京大学。")), "北京", [2]),
        (words_of(a_told_segment("今日は天気。", words=["今日", "は", "天気。"])), "天", []),
        (words_of(a_told_segment("Straße und STRASSE")), "strasse", [0, 2]),
        (words_of(a_told_segment("naïve nai\u0308ve")), "naïve", [0, 1]),
    ],
    ids=["over words", "over ideographs", "a part of a word", "sharp s", "composed and not"],
)
def test_other_scripts_are_searched(words: list[Word], phrase: str, indexes: list[int]) -> None:
    """Where no spaces are written none is asked for; letters are compared as Unicode folds them."""
    assert indexes == [index for each in search(words, [phrase]) for index in each.indexes]


def test_punctuation_that_stands_alone_is_passed_over() -> None:
    """It counts as a word of the transcript, and parts no phrase."""
    assert {"new york": [1]} == found("new york", text="- New — York")


def test_a_phrase_is_spelled_one_way() -> None:
    """So that two spellings of one phrase are one."""
    assert "it's new york" == normalized(" «It\u2019s»  NEW, york! ")


def test_silence_and_no_question_find_nothing() -> None:
    """No words, or no phrases."""
    assert ([], []) == (search([], ["a"]), search(said(TEXT), []))
