"""Operands for the tests: random codes with scales, and what they mean, by definition."""

import numpy as np

from codesign.models.pe.emulation.float_arithmetic import BF16, FP8_E4M3, FP8_E5M2, FP16, FP32, decode, encode
from codesign.models.pe.emulation.operands import Encoded

FLOATS = {form.name: form for form in (FP32, FP16, BF16, FP8_E4M3, FP8_E5M2)}


def random_floats(rng, name, shape, group=0, spread=2.0):
    """Normal numbers of log-normal size; FP8 with random scales."""
    form = FLOATS[name]
    values = rng.normal(size=shape) * np.exp2(rng.normal(size=shape) * spread)
    group = group or shape[0]
    scales = np.ones((shape[0] // group, shape[1]))
    if form.bits == 8:
        scales = decode(encode(rng.uniform(0.01, 1.0, scales.shape), FP16), FP16)
    return Encoded(name, form.bits, encode(values, form, saturate=True, flush=form.bits > 8), group, scales)


def random_integers(rng, name, bits, shape, group=0):
    """All codes alike; FP16 scales; zero points for unsigned ones."""
    group = group or shape[0]
    groups = (shape[0] // group, shape[1])
    low = 1 if name == "int-sym" else 0  # the most negative code isn't used
    codes = rng.integers(0, 1 << bits, shape)
    if name == "int-sym" and bits > 1:
        codes = np.where(codes == 1 << (bits - 1), low, codes)
    if name == "ternary":
        codes = rng.integers(-1, 2, shape) & 3
    scales = decode(encode(rng.uniform(0.001, 0.05, groups), FP16), FP16)
    zeros = rng.integers(0, 1 << bits, groups) if name == "int-asym" else None
    return Encoded(name, bits, codes, group, scales, zeros)


def random_operand(rng, name, bits, shape, group=0):
    """Codes of any format that the elements here take."""
    if name in FLOATS:
        return random_floats(rng, name, shape, group)
    return random_integers(rng, name, bits, shape, group)


def values(encoded):
    """scale * (code - zero), by definition."""
    if encoded.format in FLOATS:
        levels = decode(encoded.codes, FLOATS[encoded.format])
    elif encoded.format == "binary":
        levels = 2.0 * encoded.codes - 1.0
    elif encoded.zeros is not None:
        levels = encoded.codes - np.repeat(encoded.zeros, encoded.group, axis=0)
    else:
        levels = np.where(encoded.codes >> (encoded.bits - 1), encoded.codes - (1 << encoded.bits), encoded.codes)
    return levels * np.repeat(encoded.scales, encoded.group, axis=0)
