"""Workloads as arrays of products x workloads: language models in closed form, other networks from their layers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from codesign.errors import CodesignError
from codesign.models.columns import FloatArray
from codesign.space.domain import Name
from codesign.workloads.catalogue import FILE_SETTINGS, load_network, network_names, network_settings
from codesign.workloads.graph import Network
from codesign.workloads.language.models import LanguageModel, language_models
from codesign.workloads.language.networks import network_products
from codesign.workloads.language.products import Products, phase_products
from codesign.workloads.settings import plain

NETWORK_DOMAIN = Name(tuple(sorted({*language_models(), *network_names()})), tuple(FILE_SETTINGS))
"""A language model goes before a network of the same name: both have the same products."""
_SHAPES = ("rows", "inner", "columns", "runs", "passes", "left_words")


@dataclass(frozen=True)
class Workloads:
    """Some workloads; products that a workload hasn't got have ``runs`` 0.

    Attributes:
        names: of the products, by row; a row may hold another product of another network.
        cached: products: whether the right operand is cached keys or values (or other activations), not weights.
        rows, inner, columns, runs, left_words: products x workloads; see ``Products``.
        passes: products x workloads: runs that wait for one another, so that each fills the array anew.
        tokens, macs, weight_words, cache_writes, head_words: workloads: tokens (or inputs) of a pass,
            multiply-accumulates, stored weights (all experts), words written to the cache, words of one head's key.
        weight_channels: workloads: output channels of all stored weights.
        reasons: workloads: why one can't be had; its numbers are those of nothing.
    """

    names: tuple[str, ...]
    cached: npt.NDArray[np.bool_]
    rows: FloatArray
    inner: FloatArray
    columns: FloatArray
    runs: FloatArray
    passes: FloatArray
    left_words: FloatArray
    tokens: FloatArray
    macs: FloatArray
    weight_words: FloatArray
    weight_channels: FloatArray
    cache_writes: FloatArray
    head_words: FloatArray
    reasons: tuple[str, ...]

    @property
    def products(self) -> int:
        """Number of rows."""
        return len(self.cached)

    def group_objection(self, workload: int, group: int) -> str:
        """Return why scales for groups of that size can't be had, or nothing."""
        for index in np.flatnonzero(~self.cached & (self.runs[:, workload] > 0)).tolist():
            inner = int(self.inner[index, workload])
            if inner % group:
                return (
                    f"group = {group} doesn't divide the reduction of {inner} words of the product {self.names[index]}"
                )
        return ""


@dataclass(frozen=True)
class _Part:
    """Workloads of one network: columns of the whole table, and their numbers (see ``Workloads``)."""

    products: Products
    passes: FloatArray
    tokens: FloatArray
    weight_words: float
    weight_channels: float
    cache_writes: FloatArray
    head_words: float


def workloads_of(
    networks: Sequence[str],
    phases: Sequence[str],
    batch: FloatArray,
    sequence: FloatArray,
    context: FloatArray,
) -> Workloads:
    """Return the workloads, one for each entry of the arguments.

    The products of a workload don't depend on which others are asked for.
    """
    members: dict[tuple[str, str], list[int]] = {}
    for column, key in enumerate(zip(networks, phases, strict=True)):
        members.setdefault(key, []).append(column)
    parts: list[tuple[list[int], _Part]] = []
    reasons = [""] * len(networks)
    for (network, phase), found in members.items():
        if network in language_models():
            parts.append((found, _language_part(network, phase, *(v[found] for v in (batch, sequence, context)))))
            continue
        for column in found:
            try:
                parts.append(
                    ([column], _network_part(network, phase, batch[column], sequence[column], context[column]))
                )
            except CodesignError as error:
                reasons[column] = str(error)
    return _joined(parts, reasons)


def _language_part(network: str, phase: str, batch: FloatArray, sequence: FloatArray, context: FloatArray) -> _Part:
    model = language_models()[network]
    products = phase_products(model, phase, batch, sequence, context)
    new = batch * (sequence if phase == "prefill" else 1.0)
    blocks = float(model.blocks)
    return _Part(
        products=products,
        passes=np.minimum(products.runs, blocks),
        tokens=new,
        weight_words=float(model.weight_words),
        weight_channels=_channels(model),
        cache_writes=new * float(model.kv_words_per_token),
        head_words=float(model.head_width),
    )


