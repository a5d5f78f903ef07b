"""Metrics of a block of designs from its sums over the products."""

from __future__ import annotations

import numpy as np

from codesign.models.columns import FloatArray
from codesign.models.pe.array.evaluation import (
    BITS_PER_GIB,
    MJ_PER_FJ,
    MJ_PER_PJ,
    MS_PER_S,
    UM2_PER_MM2,
    Block,
    Sums,
)
from codesign.models.pe.workload import Workloads

W_PER_NW = 1e-9
MJ_PER_J = 1e3


def silicon(block: Block) -> dict[str, FloatArray]:
    """Return areas, peak rates and leakage.

    array_mm2 = layout_factor * (rows * columns * element + rows * row + columns * (column + scale) + array) at node_nm;
    an element has the registers of (stages - 1) cuts. Leakage is proportional to area: nW per um2 are the library's.
    """
    e, n = block.element, block.numbers
    extra = np.maximum(block.stages - 1.0, 0.0)
    elements = n["rows"] * n["columns"]
    scale = block.area_scale * n["layout_factor"]

    def whole(quantity: str) -> FloatArray:
        one = e[f"element_{quantity}"] + extra * e[f"cut_{quantity}"]
        feet = e[f"column_{quantity}"] + e[f"scale_{quantity}"]
        edges = n["rows"] * e[f"row_{quantity}"] + n["columns"] * feet
        return (elements * one + edges) + e[f"array_{quantity}"]

    lanes = n["vector_lanes"]
    rate = elements * e["fused_rows"] * e["fused_columns"] * e["step_macs"] / e["step_cycles"]
    peak_tops = 2.0 * rate * n["clock_mhz"] * 1e-6
    energy_scale = block.energy_scale * n["layout_factor"]
    element_fj = e["element_busy_fj"] + extra * e["cut_busy_fj"]
    peak_fj = whole("busy_fj") - n["columns"] * e["scale_busy_fj"]
    peak_w = peak_fj * energy_scale * n["clock_mhz"] * 1e-9
    array_mm2 = whole("area_um2") * scale / UM2_PER_MM2
    vector_mm2 = lanes * block.vector_um2 * scale / UM2_PER_MM2
    leakage_nw = (whole("leakage_nw") + lanes * block.vector_leakage_nw) * block.area_scale
    return {
        "array_mm2": array_mm2,
        "vector_mm2": vector_mm2,
        "buffer_mm2": block.buffer_mm2,
        "area_mm2": (array_mm2 + vector_mm2) + block.buffer_mm2,
        "element_um2": (e["element_area_um2"] + extra * e["cut_area_um2"]) * block.area_scale,
        "element_fj": element_fj * block.energy_scale,
        "pipeline_stages": block.stages,
        "peak_tops": peak_tops,
        "tops_per_mm2": peak_tops / array_mm2,
        "tops_per_w": peak_tops / peak_w,
        "leakage_w": leakage_nw * W_PER_NW,
    }


def metrics_of(block: Block, sums: Sums, workloads: Workloads) -> dict[str, FloatArray]:
    """Return every metric but those of quality."""
    n = block.numbers
    values = silicon(block)
    energy_scale = block.energy_scale * n["layout_factor"]
    tokens = workloads.tokens.take(block.workload)
    macs = workloads.macs.take(block.workload)
    latency_ms = sums.latency_s * MS_PER_S
    array_mj = sums.array_fj * energy_scale * MJ_PER_FJ
    vector_mj = sums.vector_macs * block.vector_fj * energy_scale * MJ_PER_FJ
    buffer_mj = sums.buffer_pj * MJ_PER_PJ
    dram_mj = sums.dram_bits * block.dram_pj_per_bit * MJ_PER_PJ
    leakage_mj = values.pop("leakage_w") * sums.latency_s * MJ_PER_J
    energy_mj = (((array_mj + vector_mj) + buffer_mj) + dram_mj) + leakage_mj
    return values | {
        "latency_ms": latency_ms,
        "tokens_per_s": tokens / sums.latency_s,
        "array_ms": sums.array_s * MS_PER_S,
        "vector_ms": sums.vector_s * MS_PER_S,
        "dram_ms": sums.dram_s * MS_PER_S,
        "memory_bound_share": sums.memory_bound_s / sums.latency_s,
        "utilisation": 2e-12 * sums.array_macs / (values["peak_tops"] * sums.latency_s),
        "array_cycles": sums.array_s * n["clock_mhz"] * 1e6,
        "macs": macs,
        "weight_gib": weight_bits(block, workloads) / BITS_PER_GIB,
        "dram_gib": sums.dram_bits / BITS_PER_GIB,
        "macs_per_byte": macs / (sums.dram_bits * 0.125),
        "energy_mj": energy_mj,
        "array_energy_mj": array_mj,
        "vector_energy_mj": vector_mj,
        "buffer_energy_mj": buffer_mj,
        "dram_energy_mj": dram_mj,
        "leakage_energy_mj": leakage_mj,
        "power_w": energy_mj / latency_ms,
        "tokens_per_j": tokens * MJ_PER_J / energy_mj,
    }


def weight_bits(block: Block, workloads: Workloads) -> FloatArray:
    """Return the bits of all stored weights with their scales.

    words * weight_bits_stored + groups * group_bits; with one scale per output channel there are as many groups as
    output channels.
    """
    e = block.element
    words = workloads.weight_words.take(block.workload)
    channels = workloads.weight_channels.take(block.workload)
    groups = np.where(e["group"] > 0, words / np.maximum(e["group"], 1.0), channels)
    return words * e["weight_bits_stored"] + groups * e["group_bits"]
