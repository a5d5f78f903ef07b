"""AxCore (MICRO 2025): a product of floats is the sum of their codes, partial sums aren't normalised.

With exponent and mantissa of a code read as one fixed-point number, code(a) + code(w) - bias is about code(a * w): the
mantissas 1 + x and 1 + y multiply to 1 + x + y + x y, of which x y is dropped, so that a product is too small by up to
1/9 (Mitchell 1962). A constant is added to each product to make the mean error small; once per row, not per product.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import numpy as np

from codesign.errors import ModelInputError
from codesign.models.pe.element import Configuration
from codesign.models.pe.emulation.float_arithmetic import (
    BF16,
    FP4_E2M1,
    FP8_E4M3,
    FP16,
    FP32,
    FloatFormat,
    accumulate,
    decode,
    encode,
    split,
)
from codesign.models.pe.emulation.integer import check_operands
from codesign.models.pe.emulation.operands import Emulation, Encoded, FloatArray, IntArray

FORMATS = MappingProxyType({"axcore": FP16, "axcore-bf16": BF16})
"""Element -> format of its activations and scales."""
WEIGHT_FORMATS = MappingProxyType({4: FP4_E2M1, 8: FP8_E4M3})
LANES = 4
"""Products of one column that are added at once."""
GUARD_BITS = 2
"""Places below a mantissa's last one that a partial sum keeps."""
EXPONENT_OFFSET = 8
"""Added to the exponents of products, which have one bit more than an activation's, so that none is negative."""
PRODUCT_COMPENSATION = MappingProxyType({"fp16": 43, "bf16": 5})
"""Added to a product, in places of the mantissa (the authors' Basics/PreAdd.scala)."""
SCALE_COMPENSATION = MappingProxyType({"fp16": 58, "bf16": 8})
"""Added to a scaled sum (the authors' Basics/ParamsGen.scala)."""


@dataclass(frozen=True)
class Products:
    """Approximate products: (-1)^negative * (1 + mantissa / 2^M) * 2^(exponent - bias - EXPONENT_OFFSET), or zero."""

    negative: IntArray
    exponent: IntArray
    mantissa: IntArray
    valid: IntArray


def integer_bits(form: FloatFormat, configuration: Configuration) -> int:
    """Return the bits of a partial sum before its point: 4 for FP16, 7 for BF16; accumulator_bits chooses others.

    Raises:
        ModelInputError: accumulator_bits, sign and fraction included, leaves no bit for it.
    """
    if not configuration.accumulator_bits:
        return form.exponent_bits - 1
    least = form.mantissa_bits + GUARD_BITS + 2
    if configuration.accumulator_bits < least:
        raise ModelInputError(f"AxCore's sums have at least {least} bits, found {configuration.accumulator_bits}")
    return configuration.accumulator_bits - least + 1


def advanced(codes: IntArray, form: FloatFormat, weight_form: FloatFormat) -> IntArray:
    """Return exponent and mantissa of activations with bias and compensation of the product added: a row's PreAdd."""
    magnitude = codes & (form.sign_bit - 1)
    rise = (EXPONENT_OFFSET - weight_form.bias) << form.mantissa_bits
    return magnitude + rise + PRODUCT_COMPENSATION[form.name]


def guarded_weights(codes: IntArray, weight_form: FloatFormat, random_bit: IntArray) -> tuple[IntArray, IntArray]:
    """Return exponent and mantissa of weights with a hidden one, and whether they are not zero.

    Subnormals become 2^(-bias) * (1 + f): 0.5 of E2M1 exactly; of E4M3's, 4/8 to 7/8 exactly, 3/8 as 4/8, 1/8 as zero,
    and 2/8 as 4/8 or zero by the random bit, which is the top bit of the advanced activation's mantissa.
    """
    bits = weight_form.mantissa_bits
    _, exponent, mantissa = split(codes, weight_form)
    normal = exponent > 0
    if weight_form.exponent_bits == 2:
        return np.where(normal, exponent << bits | mantissa, 0), (normal | (mantissa > 0)).astype(np.int64)
    converted = np.where(mantissa > 4, 2 * (mantissa - 4), 0)
    kept = np.where(mantissa == 2, random_bit, mantissa > 1)
    return np.where(normal, exponent << bits | mantissa, converted), np.where(normal, 1, kept)


