"""HAWQ-V3's tables for ResNet-18 and ResNet-50: sensitivity and cost per layer, published bits, accuracies."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

import numpy as np

from codesign.errors import UnknownNameError, nearest
from codesign.models.fpga.quantisation.problem import Floats, QuantisationProblem
from codesign.models.fpga.quantisation.sensitivity import bit_operations, hessian_sensitivity, weight_bytes

NETWORKS = ("resnet18", "resnet50")
QUANTITIES = ("size", "bops", "latency")
"""What HAWQ caps: bytes of weights, bit operations, measured latency on an NVIDIA T4 (unit not stated)."""
BITS = (4, 8)

_TIED = {
    "resnet18": ((4, 6), (9, 11), (14, 16)),
    "resnet50": ((0, 3), (10, 13), (23, 26), (42, 45)),
}
"""By number: the first convolution of a block and that of its shortcut, which read one feature map (ILP.ipynb)."""


@dataclass(frozen=True)
class PublishedBits:
    """An assignment that was trained, and what was published of it; first convolution and classifier have 8 bits.

    Attributes:
        rule: what was capped and the fraction f of ``hawq_problem``, or the width that all layers have.
        quantity, fraction: the same in parts; None where all layers have one width.
        bits: one width for each layer, in the order of the tables.
        size_mib: of the weights, 2^20 bytes, with the first convolution and the classifier.
        bit_operations_g: 1e9, with the first convolution and the classifier.
    """

    network: str
    rule: str
    quantity: str | None
    fraction: float | None
    bits: tuple[int, ...]
    top1_percent: float
    size_mib: float
    bit_operations_g: float


def data_rows(file: str) -> Iterator[dict[str, str]]:
    """Yield the rows of ``data/quantisation_<file>.csv``."""
    path = files("codesign.models.fpga").joinpath("data", f"quantisation_{file}.csv")
    with path.open(encoding="utf-8") as stream:
        yield from csv.DictReader(stream)


@cache
def hawq_problem(network: str, quantity: str, fraction: float = 1.0) -> QuantisationProblem:
    """Return HAWQ-V3's program for one of ``NETWORKS`` with a cap on one of ``QUANTITIES``.

    cap = cost(all 4 bits) + fraction (cost(all 8 bits) - cost(all 4 bits)). To cap something else, such as the cycles
    of an FPGA engine, replace cost and cap: ``dataclasses.replace(problem, cost=..., cap=...)``.

    Raises:
        UnknownNameError: there are no such tables.
    """
    for value, known in ((network, NETWORKS), (quantity, QUANTITIES)):
        if value not in known:
            raise UnknownNameError(f"HAWQ has no {value!r}{nearest(value, known)}; it has {', '.join(known)}")
    names = [row["name"] for row in data_rows(network)]
    problem = QuantisationProblem(
        layers=names,
        bits=BITS,
        sensitivity=hessian_sensitivity(_column(network, "hutchinson_trace"), squared_errors(network)),
        cost=_cost(network, quantity),
        cap=np.inf,
        ties=[[names[layer] for layer in pair] for pair in _TIED[network]],
    )
    return replace(problem, cap=cap_between(problem, fraction))


def cap_between(problem: QuantisationProblem, fraction: float) -> float:
    """Return the cap ``fraction`` of the way from every layer at the least width to every layer at the largest."""
    least, most = (problem.cost_of([width] * len(problem.layers)) for width in (problem.bits[0], problem.bits[-1]))
    return least + fraction * (most - least)


def published_bits() -> tuple[PublishedBits, ...]:
    """Return the 18 assignments that HAWQ-V3's program gave."""
    return tuple(
        _published(row, f"{row['quantity']} {row['fraction']}", tuple(map(int, row["bits"])))
        for row in data_rows("published")
    )


def uniform_bits() -> tuple[PublishedBits, ...]:
    """Return the networks with 8 and with 4 bits in all layers."""
    widths = {"W8A8": 8, "W4A4": 4}
    return tuple(
        _published(row, row["scheme"], (widths[row["scheme"]],) * len(list(data_rows(row["network"]))))
        for row in data_rows("uniform")
        if row["scheme"] in widths
    )


def _published(row: dict[str, str], rule: str, bits: tuple[int, ...]) -> PublishedBits:
    return PublishedBits(
        network=row["network"],
        rule=rule,
        quantity=row.get("quantity"),
        fraction=float(row["fraction"]) if "fraction" in row else None,
        bits=bits,
        top1_percent=float(row["top1_percent"]),
        size_mib=float(row["size_mib"]),
        bit_operations_g=float(row["bit_operations_g"]),
    )


def squared_errors(network: str) -> Floats:
    """Return the squared weight error of each layer at each of ``BITS``."""
    return np.column_stack([_column(network, f"squared_error_{width}b") for width in BITS])


def _column(network: str, name: str) -> Floats:
    return np.array([float(row[name]) for row in data_rows(network)])


def _cost(network: str, quantity: str) -> Floats:
    if quantity == "size":
        return weight_bytes(_column(network, "parameters"), BITS)
    if quantity == "bops":
        return bit_operations(_column(network, "macs"), BITS)
    return np.column_stack([_column(network, f"latency_{width}b") for width in BITS])
