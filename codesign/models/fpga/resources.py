"""What logic, DSP slices and memories an engine takes, from analytical formulas of FINN and FINN-R.

The formulas are those of Xilinx/finn 39f0c9a (custom_op/fpgadataflow: matrixvectoractivation*.py and
vectorvectoractivation*.py) after Blott et al., FINN-R, TRETS 2018 (arXiv 1809.04570). P = parallel outputs (PE),
Q = parallel inputs (SIMD), W and A = bits of weights and activations. All functions take whole numbers or integer
arrays that broadcast, and return integer arrays (one number where one went in); 0-size axes pass through.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Whole: TypeAlias = int | npt.NDArray[np.int64]
Integers: TypeAlias = npt.NDArray[np.int64]

BASE_LUT = 300
"""c0: control of one engine."""
LUT_SLOPE = 1.1
"""c1: LUTs for each one that is counted."""
LUT_MEMORY_DEPTH = 64
"""Words of one bit that a LUT holds (SLICEM)."""
LARGEST_LUT_MEMORY = 128
"""Memories up to that many words are put into LUTs."""
BRAM18_SHAPES = ((1, 16384), (2, 8192), (4, 4096), (9, 2048), (18, 1024), (36, 512))
"""Width and depth of a block memory in simple dual-port mode (AMD UG573, Table 1-10)."""
URAM_WIDTH, URAM_DEPTH = 72, 4096
ACCUMULATOR_LIMIT = 32


def ceil_divide(numerator: Whole, denominator: Whole) -> Integers:
    """Return ceil(numerator / denominator) of whole numbers, exactly."""
    return -(-np.asarray(numerator, np.int64) // np.asarray(denominator, np.int64))


def multiplier_luts(weight_bits: Whole, activation_bits: Whole) -> Integers:
    """LUTs of one multiplier: (2 ceil((W + A) / 6) - 1) (W + A)."""
    bits = np.asarray(weight_bits, np.int64) + np.asarray(activation_bits, np.int64)
    return (2 * ceil_divide(bits, 6) - 1) * bits


def adder_tree_luts(inputs: Whole, weight_bits: Whole, activation_bits: Whole) -> Integers:
    """LUTs of the tree that adds ``inputs`` products: (W + A) (2 Q - 1)."""
    bits = np.asarray(weight_bits, np.int64) + np.asarray(activation_bits, np.int64)
    return bits * (2 * np.asarray(inputs, np.int64) - 1)


def accumulator_bits(terms: Whole, weight_bits: Whole, activation_bits: Whole) -> Integers:
    """Bits of a sum of ``terms`` products: min(32, ceil(log2(terms)) + W + A), terms at least 1."""
    terms = np.asarray(terms, np.int64)
    exponent = np.ceil(np.log2(terms)).astype(np.int64)
    total = exponent + np.asarray(weight_bits, np.int64) + np.asarray(activation_bits, np.int64)
    return np.minimum(ACCUMULATOR_LIMIT, total)


def threshold_luts(output_bits: Whole, accumulator: Whole, channels_each: Whole) -> Integers:
    """LUTs with which one output lane compares its sum with 2^B - 1 thresholds, which are in LUT memory.

    (2^B - 1) acc ceil(channels / 64) to hold them + (2^B - 1) acc to compare, with ``channels_each`` the channels that
    the lane does one after the other.
    """
    thresholds = 2 ** np.asarray(output_bits, np.int64) - 1
    return thresholds * np.asarray(accumulator, np.int64) * (ceil_divide(channels_each, LUT_MEMORY_DEPTH) + 1)


def lut_memory_luts(width_bits: Whole, depth: Whole) -> Integers:
    """LUTs of a memory held in LUTs: width ceil(depth / 64)."""
    return np.asarray(width_bits, np.int64) * ceil_divide(depth, LUT_MEMORY_DEPTH)


def matrix_vector_luts(
    outputs: Whole,
    inputs: Whole,
    weight_bits: Whole,
    activation_bits: Whole,
    accumulator: Whole,
    lut_multipliers: bool | npt.NDArray[np.bool_],
    lane_luts: Whole = 0,
) -> Integers:
    """LUTs of a matrix-vector engine without its memories: floor(c0 + c1 P (mult + tree + acc + lane)).

    Args:
        outputs: P.
        inputs: Q.
        weight_bits, activation_bits: W, A.
        accumulator: bits of a sum, see ``accumulator_bits``.
        lut_multipliers: whether products are made in LUTs; in DSP slices they take none.
        lane_luts: further LUTs of each output lane, e.g. ``threshold_luts``.
    """
    outputs, inputs = np.asarray(outputs, np.int64), np.asarray(inputs, np.int64)
    products = np.where(lut_multipliers, inputs * multiplier_luts(weight_bits, activation_bits), 0)
    tree = adder_tree_luts(inputs, weight_bits, activation_bits)
    lane = products + tree + np.asarray(accumulator, np.int64) + np.asarray(lane_luts, np.int64)
    # c1 = 11/10 in whole numbers, so that the floor is exact
    return BASE_LUT + outputs * lane * round(10 * LUT_SLOPE) // 10


def bram18_blocks(width_bits: Whole, depth: Whole) -> Integers:
    """Block memories of a buffer of ``depth`` words of ``width_bits``; 0 for an empty one.

    The width decides the shape: 1, 2, 4, 9, 18 or 36 bits wide and 16,384 ... 512 words deep; a memory wider than 18
    bits takes the 36-bit shape only where it has at most 512 words. Blocks: ceil(depth / words) ceil(width / bits).
    """
    width, depth = np.broadcast_arrays(np.asarray(width_bits, np.int64), np.asarray(depth, np.int64))
    classes = [width <= limit for limit, _ in BRAM18_SHAPES[:4]] + [(width <= 18) | (depth > 512)]
    blocks = [ceil_divide(depth, words) * ceil_divide(width, bits) for bits, words in BRAM18_SHAPES]
    return np.where((width == 0) | (depth == 0), 0, np.select(classes, blocks[:5], blocks[5]))


def uram_blocks(width_bits: Whole, depth: Whole) -> Integers:
    """UltraRAM blocks: ceil(width / 72) ceil(depth / 4096)."""
    return ceil_divide(width_bits, URAM_WIDTH) * ceil_divide(depth, URAM_DEPTH)
