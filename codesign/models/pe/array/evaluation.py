"""From arrays of designs to metrics: product by product, a block of designs at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from codesign.models.columns import FloatArray, IntArray
from codesign.models.pe.array.cycles import ArrayShape, Cycles, product_cycles
from codesign.models.pe.array.traffic import Operands, Traffic, product_traffic
from codesign.models.pe.workload import Workloads

MS_PER_S = 1e3
MJ_PER_FJ = 1e-12
MJ_PER_PJ = 1e-9
BITS_PER_GIB = 8.0 * 2**30
UM2_PER_MM2 = 1e6
CACHE_SCALE_BITS = 32.0
"""FP16 scale and FP16 zero point of one token's key or value of one head, where the cache is narrower than FP16."""
FP16_BITS = 16.0


@dataclass(frozen=True)
class Block:
    """Some designs that can all be built; arrays of one length, or of length 1.

    Attributes:
        workload: column of ``Workloads`` for each design.
        element: the columns of ``StateTable``, picked for each design.
        numbers: the model's numeric parameters.
        area_scale, energy_scale: from the library's node and supply to the design's.
        stages: pipeline stages of an element.
        vector_um2, vector_fj, vector_leakage_nw: one lane of the vector unit, at the library's node.
        buffer_pj_per_bit: of the (activation, weight) buffer at ``node_nm``.
        buffer_mm2: both buffers.
        dram_pj_per_bit: of the interface.
    """

    workload: IntArray
    element: Mapping[str, FloatArray]
    numbers: Mapping[str, FloatArray]
    area_scale: FloatArray
    energy_scale: FloatArray
    stages: FloatArray
    vector_um2: FloatArray
    vector_fj: FloatArray
    vector_leakage_nw: FloatArray
    buffer_pj_per_bit: tuple[FloatArray, FloatArray]
    buffer_mm2: FloatArray
    dram_pj_per_bit: FloatArray


@dataclass
class Sums:
    """Sums over the products of a pass, of shape ``designs``."""

    latency_s: FloatArray
    array_s: FloatArray
    vector_s: FloatArray
    dram_s: FloatArray
    memory_bound_s: FloatArray
    array_macs: FloatArray
    dram_bits: FloatArray
    array_fj: FloatArray
    vector_macs: FloatArray
    buffer_pj: FloatArray

    @classmethod
    def zero(cls, count: int) -> Sums:
        """Return sums of nothing."""
        return cls(*(np.zeros(count) for _ in range(10)))


def array_shape(block: Block, cached: bool) -> ArrayShape:
    """Return the array as it multiplies weights, or as it multiplies cached keys and values."""
    prefix = "cache_" if cached else ""
    zero = np.zeros(1)
    return ArrayShape(
        rows=block.numbers["rows"],
        columns=block.numbers["columns"],
        fused_rows=block.element[f"{prefix}fused_rows"],
        fused_columns=block.element[f"{prefix}fused_columns"],
        step_macs=block.element[f"{prefix}step_macs"],
        step_cycles=block.element[f"{prefix}step_cycles"],
        scale_cycles=block.element[f"{prefix}scale_cycles"],
        group=zero if cached else block.element["group"],
        stages=block.stages,
    )


@dataclass(frozen=True)
class ProductWork:
    """One product kind of each design's workload; arrays of one length, or of length 1.

    Attributes:
        runs: how often the product is made in a pass.
        operands: sizes in one run.
        cycles: of one run.
        traffic: of one run.
        array_cycles: of all runs, on the array.
        array_macs, vector_macs: of all runs, there and on the vector unit.
        array_s, vector_s, dram_s: times of all runs.
        dram_bits: of all runs.
    """

    runs: FloatArray
    operands: Operands
    cycles: Cycles
    traffic: Traffic
    array_cycles: FloatArray
    array_macs: FloatArray
    vector_macs: FloatArray
    array_s: FloatArray
    vector_s: FloatArray
    dram_s: FloatArray
    dram_bits: FloatArray

    @property
    def busy_s(self) -> FloatArray:
        """Time without waiting for the memory."""
        return np.maximum(self.array_s, self.vector_s)


def product_work(block: Block, workloads: Workloads, index: int) -> ProductWork:
    """Return cycles, traffic and times of the product kind in that row of ``Workloads``."""
    cached = bool(workloads.cached[index])
    shape = array_shape(block, cached)
    rows, inner, columns, runs, passes, left_words = (
        table[index].take(block.workload)
        for table in (
            workloads.rows,
            workloads.inner,
            workloads.columns,
            workloads.runs,
            workloads.passes,
            workloads.left_words,
        )
    )
    n, element = block.numbers, block.element
    left_bits = n["activation_kib"] * (8.0 * 1024.0)
    right_bits = n["weight_kib"] * (8.0 * 1024.0)
    per_word = cache_bits(block, workloads) if cached else _weight_bits(element, inner)
    operands = Operands(
        left=left_words * element["activation_bits_stored"],
        right=inner * columns * per_word,
        output=rows * columns * element["activation_bits_stored"],
    )
    cycles = product_cycles(shape, rows, inner, columns)
    traffic = product_traffic(shape, cycles, operands, rows, columns, left_bits, right_bits)
    macs = runs * rows * inner * columns
    clock_hz = n["clock_mhz"] * 1e6
    on_array = element["cache_in_array"] if cached else np.ones(1)
    array_cycles = on_array * (runs * cycles.steady + passes * cycles.fill)
    aside = 0.0 if cached else runs * (left_words * element["table_additions"] + rows * columns * _scalings(element))
    vector_macs = (1.0 - on_array) * macs + aside
    dram_bits = runs * traffic.dram
    return ProductWork(
        runs=runs,
        operands=operands,
        cycles=cycles,
        traffic=traffic,
        array_cycles=array_cycles,
        array_macs=on_array * macs,
        vector_macs=vector_macs,
        array_s=array_cycles / clock_hz,
        vector_s=vector_macs / (n["vector_lanes"] * clock_hz),
        dram_s=dram_bits / (n["dram_gbs"] * 8e9),
        dram_bits=dram_bits,
    )


