"""Integer elements, and what all elements with integer sums share: sign extension, wrapping, scales after the sum.

The arithmetic goes through float64 matrix products, which are exact while sums stay below 2^53: no operand here has
more than eight bits, so reductions up to 2^37 are exact.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt

from codesign.errors import ModelInputError
from codesign.models.pe.element import Configuration
from codesign.models.pe.emulation.operands import Emulation, Encoded, FloatArray, IntArray

SUM_BITS = {"int8": 32, "int4": 24}
"""Element -> bits of its partial sum where the configuration gives none."""


def sign_extended(codes: IntArray, bits: int) -> IntArray:
    """Return two's complement codes of ``bits`` as integers."""
    return codes - ((codes >> (bits - 1)) << bits)


def wrapped(sums: IntArray, bits: int) -> IntArray:
    """Return sums as a two's complement register of ``bits`` keeps them: modulo 2^bits, no saturation.

    Wrapping once at the end equals wrapping at every addition.
    """
    return sign_extended(sums & ((1 << bits) - 1), bits)


def exact_sums(activations: IntArray, weights: IntArray, group: int) -> IntArray:
    """Return sum_{k in group} a[k, m] * w[k, n], groups x M x N.

    Args:
        activations: K x M.
        weights: K x N.
        group: length of the reduction that is summed before the sum is read; it divides K.
    """
    count = len(weights) // group
    a = activations.astype(np.float64).reshape(count, group, -1)
    w = weights.astype(np.float64).reshape(count, group, -1)
    return np.asarray(np.matmul(a.transpose(0, 2, 1), w), dtype=np.int64)


def scaled_sum(sums: IntArray, scales: FloatArray) -> npt.NDArray[np.float32]:
    """Return sum_g s_g * sum_g of the column's scale unit, M x N.

    Each product of an integer and an FP16 scale is rounded once, to FP32; products are added in FP32, group after
    group. (The product itself has at most 32 + 11 bits, which float64 holds.)

    Args:
        sums: groups x M x N.
        scales: groups x N; FP16 numbers, others are rounded to one.
    """
    stored = scales.astype(np.float16).astype(np.float64)
    total = np.zeros(sums.shape[1:], dtype=np.float32)
    for group, scale in zip(sums, stored, strict=True):
        total += (group * scale).astype(np.float32)
    return total


def with_activation_scales(outputs: npt.NDArray[np.float32], activations: Encoded) -> FloatArray:
    """Return FP32 outputs M x N times the FP32 scale of each token, which is applied as results leave the array."""
    return np.asarray(outputs * activations.scales[0].astype(np.float32)[:, None], dtype=np.float64)


def check_operands(element: str, activations: Encoded, weights: Encoded, formats: tuple[str, ...]) -> None:
    """Refuse what the element doesn't read.

    Raises:
        ModelInputError: another number format of the weights, another reduction length, or activations with more than
            one scale per token.
    """
    if weights.format not in formats:
        raise ModelInputError(f"{element} reads weights as {' or '.join(formats)}, found {weights.format}")
    if len(activations.codes) != len(weights.codes):
        raise ModelInputError(
            f"activations of length {len(activations.codes)} don't meet weights of length {len(weights.codes)}"
        )
    if activations.group != len(activations.codes):
        raise ModelInputError(
            f"{element} takes one activation scale per token, found one per {activations.group} of "
            f"{len(activations.codes)}"
        )


def check_widths(element: str, activations: Encoded, weights: Encoded, configuration: Configuration) -> None:
    """Refuse operands of other widths than the configuration's.

    Raises:
        ModelInputError: they have.
    """
    chosen = (configuration.weight_bits, configuration.activation_bits)
    if (weights.bits, activations.bits) != chosen:
        raise ModelInputError(
            f"{element} is configured for W{chosen[0]}A{chosen[1]}, found W{weights.bits}A{activations.bits}"
        )


def _multiply(element: str, activations: Encoded, weights: Encoded, configuration: Configuration) -> FloatArray:
    """Two's complement products in a register that wraps; scales outside the array.

    Narrower weights are stored packed and sign-extended on their way into the array, so their products are those of
    the full width.
    """
    check_operands(element, activations, weights, ("int-sym", "ternary"))
    check_widths(element, activations, weights, configuration)
    a = sign_extended(activations.codes, activations.bits)
    w = sign_extended(weights.codes, weights.bits)
    sums = wrapped(exact_sums(a, w, weights.group), configuration.accumulator_bits or SUM_BITS[element])
    return with_activation_scales(scaled_sum(sums, weights.scales), activations)


EMULATIONS = tuple(Emulation(element, partial(_multiply, element), exact=True) for element in SUM_BITS)
