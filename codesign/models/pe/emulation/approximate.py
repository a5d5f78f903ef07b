"""What the BF16 multiply-add with approximate normalisation computes, bit by bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from codesign.models.pe.element import Configuration
from codesign.models.pe.elements.approximate import EXPONENT, FIRST, NEXT, SIGNIFICAND
from codesign.models.pe.emulation.float_arithmetic import BF16, split
from codesign.models.pe.emulation.operands import Emulation, Encoded, FloatArray, IntArray

_EXPONENTS = (1 << EXPONENT) - 1
_SIGNIFICANDS = (1 << SIGNIFICAND) - 1


@dataclass(frozen=True)
class Sum:
    """(-1)^sign * significand * 2^(exponent - 127 - 23); the significand may begin with zeros."""

    sign: IntArray
    exponent: IntArray
    significand: IntArray

    def values(self) -> FloatArray:
        """Return the numbers, which the foot of the column normalises to FP32 exactly."""
        power = (self.exponent - BF16.bias - (SIGNIFICAND - 1)).astype(np.int32)
        magnitude = np.ldexp(self.significand.astype(np.float64), power)
        return np.where(self.sign == 1, -magnitude, magnitude)


def product(a: IntArray, b: IntArray) -> Sum:
    """Return the exact products of BF16 codes, in [1, 4) times a power of two and held as in [1/2, 2) times the next.

    A product below the exponents of FP32 is zero; one beyond them keeps the last eight bits of its exponent.
    """
    sign_a, exponent_a, mantissa_a = split(a, BF16)
    sign_b, exponent_b, mantissa_b = split(b, BF16)
    exponent = exponent_a + exponent_b - BF16.bias + 1
    zero = (exponent_a == 0) | (exponent_b == 0) | (exponent < 1)
    significand = (mantissa_a + 128) * (mantissa_b + 128) << (SIGNIFICAND - 16)
    return Sum(sign_a ^ sign_b, np.where(zero, 0, exponent & _EXPONENTS), np.where(zero, 0, significand))


def coarse_shift(significand: IntArray, first: int, following: int) -> IntArray:
    """Return how far left a coarse normaliser shifts: 0, ``first`` or ``first + following`` places."""
    head = significand >> (SIGNIFICAND - first)
    neck = (significand >> (SIGNIFICAND - first - following)) & ((1 << following) - 1)
    return np.where(head != 0, 0, np.where(neck != 0, first, first + following))


def exact_shift(significand: IntArray) -> IntArray:
    """Return the leading zeros: how far left an exact normaliser shifts."""
    return SIGNIFICAND - np.frexp(significand.astype(np.float64))[1].astype(np.int64)


def add(a: Sum, b: Sum, shift: Callable[[IntArray], IntArray]) -> Sum:
    """Return a + b: aligned to the larger exponent by truncation, shifted to the left as far as ``shift`` says.

    A sum of zero, or one whose exponent would fall below 1, has exponent and significand 0.
    """
    swap = b.exponent > a.exponent
    exponent = np.where(swap, b.exponent, a.exponent)
    kept = np.where(swap, b.significand, a.significand)
    moved = np.where(swap, a.significand, b.significand) >> np.minimum(np.abs(a.exponent - b.exponent), 63)
    total = np.where(a.sign != b.sign, kept - moved, kept + moved)
    sign = np.where(swap, b.sign, a.sign) ^ (total < 0)
    magnitude = np.abs(total)
    carry = magnitude > _SIGNIFICANDS
    places = np.where(carry, 0, shift(magnitude & _SIGNIFICANDS))
    significand = np.where(carry, magnitude >> 1, (magnitude << places) & _SIGNIFICANDS)
    exponent = exponent + carry - places
    zero = (significand == 0) | (exponent < 1)
    return Sum(sign, np.where(zero, 0, exponent & _EXPONENTS), np.where(zero, 0, significand))


def dot(activations: IntArray, weights: IntArray, shift: Callable[[IntArray], IntArray]) -> FloatArray:
    """Return the outputs M x N of BF16 codes K x M and K x N, summed one after the other."""
    nothing = np.zeros((activations.shape[1], weights.shape[1]), dtype=np.int64)
    total = Sum(nothing, nothing, nothing)
    for activation, weight in zip(activations, weights, strict=True):
        total = add(product(activation[:, None], weight[None, :]), total, shift)
    return total.values()


def _multiply(activations: Encoded, weights: Encoded, chosen: Configuration) -> FloatArray:
    return dot(activations.codes, weights.codes, lambda significand: coarse_shift(significand, FIRST, NEXT))


EMULATIONS = (
    Emulation(
        element="bf16-approx",
        multiply=_multiply,
        exact=False,
        error=(
            "Each of the K additions truncates below the last of 24 places of the larger exponent, which never exceeds"
            " that of twice S = sum |activation * weight|: |error| <= K * 2^(floor(log2 S) + 2 - 23). Subnormal"
            " operands count as zero."
        ),
    ),
)
