"""FIGNA (HPCA 2024): activations aligned to the largest exponent of their block, then integer arithmetic.

    out = sum over groups of scale * 2^(E - bias - mantissa_bits - EXTRA_BITS) * sum_k aligned_k * weight_k

Bits are lost in two places: where an activation is shifted down to its block's exponent E, at the edge of a row, and
where a scaled sum is rounded and added in FP32, at the foot of a column. The sum of a group is exact.
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType

import numpy as np

from codesign.models.pe.element import Configuration
from codesign.models.pe.emulation.float_arithmetic import (
    BF16,
    FP16,
    FP32,
    FloatFormat,
    accumulate,
    decode,
    encode,
    split,
)
from codesign.models.pe.emulation.integer import check_operands, exact_sums, sign_extended
from codesign.models.pe.emulation.operands import Emulation, Encoded, FloatArray, IntArray

FORMATS = MappingProxyType({"figna": FP16, "figna-bf16": BF16})
"""Element -> format of its activations."""

EXTRA_BITS = 4
"""Places below the last one of the largest activation of a block that an aligned activation keeps."""

ALIGNMENT_ERROR = (
    "the sum of a group is exact in the aligned activations; alignment drops from each less than 2^-4 of a place of the"
    " block's largest (2^-14 of it in FP16, 2^-11 in BF16), towards zero; scaled sums are rounded and added in FP32"
)


def aligned_bits(form: FloatFormat) -> int:
    """Return the width of an aligned activation in two's complement: sign, significand, extra places."""
    return 2 + form.mantissa_bits + EXTRA_BITS


def aligned(codes: IntArray, form: FloatFormat) -> tuple[IntArray, IntArray]:
    """Return aligned activations K x M of one block and the block's biased exponents, M."""
    sign, stored, fraction = split(codes, form)
    exponent = np.maximum(stored, 1)
    largest = exponent.max(axis=0)
    significand = (fraction + np.where(stored > 0, 1 << form.mantissa_bits, 0)) << EXTRA_BITS
    magnitude = significand >> np.minimum(largest - exponent, 31)
    return np.where(sign == 1, -magnitude, magnitude), largest


def scaled_sum(sums: IntArray, exponents: IntArray, scales: FloatArray, place: int) -> FloatArray:
    """Return the sum over groups of scale * 2^(exponent + place) * sum in FP32, M x N.

    Each product is rounded once to FP32, and FP32 sums are rounded; below the normal range both are zero.

    Args:
        sums: groups x M x N.
        exponents: biased exponents of the blocks, groups x M.
        scales: groups x N; FP16 numbers, others are rounded to one.
        place: power of two that an exponent of 0 stands for.
    """
    stored = scales.astype(np.float16).astype(np.float64)
    terms = (
        encode(np.ldexp(group * scale, (exponent + place)[:, None]), FP32, flush=True)
        for group, exponent, scale in zip(sums, exponents, stored, strict=True)
    )
    return decode(accumulate(terms, FP32, sums.shape[1:]), FP32)


def unit_place(form: FloatFormat) -> int:
    """Return the power of two that the last place of an aligned activation has, less its block's exponent."""
    return -form.bias - form.mantissa_bits - EXTRA_BITS


def _multiply(element: str, activations: Encoded, weights: Encoded, configuration: Configuration) -> FloatArray:
    form = FORMATS[element]
    check_operands(element, activations, weights, ("int-sym",))
    integers = sign_extended(weights.codes, weights.bits)
    sums, exponents = [], []
    for start in range(0, len(integers), weights.group):
        block = slice(start, start + weights.group)
        mantissas, largest = aligned(activations.codes[block], form)
        sums.append(exact_sums(mantissas, integers[block], weights.group)[0])
        exponents.append(largest)
    return scaled_sum(np.stack(sums), np.stack(exponents), weights.scales, unit_place(form))


EMULATIONS = tuple(Emulation(name, partial(_multiply, name), exact=True, error=ALIGNMENT_ERROR) for name in FORMATS)
