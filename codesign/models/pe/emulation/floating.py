"""What the floating-point elements compute: products one after the other along the reduction, each sum rounded."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from codesign.models.pe.element import Configuration
from codesign.models.pe.elements.floating import sum_format
from codesign.models.pe.emulation.float_arithmetic import (
    BF16,
    FP8_E4M3,
    FP8_E5M2,
    FP16,
    FP32,
    FloatFormat,
    accumulate,
    convert,
    decode,
    encode,
    flushed,
    multiply,
)
from codesign.models.pe.emulation.operands import Emulation, Encoded, FloatArray, IntArray


def integer_levels(weights: Encoded) -> IntArray:
    """Return code - zero of integer weights, K x N; signed codes are two's complement and have no zero point."""
    if weights.zeros is not None:
        return weights.codes - np.repeat(weights.zeros, weights.group, axis=0)
    return weights.codes - ((weights.codes >> (weights.bits - 1)) << weights.bits)


def dequantised(weights: Encoded, form: FloatFormat) -> IntArray:
    """Return the codes K x N of scale * (code - zero) as a column's dequantiser makes them: rounded once."""
    scales = encode(np.repeat(weights.scales, weights.group, axis=0), form)
    integers = encode(integer_levels(weights).astype(np.float64), form)
    return multiply(integers, scales, form)


def product(activations: IntArray, weights: IntArray, form: FloatFormat, total: FloatFormat) -> IntArray:
    """Return the codes of activation * weight, element by element, in the format of the sum.

    Args:
        activations, weights: codes of one shape, or of shapes that broadcast.
        form: of both.
        total: of the products: wide enough to be exact, or ``form``.
    """
    if form.bits > 8:
        return multiply(activations, weights, form, total)
    # The edge of the array has normalised the subnormals of FP8, so that none is flushed.
    return encode(decode(activations, form) * decode(weights, form), total, flush=True)


def products(activations: IntArray, weights: IntArray, form: FloatFormat, total: FloatFormat) -> Iterator[IntArray]:
    """Yield the products M x N of each place of the reduction; activations are K x M, weights K x N."""
    for activation, weight in zip(activations, weights, strict=True):
        yield product(activation[:, None], weight[None, :], form, total)


def scaled_sum(sums: list[IntArray], weight_scales: FloatArray, activation_scales: FloatArray) -> FloatArray:
    """Return the outputs M x N: the sum over the groups of weight scale * partial sum, in FP32, times the row's scale.

    Args:
        sums: FP32 codes M x N of each group.
        weight_scales: groups x N.
        activation_scales: 1 x M, applied behind the array.
    """
    scaled = (
        multiply(group, encode(scale, FP32)[None, :], FP32) for group, scale in zip(sums, weight_scales, strict=True)
    )
    outputs: FloatArray = flushed(accumulate(scaled, FP32, sums[0].shape), FP32) * activation_scales[0][:, None]
    return outputs


def _multiply(form: FloatFormat, activations: Encoded, weights: Encoded, chosen: Configuration) -> FloatArray:
    total = sum_format(form, chosen)
    shape = (activations.codes.shape[1], weights.codes.shape[1])
    codes = weights.codes if weights.format == form.name else dequantised(weights, form)
    if form.bits != 8:
        sums = accumulate(products(activations.codes, codes, form, total), total, shape)
        return flushed(sums, total)
    if activations.scales.shape[0] != 1:
        raise ValueError(f"{form.name} activations have one scale per row, found {activations.scales.shape[0]}")
    groups = (slice(first, first + weights.group) for first in range(0, len(codes), weights.group))
    sums_of_groups = [
        convert(accumulate(products(activations.codes[group], codes[group], form, total), total, shape), total, FP32)
        for group in groups
    ]
    return scaled_sum(sums_of_groups, weights.scales, activations.scales)


def _emulation(form: FloatFormat) -> Emulation:
    flush = "" if form.bits == 8 else " Subnormal operands count as zero."
    error = (
        "|error| <= K * 2^-p * sum |activation * weight| with p = 24 bits of an FP32 sum, 11 of FP16, 8 of BF16 (each"
        f" rounded addition, and in a sum as narrow as the operands each product too).{flush}"
    )
    return Emulation(element=form.name, multiply=partial(_multiply, form), exact=False, error=error)


EMULATIONS = tuple(_emulation(form) for form in (FP32, FP16, BF16, FP8_E4M3, FP8_E5M2))
