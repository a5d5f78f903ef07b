"""From columns of designs to metrics: three stages, each over the distinct combinations of what it reads.

1. mapping: network, dataflow, depthwise convention, array (rs: register file) -> cycles and on-chip words;
2. traffic: the mapping and the words that the memories hold -> words between DRAM and chip;
3. stalls and energy: every design.

Stages 1 and 2 run over blocks of ``layers x combinations`` that fit into a cache; a stage's sums over the layers are
made layer by layer (``mapping.layer_sum``), so no result depends on what else is in the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np

from codesign.models.columns import IntArray
from codesign.models.grouping import Distinct, distinct_rows, numbered
from codesign.models.systolic import traffic
from codesign.models.systolic.layers import FloatArray, LayerTable
from codesign.models.systolic.mapping import Mapping, SeparateNeeds, SharedNeeds, layer_sum
from codesign.models.systolic.row_stationary import row_stationary
from codesign.models.systolic.stationary import DATAFLOWS as STATIONARY

BLOCK_ELEMENTS = 1 << 14
"""Layers x combinations in a block: 128 KiB an array, so that a block stays in cache."""

MAPPED = (
    "macs",
    "weight_words",
    "activation_words",
    "register_accesses",
    "compulsory_words",
    "compute_cycles",
    "mean_layer_utilisation",
    "mapping_utilisation",
    "ifmap_sram_reads",
    "filter_sram_reads",
    "ofmap_sram_writes",
    "ofmap_sram_reads",
    "array_words",
)
MOVED = ("dram_ifmap_reads", "dram_filter_reads", "dram_ofmap_reads", "dram_ofmap_writes")


@dataclass(frozen=True)
class Designs:
    """What stages 1 and 2 read of the designs; arrays of one length, or of length 1 where all are equal.

    Attributes:
        network: number of the layer table.
        dataflow: index into ``dataflows``.
        depthwise: 0 per_channel, 1 one_filter, 2 packed.
        rows, columns: of the array.
        register_words: of a processing element (0 where the dataflow doesn't read it).
        memory_words: words held of ifmap, filter and ofmap (rs: of either operand, and twice 0).
        cycles_per_word: array cycles that DRAM takes for a word.
    """

    network: IntArray
    dataflow: IntArray
    depthwise: IntArray
    rows: IntArray
    columns: IntArray
    register_words: IntArray
    memory_words: tuple[FloatArray, FloatArray, FloatArray]
    cycles_per_word: FloatArray


@dataclass(frozen=True)
class Sums:
    """Sums over the layers.

    Attributes:
        mapped: ``MAPPED`` x distinct mappings, picked by ``mapping`` for each design.
        moved: ``MOVED`` x distinct traffics, picked by ``traffic`` for each design.
        stall_cycles: of each design.
    """

    mapped: FloatArray
    mapping: IntArray
    moved: FloatArray
    traffic: IntArray
    stall_cycles: FloatArray


def map_layers(
    layers: LayerTable, dataflow: str, depthwise: str, rows: FloatArray, columns: FloatArray, register_words: FloatArray
) -> Mapping:
    """Map one run of each layer; ``rows``, ``columns``, ``register_words`` of shape ``designs``."""
    if dataflow == "rs":
        return row_stationary(layers, rows, columns, register_words, depthwise == "packed")
    mapped = layers.with_one_filter() if depthwise == "one_filter" else layers
    return STATIONARY[dataflow](mapped, rows, columns)


def move_words(needs: SeparateNeeds | SharedNeeds, memory_words: tuple[FloatArray, ...]) -> traffic.Traffic:
    """Return the words between DRAM and chip; ``memory_words`` three arrays of shape ``designs``."""
    if isinstance(needs, SharedNeeds):
        return traffic.shared(needs, memory_words[0])
    return traffic.separate(needs, *memory_words)


def network_sums(layers: LayerTable) -> dict[str, FloatArray]:
    """Return the sums that no mapping changes, of shape ``networks``."""
    per_mac = 4.0 - layers.pool
    words = (layers.ifmap_words + layers.filter_words) + layers.ofmap_words
    return {
        "macs": layer_sum(layers.macs, layers.runs),
        "weight_words": layer_sum(layers.stored_weight_words, layers.runs),
        "activation_words": layer_sum(layers.activation_words, layers.runs),
        "register_accesses": layer_sum(per_mac * layers.macs, layers.runs),
        "compulsory_words": layer_sum(layers.instances * words, layers.runs),
    }


def mapping_sums(layers: LayerTable, mapping: Mapping, elements: FloatArray) -> dict[str, FloatArray]:
    """Return the sums over the layers of a mapping; ``elements`` is rows * columns."""
    runs = layers.runs
    cycles = layer_sum(mapping.cycles, runs)
    layer_count = layer_sum(np.ones_like(runs), runs)
    return {
        "compute_cycles": cycles,
        "mean_layer_utilisation": layer_sum(layers.macs / (mapping.cycles * elements), runs) / layer_count,
        "mapping_utilisation": layer_sum(mapping.mapped_share * mapping.cycles, runs) / cycles,
        "ifmap_sram_reads": layer_sum(mapping.ifmap_sram_reads, runs),
        "filter_sram_reads": layer_sum(mapping.filter_sram_reads, runs),
        "ofmap_sram_writes": layer_sum(mapping.ofmap_sram_writes, runs),
        "ofmap_sram_reads": layer_sum(mapping.ofmap_sram_reads, runs),
        "array_words": layer_sum(mapping.array_words, runs),
    }


class Evaluation:
    """Runs the stages over some networks."""

    def __init__(self, tables: list[LayerTable], dataflows: tuple[str, ...], conventions: tuple[str, ...]) -> None:
        self.tables = tables
        self.dataflows = dataflows
        self.conventions = conventions
        self.depth = np.array([table.layers for table in tables], dtype=np.int64)
        self.stacks: dict[int, LayerTable] = {}
        self.column = np.zeros(len(tables), dtype=np.int64)
        for depth in set(self.depth.tolist()):
            members = np.flatnonzero(self.depth == depth)
            self.stacks[depth] = LayerTable.stack([tables[i] for i in members])
            self.column[members] = np.arange(len(members))

    def run(self, designs: Designs, count: int) -> Sums:
        """Evaluate ``count`` designs."""
        mappings = _ordered_mappings(designs, self.depth)
        numbers, held = zip(*(numbered(words) for words in designs.memory_words), strict=True)
        traffics = _ordered_by_first(distinct_rows([mappings.which, *numbers]))
        words = tuple(values[rows] for values, rows in zip(held, traffics.rows[1:], strict=True))
        which = np.broadcast_to(traffics.which, (count,))
        order = np.argsort(which) if traffics.size > 1 else None
        starts = np.concatenate([[0], np.cumsum(np.bincount(which, minlength=traffics.size))])
        time = designs.cycles_per_word
        time = time[order] if order is not None and time.size > 1 else time
        sums = Sums(
            mapped=np.empty((len(MAPPED), mappings.size)),
            mapping=mappings.which,
            moved=np.empty((len(MOVED), traffics.size)),
            traffic=traffics.which,
            stall_cycles=np.empty(count),
        )
        stalls = np.empty(count)
        for start, stop in self._mapping_blocks(mappings):
            block = self._map(mappings, slice(start, stop), sums.mapped)
            first, last = np.searchsorted(traffics.rows[0], [start, stop])
            self._move(block, start, traffics.rows[0], words, (int(first), int(last)), starts, time, sums.moved, stalls)
        sums.stall_cycles[slice(None) if order is None else order] = stalls
        return sums

    def _mapping_blocks(self, mappings: Distinct) -> Iterator[tuple[int, int]]:
        """Yield ranges of mappings of one dataflow and depth, no longer than a block."""
        network, dataflow, depthwise = mappings.rows[:3]
        kind = (self.depth[network] * len(self.dataflows) + dataflow) * len(self.conventions) + depthwise
        edges = np.flatnonzero(np.diff(kind)) + 1
        for start, stop in zip([0, *edges.tolist()], [*edges.tolist(), mappings.size], strict=True):
            step = _step(int(self.depth[network[start]]))
            for low in range(start, stop, step):
                yield low, min(low + step, stop)

    def _map(self, mappings: Distinct, part: slice, out: FloatArray) -> tuple[LayerTable, Mapping]:
        network, dataflow, depthwise, rows, columns, registers = (values[part] for values in mappings.rows)
        layers = self.stacks[int(self.depth[network[0]])].networks(self.column[network])
        sides = rows.astype(np.float64), columns.astype(np.float64)
        names = self.dataflows[dataflow[0]], self.conventions[depthwise[0]]
        mapping = map_layers(layers, *names, *sides, registers.astype(np.float64))
        sums = network_sums(layers) | mapping_sums(layers, mapping, sides[0] * sides[1])
        for i, name in enumerate(MAPPED):
            out[i, part] = sums[name]
        return layers, mapping

    def _move(
        self,
        block: tuple[LayerTable, Mapping],
        offset: int,
        mapping_of: IntArray,
        words: tuple[FloatArray, ...],
        bounds: tuple[int, int],
        starts: IntArray,
        time: FloatArray,
        moved: FloatArray,
        stalls: FloatArray,
    ) -> None:
        """Stages 2 and 3 for the traffics ``bounds`` of one block of mappings and all designs that have them."""
        layers, mapping = block
        step = _step(layers.layers)
        for low in range(*bounds, step):
            part = slice(low, min(low + step, bounds[1]))
            local = mapping_of[part] - offset
            runs = _picked(layers.runs, local)
            found = move_words(_picked_needs(mapping.needs, local), tuple(held[part] for held in words))
            for i, values in enumerate((found.ifmap_reads, found.filter_reads, found.ofmap_reads, found.ofmap_writes)):
                moved[i, part] = layer_sum(values, runs)
            first, last = int(starts[low]), int(starts[part.stop])
            repeats = np.diff(starts[low : part.stop + 1])
            of_design = np.repeat(np.arange(part.stop - low), repeats)
            total = found.words
            for begin in range(first, last, step):
                rows = slice(begin, min(begin + step, last))
                at = of_design[begin - first : rows.stop - first]
                stalls[rows] = layer_sum(
                    traffic.stall_cycles(
                        _picked(mapping.cycles, local[at]),
                        _picked(mapping.fill_words, local[at]),
                        _picked(total, at),
                        time[rows] if time.size > 1 else time,
                    ),
                    _picked(layers.runs, local[at]),
                )


def _step(depth: int) -> int:
    return max(BLOCK_ELEMENTS // depth, 16)


def _picked(values: FloatArray, columns: IntArray) -> FloatArray:
    """Return some columns of ``layers x designs``; a single column stands for all."""
    return values if values.shape[1] == 1 else values.take(columns, axis=1)


def _picked_needs(needs: SeparateNeeds | SharedNeeds, columns: IntArray) -> SeparateNeeds | SharedNeeds:
    return type(needs)(*(_picked(getattr(needs, f.name), columns) for f in fields(needs)))


def _reordered(distinct: Distinct, order: IntArray) -> Distinct:
    rank = np.empty(distinct.size, dtype=np.int64)
    rank[order] = np.arange(distinct.size)
    return Distinct(rank[distinct.which], tuple(values[order] for values in distinct.rows))


def _ordered_mappings(designs: Designs, depth: IntArray) -> Distinct:
    """Number the mappings so that those of one depth, dataflow and convention, and of one network, stand together."""
    columns = [
        designs.network,
        designs.dataflow,
        designs.depthwise,
        designs.rows,
        designs.columns,
        designs.register_words,
    ]
    found = distinct_rows(columns)
    return _reordered(found, np.lexsort((found.rows[0], found.rows[2], found.rows[1], depth[found.rows[0]])))


def _ordered_by_first(found: Distinct) -> Distinct:
    return _reordered(found, np.argsort(found.rows[0], kind="stable"))
