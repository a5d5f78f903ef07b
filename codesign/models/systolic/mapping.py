"""What a mapping of layers onto the array fixes, before sizes of memories and bandwidth are chosen."""

from __future__ import annotations

from dataclasses import dataclass

from codesign.models.systolic.layers import FloatArray


@dataclass(frozen=True)
class SeparateNeeds:
    """Words between DRAM and three SRAMs, as steps over the words that these hold (see ``traffic.separate``).

    All arrays are ``layers x designs``. What ends in ``_need`` is words held of one instance; everything else counts
    words of one run of the layer.

    Attributes:
        ifmap_need, ifmap_kept: with ``ifmap_need`` held, every input word is read once.
        ifmap_line_need, ifmap_line: with the rows under the window held, inputs are read once in each sweep.
        ifmap_tile_need, ifmap_tile: with what one fold's windows share held, inputs are read once in each fold.
        ifmap_streamed: with less, every word that enters the array comes from DRAM.
        filter_need, filter_kept, filter_refetched: the same in two steps for the second operand.
        ofmap_need, ofmap_kept, ofmap_rounds: with ``ofmap_need`` partial sums held, outputs are written once; otherwise
            ``ofmap_rounds`` times, and read back once less.
    """

    ifmap_need: FloatArray
    ifmap_kept: FloatArray
    ifmap_line_need: FloatArray
    ifmap_line: FloatArray
    ifmap_tile_need: FloatArray
    ifmap_tile: FloatArray
    ifmap_streamed: FloatArray
    filter_need: FloatArray
    filter_kept: FloatArray
    filter_refetched: FloatArray
    ofmap_need: FloatArray
    ofmap_kept: FloatArray
    ofmap_rounds: FloatArray


@dataclass(frozen=True)
class SharedNeeds:
    """Words between DRAM and one buffer for all operands (see ``traffic.shared``); arrays ``layers x designs``.

    Attributes:
        ifmap_words, filter_words: of one instance.
        ifmap_kept, filter_kept, ofmap_kept: of one run of the layer, each word once.
    """

    ifmap_words: FloatArray
    filter_words: FloatArray
    ifmap_kept: FloatArray
    filter_kept: FloatArray
    ofmap_kept: FloatArray


@dataclass(frozen=True)
class Mapping:
    """One run of each layer on the array; all arrays ``layers x designs``.

    Attributes:
        cycles: array cycles without any stall.
        mapped_share: share of the processing elements that have work, averaged over the folds (or passes).
        ifmap_sram_reads, filter_sram_reads, ofmap_sram_writes, ofmap_sram_reads: words.
        array_words: words received by a processing element from a neighbour or over the array's wires.
        fill_words: words that must have arrived before the first cycle, or leave after the last.
        needs: what the off-chip traffic depends on.
    """

    cycles: FloatArray
    mapped_share: FloatArray
    ifmap_sram_reads: FloatArray
    filter_sram_reads: FloatArray
    ofmap_sram_writes: FloatArray
    ofmap_sram_reads: FloatArray
    array_words: FloatArray
    fill_words: FloatArray
    needs: SeparateNeeds | SharedNeeds


def layer_sum(values: FloatArray, runs: FloatArray) -> FloatArray:
    """Return sum over layers of runs * values (both ``layers x designs`` or ``layers x 1``), one number per design.

    Added layer by layer in the network's order. NOTE: a reduction of numpy may choose its order by the shape of the
    block, and then the last digit of a design's result would depend on the designs that are evaluated with it.
    """
    terms = runs * values
    total: FloatArray = terms[0]
    for term in terms[1:]:
        total += term
    return total
