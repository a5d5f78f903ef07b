"""BitMoD (arXiv 2411.11745): its number formats, their bit-serial terms, and the element that adds the terms up.

A weight of 3 or 4 bits is sign and magnitude of a small float; its code for minus zero stands for the special value
that the group selects. Weights of 6 and 8 bits are two's complement. Every weight is a sum of terms

    term = (-1)^sign * man * 2^exp * 2^significance,    man in {0, 1}, exp in 0..3,

where ``significance`` is the same for all weights in a cycle, so that an element multiplies by shifting.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from codesign.models.pe.element import Configuration
from codesign.models.pe.emulation.float_arithmetic import FP16, split
from codesign.models.pe.emulation.integer import check_operands
from codesign.models.pe.emulation.operands import Emulation, Encoded, FloatArray, IntArray

MAGNITUDES = MappingProxyType({3: (0, 1, 2, 4), 4: (0, 1, 2, 3, 4, 6, 8, 12)})
"""Weight bits -> magnitudes by the code without its sign; those of 4 bits are twice E2M1's, to be integers."""

SPECIAL_VALUES = MappingProxyType({3: (3, -3, 6, -6), 4: (10, -10, 16, -16)})
"""Weight bits -> value of the code of minus zero, by the group's selector (resolution +-, range +-)."""

TERMS = MappingProxyType({3: 2, 4: 2, 6: 3, 8: 4})
"""Weight bits -> terms of a weight, which is the cycles that a weight takes."""

SCALE_BITS = 8
"""Bits of a group's scale, an integer multiple of its channel's scale."""


@dataclass(frozen=True)
class Terms:
    """The terms of some weights; the leading axis counts the terms in the order of the cycles.

    Attributes:
        negative, mantissa: 0 or 1, shape (terms, *weights).
        exponent: 0..3, shape (terms, *weights).
        significance: of each cycle, shape (terms,).
    """

    negative: IntArray
    mantissa: IntArray
    exponent: IntArray
    significance: tuple[int, ...]

    def values(self) -> IntArray:
        """Return the sum of the terms, which is the weight."""
        shifts = np.reshape(self.significance, (-1,) + (1,) * (self.exponent.ndim - 1))
        terms = (1 - 2 * self.negative) * (self.mantissa << (self.exponent + shifts))
        return np.asarray(terms.sum(axis=0), dtype=np.int64)


def bitmod_grid(bits: int, selector: int) -> FloatArray:
    """Return the value of every code in the order of the codes, shape (2^bits,); bits is 3 or 4, selector 0..3."""
    magnitudes = np.asarray(MAGNITUDES[bits], dtype=np.float64)
    grid = np.concatenate([magnitudes, -magnitudes])
    grid[len(magnitudes)] = SPECIAL_VALUES[bits][selector]
    return grid


def decode_bitmod(codes: IntArray, selectors: IntArray, bits: int) -> IntArray:
    """Return the integers that codes stand for; selectors are broadcast against codes and ignored at 6 and 8 bits."""
    if bits in MAGNITUDES:
        grids = np.stack([bitmod_grid(bits, selector) for selector in range(len(SPECIAL_VALUES[bits]))])
        return grids[selectors, codes].astype(np.int64)
    return np.where(codes >= 1 << (bits - 1), codes - (1 << bits), codes)


def encode_bitmod(groups: FloatArray, bits: int) -> tuple[IntArray, FloatArray, IntArray]:
    """Quantise groups of weights, each with the special value that gives it the smallest squared error.

    The scale of a group is its largest magnitude over the largest of the grid. A value midway between two of the
    grid takes the lower one, and of two selectors with the same error the first is taken, as in the authors' code.

    Args:
        groups: shape (count, group).
        bits: 3 or 4.

    Returns:
        Codes (count, group), scales (count,) and selectors (count,); a group of zeros has the scale 1.
    """
    largest = np.abs(groups).max(axis=1)
    codes = np.zeros(groups.shape, dtype=np.int64)
    scales = np.ones(len(groups))
    selectors = np.zeros(len(groups), dtype=np.int64)
    least_error = np.full(len(groups), np.inf)
    for selector in range(len(SPECIAL_VALUES[bits])):
        grid = bitmod_grid(bits, selector)
        order = np.argsort(grid)
        ascending = grid[order]
        scale = np.where(largest > 0.0, largest / np.abs(grid).max(), 1.0)
        midpoints = (ascending[1:] + ascending[:-1]) / 2.0
        places = np.searchsorted(midpoints, groups / scale[:, None], side="left")
        error = np.square(ascending[places] * scale[:, None] - groups).sum(axis=1)
        better = error < least_error
        least_error[better], scales[better], selectors[better] = error[better], scale[better], selector
        codes[better] = order[places[better]]
    return codes, scales, selectors


