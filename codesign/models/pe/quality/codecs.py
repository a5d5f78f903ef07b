"""How values become codes and codes become values again, one codec per kind of number format.

Values come in groups: an array G x g x N holds G groups of g values along the reduction for each of N columns. A group
and column share one scale s, and value = s * level(code), where level(code) already has the zero point taken off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from codesign.models.pe.emulation import float_arithmetic
from codesign.models.pe.emulation.float_arithmetic import FloatFormat
from codesign.models.pe.emulation.operands import FloatArray, IntArray
from codesign.models.pe.quality.scales import e8m0_scales, fp16_scales, fp32_scales

Entry = TypeVar("Entry", bound=np.generic)


@dataclass(frozen=True)
class Quantised:
    """Codes G x g x N with what each group and column (G x N) needs to read them."""

    codes: IntArray
    scales: FloatArray
    zeros: IntArray | None = None
    selectors: IntArray | None = None


@dataclass(frozen=True)
class Codec:
    """Attributes:
    quantise: (values G x g x N, bits) -> codes and scales.
    levels: (codes and scales, bits) -> level of each code, G x g x N, still without the scale.
    """

    quantise: Callable[[FloatArray, int], Quantised]
    levels: Callable[[Quantised, int], FloatArray]


def spread(per_group: npt.NDArray[Entry]) -> npt.NDArray[Entry]:
    """Return G x N as G x 1 x N, to meet the values of the groups."""
    return per_group[:, None, :]


def sign_extended(codes: IntArray, bits: int) -> IntArray:
    """Return two's complement codes of that width as integers."""
    return codes - ((codes >> (bits - 1)) << bits)


def _quantise_symmetric(values: FloatArray, bits: int) -> Quantised:
    """s = max|x| / (2^(b-1) - 1); q = clamp(round(x / s), -(2^(b-1) - 1), 2^(b-1) - 1)."""
    largest = (1 << (bits - 1)) - 1
    scales = fp16_scales(np.abs(values).max(axis=1) / largest)
    levels = np.clip(np.rint(values / spread(scales)), -largest, largest).astype(np.int64)
    return Quantised(levels & ((1 << bits) - 1), scales)


def _symmetric_levels(quantised: Quantised, bits: int) -> FloatArray:
    return sign_extended(quantised.codes, bits).astype(np.float64)


def _quantise_asymmetric(values: FloatArray, bits: int) -> Quantised:
    """s = (max - min) / (2^b - 1); z = round(-min / s); q = clamp(round(x / s) + z, 0, 2^b - 1); the range holds 0."""
    largest = (1 << bits) - 1
    low = np.minimum(values.min(axis=1), 0.0)
    high = np.maximum(values.max(axis=1), 0.0)
    scales = fp16_scales((high - low) / largest)
    zeros = np.clip(np.rint(-low / scales), 0, largest).astype(np.int64)
    codes = np.clip(np.rint(values / spread(scales)) + zeros[:, None, :], 0, largest).astype(np.int64)
    return Quantised(codes, scales, zeros)


def _asymmetric_levels(quantised: Quantised, bits: int) -> FloatArray:
    assert quantised.zeros is not None
    return (quantised.codes - quantised.zeros[:, None, :]).astype(np.float64)


def _quantise_ternary(values: FloatArray, bits: int) -> Quantised:
    """s = mean|x|; q = clamp(round(x / s), -1, 1)."""
    scales = fp16_scales(np.abs(values).mean(axis=1))
    levels = np.clip(np.rint(values / spread(scales)), -1, 1).astype(np.int64)
    return Quantised(levels & ((1 << bits) - 1), scales)


def _quantise_binary(values: FloatArray, bits: int) -> Quantised:
    """s = mean|x|; code 1 means +s, code 0 means -s."""
    return Quantised((values >= 0).astype(np.int64), fp16_scales(np.abs(values).mean(axis=1)))


def _binary_levels(quantised: Quantised, bits: int) -> FloatArray:
    return (2 * quantised.codes - 1).astype(np.float64)


def _quantise_plain_float(values: FloatArray, bits: int, form: FloatFormat) -> Quantised:
    """Round each value to the format; no scale."""
    return Quantised(float_arithmetic.encode(values, form, saturate=True), np.ones((values.shape[0], values.shape[2])))


def _quantise_scaled_float(
    values: FloatArray, bits: int, form: FloatFormat, round_scales: Callable[[FloatArray], FloatArray]
) -> Quantised:
    """s = max|x| / largest of the format; each x / s rounded to the format."""
    scales = round_scales(np.abs(values).max(axis=1) / form.largest)
    return Quantised(float_arithmetic.encode(values / spread(scales), form, saturate=True), scales)


def _quantise_microscaled(values: FloatArray, bits: int, form: FloatFormat) -> Quantised:
    """s = 2^(floor(log2(max|x|)) - largest exponent of the format); what exceeds its largest number saturates."""
    largest_exponent = int(np.floor(np.log2(form.largest)))
    scales = e8m0_scales(np.abs(values).max(axis=1), largest_exponent)
    return Quantised(float_arithmetic.encode(values / spread(scales), form, saturate=True), scales)


def _float_levels(quantised: Quantised, bits: int, form: FloatFormat) -> FloatArray:
    return float_arithmetic.decode(quantised.codes, form)


SYMMETRIC = Codec(_quantise_symmetric, _symmetric_levels)
ASYMMETRIC = Codec(_quantise_asymmetric, _asymmetric_levels)
TERNARY = Codec(_quantise_ternary, _symmetric_levels)
BINARY = Codec(_quantise_binary, _binary_levels)


def plain_float(form: FloatFormat) -> Codec:
    """Return the codec of a format that needs no scale."""
    return Codec(partial(_quantise_plain_float, form=form), partial(_float_levels, form=form))


def scaled_float(form: FloatFormat, *, fp32_scale: bool = False) -> Codec:
    """Return the codec of a format scaled so that the largest value of a group becomes its largest number."""
    round_scales = fp32_scales if fp32_scale else fp16_scales
    return Codec(
        partial(_quantise_scaled_float, form=form, round_scales=round_scales), partial(_float_levels, form=form)
    )


def microscaled(form: FloatFormat) -> Codec:
    """Return the codec of a microscaling format: a power of two as the scale."""
    return Codec(partial(_quantise_microscaled, form=form), partial(_float_levels, form=form))
