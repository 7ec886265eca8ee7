"""A Whisper model of any size with random weights: the work of a real one, and no meaning.

Called by `gpu_check`, whose machine may have no network to fetch a real one from. The folder that is written loads as
any model in CTranslate2's form does. What it hears is noise that goes on until the longest text is reached, so equal
audio is equal work. Must not know what it is used for.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import tokenizers
from ctranslate2.specs.whisper_spec import WhisperSpec
from faster_whisper.tokenizer import _LANGUAGE_CODES

TEXT_TOKENS: Final = 50_257
"""Of Whisper's multilingual vocabulary, before its special tokens (openai/whisper, `tokenizer.py`)."""

TIMESTAMPS: Final = 1_501
"""From 0.00 to 30.00 s in steps of 20 ms."""

AUDIO_POSITIONS: Final = 1_500
"""Of the encoder: 30 s."""

TEXT_POSITIONS: Final = 448
"""Of the decoder."""

CONVOLUTION_WIDTH: Final = 3
"""Of both convolutions before the encoder."""

SPREAD: Final = 0.02
"""Standard deviation of the weights, as trained ones begin with."""

SEED: Final = 1
"""So that each run has the same model."""

Weights = npt.NDArray[np.float16]
"""float16, of any shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How large a model is."""

    width: int
    heads: int
    layers: int
    """Of the encoder, and as many of the decoder."""
    mels: int


LARGE_V3: Final = Shape(width=1_280, heads=20, layers=32, mels=128)
"""openai/whisper-large-v3: 1.54 billion parameters, 51,866 tokens."""

TINY: Final = Shape(width=64, heads=1, layers=2, mels=80)
"""To rehearse with on a CPU."""


def write_model(folder: Path, shape: Shape) -> Path:
    """Write a model of `shape` into `folder`, unless one is there; gives the folder."""
    if (folder / "tokenizer.json").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    tokens = vocabulary()
    spec = _spec(shape, vocabulary_size=len(tokens))
    spec.register_vocabulary(tokens)
    languages = [tokens.index(f"<|{code}|>") for code in _LANGUAGE_CODES]
    spec.config.lang_ids = sorted(languages)
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = [tokens.index("<|endoftext|>")]
    spec.config.alignment_heads = list(product(range(shape.layers // 2, shape.layers), range(shape.heads)))
    spec.validate()
    spec.optimize(quantization="float16")
    spec.save(str(folder))
    (folder / "preprocessor_config.json").write_text(json.dumps({"feature_size": shape.mels}))
    _tokenizer(tokens).save(str(folder / "tokenizer.json"))  # last: its presence says that all is there
    return folder


def vocabulary() -> list[str]:
    """Give large-v3's 51,866 tokens: its special ones in their places, and made-up ones for text."""
    characters = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    text = [*characters, *(f"Ġw{number}" for number in range(TEXT_TOKENS - len(characters)))]
    special = (
        "endoftext",
        "startoftranscript",
        *_LANGUAGE_CODES,
        "translate",
        "transcribe",
        "startoflm",
        "startofprev",
        "nospeech",
        "notimestamps",
        *(f"{number * 0.02:.2f}" for number in range(TIMESTAMPS)),
    )
    return text + [f"<|{name}|>" for name in special]


def _tokenizer(tokens: Sequence[str]) -> tokenizers.Tokenizer:
    tokenizer = tokenizers.Tokenizer(
        tokenizers.models.BPE(vocab={token: number for number, token in enumerate(tokens)}, merges=[])
    )
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    tokenizer.add_special_tokens([tokenizers.AddedToken(token, special=True) for token in tokens[TEXT_TOKENS:]])
    return tokenizer


def _spec(shape: Shape, *, vocabulary_size: int) -> WhisperSpec:
    """Fill CTranslate2's description of a Whisper, as its converter of transformers' models does."""
    fill = _Filler()
    width = shape.width
    spec = WhisperSpec(shape.layers, shape.heads, shape.layers, shape.heads)
    fill.linear(spec.encoder.conv1, width, shape.mels, CONVOLUTION_WIDTH)
    fill.linear(spec.encoder.conv2, width, width, CONVOLUTION_WIDTH)
    spec.encoder.position_encodings.encodings = fill.random(AUDIO_POSITIONS, width)
    spec.decoder.position_encodings.encodings = fill.random(TEXT_POSITIONS, width)
    spec.decoder.embeddings.weight = fill.random(vocabulary_size, width)
    spec.decoder.projection.weight = spec.decoder.embeddings.weight
    for part in (spec.encoder, spec.decoder):
        fill.norm(part.layer_norm, width)
        for layer in part.layer:
            fill.attention(layer.self_attention, width, (3 * width, width))
            if part is spec.decoder:
                fill.attention(layer.attention, width, (width, 2 * width, width))
            fill.norm(layer.ffn.layer_norm, width)
            fill.linear(layer.ffn.linear_0, 4 * width, width)
            fill.linear(layer.ffn.linear_1, width, 4 * width)
    return spec


class _Filler:
    """Fills layers with numbers, the same each time."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(SEED)

    def random(self, *shape: int) -> Weights:
        return (self._random.standard_normal(shape, dtype=np.float32) * SPREAD).astype(np.float16)

    def linear(self, layer: Any, *shape: int) -> None:
        layer.weight = self.random(*shape)
        layer.bias = np.zeros(shape[0], np.float16)

    def norm(self, layer: Any, width: int) -> None:
        layer.gamma = np.ones(width, np.float16)
        layer.beta = np.zeros(width, np.float16)

    def attention(self, layer: Any, width: int, outputs: Sequence[int]) -> None:
        self.norm(layer.layer_norm, width)
        for linear, rows in zip(layer.linear, outputs, strict=True):
            self.linear(linear, rows, width)
