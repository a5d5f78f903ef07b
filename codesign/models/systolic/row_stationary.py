"""Row stationary mapping (Eyeriss), as the simulator behind DRACO has it.

A processing element convolves one filter row with one input row into one output row. The *logical set* of R x E
elements (filter rows by output rows) does one input channel of one filter; it is folded or replicated onto the array,
and the replicas work on different channels and filters (Chen, Emer, Sze, ISCA 2016; Jha et al., "DRACO", ISVLSI 2020,
arXiv 2006.15103; rules after shreyas1998/nn_dataflow, branch ``update``, re-derived).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codesign.models.systolic.layers import FloatArray, LayerTable, ceil_div
from codesign.models.systolic.mapping import Mapping, SharedNeeds
from codesign.models.systolic.stationary import LARGEST_SIDE


@dataclass(frozen=True)
class LogicalSet:
    """How the logical set lies on the array: folds and replicas over height (rows) and width (columns)."""

    fold_height: FloatArray
    fold_width: FloatArray
    replicas_height: FloatArray
    replicas_width: FloatArray


@dataclass(frozen=True)
class Passes:
    """Processing passes of one copy of a layer.

    Attributes:
        channels, filters: input channels and filters that the replicas of one pass work on.
        channel_rounds: passes that add to the same outputs.
        filter_rounds: passes over the filters of one group that read the same inputs.
        count: passes, over all groups, images and folds of the width.
    """

    channels: FloatArray
    filters: FloatArray
    channel_rounds: FloatArray
    filter_rounds: FloatArray
    count: FloatArray


def _divisor_table() -> npt.NDArray[np.float64]:
    numbers = [[d for d in range(n, 0, -1) if n % d == 0] for n in range(1, LARGEST_SIDE + 1)]
    table = np.zeros((LARGEST_SIDE + 1, max(len(divisors) for divisors in numbers)))
    for n, divisors in enumerate(numbers, start=1):
        table[n, : len(divisors)] = divisors
    return table


DIVISORS = _divisor_table()
"""Row n: the divisors of n, falling, then zeros."""
DIVISOR_COUNTS = (DIVISORS > 0).sum(axis=1)


def place_logical_set(layers: LayerTable, rows: FloatArray, columns: FloatArray) -> LogicalSet:
    """Fold or replicate R x E onto rows H x columns W.

    1. fold_h = ceil(R/H) if R > H, else rep_h = floor(H/R); fold_w = ceil(E/W) if E > W, else rep_w = floor(W/E).
    2. column folds go into row replicas: f = min(rep_h, fold_w); fold_w = ceil(fold_w/f); rep_h = floor(rep_h/f).
    """
    fold_height = ceil_div(layers.kernel_height, rows)
    fold_width = ceil_div(layers.out_height, columns)
    replicas_height = np.maximum(np.floor(rows / layers.kernel_height), 1.0)
    replicas_width = np.maximum(np.floor(columns / layers.out_height), 1.0)
    moved = np.minimum(replicas_height, fold_width)
    return LogicalSet(fold_height, ceil_div(fold_width, moved), np.floor(replicas_height / moved), replicas_width)


def mapped_share(layers: LayerTable, placed: LogicalSet, rows: FloatArray, columns: FloatArray) -> FloatArray:
    """Return R*E*rep_h*rep_w / (H*W*fold_h*fold_w): DRACO's mapping utilisation."""
    used = layers.kernel_height * layers.out_height * placed.replicas_height * placed.replicas_width
    return used / (rows * columns * placed.fold_height * placed.fold_width)


