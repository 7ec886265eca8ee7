"""Languages as OpenAI's audio API spells them: by an English name in small letters.

Called by `rendering.openai_json`. Must not know transcripts.

The names are those of Whisper's tokenizer (openai/whisper, ``whisper/tokenizer.py``, ``LANGUAGES``), which the API
answers with. They stand here because nothing that the worker installs has them: faster-whisper keeps the codes alone,
the standard library knows no language's name, and the packages that do (Babel, langcodes, pycountry) bring Unicode's
or ISO's, among them "Modern Greek" and "Central Khmer", which no client of OpenAI's API has ever seen.
"""

from typing import Final

UNDETERMINED: Final = "und"
"""BCP 47 for a language that nobody knows (RFC 5646, section 4.1)."""

ENGLISH: Final = "english"

# fmt: off
_NAMES: Final = {
    "af": "afrikaans", "am": "amharic", "ar": "arabic", "as": "assamese", "az": "azerbaijani", "ba": "bashkir",
    "be": "belarusian", "bg": "bulgarian", "bn": "bengali", "bo": "tibetan", "br": "breton", "bs": "bosnian",
    "ca": "catalan", "cs": "czech", "cy": "welsh", "da": "danish", "de": "german", "el": "greek", "en": ENGLISH,
    "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish", "fo": "faroese",
    "fr": "french", "gl": "galician", "gu": "gujarati", "ha": "hausa", "haw": "hawaiian", "he": "hebrew",
    "hi": "hindi", "hr": "croatian", "ht": "haitian creole", "hu": "hungarian", "hy": "armenian", "id": "indonesian",
    "is": "icelandic", "it": "italian", "ja": "japanese", "jv": "javanese", "ka": "georgian", "kk": "kazakh",
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
# fmt: on
"""By primary subtag of BCP 47."""

_SYNONYMS: Final = {"cmn": "zh", "fil": "tl", "iw": "he", "jw": "jv", "nb": "no"}
"""Other primary subtags of the same, and Whisper's own code for Javanese."""


def openai_name(tag: str) -> str:
    """Give OpenAI's name of a BCP 47 tag's language; the tag itself where it has none."""
    primary = tag.partition("-")[0].lower()
    return _NAMES.get(_SYNONYMS.get(primary, primary), tag)
