"""Bits between DRAM and the chip, and between the buffers and the array, for one run of a matrix product.

Both buffers hold two blocks, one in use and one being filled. The reduction isn't cut: sums stay in the array.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.models.columns import FloatArray
from codesign.models.pe.array.cycles import ArrayShape, Cycles


@dataclass(frozen=True)
class Operands:
    """Sizes of the two operands and of the outputs of one run, in bits.

    Attributes:
        left: activations, M x K.
        right: weights, cached keys or values, K x N, with scales and padding of the stored form.
        output: M x N, as the next layer reads it.
    """

    left: FloatArray
    right: FloatArray
    output: FloatArray


@dataclass(frozen=True)
class Traffic:
    """Bits of one run.

    Attributes:
        right_dram, left_dram: read from DRAM.
        output_dram: written to DRAM.
        right_reads, left_reads: from the buffers into the array.
        left_writes, right_writes: into the buffers.
    """

    right_dram: FloatArray
    left_dram: FloatArray
    output_dram: FloatArray
    right_reads: FloatArray
    left_reads: FloatArray
    right_writes: FloatArray
    left_writes: FloatArray

    @property
    def dram(self) -> FloatArray:
        """Return all bits that cross the chip's edge."""
        return (self.right_dram + self.left_dram) + self.output_dram


def fetches(
    array: ArrayShape,
    operands: Operands,
    rows: FloatArray,
    columns: FloatArray,
    left_bits: FloatArray,
    right_bits: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return how often each operand is read from DRAM: (left, right), one of them once.

    A block of ``b`` columns of the right operand fits where b * right / N <= right_bits / 2; at least the columns in
    the array are held, as they stream through it. Then

    right once: left is read ceil(N / b_right) times (once where all of it fits),
    left once:  right is read ceil(M / b_left) times (once where all of it fits),

    and the way with fewer bits is taken.
    """
    right_block = np.maximum(np.floor(0.5 * right_bits / (operands.right / columns)), array.width)
    left_block = np.maximum(np.floor(0.5 * left_bits / (operands.left / rows)), array.height)
    left_again = np.where(operands.left <= 0.5 * left_bits, 1.0, np.ceil(columns / right_block))
    right_again = np.where(operands.right <= 0.5 * right_bits, 1.0, np.ceil(rows / left_block))
    right_once = operands.left * left_again + operands.right <= operands.right * right_again + operands.left
    return np.where(right_once, left_again, 1.0), np.where(right_once, 1.0, right_again)


def product_traffic(
    array: ArrayShape,
    cycles: Cycles,
    operands: Operands,
    rows: FloatArray,
    columns: FloatArray,
    left_bits: FloatArray,
    right_bits: FloatArray,
) -> Traffic:
    """Return the bits of one run; ``left_bits``, ``right_bits`` are the capacities of the two buffers.

    Activations stay on the chip between layers where inputs and outputs together fit into the left buffer. The array
    reads the right operand once for each row of tiles and the left one once for each column of tiles.
    """
    left_fetches, right_fetches = fetches(array, operands, rows, columns, left_bits, right_bits)
    resident = operands.left + operands.output <= left_bits
    left_dram = np.where(resident, 0.0, operands.left * left_fetches)
    right_dram = operands.right * right_fetches
    return Traffic(
        right_dram=right_dram,
        left_dram=left_dram,
        output_dram=np.where(resident, 0.0, operands.output),
        right_reads=operands.right * cycles.row_tiles,
        left_reads=operands.left * cycles.column_tiles,
        right_writes=right_dram,
        left_writes=left_dram + operands.output,
    )
