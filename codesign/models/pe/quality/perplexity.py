"""Published perplexities of quantised language models: looked up, never estimated.

The table ``data/perplexity.csv`` holds values as printed by their sources; ``data/perplexity_methods.csv`` says what
each method is in terms of number formats. Sources measure on their own baselines, so a value is compared with the
unquantised row of its own source: ``increase = value - baseline``.

There is no interpolation. No method is published for three group sizes, and only in bit widths that leave no gap or a
gap (5 to 7 bits) that the rows around it don't predict (``interpolation`` in ``validate.py``).
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.errors import ModelInputError, UnknownNameError, nearest

ANY, BEST = "any", "best"
EXACT = "exact"
UNQUANTISED = "FP16"
ROUNDINGS = ("none", "nearest", "nearest-smoothed", "calibrated", "trained")
"""How codes are found, from the cheapest to the dearest. Had by their name only: ablations, and ``rotated``, which
multiplies activations by a Hadamard matrix as the network runs: work that no element here does."""
PLAIN = ("none", "nearest", "nearest-smoothed")
"""What ``any`` takes."""
KEYS = (
    "network",
    "dataset",
    "weight_format",
    "weight_bits",
    "activation_format",
    "activation_bits",
    "kv_bits",
    "group",
    "method",
    "arithmetic",
)
ANSWERS = (
    "perplexity",
    "perplexity_increase",
    "quality_method",
    "quality_source",
    "quality_basis",
    "quality_note",
)
_UNSCALED_BITS = 16


@dataclass(frozen=True)
class Method:
    """A way to quantise a language model.

    Attributes:
        name: as its source names it.
        formats: of the weights, names of ``formats()``; none where this package has no such format, several where
            the source doesn't say which.
        rounding: how the codes are found, one of ``ROUNDINGS`` or the name of an ablation.
        arithmetic: ``exact`` where products and sums are as good as exact; else the family of elements whose
            approximations the perplexity contains.
        activations: what the activations need before they are multiplied.
        title: one line for people.
        source: where it is described.
    """

    name: str
    formats: tuple[str, ...]
    rounding: str
    arithmetic: str
    activations: str
    title: str
    source: str

    def activation_format(self, bits: int) -> str:
        """Return the number format of activations of that width in this method's rows."""
        if bits == _UNSCALED_BITS:
            return "fp16"
        return "abfloat" if "abfloat" in self.formats else "int-sym"


@dataclass(frozen=True)
class Row:
    """One published value. ``family`` groups the tables of one paper and its repository: they share a baseline."""

    family: str
    dataset: str
    network: str
    method: Method
    weight_bits: int
    activation_bits: int
    kv_bits: int
    group: int
    value: float
    year: int
    source: str
    note: str


@dataclass(frozen=True)
class Quality:
    """An answer of the table.

    Attributes:
        value: perplexity; NaN when unknown.
        increase: value minus the unquantised value of the same family, network and dataset; NaN where there is none.
        method: name of the method whose row it is.
        source: of the row.
        basis: ``published`` or ``unknown``.
        note: what to know about the row, or why nothing is known.
    """

    value: float
    increase: float
    method: str
    source: str
    basis: Literal["published", "unknown"]
    note: str


@dataclass(frozen=True)
class Request:
    """What a design asks for.

    Attributes:
        network, dataset: e.g. ``llama2-7b``, ``wikitext2`` or ``c4``.
        weight_format: of the weights; ignored when ``method`` names one.
        weight_bits, activation_bits, kv_bits: widths; 16 means FP16.
        group: weights per scale, 0 for one per channel; ignored for 16-bit weights.
        method: a name of ``methods()``, ``any`` or ``best``.
        activation_format: of the activations.
        arithmetic: ``exact`` or the family of the element's approximation.
    """

    network: str
    dataset: str
    weight_format: str
    weight_bits: int
    activation_bits: int
    kv_bits: int
    group: int
    method: str = ANY
    activation_format: str = "fp16"
    arithmetic: str = EXACT


@cache
def methods() -> Mapping[str, Method]:
    """Return every method of the table by name."""
    found = (
        Method(
            row["method"],
            tuple(row["formats"].split()),
            row["rounding"],
            row["arithmetic"],
            row["activations"],
            row["title"],
            row["source"],
        )
        for row in _data_rows("perplexity_methods.csv")
    )
    return MappingProxyType({method.name: method for method in found})


