"""The networks of a table of designs: cut into calls, and what is published of their accuracy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from codesign.errors import CodesignError, UnknownNameError
from codesign.models.fpga.accuracy.published import published_accuracy
from codesign.models.fpga.calls import NetworkCalls
from codesign.models.fpga.cutting import calls_of
from codesign.models.fpga.templates import template_named
from codesign.space.domain import Value
from codesign.workloads.catalogue import load_network, network_settings
from codesign.workloads.tabular.reading import read_tabular_set
from codesign.workloads.tabular.spaces import SPACES, tabular_network
from codesign.workloads.tabular.store import stored_path


@dataclass(frozen=True, slots=True)
class Choice:
    """What a design chooses of its network.

    Attributes:
        network: name, file or tabulated space.
        settings: (name, value) of width, resolution and batch, in order.
        genes: (name, value) of the tabulated space's parameters, in order; empty for other networks.
        template: that it is cut for.
        weight_bits, activation_bits: of every tensor.
        source: text that the source of a published accuracy must hold.
    """

    network: str
    settings: tuple[tuple[str, Value], ...]
    genes: tuple[tuple[str, Value], ...]
    template: str
    weight_bits: int
    activation_bits: int
    source: str


@dataclass(frozen=True)
class Prepared:
    """A network ready to be mapped, or the reason why not.

    Attributes:
        calls: None where it can't be cut.
        reason: why not.
        batch: inputs of a pass.
        top1_percent, float_top1_percent: published; NaN where unknown.
    """

    calls: NetworkCalls | None
    reason: str
    batch: int
    top1_percent: float
    float_top1_percent: float


@lru_cache(maxsize=16384)
def prepared(choice: Choice) -> Prepared:
    """Return a design's network in calls of its template, with its published accuracies."""
    batch = int(dict(choice.settings)["batch"])
    try:
        calls = _calls(choice)
    except CodesignError as error:
        return Prepared(None, str(error), batch, math.nan, math.nan)
    narrow, full = _accuracies(choice)
    return Prepared(calls, "", batch, narrow, full)


def _calls(choice: Choice) -> NetworkCalls:
    if choice.network in SPACES:
        key = SPACES[choice.network].key(dict(choice.genes))
        network = tabular_network(choice.network, key)
    else:
        read = network_settings(choice.network)
        network = load_network(choice.network, **{name: v for name, v in choice.settings if name in read})
    narrow = network.with_bits(choice.activation_bits, choice.weight_bits)
    return calls_of(narrow, template_named(choice.template))


def _accuracies(choice: Choice) -> tuple[float, float]:
    """Return the published accuracy at the design's widths, and in floating point."""
    if choice.network in SPACES:
        table = _published_table(choice.network)
        key = SPACES[choice.network].key(dict(choice.genes))
        if table is None or key not in table.index:
            return math.nan, math.nan
        return math.nan, float(table["top1_percent"].loc[key])
    settings = dict(choice.settings)
    place: Mapping[str, float | int] = {"width": float(settings["width"]), "resolution": int(settings["resolution"])}
    return (
        _published(choice, place, {"weight_bits": choice.weight_bits, "activation_bits": choice.activation_bits}),
        _published(choice, place, {}),
    )


def _published(choice: Choice, place: Mapping[str, float | int], bits: Mapping[str, int]) -> float:
    try:
        found = published_accuracy(choice.network, source=choice.source, **place, **bits)  # type: ignore[arg-type]
    except UnknownNameError:
        return math.nan
    return math.nan if found.top1_percent is None else found.top1_percent


def _published_table(name: str) -> pd.DataFrame | None:
    """Return the table of a tabulated space where its public set lies on this machine."""
    return None if stored_path(name) is None else read_tabular_set(name).table
