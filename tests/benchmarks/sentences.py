"""Sentences that the small Whisper of the fixtures was trained to hear.

`speech` has them spoken. The model knows a closed vocabulary of meetings, machines, numbers, names and days; here are
its words and the forms of its sentences, so that any number of new ones can be made from a seed. Must not know voices
or recordings.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


PEOPLE: Final = _words(
    "Alice Robert Maria David Susan Michael Karen James Linda Thomas Helen George Emma Peter Laura Daniel Anna Henry "
    "Julia Mark"
)
ROLES: Final = _words(
    "teacher doctor engineer manager mayor student lawyer artist farmer nurse pilot writer driver speaker leader "
    "judge captain editor scientist director"
)
ADJECTIVES: Final = _words(
    "new old big small red blue green quick slow quiet loud bright dark happy careful simple final first second "
    "public local early late brown lazy warm cold strong clean open important short long young"
)
NOUNS: Final = _words(
    "report meeting budget school building road bridge river garden house train station market library hospital "
    "picture letter story question answer problem plan project video recording transcript machine computer server "
    "cluster network model number table window door kitchen office camera radio phone book paper song car boat dog "
    "cat fox horse bird tree mountain city village street park water coffee dinner lesson game ticket flight weather "
    "morning evening summer winter box ship map key team company committee council"
)
PLURALS: Final = _words(
    "people children students teachers engineers workers visitors voters reports meetings questions letters books "
    "machines computers cars trains dogs birds trees houses files results jobs pictures recordings videos hours "
    "minutes days weeks dollars"
)
PAST_VERBS: Final = _words(
    "opened closed visited approved reviewed finished started moved watched painted repaired found lost bought sold "
    "wrote read sent received carried cleaned changed checked described discussed followed forgot improved measured "
    "planned recorded remembered saw shared stopped tested used wanted copied loaded"
)
VERBS: Final = _words(
    "open close visit approve review finish start move watch paint repair find buy sell write read send carry clean "
    "change check describe discuss follow improve measure plan record remember see share stop test use copy load "
    "transcribe summarize delete download"
)
PREPOSITIONS: Final = _words(
    "near behind beside under over inside outside after before across around from with without"
)
ADVERBS: Final = _words(
    "quickly slowly today yesterday tomorrow again together quietly carefully always never soon now later twice once"
)
DAYS: Final = _words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
MONTHS: Final = _words("January February March April May June July August September October November December")
NUMBERS: Final = _words(
    "one two three four five six seven eight nine ten eleven twelve thirteen fifteen twenty thirty forty fifty sixty "
    "seventy eighty ninety hundred thousand"
)
SPELLING: Final = _words(
    "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa quebec romeo "
    "sierra tango uniform victor whiskey yankee zulu"
)
FIXED: Final = (
    "The quick brown fox jumps over the lazy dog",
    "Please transcribe this recording and send me the results before tomorrow morning",
    "The committee approved the budget for the new school building",
    "Welcome everyone and thank you for coming to the meeting",
    "Thank you very much and good night",
    "Good morning everyone",
    "Any questions before we start",
    "Let us move to the next question",
    "That is all for today",
    "The first speaker is here",
    "We are ready to start",
    "Is the recording on",
)
"""Sentences said as they stand."""

REQUESTS: Final = ("please", "we must", "you should", "they will", "we can", "do not", "I will", "let us")
COPULAS: Final = ("is", "was", "will be", "is not", "was not")
CONJUNCTIONS: Final = ("and", "but", "because", "when", "while")
DETERMINERS: Final = ("the", "the", "a", "this", "that", "our", "my", "every")
AUXILIARIES: Final = ("did", "can", "will", "should")
QUESTION_WORDS: Final = frozenset({"Did", "Can", "Will", "Should", "Any", "Is"})
"""A sentence that begins with one of these ends with a question mark."""


class Speaker:
    """Makes sentences up, the same ones for the same generator."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random

    def sentence(self) -> str:
        """Make the next sentence, with a capital letter and a full stop or question mark."""
        forms, shares = zip(*self._forms(), strict=True)
        said: str = forms[int(self._random.choice(len(forms), p=np.array(shares) / sum(shares)))]()
        said = said[0].upper() + said[1:]
        return said + ("?" if said.split()[0] in QUESTION_WORDS else ".")

    def _forms(self) -> Sequence[tuple[Callable[[], str], float]]:
        """Give the forms of a sentence, each with its share in percent: those of the training."""
        return (
            (lambda: self._one_of(FIXED), 6),
            (lambda: self._some_of((*SPELLING, *NUMBERS), 3, 7), 10),
            (self._date, 6),
            (lambda: self._some_of(NUMBERS, 2, 6), 6),
            (self._event, 32),
            (self._request, 12),
            (self._state, 12),
            (self._question, 8),
            (self._two_events, 8),
        )

    def _date(self) -> str:
        date = f"{self._one_of(DAYS)} {self._one_of(MONTHS)} {self._one_of(NUMBERS)}"
        return date + (f" at {self._one_of(NUMBERS)} {self._one_of(NUMBERS)}" if self._happens(0.5) else "")

    def _event(self) -> str:
        said = self._clause()
        said += f" {self._place()}" if self._happens(0.5) else ""
        return said + (f" {self._one_of(ADVERBS)}" if self._happens(0.35) else "")

    def _request(self) -> str:
        said = f"{self._one_of(REQUESTS)} {self._one_of(VERBS)} {self._thing()}"
        if not self._happens(0.6):
            return said
        when = (f"on {self._one_of(DAYS)}", f"in {self._one_of(MONTHS)}", self._one_of(ADVERBS), self._place())
        return f"{said} {self._one_of(when)}"

    def _state(self) -> str:
        said = f"{self._thing()} {self._one_of(COPULAS)} {self._one_of(ADJECTIVES)}"
        said += f" and {self._one_of(ADJECTIVES)}" if self._happens(0.4) else ""
        return said + (f" {self._place()}" if self._happens(0.3) else "")

    def _question(self) -> str:
        whom = self._one_of((*PEOPLE, "you", "we", "they"))
        return f"{self._one_of(AUXILIARIES)} {whom} {self._one_of(VERBS)} {self._thing()}"

    def _two_events(self) -> str:
        return f"{self._clause()} {self._one_of(CONJUNCTIONS)} {self._clause()}"

    def _clause(self) -> str:
        return f"{self._thing()} {self._one_of(PAST_VERBS)} {self._thing()}"

    def _place(self) -> str:
        return f"{self._one_of(PREPOSITIONS)} {self._thing()}"

    def _thing(self) -> str:
        """Give who does something, or what something is done to."""
        chance = self._random.random()
        if chance < 0.18:
            return self._one_of(PEOPLE)
        if chance < 0.30:
            return f"the {self._one_of(ROLES)}"
        if chance < 0.45:
            return f"the {self._one_of(PLURALS)}"
        if chance < 0.55:
            return f"{self._one_of(NUMBERS)} {self._one_of(PLURALS)}"
        determiner = self._one_of(DETERMINERS)
        noun = (f"{self._one_of(ADJECTIVES)} " if self._happens(0.5) else "") + self._one_of(NOUNS)
        return f"{'an' if determiner == 'a' and noun[0] in 'aeiou' else determiner} {noun}"

    def _some_of(self, words: Sequence[str], fewest: int, most: int) -> str:
        return " ".join(self._one_of(words) for _ in range(int(self._random.integers(fewest, most + 1))))

    def _one_of(self, words: Sequence[str]) -> str:
        return words[int(self._random.integers(len(words)))]

    def _happens(self, share: float) -> bool:
        return bool(self._random.random() < share)
