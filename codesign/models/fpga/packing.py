"""How many multiply-accumulates a DSP slice does in a cycle, by kind of slice, bits and window."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from codesign.errors import UnknownNameError, nearest
from codesign.models.fpga.resources import Whole, ceil_divide

SMALLEST_BITS, LARGEST_BITS = 2, 8
"""Widths of operands that are tabulated; narrower ones take the table's narrowest."""
DSP58_DOT_INPUTS = 3
"""Products of the dot-product mode of a DSP58, of operands up to 8 bits (AMD AM004; FINN: P ceil(Q / 3))."""
FINN_PACKED_OUTPUTS = 4
"""Outputs that FINN's RTL engine packs into a DSP48E2: ceil(P / 4) Q."""
DSP_KINDS = ("DSP48E1", "DSP48E2", "DSP58")


def data_rows(file: str) -> Iterator[dict[str, str]]:
    """Yield the rows of one of this package's data files."""
    with files("codesign.models.fpga").joinpath("data", file).open(encoding="utf-8") as stream:
        yield from csv.DictReader(stream)


@cache
def packing_table(window: int) -> npt.NDArray[np.float64]:
    """Return multiply-accumulates a DSP48E2 and cycle, [weight bits - 2, activation bits - 2] of 2 ... 8 bits.

    Args:
        window: 1 where operands of a matrix product are packed, 3 where rows of a 3x3 window are.

    Source: DeepBurning-MixQ (AnyPackingNet), see ``data/dsp_packing.csv``.
    """
    columns = [f"a{bits}" for bits in range(SMALLEST_BITS, LARGEST_BITS + 1)]
    rows = [row for row in data_rows("dsp_packing.csv") if int(row["window"]) == window]
    return np.array([[float(row[column]) for column in columns] for row in rows])


def macs_per_dsp48e2(weight_bits: Whole, activation_bits: Whole, window: int = 1) -> npt.NDArray[np.float64]:
    """Return the entry of ``packing_table``; 1 where an operand is wider than 8 bits, 1 bit counts as 2."""
    weights, activations = np.asarray(weight_bits, np.int64), np.asarray(activation_bits, np.int64)
    rows = np.clip(weights, SMALLEST_BITS, LARGEST_BITS) - SMALLEST_BITS
    columns = np.clip(activations, SMALLEST_BITS, LARGEST_BITS) - SMALLEST_BITS
    packed = packing_table(window)[rows, columns]
    return np.where((weights > LARGEST_BITS) | (activations > LARGEST_BITS), 1.0, packed)


def finn_rtl_dsps(kind: str, outputs: Whole, inputs: Whole) -> npt.NDArray[np.int64]:
    """DSP slices of FINN's RTL matrix-vector engine: ceil(P / 4) Q on DSP48E2, P ceil(Q / 3) on DSP58.

    Raises:
        UnknownNameError: another kind of slice, for which that engine doesn't pack.
    """
    if kind == "DSP58":
        return np.asarray(outputs, np.int64) * ceil_divide(inputs, DSP58_DOT_INPUTS)
    if kind != "DSP48E2":
        packing = DSP_KINDS[1:]
        raise UnknownNameError(f"unknown packing slice {kind!r}{nearest(kind, packing)}; known: {', '.join(packing)}")
    return ceil_divide(outputs, FINN_PACKED_OUTPUTS) * np.asarray(inputs, np.int64)


def finn_hls_dsps(outputs: Whole, inputs: Whole, weight_bits: Whole, activation_bits: Whole) -> npt.NDArray[np.int64]:
    """DSP slices of FINN's HLS matrix-vector engine, which doesn't pack: P Q ceil((W + A) / 48)."""
    bits = np.asarray(weight_bits, np.int64) + np.asarray(activation_bits, np.int64)
    return np.asarray(outputs, np.int64) * np.asarray(inputs, np.int64) * ceil_divide(bits, 48)


def matrix_dsps(
    kind: str, outputs: Whole, inputs: Whole, weight_bits: Whole, activation_bits: Whole, window: int = 1
) -> npt.NDArray[np.int64]:
    """DSP slices with which P Q products are made each cycle, packed as the kind of slice allows.

    DSP48E2: ceil(P Q / macs a slice) by the table. DSP58: P ceil(Q / 3) up to 8 bits. DSP48E1 and wider operands: one
    slice a product (its 25-bit port can't hold two 8-bit operands apart).

    Raises:
        UnknownNameError: there is no such kind of slice.
    """
    if kind not in DSP_KINDS:
        raise UnknownNameError(f"unknown DSP slice {kind!r}{nearest(kind, DSP_KINDS)}; known: {', '.join(DSP_KINDS)}")
    plain = finn_hls_dsps(outputs, inputs, weight_bits, activation_bits)
    products = np.asarray(outputs, np.int64) * np.asarray(inputs, np.int64)
    if kind == "DSP48E1":
        return plain
    if kind == "DSP48E2":
        return np.ceil(products / macs_per_dsp48e2(weight_bits, activation_bits, window)).astype(np.int64)
    narrow = np.maximum(np.asarray(weight_bits), np.asarray(activation_bits)) <= LARGEST_BITS
    return np.where(narrow, finn_rtl_dsps(kind, outputs, inputs), plain)
