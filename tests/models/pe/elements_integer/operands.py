"""Operands for the tests, and the exact product by Python integers and fractions."""

from fractions import Fraction

import numpy as np

from codesign.models.pe.emulation.operands import Encoded


def signed(code, bits):
    """Return a two's complement code as a Python integer."""
    return code - (1 << bits) if code >> (bits - 1) else code


def encoded(codes, name, bits, group=0, scales=None, zeros=None):
    """Return an operand; scales of one where none are given."""
    codes = np.asarray(codes, dtype=np.int64)
    group = group or len(codes)
    shape = (len(codes) // group, codes.shape[1])
    return Encoded(name, bits, codes, group, np.ones(shape) if scales is None else np.asarray(scales, float), zeros)


def random_codes(rng, bits, shape):
    """Return codes with many of the edge ones: all zeros, all ones, the most negative, the most positive."""
    codes = rng.integers(0, 1 << bits, shape)
    edges = np.array([0, (1 << bits) - 1, 1 << (bits - 1), (1 << (bits - 1)) - 1])
    return np.where(rng.random(shape) < 0.4, rng.choice(edges, shape), codes)


def exact_products(activations, weights):
    """Return sum_k a[k, m] * w[k, n] of lists of Python integers, as lists."""
    columns = list(zip(*weights, strict=True))
    rows = list(zip(*activations, strict=True))
    return [[sum(a * w for a, w in zip(row, column, strict=True)) for column in columns] for row in rows]


def wrap(value, bits):
    """Return a Python integer modulo 2^bits, as two's complement."""
    return (value + (1 << (bits - 1))) % (1 << bits) - (1 << (bits - 1))


def nearest_fp32(value):
    """Return the FP32 number nearest to a fraction, ties to even, by integer arithmetic."""
    if value == 0:
        return Fraction(0)
    sign, magnitude, exponent = (1 if value > 0 else -1), abs(value), 0
    while magnitude >= 1 << 24:
        magnitude, exponent = magnitude / 2, exponent + 1
    while magnitude < 1 << 23:
        magnitude, exponent = magnitude * 2, exponent - 1
    return sign * Fraction(round(magnitude)) * Fraction(2) ** exponent
