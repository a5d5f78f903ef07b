"""Bit Fusion: products of two bits each, shifted and added to products of 2, 4 or 8 bits."""

from __future__ import annotations

import numpy as np

from codesign.errors import ModelInputError
from codesign.models.pe.element import Configuration
from codesign.models.pe.emulation.integer import (
    check_operands,
    check_widths,
    exact_sums,
    scaled_sum,
    sign_extended,
    with_activation_scales,
    wrapped,
)
from codesign.models.pe.emulation.operands import Emulation, Encoded, FloatArray, IntArray

BRICK_BITS = 2
SUM_BITS = 32
"""Of the partial sum where the configuration gives none."""


def bricks(codes: IntArray, bits: int) -> list[IntArray]:
    """Return the 2-bit parts of two's complement codes, the lowest first; the highest has the sign.

    Raises:
        ModelInputError: the element doesn't have that width.
    """
    if bits not in (2, 4, 8):
        raise ModelInputError(f"bitfusion joins parts of 2 bits to 2, 4 or 8 bits, found {bits}")
    parts = [(codes >> low) & 3 for low in range(0, bits, BRICK_BITS)]
    return [*parts[:-1], sign_extended(parts[-1], BRICK_BITS)]


def brick_sums(activations: list[IntArray], weights: list[IntArray], group: int) -> IntArray:
    """Return sum_k sum_ij a_i w_j 4^(i + j), groups x M x N: every brick's products, shifted and added."""
    total = sum(
        exact_sums(a, w, group) << (BRICK_BITS * (i + j))
        for i, a in enumerate(activations)
        for j, w in enumerate(weights)
    )
    return np.asarray(total, dtype=np.int64)


def _multiply(activations: Encoded, weights: Encoded, configuration: Configuration) -> FloatArray:
    check_operands("bitfusion", activations, weights, ("int-sym", "ternary"))
    check_widths("bitfusion", activations, weights, configuration)
    a, w = bricks(activations.codes, activations.bits), bricks(weights.codes, weights.bits)
    sums = wrapped(brick_sums(a, w, weights.group), configuration.accumulator_bits or SUM_BITS)
    return with_activation_scales(scaled_sum(sums, weights.scales), activations)


EMULATIONS = (Emulation("bitfusion", _multiply, exact=True),)