def split_replicas(
    replicas_height: FloatArray,
    replicas_width: FloatArray,
    channels: FloatArray,
    filters: FloatArray,
    groups: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Choose x * y = rep_h with the fewest passes ceil(C/i) * ceil(K*groups/o), i = min(x, C), o = min(y*rep_w, K).

    C and K are channels and filters of one group, so the replicas never work on two groups at once: that cap is what
    keeps a depthwise layer on one logical set, and what DRACO's larger groups relax. Among equals the split with most
    channels is taken (fewest rounds of partial sums). All arguments are one-dimensional and equally long.

    Returns:
        i, o and the number of passes.
    """
    which = replicas_height.astype(np.int64)
    best = np.full(which.shape, np.inf)
    best_channels, best_filters = np.ones(which.shape), np.ones(which.shape)
    open_ = np.arange(which.size)
    for position in range(DIVISORS.shape[1]):
        open_ = open_[DIVISOR_COUNTS[which[open_]] > position]
        if open_.size == 0:
            break
        x = DIVISORS[which[open_], position]
        c, k = channels[open_], filters[open_]
        i = np.minimum(x, c)
        o = np.minimum(replicas_height[open_] / x * replicas_width[open_], k)
        passes = ceil_div(c, i) * ceil_div(k * groups[open_], o)
        better = passes < best[open_]
        improved = open_[better]
        best[improved], best_channels[improved], best_filters[improved] = passes[better], i[better], o[better]
    return best_channels, best_filters, best


def processing_passes(layers: LayerTable, placed: LogicalSet, packed: bool) -> Passes:
    """Return the passes of each layer.

    dense, grouped: see ``split_replicas``; depthwise with ``packed`` and pooling: channels are independent, so replicas
    take different ones, ceil(K/min(rep_h*rep_w, K)). Each times images and folds of the width.
    """
    shape = placed.replicas_height.shape
    channels, filters, groups = (np.broadcast_to(a, shape) for a in (layers.channels, layers.filters, layers.groups))
    independent = (layers.pool == 1.0) | (packed & (layers.depthwise == 1.0))
    apart = np.broadcast_to(independent, shape)
    i, o, passes = np.ones(shape), np.ones(shape), np.array(filters * groups)
    o[apart] = np.minimum((placed.replicas_height * placed.replicas_width)[apart], passes[apart])
    passes[apart] = ceil_div(passes[apart], o[apart])
    search = ~apart & (channels * filters > 1.0)
    i[search], o[search], passes[search] = split_replicas(
        placed.replicas_height[search], placed.replicas_width[search], channels[search], filters[search], groups[search]
    )
    return Passes(
        channels=i,
        filters=o,
        channel_rounds=ceil_div(channels, i),
        filter_rounds=np.where(apart, 1.0, ceil_div(filters, o)),
        count=passes * layers.batch * placed.fold_width,
    )


def register_blocks(layers: LayerTable, passes: Passes, register_words: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return p filters and q channels that a processing element interleaves (Eyeriss' p and q).

    Its register file holds p*q filter rows, q input windows and p partial sums: p*q*S + q*S + p <= register_words. A
    square block (p = q) is taken, except that a side which needs less leaves its room to the other. A stated simple
    rule in place of the blocking search of the simulator.
    """
    s = layers.kernel_width
    square = np.floor((np.sqrt((s + 1.0) ** 2 + 4.0 * s * register_words) - (s + 1.0)) / (2.0 * s))
    q = np.clip(square, 1.0, passes.channel_rounds)
    p = np.clip(np.floor((register_words - q * s) / (q * s + 1.0)), 1.0, passes.filter_rounds)
    q = np.clip(np.floor((register_words - p) / ((p + 1.0) * s)), 1.0, passes.channel_rounds)
    return p, q


def row_stationary(
    layers: LayerTable, rows: FloatArray, columns: FloatArray, register_words: FloatArray, packed: bool
) -> Mapping:
    """Map rows of filters, inputs and outputs; ``packed`` lets replicas share out the channels of depthwise layers.

    cycles = passes * fold_h * S * F. Words between the buffer and the array: filters once for each image and fold of
    the width; inputs, with the rows that folds of the width overlap in, once for every p filter rounds and each fold of
    the height; partial sums written once in each of ceil(channel rounds / q) * fold_h rounds, read back once less. The
    array delivers a filter row to each logical element, its input row once for every p filters, and moves partial sums
    twice but for the first round.
    """
    placed = place_logical_set(layers, rows, columns)
    passes = processing_passes(layers, placed, packed)
    p, q = register_blocks(layers, passes, register_words)
    input_rounds = ceil_div(passes.filter_rounds, p)
    sum_rounds = ceil_div(passes.channel_rounds, q)
    n, r, s = layers.instances, layers.kernel_height, layers.kernel_width
    e, f = layers.out_height, layers.out_width
    spanned_width = (f - 1.0) * layers.stride_width + s
    spanned_rows = (e - placed.fold_width) * layers.stride_height + placed.fold_width * r
    input_plane = layers.batch * layers.channels * spanned_rows * spanned_width
    outputs = n * layers.ofmap_words
    rounds = sum_rounds * placed.fold_height
    elements = n * layers.batch * r * e
    filter_rows = elements * s * layers.channels * layers.filters * (1.0 - layers.pool)
    input_rows = elements * spanned_width * layers.channels * np.minimum(passes.filters, layers.filters) * input_rounds
    sum_rows = elements * f * layers.filters * passes.channels * (2.0 * sum_rounds - 1.0)
    return Mapping(
        cycles=layers.copies * passes.count * placed.fold_height * s * f,
        mapped_share=mapped_share(layers, placed, rows, columns),
        ifmap_sram_reads=n * input_plane * placed.fold_height * input_rounds,
        filter_sram_reads=n * layers.filter_words * layers.batch * placed.fold_width,
        ofmap_sram_writes=outputs * rounds,
        ofmap_sram_reads=outputs * (rounds - 1.0),
        array_words=filter_rows + input_rows + sum_rows,
        fill_words=r * s * passes.channels * passes.filters,
        needs=SharedNeeds(
            ifmap_words=layers.ifmap_words,
            filter_words=layers.filter_words,
            ifmap_kept=n * layers.ifmap_words,
            filter_kept=n * layers.filter_words,
            ofmap_kept=outputs,
        ),
    )
