"""The networks of a table of designs: cut into calls, and what is published of their accuracy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from codesign.errors import CodesignError, UnknownNameError
from codesign.models.fpga.accuracy.predictor import Predictor, fit
from codesign.models.fpga.accuracy.published import published_accuracy
from codesign.models.fpga.calls import NetworkCalls
from codesign.models.fpga.cutting import calls_of
from codesign.models.fpga.templates import template_named
from codesign.space.domain import Value
from codesign.workloads.catalogue import load_network, network_settings
from codesign.workloads.tabular.features import feature_table
from codesign.workloads.tabular.reading import read_tabular_set
from codesign.workloads.tabular.spaces import SPACES, tabular_network
from codesign.workloads.tabular.store import stored_path

UNKNOWN = (math.nan, math.nan, math.nan)
TRAINED_ON = 1000
"""Networks that a predictor is trained on: rank correlation 0.90 on the others of Accel-NASBench, in five seconds."""
SEED = 0


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
        predicted_percent: (mean, low, high) accuracy in floating point by a predictor trained on the network's
            tabulated space; NaN for other networks.
    """

    calls: NetworkCalls | None
    reason: str
    batch: int
    top1_percent: float
    float_top1_percent: float
    predicted_percent: tuple[float, float, float] = UNKNOWN


@lru_cache(maxsize=16384)
def prepared(choice: Choice) -> Prepared:
    """Return a design's network in calls of its template, with its published accuracies."""
    batch = int(dict(choice.settings)["batch"])
    try:
        calls = _calls(choice)
    except CodesignError as error:
        return Prepared(None, str(error), batch, math.nan, math.nan)
    narrow, full = _accuracies(choice)
    return Prepared(calls, "", batch, narrow, full, _predicted(choice))


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


def _predicted(choice: Choice) -> tuple[float, float, float]:
    """Return mean and interval of the predicted accuracy; NaN where nothing was trained."""
    if choice.network not in SPACES or stored_path(choice.network) is None:
        return UNKNOWN
    found = _predictor(choice.network).predict(feature_table(choice.network, pd.DataFrame([dict(choice.genes)])))
    return float(found.mean[0]), float(found.low[0]), float(found.high[0])


@lru_cache(maxsize=4)
def _predictor(name: str) -> Predictor:
    """Return the predictor of a tabulated space, trained on ``TRAINED_ON`` of its networks, drawn with a fixed seed."""
    published = read_tabular_set(name)
    rows = np.random.default_rng(SEED).permutation(len(published.table))[:TRAINED_ON]
    features = feature_table(name, published.designs.iloc[rows])
    return fit(features, published.table["top1_percent"].to_numpy()[rows], SEED, published.source)


def _published_table(name: str) -> pd.DataFrame | None:
    """Return the table of a tabulated space where its public set lies on this machine."""
    return None if stored_path(name) is None else read_tabular_set(name).table
