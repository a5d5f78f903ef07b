"""Bits between DRAM and the chip, and between the buffers and the array, for one run of a matrix product.

Both buffers hold two blocks, one in use and one being filled. The reduction isn't cut: sums stay in the array.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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
class Fetches:
    """How often each operand of a run is read from DRAM where the left one isn't on the chip (see ``fetches``).

    Attributes:
        left, right: times.
        right_outside: whether the right operand's blocks are the outer loop.
    """

    left: FloatArray
    right: FloatArray
    right_outside: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Traffic:
    """Bits of one run.

    Attributes:
        fetches: how often each operand is read, and in which order.
        right_dram, left_dram: read from DRAM.
        output_dram: written to DRAM.
        right_reads, left_reads: from the buffers into the array.
        left_writes, right_writes: into the buffers.
    """

    fetches: Fetches
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


def stays(operands: Operands, left_bits: FloatArray) -> npt.NDArray[np.bool_]:
    """Return whether inputs and outputs fit into the activation buffer together, so that neither leaves the chip."""
    found: npt.NDArray[np.bool_] = operands.left + operands.output <= left_bits
    return found


def fetches(
    array: ArrayShape,
    cycles: Cycles,
    operands: Operands,
    rows: FloatArray,
    columns: FloatArray,
    left_bits: FloatArray,
    right_bits: FloatArray,
) -> Fetches:
    """Return how often each operand is read from DRAM.

    A block of ``b`` columns of the right operand fits where b * right / N <= right_bits / 2, and likewise rows of the
    left one. An operand of which not even one tile fits is streamed: it is read again for every tile of the other, and
    blocks of the other that are larger than a tile are of no use. Of two orders,

    right outside: left is read ceil(N / b_right) times (once where all of it fits), right once, or streamed,
    left outside:  right is read ceil(M / b_left) times (once where all of it fits), left once, or streamed,

    the one with fewer bits is taken.
    """
    right_room = np.floor(0.5 * right_bits / (operands.right / columns))
    left_room = np.floor(0.5 * left_bits / (operands.left / rows))
    left_room = np.where(stays(operands, left_bits), np.maximum(left_room, rows), left_room)
    right_held = right_room >= np.minimum(columns, array.width)
    left_held = left_room >= np.minimum(rows, array.height)
    right_block = np.where(left_held, np.maximum(right_room, array.width), array.width)
    left_block = np.where(right_held, np.maximum(left_room, array.height), array.height)
    left_again = np.where(left_room >= rows, 1.0, np.ceil(columns / right_block))
    right_again = np.where(right_room >= columns, 1.0, np.ceil(rows / left_block))
    left_outside = np.where(left_held, 1.0, cycles.column_tiles)
    right_outside = np.where(right_held, 1.0, cycles.row_tiles)
    right_first = operands.left * left_again + operands.right * right_outside
    left_first = operands.left * left_outside + operands.right * right_again
    right_wins = right_first <= left_first
    return Fetches(
        left=np.where(right_wins, left_again, left_outside),
        right=np.where(right_wins, right_outside, right_again),
        right_outside=right_wins,
    )


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
    times = fetches(array, cycles, operands, rows, columns, left_bits, right_bits)
    resident = stays(operands, left_bits)
    left_dram = np.where(resident, 0.0, operands.left * times.left)
    right_dram = operands.right * times.right
    return Traffic(
        fetches=times,
        right_dram=right_dram,
        left_dram=left_dram,
        output_dram=np.where(resident, 0.0, operands.output),
        right_reads=operands.right * cycles.row_tiles,
        left_reads=operands.left * cycles.column_tiles,
        right_writes=right_dram,
        left_writes=left_dram + operands.output,
    )
