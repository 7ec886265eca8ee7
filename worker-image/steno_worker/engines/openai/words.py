"""Words, dealt out to the segments that they belong to and spelled as these spell them.

Called by `segments`. Must not know where in the chunk a segment is.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from steno_worker.engines.openai.answers import AnsweredWord

PUNCTUATION_CHARACTERS: Final = 16
"""Most that lies between two words of a text: farther away it is another word's double."""


def words_by_segment(texts: Sequence[str], words: Sequence[AnsweredWord]) -> list[list[AnsweredWord]]:
    """Deal words out to the segments in whose text they stand, each spelled as there.

    OpenAI's words have lost punctuation and spaces, and do not say whose they are. A word takes all characters from
    its own first, or the space before it, to the next word's, so that the words joined are the text. A segment whose
    text lacks one of its words keeps them as the server spells them.
    """
    whole = " ".join(texts)
    starts = [sum(len(text) + 1 for text in texts[:number]) for number in range(len(texts))]
    found: list[list[tuple[AnsweredWord, int]]] = [[] for _ in texts]
    position = 0
    for word in words if texts else ():
        sought = word.word.strip()
        at = whole.find(sought, position, position + len(sought) + PUNCTUATION_CHARACTERS) if sought else -1
        found[bisect_right(starts, max(at, position)) - 1].append((word, at))
        position = at + len(sought) if at >= 0 else position
    return [_spelled(its, text, start) for its, text, start in zip(found, texts, starts, strict=True)]


def _spelled(found: list[tuple[AnsweredWord, int]], text: str, start: int) -> list[AnsweredWord]:
    if any(at < 0 for _, at in found):
        words = [word.word.strip() for word, _ in found]
        spellings = [word if n == 0 else f" {word}" for n, word in enumerate(words)]
    else:
        places = [at - start - (text[at - start - 1 : at - start] == " ") for _, at in found]
        cuts = [0, *places[1:], len(text)]
        spellings = [text[a:b] for a, b in pairwise(cuts)]
    return [word.model_copy(update={"word": spelling}) for (word, _), spelling in zip(found, spellings, strict=False)]
