"""OliVe (arXiv 2304.07493): outlier-victim pairs of 4-bit codes, on the element of ANT.

Two neighbours along the reduction are stored as a pair. Normal numbers are integers -7 ... 7 in two's complement. An
outlier takes the place of its neighbour, the victim, which becomes 0 and whose code 1000 (no integer has it) says that
the other code of the pair is an abfloat: sign | e1 e0 | m,

    value = (-1)^sign * (2 + m) * 2^(e + 2)    in 12, 16, 24, 32, 48, 64, 96,

the float of two exponent bits and one mantissa bit with its bias moved so that it begins where the integers end. Its
code e = m = 0 isn't used, so that no outlier reads 1000. Grid and choice of the victim are those of
``Quantizer.outlier_value`` and ``_forward`` of the repository clevercool/ANT-Quantization (where the unit is a quarter
of ours): a number nearer to an outlier than to an integer is one, and of two outliers in a pair the first stays.
"""

from __future__ import annotations

import numpy as np

from codesign.errors import ModelInputError
from codesign.models.pe.element import Configuration
from codesign.models.pe.emulation.ant import exponent_integer_sums, split_integer
from codesign.models.pe.emulation.integer import (
    check_operands,
    check_widths,
    scaled_sum,
    sign_extended,
    with_activation_scales,
)
from codesign.models.pe.emulation.operands import Emulation, Encoded, FloatArray, IntArray

ABFLOAT_BITS = 4
IDENTIFIER = 1 << (ABFLOAT_BITS - 1)
"""Code of a victim."""
LARGEST_NORMAL = 7
OUTLIER_MAGNITUDES = (12, 16, 24, 32, 48, 64, 96)
"""Magnitudes of the outlier codes 001 ... 111, without their sign."""
GROUPED_SUM_BITS = 24
COLUMN_SUM_BITS = 32
"""Of the partial sum of a group, and of a whole column, where the configuration gives none."""

_BIAS = 2


def encode_abfloat(values: FloatArray) -> IntArray:
    """Return the codes of the nearest numbers, pair by pair along axis 0; a tie goes to the larger magnitude.

    Args:
        values: divided by their scale, with an even length along axis 0; the integers 0 ... 7 hold the normal ones.

    Raises:
        ModelInputError: an odd length.
    """
    _check_pairs(len(values))
    grid = np.array((*range(LARGEST_NORMAL + 1), *OUTLIER_MAGNITUDES))
    place = np.searchsorted((grid[1:] + grid[:-1]) / 2.0, np.abs(values), side="right")
    outlier = place > LARGEST_NORMAL
    negative = values < 0
    normal_code = np.where(negative, -place, place) & (2 * IDENTIFIER - 1)
    outlier_code = (place - LARGEST_NORMAL) | np.where(negative, IDENTIFIER, 0)
    codes = np.where(outlier, outlier_code, normal_code)
    codes[1::2][outlier[0::2]] = IDENTIFIER
    codes[0::2][outlier[1::2] & ~outlier[0::2]] = IDENTIFIER
    return np.asarray(codes, dtype=np.int64)


def decode_abfloat(codes: IntArray) -> IntArray:
    """Return the integer that each code means, pair by pair along axis 0."""
    base, exponent = split_abfloat(codes)
    return base << exponent


def split_abfloat(codes: IntArray) -> tuple[IntArray, IntArray]:
    """Return the decoder's signed base and its exponent; value = base * 2^exponent. A victim is 0.

    Raises:
        ModelInputError: an odd length along axis 0.
    """
    _check_pairs(len(codes))
    victim = codes == IDENTIFIER
    outlier = np.empty_like(victim)
    outlier[0::2] = victim[1::2] & ~victim[0::2]
    outlier[1::2] = victim[0::2] & ~victim[1::2]
    significand = 2 + (codes & 1)
    outlier_base = np.where(codes & IDENTIFIER, -significand, significand)
    base = np.where(outlier, outlier_base, np.where(victim, 0, sign_extended(codes, ABFLOAT_BITS)))
    exponent = np.where(outlier, ((codes >> 1) & 3) + _BIAS, 0)
    return base, exponent


def parts(operand: Encoded) -> list[tuple[IntArray, IntArray]]:
    """Return what the decoder sends into the array for an operand: (base, exponent), a pair for each cycle.

    Raises:
        ModelInputError: the decoder doesn't know the number format.
    """
    if operand.format == "abfloat" and operand.bits == ABFLOAT_BITS:
        return [split_abfloat(operand.codes)]
    if operand.format == "int-sym" and operand.bits in (4, 8):
        return split_integer(operand.codes, operand.bits)
    raise ModelInputError(
        f"olive decodes abfloat of 4 bits and int-sym of 4 or 8, found {operand.format} of {operand.bits}"
    )


def sum_bits(configuration: Configuration) -> int:
    """Return the bits of the partial sum; products reach 96 * 96, so a whole column needs more than a group."""
    return configuration.accumulator_bits or (GROUPED_SUM_BITS if configuration.group else COLUMN_SUM_BITS)


def _check_pairs(length: int) -> None:
    if length % 2:
        raise ModelInputError(f"outlier-victim pairs need an even length along the reduction, found {length}")


def _multiply(activations: Encoded, weights: Encoded, configuration: Configuration) -> FloatArray:
    check_operands("olive", activations, weights, ("abfloat", "int-sym"))
    check_widths("olive", activations, weights, configuration)
    sums = exponent_integer_sums(parts(activations), parts(weights), weights.group, sum_bits(configuration))
    return with_activation_scales(scaled_sum(sums, weights.scales), activations)


EMULATIONS = (Emulation("olive", _multiply, exact=True),)