def _channels(model: LanguageModel) -> float:
    """Return the output channels of all stored weights."""
    expert = (2 if model.gated else 1) * model.inner + model.hidden
    router = model.experts if model.experts > 1 else 0
    block = model.query_width + 2 * model.kv_width + model.hidden + model.experts * expert + router
    return float(model.blocks * block + model.vocabulary)


def _network_part(network: str, phase: str, batch: float, sequence: float, context: float) -> _Part:
    loaded = network_of(network, phase, batch, sequence, context)
    return _part_of(loaded, float(batch) if "batch" in network_settings(network) else 1.0)


def network_of(network: str, phase: str, batch: float, sequence: float, context: float) -> Network:
    """Return a network that isn't a language model, with those of the settings that it reads."""
    read = network_settings(network)
    given = {"phase": phase, "batch": batch, "sequence": sequence, "context": context}
    return load_network(network, **{name: plain(value) for name, value in given.items() if name in read})


@lru_cache(maxsize=256)
def _part_of(network: Network, inputs: float) -> _Part:
    products = network_products(network)
    weights = products.of_kind("weights")
    return _Part(
        products=products,
        passes=_layers_of_each_shape(network),
        tokens=np.array([inputs]),
        weight_words=float(products.right_words[weights].sum()),
        weight_channels=float((products.runs * products.columns)[weights].sum()),
        cache_writes=np.zeros(1),
        head_words=_head_words(products),
    )


def _head_words(products: Products) -> float:
    """Return the words of a head's key: the reduction of the first product of two activations, which is scores."""
    return next((float(products.inner[i, 0]) for i in np.flatnonzero(~products.of_kind("weights"))), 1.0)


def _layers_of_each_shape(network: Network) -> FloatArray:
    """Return how many layers each product stands for: layers wait for one another, groups and heads don't."""
    shapes = [replace(layer, name="", count=1) for layer in network.layers if layer.kind != "pool"]
    found = Counter(shapes)
    return np.array([[float(found[replace(layer, name="", count=1)])] for layer in network.unique_layers()])


def _joined(parts: list[tuple[list[int], _Part]], reasons: list[str]) -> Workloads:
    """Put the parts side by side: cached products in the last rows, weights in the first."""
    count = len(reasons)
    stored = max((int(_stored(part).sum()) for _, part in parts), default=0)
    cached = max((int((~_stored(part)).sum()) for _, part in parts), default=0)
    shapes = {name: np.ones((stored + cached, count)) for name in _SHAPES}
    shapes["runs"][:] = shapes["passes"][:] = 0.0
    numbers = {name: np.zeros(count) for name in ("tokens", "macs", "weight_words", "weight_channels", "cache_writes")}
    heads = np.ones(count)
    names = [""] * (stored + cached)
    for columns, part in parts:
        where = _rows(part, stored)
        for name in _SHAPES:
            values = part.passes if name == "passes" else getattr(part.products, name)
            shapes[name][np.ix_(where, columns)] = np.broadcast_to(values, (len(where), len(columns)))
        for row, name in zip(where, part.products.names, strict=True):
            names[row] = names[row] or name
        numbers["macs"][columns] = part.products.macs.sum(axis=0)
        for name in ("tokens", "weight_words", "weight_channels", "cache_writes"):
            numbers[name][columns] = getattr(part, name)
        heads[columns] = part.head_words
    is_cached = np.arange(stored + cached) >= stored
    return Workloads(tuple(names), is_cached, **shapes, **numbers, head_words=heads, reasons=tuple(reasons))


def _stored(part: _Part) -> npt.NDArray[np.bool_]:
    return part.products.of_kind("weights")


def _rows(part: _Part, stored: int) -> list[int]:
    """Return the row of each product: stored weights from the first row on, the others from row ``stored`` on."""
    is_stored = _stored(part)
    place = np.where(is_stored, np.cumsum(is_stored) - 1, stored + np.cumsum(~is_stored) - 1)
    return [int(row) for row in place]