def terms(values: IntArray, bits: int) -> Terms:
    """Return the terms of decoded weights: Booth digits at 6 and 8 bits, single ones at 3 and 4.

    At 3 and 4 bits a magnitude has at most two ones among bits 4..0. The first term is the leading one of bits 4..1,
    the second the one that is left among bits 3..0.
    """
    if bits in MAGNITUDES:
        return _ones(values)
    return _booth_digits(values, bits)


def _ones(values: IntArray) -> Terms:
    magnitude = np.abs(values)
    first = np.where(magnitude > 1, np.floor(np.log2(np.maximum(magnitude, 1))), 0).astype(np.int64)
    rest = magnitude - np.where(magnitude > 1, 1 << first, 0)
    second = np.floor(np.log2(np.maximum(rest, 1))).astype(np.int64)
    mantissa = np.stack([magnitude > 1, rest > 0]).astype(np.int64)
    exponent = np.stack([np.maximum(first - 1, 0), second]) * mantissa
    return Terms((values < 0).astype(np.int64) * mantissa, mantissa, exponent, (1, 0))


def _booth_digits(values: IntArray, bits: int) -> Terms:
    extended = (values & ((1 << bits) - 1)) << 1
    digits = []
    for place in range(TERMS[bits]):
        window = (extended >> (2 * place)) & 7
        digits.append((window & 1) + ((window >> 1) & 1) - 2 * (window >> 2))
    digit = np.stack(digits)
    return Terms(
        (digit < 0).astype(np.int64),
        (digit != 0).astype(np.int64),
        (np.abs(digit) == 2).astype(np.int64),
        tuple(2 * place for place in range(TERMS[bits])),
    )


LANES = 4
"""Weights that an element multiplies in a cycle."""
GUARD_BITS = 3
"""Places below an activation's last one that alignment keeps."""
SUM_BITS = 24
"""Bits of an element's sum, in two's complement and normalised; the exponent comes on top."""
PARTIAL_BITS = 17
"""Bits of the sum of four aligned mantissas: 11 and the guard bits, a sign, and two for the sum."""
EXPONENT_OFFSET = 32
"""Added to the exponent of a sum, so that normalising never makes it negative."""
UNIT_EXPONENT = -(EXPONENT_OFFSET + 15 + 10 + GUARD_BITS + SUM_BITS - PARTIAL_BITS)
"""The last bit of a sum with the exponent e is worth 2^(e + UNIT_EXPONENT)."""


def second_level_scales(scales: FloatArray) -> tuple[IntArray, FloatArray]:
    """Split the scales of groups into an unsigned integer each and one factor per channel.

    Args:
        scales: shape (groups, channels), positive.

    Returns:
        Integers 1..255 of that shape, and the channels' factors, shape (channels,): the largest scale over 255.
    """
    factors = scales.max(axis=0) / ((1 << SCALE_BITS) - 1)
    return np.maximum(np.rint(scales / factors), 1).astype(np.int64), factors


def partial_sums(activations: IntArray, weight_terms: tuple[IntArray, IntArray, IntArray]) -> tuple[IntArray, IntArray]:
    """Return mantissas and exponents of sums of four terms, aligned to the largest exponent and cut below it.

    Args:
        activations: FP16 codes, lanes first; finite.
        weight_terms: negative, mantissa and exponent of the terms, lanes first, broadcast against ``activations``.
    """
    negative, mantissa, exponent = weight_terms
    sign, stored, fraction = split(activations, FP16)
    reached = (np.maximum(stored, 1) + exponent) * mantissa
    largest = reached.max(axis=0)
    distance = largest - reached
    significand = (fraction + np.where(stored > 0, 1 << 10, 0)) * mantissa << GUARD_BITS
    aligned = np.where(distance < 16, significand >> np.minimum(distance, 15), 0)
    return np.where(sign ^ negative, -aligned, aligned).sum(axis=0), largest