def sums_over_products(block: Block, workloads: Workloads, count: int) -> Sums:
    """Return the sums over all products of each design's workload.

    A product kind (one layer's projection in all blocks of the network, say) takes the largest of its array time, its
    vector time and its memory time: operands of the next tile are fetched while this one is multiplied.
    """
    sums = Sums.zero(count)
    for index in range(workloads.products):
        _add_product(sums, block, product_work(block, workloads, index), bool(workloads.cached[index]))
    _add_cache_writes(sums, block, workloads)
    return sums


def _add_product(sums: Sums, block: Block, work: ProductWork, cached: bool) -> None:
    element = block.element
    busy_s = work.busy_s
    sums.array_s += work.array_s
    sums.vector_s += work.vector_s
    sums.dram_s += work.dram_s
    sums.latency_s += np.maximum(busy_s, work.dram_s)
    sums.memory_bound_s += np.where(work.dram_s > busy_s, work.dram_s, 0.0)
    sums.array_macs += work.array_macs
    sums.dram_bits += work.dram_bits
    sums.vector_macs += work.vector_macs
    on_array = element["cache_in_array"] if cached else np.ones(1)
    busy_fj = element["cache_busy_fj"] if cached else element["element_busy_fj"]
    sums.array_fj += on_array * _array_fj(block, work.cycles, work.runs, work.array_cycles, busy_fj)
    sums.buffer_pj += work.runs * _buffer_pj(block, work.traffic)


def _weight_bits(element: Mapping[str, FloatArray], inner: FloatArray) -> FloatArray:
    """Return the bits of a stored weight with its share of the scale: w + group_bits / group, group K where it is 0."""
    group = np.where(element["group"] > 0, element["group"], inner)
    return element["weight_bits_stored"] + element["group_bits"] / group


def _scalings(element: Mapping[str, FloatArray]) -> FloatArray:
    """Return the vector unit's multiply-adds for one output where scales are one a channel.

    s * sum + (-s z) * (sum of the row's activations); none where the formats have no scale, where the array has a
    scale unit, and where scales are a group's: those are applied in the array.
    """
    in_array = (element["scale_cycles"] > 0) | (element["group"] > 0)
    return np.where(in_array | (element["group_bits"] == 0), 0.0, 2.0)


def cache_bits(block: Block, workloads: Workloads) -> FloatArray:
    """Return the bits of a cached word with its share of the scale."""
    kv_bits = block.numbers["kv_bits"]
    head = workloads.head_words.take(block.workload)
    return kv_bits + np.where(kv_bits < FP16_BITS, CACHE_SCALE_BITS / head, 0.0)


def _array_fj(
    block: Block, cycles: Cycles, runs: FloatArray, array_cycles: FloatArray, busy_fj: FloatArray
) -> FloatArray:
    """Return the energy of elements and edge units, at the library's node and before layout.

    Idle elements are clocked while the array works, skew included; all of it is clock-gated while it waits.
    """
    element, n = block.element, block.numbers
    extra = np.maximum(block.stages - 1.0, 0.0)
    busy = runs * cycles.busy
    everywhere = n["rows"] * n["columns"] * array_cycles
    elements = busy * (busy_fj + extra * element["cut_busy_fj"])
    idle = (everywhere - busy) * (element["element_idle_fj"] + extra * element["cut_idle_fj"])
    edges = cycles.row_busy * element["row_busy_fj"] + cycles.column_busy * element["column_busy_fj"]
    edges = edges + cycles.scale_busy * element["scale_busy_fj"]
    return ((elements + idle) + runs * edges) + array_cycles * element["array_busy_fj"]


def _buffer_pj(block: Block, traffic: Traffic) -> FloatArray:
    left, right = block.buffer_pj_per_bit
    return (traffic.left_reads + traffic.left_writes) * left + (traffic.right_reads + traffic.right_writes) * right


def cache_write_bits(block: Block, workloads: Workloads) -> FloatArray:
    """Return the bits of the new keys and values of a pass."""
    return workloads.cache_writes.take(block.workload) * cache_bits(block, workloads)


def _add_cache_writes(sums: Sums, block: Block, workloads: Workloads) -> None:
    """Add the new keys and values, written to DRAM behind the last product."""
    bits = cache_write_bits(block, workloads)
    seconds = bits / (block.numbers["dram_gbs"] * 8e9)
    sums.dram_bits += bits
    sums.dram_s += seconds
    sums.latency_s += seconds
    sums.memory_bound_s += seconds