@cache
def published() -> tuple[Row, ...]:
    """Return every published value, in the order of the data file."""
    return tuple(
        Row(
            row["family"],
            row["dataset"],
            row["network"],
            methods()[row["method"]],
            int(row["weight_bits"]),
            int(row["activation_bits"]),
            int(row["kv_bits"]),
            int(row["group"]),
            float(row["value"]),
            int(row["year"]),
            row["source"],
            row["note"],
        )
        for row in _data_rows("perplexity.csv")
    )


@cache
def networks() -> tuple[str, ...]:
    """Return the networks that have any published value."""
    return tuple(dict.fromkeys(row.network for row in published()))


def datasets() -> tuple[str, ...]:
    """Return the data sets of the table."""
    return tuple(dict.fromkeys(row.dataset for row in published()))


def baseline(family: str, network: str, dataset: str) -> float:
    """Return the perplexity of the unquantised network in that family of tables; NaN where it gives none."""
    return _baselines().get((family, network, dataset), math.nan)


def perplexity(
    network: str,
    dataset: str,
    method: str,
    weight_bits: int,
    activation_bits: int,
    kv_bits: int,
    group: int,
    source: str | None = None,
) -> Quality:
    """Return the published perplexity of one method.

    Args:
        network, dataset: see ``networks()`` and ``datasets()``.
        method: see ``methods()``.
        weight_bits, activation_bits, kv_bits: widths; 16 means FP16.
        group: weights per scale, 0 for one per channel.
        source: a family (``bitmod``, ``qserve``, ...); None takes the first that has a row, in the table's order.

    Raises:
        UnknownNameError: there is no such method, data set or family.
    """
    chosen = _method(method)
    request = Request(
        network,
        dataset,
        " or ".join(chosen.formats),
        weight_bits,
        activation_bits,
        kv_bits,
        group,
        method,
        chosen.activation_format(activation_bits),
        chosen.arithmetic,
    )
    return find(request, source)


def find(request: Request, source: str | None = None) -> Quality:
    """Return what the table says of a design.

    A named method gives its row. ``any`` gives plain rounding to nearest in the design's own format, so that formats
    are compared and not the effort of calibration or training; where nobody published that, rounding behind scales
    that were smoothed offline, with a note. ``best`` gives the row with the smallest increase over its own baseline.
    8-bit activations, caches and scales are never taken for lossless.

    Raises:
        UnknownNameError: there is no such method, data set or family.
    """
    _check_names(request, source)
    rows = [row for row in _candidates(request) if source is None or row.family == source]
    values = [row for row in rows if not row.note]
    if not values:
        return _unknown(request, rows)
    if request.method == BEST:
        return _answer(min(values, key=_increase_or_infinity))
    if request.method != ANY:
        return _answer(values[0])
    values = [row for row in values if row.method.rounding in PLAIN]
    if not values:
        return _unknown(request, rows)
    first = min(values, key=lambda row: (ROUNDINGS.index(row.method.rounding), _increase_or_infinity(row)))
    same = [row for row in values if row.method.rounding == first.method.rounding]
    if first.method.rounding in ("none", "nearest"):
        return _answer(same[0])
    return _answer(first, f"no plain rounding is published; {first.method.title}")


def lookup(requests: pd.DataFrame) -> pd.DataFrame:
    """Answer a table of designs, each distinct design once.

    Args:
        requests: columns ``KEYS``; ``method``, ``activation_format`` and ``arithmetic`` may be left out.

    Returns:
        Columns ``ANSWERS`` under the same index.

    Raises:
        ModelInputError: a column is missing.
        UnknownNameError: as ``find``.
    """
    defaults = {"method": ANY, "activation_format": "fp16", "arithmetic": EXACT}
    missing = [name for name in KEYS if name not in requests and name not in defaults]
    if missing:
        raise ModelInputError(f"the requests lack {', '.join(missing)}; needed are {', '.join(KEYS)}")
    given = {name: value for name, value in defaults.items() if name not in requests}
    places, distinct = _distinct(requests.assign(**given)[list(KEYS)])
    answers = [find(request) for request in distinct]
    table = pd.DataFrame(
        {
            "perplexity": [answer.value for answer in answers],
            "perplexity_increase": [answer.increase for answer in answers],
            "quality_method": [answer.method for answer in answers],
            "quality_source": [answer.source for answer in answers],
            "quality_basis": [answer.basis for answer in answers],
            "quality_note": [answer.note for answer in answers],
        },
        columns=list(ANSWERS),
    )
    return table.iloc[places].set_axis(requests.index, axis=0)


