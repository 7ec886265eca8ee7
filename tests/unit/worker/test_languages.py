"""A language keeps its meaning from one spelling to the next: BCP 47, Whisper's codes, OpenAI's names."""

import pytest
from faster_whisper.tokenizer import _LANGUAGE_CODES

from steno_worker.languages import NAMES, openai_name, tag_of, whisper_code


@pytest.mark.parametrize(
    ("tag", "code", "name"),
    [
        pytest.param("en", "en", "english", id="a language"),
        pytest.param("pt-BR", "pt", "portuguese", id="with a region"),
        pytest.param("ZH-Hant", "zh", "chinese", id="in capitals, with a script"),
        pytest.param("nb", "no", "norwegian", id="a synonym"),
        pytest.param("iw", "he", "hebrew", id="a tag of old"),
        pytest.param("jv", "jw", "javanese", id="where Whisper's code is none of BCP 47"),
        pytest.param("jw", "jw", "javanese", id="Whisper's own code"),
        pytest.param("haw", "haw", "hawaiian", id="three letters"),
        pytest.param("tlh-Latn", "tlh", "tlh-Latn", id="unknown to both"),
    ],
)
def test_a_tag_has_a_code_and_a_name(tag: str, code: str, name: str) -> None:
    """Whisper's code is of the tag's first part, and a tag stays where OpenAI has no name."""
    assert (code, name) == (whisper_code(tag), openai_name(tag))


@pytest.mark.parametrize(
    ("told", "tag"),
    [
        pytest.param("english", "en", id="a name"),
        pytest.param(" Haitian Creole ", "ht", id="two words, in capitals"),
        pytest.param("javanese", "jv", id="where Whisper's code is none of BCP 47"),
        pytest.param("jw", "jv", id="Whisper's own code"),
        pytest.param("mandarin", "zh", id="another name"),
        pytest.param("pt-BR", "pt-br", id="a tag"),
        pytest.param("klingonese", None, id="no language"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_what_a_server_tells_has_a_tag(told: str, tag: str | None) -> None:
    """Names, codes and tags are understood; anything else is not guessed at."""
    assert tag == tag_of(told)


def test_the_names_are_those_of_whispers_languages() -> None:
    """Each of the codes of large-v3 has a name, and no other."""
    assert set(_LANGUAGE_CODES) == set(NAMES)


@pytest.mark.parametrize("name", NAMES.values())
def test_a_name_comes_back(name: str) -> None:
    """What one end spells by name the other end reads as the same language."""
    tag = tag_of(name)

    assert tag is not None
    assert name == openai_name(tag)
