"""Languages in their three spellings: BCP 47 tags, Whisper's codes, and the English names that OpenAI's API gives.

Called by the engine `openai`, whose servers take codes and answer with names or codes, and by
`rendering.openai_json`, which answers with names. Must not know engines or transcripts.

The names are those of Whisper's tokenizer (openai/whisper, ``whisper/tokenizer.py``, ``LANGUAGES`` and
``TO_LANGUAGE_CODE``). They stand here because nothing that the worker installs has them: faster-whisper keeps the
codes alone, the standard library knows no language's name, and the packages that do (Babel, langcodes, pycountry)
bring Unicode's or ISO's, among them "Modern Greek" and "Central Khmer", which OpenAI's API has never used.
"""

import re
from typing import Final

UNDETERMINED: Final = "und"
"""BCP 47 for a language that nobody knows (RFC 5646, section 4.1)."""

ENGLISH: Final = "english"

# fmt: off
NAMES: Final = {
    "af": "afrikaans", "am": "amharic", "ar": "arabic", "as": "assamese", "az": "azerbaijani", "ba": "bashkir",
    "be": "belarusian", "bg": "bulgarian", "bn": "bengali", "bo": "tibetan", "br": "breton", "bs": "bosnian",
    "ca": "catalan", "cs": "czech", "cy": "welsh", "da": "danish", "de": "german", "el": "greek", "en": ENGLISH,
    "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish", "fo": "faroese",
    "fr": "french", "gl": "galician", "gu": "gujarati", "ha": "hausa", "haw": "hawaiian", "he": "hebrew",
    "hi": "hindi", "hr": "croatian", "ht": "haitian creole", "hu": "hungarian", "hy": "armenian", "id": "indonesian",
    "is": "icelandic", "it": "italian", "ja": "japanese", "jw": "javanese", "ka": "georgian", "kk": "kazakh",
    "km": "khmer", "kn": "kannada", "ko": "korean", "la": "latin", "lb": "luxembourgish", "ln": "lingala",
    "lo": "lao", "lt": "lithuanian", "lv": "latvian", "mg": "malagasy", "mi": "maori", "mk": "macedonian",
    "ml": "malayalam", "mn": "mongolian", "mr": "marathi", "ms": "malay", "mt": "maltese", "my": "myanmar",
    "ne": "nepali", "nl": "dutch", "nn": "nynorsk", "no": "norwegian", "oc": "occitan", "pa": "punjabi",
    "pl": "polish", "ps": "pashto", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sa": "sanskrit",
    "sd": "sindhi", "si": "sinhala", "sk": "slovak", "sl": "slovenian", "sn": "shona", "so": "somali",
    "sq": "albanian", "sr": "serbian", "su": "sundanese", "sv": "swedish", "sw": "swahili", "ta": "tamil",
    "te": "telugu", "tg": "tajik", "th": "thai", "tk": "turkmen", "tl": "tagalog", "tr": "turkish", "tt": "tatar",
    "uk": "ukrainian", "ur": "urdu", "uz": "uzbek", "vi": "vietnamese", "yi": "yiddish", "yo": "yoruba",
    "yue": "cantonese", "zh": "chinese",
}
"""OpenAI's name of each language that large-v3 knows, by Whisper's code."""

_OTHER_NAMES: Final = {
    "burmese": "my", "castilian": "es", "flemish": "nl", "haitian": "ht", "letzeburgesch": "lb", "mandarin": "zh",
    "moldavian": "ro", "moldovan": "ro", "panjabi": "pa", "pushto": "ps", "sinhalese": "si", "valencian": "ca",
}
"""Whisper's codes by further names of some languages."""
# fmt: on

_CODES: Final = {name: code for code, name in NAMES.items()} | _OTHER_NAMES

_WHISPER_CODES: Final = {"cmn": "zh", "fil": "tl", "iw": "he", "jv": "jw", "nb": "no"}
"""Primary subtags of BCP 47 that Whisper spells otherwise, or knows by their macrolanguage."""

_BCP_47_CODES: Final = {"jw": "jv"}
"""Whisper's codes that are no BCP 47."""


def whisper_code(tag: str) -> str:
    """Give Whisper's code of a BCP 47 tag's language; its primary subtag where Whisper does not know it."""
    primary = tag.partition("-")[0].lower()
    return _WHISPER_CODES.get(primary, primary)


def openai_name(tag: str) -> str:
    """Give OpenAI's name of a BCP 47 tag's language; the tag itself where it has none."""
    return NAMES.get(whisper_code(tag), tag)


def tag_of(told: str) -> str | None:
    """Give the BCP 47 tag of what a server tells: a name, Whisper's code or a tag, in any case; None otherwise."""
    told = told.strip().lower()
    code = _CODES.get(told, told)
    return _BCP_47_CODES.get(code, code) if re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", code) else None