def accumulate(
    total: IntArray, exponent: IntArray, addend: IntArray, addend_exponent: IntArray
) -> tuple[IntArray, IntArray]:
    """Return mantissa and exponent of the sum of a group after one more partial sum.

    The word with the smaller exponent is shifted down to the other, what falls off is lost, and the sum is shifted up
    until its first two bits differ.

    Args:
        total, exponent: the sum so far; 0, 0 at the start of a group.
        addend, addend_exponent: of the partial sum, the common significance of its terms included in the exponent.
    """
    word = addend << (SUM_BITS - PARTIAL_BITS)
    word_exponent = addend_exponent + EXPONENT_OFFSET
    ahead = word_exponent >= exponent
    large, small = np.where(ahead, word, total), np.where(ahead, total, word)
    reached = np.maximum(word_exponent, exponent)
    distance = np.abs(word_exponent - exponent)
    added = large + np.where(distance < 32, small >> np.minimum(distance, 31), 0)
    spare = SUM_BITS - _significant_bits(added)
    return (added << spare) >> 1, np.where(added == 0, 0, reached + 1 - spare)


def _significant_bits(words: IntArray) -> IntArray:
    """Return the bits of a two's complement number without its sign: 0 for 0 and -1."""
    return np.frexp(np.where(words < 0, ~words, words).astype(np.float64))[1].astype(np.int64)


def scaled_group(total: IntArray, exponent: IntArray, scale: IntArray) -> npt.NDArray[np.float32]:
    """Return scale * sum in FP32: the serial product of a sum by its group's scale is exact, its conversion rounds."""
    return np.ldexp((total * scale).astype(np.float64), exponent + UNIT_EXPONENT).astype(np.float32)


def multiply(activations: Encoded, weights: Encoded, configuration: Configuration) -> FloatArray:
    """Return activations^T * weights as the array computes it, M x N.

    Partial sums of four weights and one term are added to the group's sum in the order of the weights and, for each
    four, of the terms. Groups are scaled and added in FP32; the channel's factor is applied to the output.
    """
    bits = configuration.weight_bits
    check_operands("bitmod", activations, weights, ("bitmod", "int-sym"))
    length, outputs = weights.codes.shape
    selectors = np.zeros_like(weights.scales, dtype=np.int64) if weights.selectors is None else weights.selectors
    values = decode_bitmod(weights.codes, np.repeat(selectors, weights.group, axis=0), bits)
    serial = terms(values, bits)
    integers, factors = second_level_scales(weights.scales)
    sums = np.zeros((activations.codes.shape[1], outputs), dtype=np.float32)
    for start in range(0, length, weights.group):
        total, exponent = np.zeros(sums.shape, dtype=np.int64), np.zeros(sums.shape, dtype=np.int64)
        for first in range(start, start + weights.group, LANES):
            lanes = slice(first, min(first + LANES, start + weights.group))
            for cycle, significance in enumerate(serial.significance):
                negative, mantissa, power = (
                    field[cycle, lanes, None, :] for field in (serial.negative, serial.mantissa, serial.exponent)
                )
                addend, reached = partial_sums(activations.codes[lanes, :, None], (negative, mantissa, power))
                total, exponent = accumulate(total, exponent, addend, reached + significance)
        sums = sums + scaled_group(total, exponent, integers[start // weights.group])
    return sums.astype(np.float64) * factors


EMULATIONS = (
    Emulation(
        element="bitmod",
        multiply=multiply,
        exact=False,
        error=(
            "aligning four terms loses less than 3/8 of a place of the largest one's mantissa (2^-11 relative), adding"
            " to the group's sum less than 2^-22 of the larger operand, adding groups 2^-24; scales are rounded to"
            " 1/255 of the channel's largest"
        ),
    ),
)
