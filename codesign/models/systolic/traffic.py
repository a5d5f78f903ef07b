"""Words between DRAM and on-chip memory, and the cycles in which the array waits for them.

On-chip memories are double-buffered: half of a memory holds what the array works on while the other half is filled or
drained, so a memory of B bits holds floor(B / 2 / word_bits) words of an operand (SCALE-Sim's active half). Steps, not
slopes: an operand either stays on chip for its next use or is fetched anew. Padding zeros are made on chip.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.models.systolic.layers import FloatArray, ceil_div
from codesign.models.systolic.mapping import SeparateNeeds, SharedNeeds


@dataclass(frozen=True)
class Traffic:
    """Words of one run of each layer between DRAM and chip; arrays ``layers x designs``."""

    ifmap_reads: FloatArray
    filter_reads: FloatArray
    ofmap_reads: FloatArray
    ofmap_writes: FloatArray

    @property
    def words(self) -> FloatArray:
        """All four together."""
        return (self.ifmap_reads + self.filter_reads) + (self.ofmap_reads + self.ofmap_writes)


def held_words(capacity_kib: FloatArray, word_bits: FloatArray) -> FloatArray:
    """Return the words of an operand that a double-buffered memory holds: floor(KiB * 8192 / 2 / word_bits)."""
    return np.floor(capacity_kib * 4096.0 / word_bits)


def separate(
    needs: SeparateNeeds, ifmap_words: FloatArray, filter_words: FloatArray, ofmap_words: FloatArray
) -> Traffic:
    """Return the traffic with one SRAM for each operand, holding that many words (shape ``designs``).

    Folds over the array's columns are outermost, those over its rows innermost (SCALE-Sim's order).

    - ifmap: held whole (fetched once); else the rows under the window held (fetched once for each sweep: each column
      fold of ws and os, once altogether under is); else what the windows of a fold (ws: of an output row) share held;
      else fetched for every use. The window is taken channel by channel; under ws a channel that two row folds share is
      fetched for both.
    - filter: ws uses each weight tile once; os keeps the filters of a column fold or fetches them for each row fold; is
      keeps all filters or fetches them for each column fold.
    - ofmap: os finishes outputs in the array; under ws and is the partial sums of a sweep stay on chip, or go to DRAM
      and back between row folds, in words of the same width.
    """
    tile = np.where(ifmap_words >= needs.ifmap_tile_need, needs.ifmap_tile, needs.ifmap_streamed)
    line = np.where(ifmap_words >= needs.ifmap_line_need, needs.ifmap_line, tile)
    kept = (ofmap_words >= needs.ofmap_need) | (needs.ofmap_rounds <= 1.0)
    rounds = np.where(kept, 1.0, needs.ofmap_rounds)
    return Traffic(
        ifmap_reads=np.where(ifmap_words >= needs.ifmap_need, needs.ifmap_kept, line),
        filter_reads=np.where(filter_words >= needs.filter_need, needs.filter_kept, needs.filter_refetched),
        ofmap_reads=needs.ofmap_kept * (rounds - 1.0),
        ofmap_writes=needs.ofmap_kept * rounds,
    )


def shared(needs: SharedNeeds, buffer_words: FloatArray) -> Traffic:
    """Return the traffic with one global buffer for all operands (row stationary).

    Either the filters are taken in ceil(W/U) blocks that fit into the U words held, and the inputs fetched for each
    block, or the inputs in ceil(A/U) blocks, and the filters fetched for each: whichever moves fewer words. With either
    operand held whole both are fetched once. Input rows at the edge of a block are held over; partial sums never leave
    the chip.
    """
    filter_blocks = np.maximum(ceil_div(needs.filter_words, buffer_words), 1.0)
    ifmap_blocks = ceil_div(needs.ifmap_words, buffer_words)
    by_filters = needs.filter_kept + needs.ifmap_kept * filter_blocks
    by_inputs = needs.ifmap_kept + needs.filter_kept * ifmap_blocks
    filters_first = by_filters <= by_inputs
    return Traffic(
        ifmap_reads=np.where(filters_first, needs.ifmap_kept * filter_blocks, needs.ifmap_kept),
        filter_reads=np.where(filters_first, needs.filter_kept, needs.filter_kept * ifmap_blocks),
        ofmap_reads=np.zeros_like(by_filters),
        ofmap_writes=np.broadcast_to(needs.ofmap_kept, by_filters.shape),
    )


def stall_cycles(
    cycles: FloatArray, fill_words: FloatArray, dram_words: FloatArray, cycles_per_word: FloatArray
) -> FloatArray:
    """Return max(fill * t, dram * t - cycles), t cycles per word: what a layer takes beyond its array cycles.

    Transfers overlap with the work of the array except for the first tile in and the last tile out; a layer's transfers
    don't overlap with another layer's work. So a layer takes max(cycles + fill*t, dram*t).
    """
    return np.maximum(fill_words * cycles_per_word, dram_words * cycles_per_word - cycles)
