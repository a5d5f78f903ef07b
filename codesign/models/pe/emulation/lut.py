"""What the table-lookup element computes, with the weights' reinterpretation and the tables made before the array.

A weight s (u - z) of b bits becomes s / 2 (q' - z') with q' = 2 u - (2^b - 1) and z' = 2 z + 1 - 2^b. Then, over the
activations a of a group,

    sum a w = s / 2 (sum_i 2^i sum_steps T[bits i of the weights of the step] - z' sum a),

where T[w] is the sum of K activations with the signs of the K bits w. (LUT Tensor Core, arXiv:2408.06003.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.models.pe.element import Configuration
from codesign.models.pe.elements.lut import integer_sum_bits, lut_group, sum_format, table_bits
from codesign.models.pe.emulation.float_arithmetic import (
    FP16,
    FP32,
    FloatFormat,
    add,
    convert,
    decode,
    encode,
    flushed,
    multiply,
    split,
)
from codesign.models.pe.emulation.operands import Emulation, Encoded, FloatArray, IntArray

LARGEST_ENTRY = 127


@dataclass(frozen=True)
class Reinterpreted:
    """Weights whose bits mean -1 and +1: scale * (q' - zero), q' = sum_i (2 bit_i - 1) 2^i.

    Attributes:
        codes: K x N unsigned.
        scales, zeros: groups x N.
    """

    codes: IntArray
    scales: FloatArray
    zeros: IntArray


def reinterpreted(weights: Encoded) -> Reinterpreted:
    """Return the weights with symmetric bits; two's complement codes get their top bit inverted."""
    if weights.format == "binary":
        return Reinterpreted(weights.codes, weights.scales, np.zeros(weights.scales.shape, dtype=np.int64))
    half, full = 1 << (weights.bits - 1), 1 << weights.bits
    codes, zeros = weights.codes, weights.zeros
    if zeros is None:
        codes, zeros = codes ^ half, np.full(weights.scales.shape, half, dtype=np.int64)
    return Reinterpreted(codes, weights.scales / 2, 2 * zeros + 1 - full)


def stored_indices(codes: IntArray, bits: int, group: int) -> IntArray:
    """Return the table index of every step and bit, steps x bits x N, as the memory holds it.

    Weight i of a step gives bit i; the last one negates the entry, and then the others are stored inverted.
    """
    places = np.arange(bits)[None, :, None]
    steps = codes.reshape(-1, group, codes.shape[1])
    plain = sum(((steps[:, weight, None, :] >> places) & 1) << weight for weight in range(group))
    sign = 1 << (group - 1)
    return np.where(plain & sign, plain ^ (sign - 1), plain)


def table_sums(activations: FloatArray, group: int) -> FloatArray:
    """Return the sums that a table holds, steps x 2^(group-1) x M: the last activation with minus, bit i set: plus."""
    entries = np.arange(1 << (group - 1))
    bits = (entries[:, None] >> np.arange(group)) & 1
    signs = (2 * bits - 1).astype(np.float64)
    steps = activations.reshape(-1, group, activations.shape[1])
    sums: FloatArray = np.einsum("eg,sgm->sem", signs, steps)
    return sums


def integer_tables(sums: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return 8-bit entries of a group's tables and their scale for each row: the largest sum becomes 127."""
    largest = np.abs(sums).max(axis=(0, 1))
    scale = decode(encode(np.where(largest > 0, largest / LARGEST_ENTRY, 1.0), FP32), FP32)
    return np.clip(np.rint(sums / scale), -LARGEST_ENTRY, LARGEST_ENTRY).astype(np.int64), scale


def integer_sum(tables: IntArray, indices: IntArray, sum_bits: int) -> IntArray:
    """Return the sums M x N that the elements end a group with, two's complement of ``sum_bits``.

    Args:
        tables: steps x entries x M.
        indices: steps x weight bits x N, as stored.
    """
    entries = tables.shape[1]
    total = np.zeros((tables.shape[2], indices.shape[2]), dtype=np.int64)
    for table, step in zip(tables, indices, strict=True):
        for place, index in enumerate(step):
            entry = table[index & (entries - 1)].T
            total += np.where(index & entries, -entry, entry) << place
    wrapped = total & ((1 << sum_bits) - 1)
    return wrapped - ((wrapped >> (sum_bits - 1)) << sum_bits)


def placed(entries: IntArray, place: int, total: FloatFormat) -> IntArray:
    """Return FP16 codes times 2^place in the format of the sum; an FP16 exponent stays within its bits."""
    sign, exponent, mantissa = split(entries, FP16)
    raised = np.minimum(exponent + place + total.bias - FP16.bias, (1 << total.exponent_bits) - 1)
    magnitude = (raised << total.mantissa_bits) | (mantissa << (total.mantissa_bits - FP16.mantissa_bits))
    return (sign << (total.bits - 1)) | np.where(exponent > 0, magnitude, 0)


def floating_sum(tables: IntArray, indices: IntArray, total: FloatFormat) -> IntArray:
    """Return the codes M x N of the sums of a group, with tables of FP16 codes; shapes as in ``integer_sum``."""
    entries = tables.shape[1]
    result = np.zeros((tables.shape[2], indices.shape[2]), dtype=np.int64)
    for table, step in zip(tables, indices, strict=True):
        for place, index in enumerate(step):
            entry = table[index & (entries - 1)].T
            result = add(placed(np.where(index & entries, entry ^ FP16.sign_bit, entry), place, total), result, total)
    return result


def _activation_values(activations: Encoded) -> FloatArray:
    if activations.format == "fp16":
        levels = flushed(activations.codes, FP16)
    else:
        top = activations.codes >> (activations.bits - 1)
        levels = (activations.codes - (top << activations.bits)).astype(np.float64)
    return levels * np.repeat(activations.scales, activations.group, axis=0)


def _multiply(activations: Encoded, weights: Encoded, chosen: Configuration) -> FloatArray:
    group, values, plain = lut_group(chosen), _activation_values(activations), reinterpreted(weights)
    shape = (values.shape[1], weights.codes.shape[1])
    output = np.zeros(shape, dtype=np.int64)
    for number, first in enumerate(range(0, len(values), weights.group)):
        part = slice(first, first + weights.group)
        indices = stored_indices(plain.codes[part], weights.bits, group)
        sums = table_sums(values[part], group)
        if table_bits(chosen) == 8:
            tables, scale = integer_tables(sums)
            integers = integer_sum(tables, indices, integer_sum_bits(chosen)).astype(np.float64)
            inner = multiply(encode(integers, FP32), encode(scale, FP32)[:, None], FP32)
        else:
            total = sum_format(chosen)
            inner = convert(floating_sum(encode(sums, FP16, flush=True), indices, total), total, FP32)
        row_sums, zeros = encode(values[part].sum(axis=0), FP32), encode(-plain.zeros[number].astype(np.float64), FP32)
        inner = add(inner, multiply(row_sums[:, None], zeros[None, :], FP32), FP32)
        output = add(output, multiply(inner, encode(plain.scales[number], FP32)[None, :], FP32), FP32)
    return flushed(output, FP32)


EMULATIONS = (
    Emulation(
        element="lut-k4",
        multiply=_multiply,
        exact=False,
        error=(
            "8-bit tables: each entry is off by at most half the tables' scale t, so |error| <= sum over groups of"
            " s (2^b - 1) / 2 * (G / K) * t / 2 for weights of scale s, besides FP32 roundings; FP16 tables: each entry"
            " is off by at most 2^-11 of itself and each addition by 2^-24 (FP32) or 2^-11 (FP16) of the sum. Integer"
            " sums wrap where they leave the accumulator."
        ),
    ),
)
