"""FIGLUT (arXiv 2503.06862): sums of aligned activations, looked up by weight bits and added as integers.

With weights s (u - z) of b bits, q' = 2 u - (2^b - 1) has bits that mean -1 and +1, and over a group

    sum_k a_k w_k = s / 2 (sum_i 2^i sum_steps T[bits i of the step's weights] - z' sum_k a_k),   z' = 2 z + 1 - 2^b.

Activations are aligned as in ``emulation.figna``; from there on a group is exact.
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType

import numpy as np

from codesign.errors import ModelInputError
from codesign.models.pe.element import Configuration
from codesign.models.pe.emulation.figna import ALIGNMENT_ERROR, aligned, scaled_sum, unit_place
from codesign.models.pe.emulation.float_arithmetic import BF16, FP16
from codesign.models.pe.emulation.integer import check_operands
from codesign.models.pe.emulation.lut import integer_sum, reinterpreted, stored_indices, table_sums
from codesign.models.pe.emulation.operands import Emulation, Encoded, FloatArray

FORMATS = MappingProxyType({"figlut": FP16, "figlut-bf16": BF16})
"""Element -> format of its activations."""

TABLE_GROUP = 4
"""Activations per table; a table holds half of their 16 signed sums."""
SUM_BITS = 32
"""Of a group's sum, which wraps."""


def check_group(group: int) -> None:
    """Refuse a group that tables don't divide.

    Raises:
        ModelInputError: it isn't a multiple of the activations of a table.
    """
    if group % TABLE_GROUP:
        raise ModelInputError(f"FIGLUT's tables are of {TABLE_GROUP} activations, found a group of {group} weights")


def _multiply(element: str, activations: Encoded, weights: Encoded, configuration: Configuration) -> FloatArray:
    form, plain = FORMATS[element], reinterpreted(weights)
    check_operands(element, activations, weights, ("binary", "int-asym", "int-sym"))
    check_group(weights.group)
    sums, exponents = [], []
    for number, start in enumerate(range(0, len(weights.codes), weights.group)):
        block = slice(start, start + weights.group)
        mantissas, largest = aligned(activations.codes[block], form)
        tables = table_sums(mantissas.astype(np.float64), TABLE_GROUP).astype(np.int64)
        indices = stored_indices(plain.codes[block], weights.bits, TABLE_GROUP)
        looked_up = integer_sum(tables, indices, configuration.accumulator_bits or SUM_BITS)
        sums.append(looked_up - mantissas.sum(axis=0)[:, None] * plain.zeros[number])
        exponents.append(largest)
    # The halving is a power of two: it is left to the place, so that the stored scale is the weights' own.
    halved = weights.format != "binary"
    place = unit_place(form) - halved
    return scaled_sum(np.stack(sums), np.stack(exponents), plain.scales * (2.0 if halved else 1.0), place)


EMULATIONS = tuple(Emulation(name, partial(_multiply, name), exact=True, error=ALIGNMENT_ERROR) for name in FORMATS)