def products(activations: IntArray, weights: IntArray, form: FloatFormat, weight_form: FloatFormat) -> Products:
    """Return approximate products of codes that broadcast against each other; subnormal activations are zero."""
    raised = advanced(activations, form, weight_form)
    random_bit = (raised >> (form.mantissa_bits - 1)) & 1
    magnitude, nonzero = guarded_weights(weights, weight_form, random_bit)
    code = raised + (magnitude << (form.mantissa_bits - weight_form.mantissa_bits))
    sign_a, stored, _ = split(activations, form)
    sign_w, _, _ = split(weights, weight_form)
    valid = nonzero * (stored > 0)
    return Products(
        sign_a ^ sign_w, (code >> form.mantissa_bits) * valid, code & ((1 << form.mantissa_bits) - 1), valid
    )


def add_products(
    total: IntArray, exponent: IntArray, added: Products, form: FloatFormat, whole_bits: int
) -> tuple[IntArray, IntArray]:
    """Return mantissa and exponent of a partial sum after the products of one step, lanes first.

    All are aligned to the largest exponent, what falls off is lost, and the sum isn't normalised: it wraps where it
    reaches 2^whole_bits.
    """
    reached = np.maximum(exponent, added.exponent.max(axis=0))
    significand = (added.mantissa + (1 << form.mantissa_bits) << GUARD_BITS) * added.valid
    distance = reached - added.exponent
    aligned = np.where(distance < 16, significand >> np.minimum(distance, 15), 0)
    behind = reached - exponent
    kept = np.where(behind < 32, total >> np.minimum(behind, 31), 0)
    word = kept + np.where(added.negative == 1, -aligned, aligned).sum(axis=0)
    bits = 1 + whole_bits + form.mantissa_bits + GUARD_BITS
    word = word & ((1 << bits) - 1)
    return word - ((word >> (bits - 1)) << bits), reached


def normalised(total: IntArray, exponent: IntArray, form: FloatFormat) -> tuple[IntArray, IntArray, IntArray]:
    """Return sign, exponent-and-mantissa and nonzero of partial sums, rounded to nearest even: a column's Norm."""
    magnitude = np.abs(total)
    place = np.frexp(np.maximum(magnitude, 1).astype(np.float64))[1].astype(np.int64) - 1
    significand = np.rint(np.ldexp(magnitude.astype(np.float64), form.mantissa_bits - place)).astype(np.int64)
    top = exponent + place - form.mantissa_bits - GUARD_BITS - 1
    return (total < 0).astype(np.int64), (top << form.mantissa_bits) + significand, (magnitude > 0).astype(np.int64)


def scaled(total: IntArray, exponent: IntArray, scale: FloatArray, form: FloatFormat) -> IntArray:
    """Return FP32 codes of partial sums times their group's scale, approximately: a column's Norm and AxScale.

    A scale is rounded to the activations' format; a scaled sum below FP32's normal range is zero.
    """
    sign, code, nonzero = normalised(total, exponent, form)
    stored = encode(scale, form, flush=True)
    rebias = FP32.bias - 2 * form.bias - EXPONENT_OFFSET
    code = code + stored + SCALE_COMPENSATION[form.name] + (rebias << form.mantissa_bits)
    nonzero = nonzero * (stored > 0) * (code >= 1 << form.mantissa_bits)
    return (sign << 31) | (code << (FP32.mantissa_bits - form.mantissa_bits)) * nonzero


def _multiply(element: str, activations: Encoded, weights: Encoded, configuration: Configuration) -> FloatArray:
    form, weight_form = FORMATS[element], WEIGHT_FORMATS[configuration.weight_bits]
    check_operands(element, activations, weights, (weight_form.name,))
    whole_bits = integer_bits(form, configuration)
    shape = (activations.codes.shape[1], weights.codes.shape[1])
    groups = []
    for number, start in enumerate(range(0, len(weights.codes), weights.group)):
        total, exponent = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        for first in range(start, start + weights.group, LANES):
            lanes = slice(first, min(first + LANES, start + weights.group))
            step = products(activations.codes[lanes, :, None], weights.codes[lanes, None, :], form, weight_form)
            total, exponent = add_products(total, exponent, step, form, whole_bits)
        groups.append(scaled(total, exponent, weights.scales[number], form))
    return decode(accumulate(groups, FP32, shape), FP32)


EMULATIONS = tuple(
    Emulation(
        element=name,
        multiply=partial(_multiply, name),
        exact=False,
        error=(
            "a product is too small by up to 1/9 (Mitchell) and too large by up to the compensation (43/1024 in FP16,"
            " 5/128 in BF16), the product with the scale likewise (58/1024, 8/128); weights below 4/8 of E4M3's"
            " smallest normal number are replaced; each addition drops less than 2^-2 of a place of the largest"
            " product; a partial sum that reaches 16 (BF16: 128) times the power of two of its largest product wraps"
        ),
    )
    for name in FORMATS
)
