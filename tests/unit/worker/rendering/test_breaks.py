"""Where a text may be broken."""

import pytest

from steno_worker.rendering.breaks import (
    CLAUSE_BREAK,
    FORBIDDEN_BREAK,
    LETTER_BREAK,
    PLAIN_BREAK,
    SENTENCE_BREAK,
    columns,
    pieces,
)


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        pytest.param("two words", ["two", "words"], id="at spaces"),
        pytest.param("well-known e.g. 3.5", ["well-known", "e.g.", "3.5"], id="not at punctuation"),
        pytest.param("世界", ["世", "界"], id="chinese"),
        pytest.param("日本のWindowsを", ["日", "本", "の", "Windows", "を"], id="japanese around latin"),
        pytest.param("は\u3099が", ["は\u3099", "が"], id="a voicing mark"),
        pytest.param("ﾊﾞﾝ", ["ﾊﾞ", "ﾝ"], id="half-width kana"),
        pytest.param("葛\U000e0100城", ["葛\U000e0100", "城"], id="a variation selector"),
        pytest.param("𠮷野", ["𠮷", "野"], id="beyond the basic plane"),
        pytest.param("한국어 문장", ["한국어", "문장"], id="korean"),
        pytest.param("น้ำที่", ["น้ำ", "ที่"], id="thai, with marks and sara am"),
        pytest.param("เรา", ["เรา"], id="thai, with vowels before and behind"),
        pytest.param("ខ្មែរ", ["ខ្មែ", "រ"], id="khmer, with a subscript"),
        pytest.param("မြန်မာ", ["မြ", "န်", "မာ"], id="burmese"),
        pytest.param("བོད་ཡིག", ["བོད་", "ཡིག"], id="tibetan"),
        pytest.param("ab\u200bcd", ["ab\u200b", "cd"], id="zero-width space"),
        pytest.param("क्षत्रिय हिन्दी", ["क्षत्रिय", "हिन्दी"], id="hindi"),
        pytest.param("مَرْحَبًا بِكُمْ", ["مَرْحَبًا", "بِكُمْ"], id="arabic, with its marks"),
        pytest.param("שָׁלוֹם", ["שָׁלוֹם"], id="hebrew, with its points"),
        pytest.param("👨‍👩‍👧‍👦👍🏽", ["👨‍👩‍👧‍👦", "👍🏽"], id="emoji, joined and toned"),
        pytest.param("😀🇯🇵🇩🇪", ["😀", "🇯🇵🇩🇪"], id="flags"),
        pytest.param(
            "🏴\U000e0067\U000e0062\U000e007f😀", ["🏴\U000e0067\U000e0062\U000e007f", "😀"], id="a tagged flag"
        ),
        pytest.param("1️⃣2️⃣", ["1️⃣2️⃣"], id="keycaps"),
        pytest.param("❤️❤️", ["❤️", "❤️"], id="emoji by selector"),
        pytest.param("\u0301", ["\u0301"], id="a mark on its own"),
        pytest.param("\u0600世界", ["\u0600世", "界"], id="an arabic sign for what follows"),
    ],
)
def test_pieces(line: str, parts: list[str]) -> None:
    """Text is broken between words, or between characters of scripts without spaces, marks and all."""
    assert parts == [piece.text for piece in pieces(line)]


@pytest.mark.parametrize(
    ("line", "cost"),
    [
        pytest.param("so. And", SENTENCE_BREAK, id="after a full stop"),
        pytest.param('so.") And', SENTENCE_BREAK, id="after a quoted full stop"),
        pytest.param("so… And", SENTENCE_BREAK, id="after an ellipsis"),
        pytest.param("。世", SENTENCE_BREAK, id="after an ideographic full stop"),
        pytest.param("\uff1f世", SENTENCE_BREAK, id="after a full-width question mark"),
        pytest.param("है। और", SENTENCE_BREAK, id="after a danda"),
        pytest.param("so, and", CLAUSE_BREAK, id="after a comma"),
        pytest.param("قال، ثم", CLAUSE_BREAK, id="after an arabic comma"),
        pytest.param("so and", PLAIN_BREAK, id="at a space"),
        pytest.param("世界", PLAIN_BREAK, id="between ideographs"),
        pytest.param("ยค", LETTER_BREAK, id="between thai letters"),
        pytest.param("ย\u200bค", PLAIN_BREAK, id="where a thai word was marked"),
        pytest.param("世。", FORBIDDEN_BREAK, id="before a full stop"),
        pytest.param("しっ", FORBIDDEN_BREAK, id="before a small kana"),
        pytest.param("「世", FORBIDDEN_BREAK, id="after an opening bracket"),
        pytest.param("quoi !", FORBIDDEN_BREAK, id="before a mark with a space"),
        pytest.param("« quoi", FORBIDDEN_BREAK, id="after an opening quote with a space"),
    ],
)
def test_costs(line: str, cost: int) -> None:
    """The break between two pieces costs what it costs the reader."""
    _, second = pieces(line)

    assert cost == second.cost


def test_a_sentence_ends_after_its_brackets() -> None:
    """The break after a closing bracket is that of the full stop before it."""
    assert [FORBIDDEN_BREAK, FORBIDDEN_BREAK, SENTENCE_BREAK] == [piece.cost for piece in pieces("世。」世")[1:]]


@pytest.mark.parametrize(
    ("text", "width"),
    [
        pytest.param("Grüße", 5, id="latin"),
        pytest.param("e\u0301", 1, id="a mark"),
        pytest.param("世界", 4, id="wide"),
        pytest.param("\uff21", 2, id="full-width"),
        pytest.param("ｱ", 1, id="half-width"),
        pytest.param("مَ", 1, id="arabic, with its mark"),
        pytest.param("a\u200bb", 2, id="zero-width"),
    ],
)
def test_columns(text: str, width: int) -> None:
    """Wide characters count double, marks not at all."""
    assert width == columns(text)
