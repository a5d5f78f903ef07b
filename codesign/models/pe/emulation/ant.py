"""ANT (arXiv 2208.14286): 4-bit flint, its decoder at the array's edge, and the exponent-integer element.

Flint codes an exponent by the place of the first one, so that middling numbers get a mantissa and large ones reach
far. A signed 4-bit code is sign | b2 b1 b0; the magnitudes are those of ``Quantizer.flint_value`` of the repository
clevercool/ANT-Quantization, scaled to integers:

    b2 b1 b0    000 001 010 011 110 111 101 100
    magnitude     0   1   2   3   4   6   8  16

The decoder gives a base integer and an exponent, magnitude = base * 2^exponent: with b2 = 0 the base is b1 b0 and the
exponent 0; with b2 = 1 the base is b1 b0 shifted left by one and the exponent twice the zeros before the first one of
b1 b0, except that 100 has base 1 and exponent 4. Minus zero is not used.
"""

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

FLINT_BITS = 4
FLINT_MAGNITUDES = (0, 1, 2, 3, 16, 8, 4, 6)
"""Magnitude of each code without its sign."""
FLINT_VALUES = (*FLINT_MAGNITUDES, *(-magnitude for magnitude in FLINT_MAGNITUDES))
"""Value of each code."""
SUM_BITS = 24
"""Of the partial sum where the configuration gives none."""

_BASES = np.array((0, 1, 2, 3, 1, 2, 4, 6))
_EXPONENTS = np.array((0, 0, 0, 0, 4, 2, 0, 0))
_SIGN = 1 << (FLINT_BITS - 1)


def encode_flint(values: FloatArray) -> IntArray:
    """Return the code of the nearest flint number; a tie goes to the larger number, as in the repository's kernel.

    Args:
        values: divided by their scale; what lies beyond +-16 becomes +-16.
    """
    codes = np.array([code for code in range(1 << FLINT_BITS) if code != _SIGN])
    order = np.argsort(np.array(FLINT_VALUES)[codes])
    grid = np.array(FLINT_VALUES)[codes][order]
    place = np.searchsorted((grid[1:] + grid[:-1]) / 2.0, values, side="right")
    return np.asarray(codes[order][place], dtype=np.int64)


def decode_flint(codes: IntArray) -> IntArray:
    """Return the integer that each code means."""
    return np.array(FLINT_VALUES, dtype=np.int64)[codes]


def split_flint(codes: IntArray) -> tuple[IntArray, IntArray]:
    """Return the decoder's signed base and its exponent; value = base * 2^exponent."""
    magnitude = codes & (_SIGN - 1)
    sign = np.where(codes & _SIGN, -1, 1)
    return sign * _BASES[magnitude], _EXPONENTS[magnitude]


def split_integer(codes: IntArray, bits: int) -> list[tuple[IntArray, IntArray]]:
    """Return base and exponent of each 4-bit part of two's complement integers, the lowest part first.

    Only the highest part has a sign; part i has the exponent 4 i.
    """
    parts = []
    for low in range(0, bits, 4):
        part = (codes >> low) & 15
        base = sign_extended(part, 4) if low + 4 == bits else part
        parts.append((base, np.full_like(base, low)))
    return parts


def parts(operand: Encoded) -> list[tuple[IntArray, IntArray]]:
    """Return what the decoder sends into the array for an operand: (base, exponent), a pair for each cycle.

    Raises:
        ModelInputError: the decoder doesn't know the number format.
    """
    if operand.format == "flint":
        return [split_flint(operand.codes)]
    if operand.format == "int-sym" and operand.bits in (4, 8):
        return split_integer(operand.codes, operand.bits)
    raise ModelInputError(f"ant decodes flint and int-sym of 4 or 8 bits, found {operand.format} of {operand.bits}")


def exponent_integer_sums(
    activations: list[tuple[IntArray, IntArray]], weights: list[tuple[IntArray, IntArray]], group: int, sum_bits: int
) -> IntArray:
    """Return sum_k (base_a * base_w) << (exponent_a + exponent_w), groups x M x N, in a register that wraps.

    Operands of several parts take a cycle for each pair of parts.
    """
    total = sum(
        exact_sums(a << a_exponent, w << w_exponent, group)
        for a, a_exponent in activations
        for w, w_exponent in weights
    )
    return wrapped(np.asarray(total, dtype=np.int64), sum_bits)


def _multiply(activations: Encoded, weights: Encoded, configuration: Configuration) -> FloatArray:
    check_operands("ant", activations, weights, ("flint", "int-sym"))
    check_widths("ant", activations, weights, configuration)
    sum_bits = configuration.accumulator_bits or SUM_BITS
    sums = exponent_integer_sums(parts(activations), parts(weights), weights.group, sum_bits)
    return with_activation_scales(scaled_sum(sums, weights.scales), activations)


EMULATIONS = (Emulation("ant", _multiply, exact=True),)
