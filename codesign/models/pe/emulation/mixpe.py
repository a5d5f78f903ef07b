"""MixPE (arXiv 2411.16158): sums of shifted activations, scales and zero points after each group.

out = sum_g s_g * (sum_{k in g} a_k q_k - z_g * sum_{k in g} a_k), where q is an unsigned code and the last sum is
shared by all columns.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from codesign.errors import ModelInputError
from codesign.models.pe.element import Configuration
from codesign.models.pe.emulation.float_arithmetic import FP16, flushed
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

SUM_BITS = 24
"""Of the partial sum of INT8 activations where the configuration gives none."""
Fp32Array = npt.NDArray[np.float32]


def shift_add_sums(activations: IntArray, codes: IntArray, bits: int, group: int) -> IntArray:
    """Return sum_k sum_i q_i(k, n) * (a(k, m) << i), groups x M x N, q_i being bit i of the code."""
    total = sum(exact_sums(activations << bit, (codes >> bit) & 1, group) for bit in range(bits))
    return np.asarray(total, dtype=np.int64)


def _zeros(weights: Encoded) -> IntArray:
    if weights.zeros is None:
        raise ModelInputError("mixpe reads unsigned weights with zero points, found no zero points")
    return weights.zeros


def _w4a8(activations: Encoded, weights: Encoded, configuration: Configuration) -> FloatArray:
    """All integer sums wrap at the width of the partial sum; a product with a scale is rounded to FP32."""
    check_operands("mixpe-w4a8", activations, weights, ("int-asym",))
    check_widths("mixpe-w4a8", activations, weights, configuration)
    a = sign_extended(activations.codes, activations.bits)
    sum_bits = configuration.accumulator_bits or SUM_BITS
    sums = shift_add_sums(a, weights.codes, weights.bits, weights.group)
    row_sums = exact_sums(a, np.ones((len(a), 1), dtype=np.int64), weights.group)
    corrected = wrapped(sums - row_sums * _zeros(weights)[:, None, :], sum_bits)
    return with_activation_scales(scaled_sum(corrected, weights.scales), activations)


def _w4a16(activations: Encoded, weights: Encoded, configuration: Configuration) -> FloatArray:
    """Products are exact; they are added in FP32 one after the other, and so are the activations for the correction.

    Then, each rounded to FP32: zero point times sum of activations, the difference, the scale, the total.
    """
    check_operands("mixpe-w4a16", activations, weights, ("int-asym",))
    check_widths("mixpe-w4a16", activations, weights, configuration)
    if activations.format != "fp16":
        raise ModelInputError(f"mixpe-w4a16 reads activations as fp16, found {activations.format}")
    a = flushed(activations.codes, FP16).astype(np.float32)
    scales = flushed(weights.scales.astype(np.float16).view(np.uint16).astype(np.int64), FP16).astype(np.float32)
    zeros = _zeros(weights).astype(np.float32)
    total = np.zeros((a.shape[1], weights.codes.shape[1]), dtype=np.float32)
    for index, start in enumerate(range(0, len(a), weights.group)):
        here = slice(start, start + weights.group)
        sums, row_sums = _fp32_sums(a[here], weights.codes[here].astype(np.float32))
        total += scales[index] * (sums - row_sums * zeros[index])
    return total.astype(np.float64)


def _fp32_sums(activations: Fp32Array, codes: Fp32Array) -> tuple[Fp32Array, Fp32Array]:
    """Return sum_k a q, M x N, and sum_k a, M x 1, each added in FP32 in the order of k."""
    sums = np.zeros((activations.shape[1], codes.shape[1]), dtype=np.float32)
    row_sums = np.zeros((activations.shape[1], 1), dtype=np.float32)
    for a, q in zip(activations, codes, strict=True):
        sums += a[:, None] * q
        row_sums += a[:, None]
    return sums, row_sums


EMULATIONS = (
    Emulation("mixpe-w4a8", _w4a8, exact=True),
    Emulation(
        "mixpe-w4a16",
        _w4a16,
        exact=False,
        error="FP32 sums: products a q are exact, each of the g additions of a group rounds by at most 2^-24 of the "
        "partial sum",
    ),
)