def _distinct(keys: pd.DataFrame) -> tuple[npt.NDArray[np.int64], list[Request]]:
    """Return the place of each row's request among the distinct ones, and these."""
    places = np.asarray(keys.groupby(list(KEYS), sort=False).ngroup(), dtype=np.int64)
    first = np.unique(places, return_index=True)[1]
    columns = [keys[name].iloc[first].tolist() for name in KEYS]
    return places, [Request(**dict(zip(KEYS, values, strict=True))) for values in zip(*columns, strict=True)]


def _candidates(request: Request) -> Iterator[Row]:
    """Yield the rows of the design's widths, formats and group."""
    named = request.method not in (ANY, BEST)
    group = 0 if request.weight_bits == _UNSCALED_BITS else request.group
    key = (request.network, request.dataset, request.weight_bits, request.activation_bits, request.kv_bits, group)
    for row in _index().get(key, ()):
        if row.method.activation_format(row.activation_bits) != request.activation_format:
            continue
        if row.method.arithmetic != request.arithmetic:
            continue
        if named and row.method.name == request.method:
            yield row
        if not named and request.weight_format in row.method.formats and row.method.rounding in ROUNDINGS:
            yield row


@cache
def _index() -> Mapping[tuple[str, str, int, int, int, int], tuple[Row, ...]]:
    found: dict[tuple[str, str, int, int, int, int], list[Row]] = {}
    for row in published():
        key = (row.network, row.dataset, row.weight_bits, row.activation_bits, row.kv_bits, row.group)
        found.setdefault(key, []).append(row)
    return MappingProxyType({key: tuple(rows) for key, rows in found.items()})


@cache
def _baselines() -> Mapping[tuple[str, str, str], float]:
    return MappingProxyType(
        {(row.family, row.network, row.dataset): row.value for row in published() if row.method.name == UNQUANTISED}
    )


def _increase(row: Row) -> float:
    """Return value - baseline, to the two decimals that sources print."""
    return round(row.value - baseline(row.family, row.network, row.dataset), 2)


def _increase_or_infinity(row: Row) -> float:
    increase = _increase(row)
    return math.inf if math.isnan(increase) else increase


def _answer(row: Row, note: str = "") -> Quality:
    increase = _increase(row)
    if math.isnan(increase):
        missing = "the source gives no unquantised value"
        note = f"{note}; {missing}" if note else missing
    return Quality(row.value, increase, row.method.name, row.source, "published", note)


def _unknown(request: Request, rows: Sequence[Row]) -> Quality:
    widths = f"W{request.weight_bits}A{request.activation_bits}KV{request.kv_bits}"
    what = request.weight_format if request.method in (ANY, BEST) else request.method
    if any(not row.note for row in rows):
        reason = f"{what} {widths} of {request.network} is published with calibration or training only; name a method"
    elif rows:
        reason = f"{rows[0].source} prints no value for {what} {widths}: {rows[0].note}"
    elif request.network not in networks():
        reason = f"no perplexity of {request.network} is in the table"
    else:
        reason = (
            f"nobody in the table publishes {request.network} on {request.dataset} as {what} {widths} "
            f"(activations {request.activation_format}, {request.arithmetic} arithmetic) at group {request.group}"
        )
    return Quality(math.nan, math.nan, "", "", "unknown", reason)


def _check_names(request: Request, source: str | None) -> None:
    if request.dataset not in datasets():
        raise UnknownNameError(
            f"unknown data set {request.dataset!r}{nearest(request.dataset, datasets())}; "
            f"known: {', '.join(datasets())}"
        )
    if request.method not in (ANY, BEST):
        _method(request.method)
    families = tuple(dict.fromkeys(row.family for row in published()))
    if source is not None and source not in families:
        raise UnknownNameError(f"unknown source {source!r}{nearest(source, families)}; known: {', '.join(families)}")


def _method(name: str) -> Method:
    known = methods()
    if name not in known:
        raise UnknownNameError(
            f"unknown quantisation method {name!r}{nearest(name, known)}; known: {', '.join((ANY, BEST, *known))}"
        )
    return known[name]


def _data_rows(file: str) -> Iterator[dict[str, str]]:
    with files("codesign.models.pe").joinpath("data", file).open(encoding="utf-8") as stream:
        yield from csv.DictReader(stream)
