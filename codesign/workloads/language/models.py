"""Decoder-only language models by name: the sizes of their released weights."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from codesign.errors import UnknownNameError, nearest


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """Sizes of a decoder-only transformer.

    Attributes:
        name: e.g. ``llama3-8b``.
        blocks: transformer blocks.
        hidden: width of the residual stream.
        heads: query heads.
        kv_heads: key and value heads; each serves ``heads / kv_heads`` query heads.
        head_width: width of a query, a key and a value of one head.
        inner: width inside the feed-forward part (of one expert, where there are several).
        gated: whether the feed-forward part has a gate beside ``up`` and ``down``.
        experts, active_experts: feed-forward parts of a block, and how many of them a token takes; 1 and 1 is dense.
        vocabulary: rows of the embedding, padded as released.
        tied: whether the output projection reads the embedding's table.
        positions: tokens that the model was made for; 0 of its own beyond them.
        learned_positions: rows of a table of learned positions; 0 where positions are rotated in.
        parameters_published: of the release.
        last_digit: what one unit of the published figure's last digit is worth.
        parameters_source: where that figure is from.
        source: where the sizes are from.
        year: of the release.
    """

    name: str
    blocks: int
    hidden: int
    heads: int
    kv_heads: int
    head_width: int
    inner: int
    gated: bool
    experts: int
    active_experts: int
    vocabulary: int
    tied: bool
    positions: int
    learned_positions: int
    parameters_published: int
    last_digit: int
    parameters_source: str
    source: str
    year: int

    @property
    def query_width(self) -> int:
        """Width of the queries of all heads."""
        return self.heads * self.head_width

    @property
    def kv_width(self) -> int:
        """Width of the keys of all heads, and of the values."""
        return self.kv_heads * self.head_width

    @property
    def expert_weight_words(self) -> int:
        """Weights of one feed-forward part: (3 if gated, else 2) * hidden * inner."""
        return (3 if self.gated else 2) * self.hidden * self.inner

    @property
    def block_weight_words(self) -> int:
        """Weights of one block: 2 hidden (query_width + kv_width) + experts * feed-forward part + router."""
        router = self.hidden * self.experts if self.experts > 1 else 0
        return 2 * self.hidden * (self.query_width + self.kv_width) + self.experts * self.expert_weight_words + router

    @property
    def head_weight_words(self) -> int:
        """Weights of the output projection."""
        return self.hidden * self.vocabulary

    @property
    def weight_words(self) -> int:
        """Weights of all matrix products: blocks and output projection, without embeddings, biases and norms."""
        return self.blocks * self.block_weight_words + self.head_weight_words

    @property
    def parameters(self) -> int:
        """Weights of all products and the embedding tables, a tied one counted once; without biases and norms."""
        tables = self.hidden * (self.learned_positions + (0 if self.tied else self.vocabulary))
        return self.weight_words + tables

    @property
    def kv_words_per_token(self) -> int:
        """Keys and values that one token leaves in the cache: 2 * blocks * kv_width."""
        return 2 * self.blocks * self.kv_width


_TEXTS = ("name", "parameters_source", "source")
_FLAGS = ("gated", "tied")


@cache
def language_models() -> Mapping[str, LanguageModel]:
    """Return every language model by name, in the order of the data file."""
    with files("codesign.workloads").joinpath("data/language_models.csv").open("r", encoding="utf-8") as file:
        models = [_read(row) for row in csv.DictReader(file)]
    return MappingProxyType({model.name: model for model in models})


def _read(row: Mapping[str, str]) -> LanguageModel:
    values: dict[str, str | int | bool] = {}
    for name, text in row.items():
        values[name] = text if name in _TEXTS else bool(int(text)) if name in _FLAGS else int(text)
    return LanguageModel(**values)  # type: ignore[arg-type]


def language_model(name: str) -> LanguageModel:
    """Return the language model of that name.

    Raises:
        UnknownNameError: there is none.
    """
    known = language_models()
    if name not in known:
        raise UnknownNameError(f"unknown language model {name!r}{nearest(name, known)}; known: {', '.join(known)}")
    return known[name]
