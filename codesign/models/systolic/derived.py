"""Metrics that follow from sums over the layers: times, energies, ratios; one design (or layer) a place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from codesign.models.systolic.energy import UnitEnergies
from codesign.models.systolic.layers import FloatArray

EVENTS = ("compute", "register", "array", "sram", "dram", "static")


@dataclass(frozen=True)
class Settings:
    """What the last stage reads of the designs; arrays of shape ``designs`` or of length 1.

    ``dram_bytes_per_cycle`` is NaN where it is unlimited.
    """

    elements: FloatArray
    sram_kib: FloatArray
    word_bits: FloatArray
    clock_mhz: FloatArray
    dram_bytes_per_cycle: FloatArray
    di_weight: FloatArray
    energies: UnitEnergies

    def part(self, rows: slice) -> Self:
        """Return some designs' settings."""
        own = {f.name: _part(getattr(self, f.name), rows) for f in fields(self) if f.name != "energies"}
        e = self.energies
        units = {f.name: _part(getattr(e, f.name), rows) for f in fields(e) if f.name != "sram"}
        sram = (_part(e.sram[0], rows), _part(e.sram[1], rows), _part(e.sram[2], rows))
        return type(self)(**own, energies=UnitEnergies(**units, sram=sram))


def _part(values: FloatArray, rows: slice) -> FloatArray:
    return values if values.size == 1 else values[rows]


def level_energies(sums: Mapping[str, FloatArray], latency_ms: FloatArray, unit: UnitEnergies) -> dict[str, FloatArray]:
    """Return the energy of each level in the table's unit; NaN where the table has no constant.

    compute: macs * e_mac; register: register_accesses * e_register; array: array_words * e_array; sram: ifmap reads,
    filter reads, ofmap reads and writes, each times the energy of its memory; dram: the four counts * e_dram; static:
    P * latency (1 mW ms = 1e6 pJ).
    """
    outputs = sums["ofmap_sram_reads"] + sums["ofmap_sram_writes"]
    reads = sums["dram_ifmap_reads"] + sums["dram_filter_reads"]
    moved = reads + (sums["dram_ofmap_reads"] + sums["dram_ofmap_writes"])
    inputs = sums["ifmap_sram_reads"] * unit.sram[0] + sums["filter_sram_reads"] * unit.sram[1]
    return {
        "compute": sums["macs"] * unit.mac,
        "register": sums["register_accesses"] * unit.register,
        "array": sums["array_words"] * unit.array,
        "sram": inputs + outputs * unit.sram[2],
        "dram": moved * unit.dram,
        "static": unit.static_mw * latency_ms * 1e6 + 0.0 * unit.mac,
    }


def energy_metrics(levels: Mapping[str, FloatArray], unit: UnitEnergies) -> dict[str, FloatArray]:
    """Return energies in pJ and in multiply-accumulates of the table; totals leave out levels without a constant."""
    total = levels["compute"]
    for name in EVENTS[1:]:
        total = total + np.where(np.isnan(levels[name]), 0.0, levels[name])
    metrics = {"energy_pj": total * unit.picojoules, "energy_mac_equivalents": total / unit.mac}
    for name in EVENTS:
        metrics[f"energy_{name}_pj"] = levels[name] * unit.picojoules
        metrics[f"energy_{name}_mac_equivalents"] = levels[name] / unit.mac
    return metrics


def derived_metrics(sums: Mapping[str, FloatArray], settings: Settings) -> dict[str, FloatArray]:
    """Return every metric that isn't a sum or mean over layers itself."""
    cycles, macs = sums["compute_cycles"], sums["macs"]
    total = cycles + sums["stall_cycles"]
    latency_ms = total / (settings.clock_mhz * 1e3)
    word_bytes = settings.word_bits * 0.125
    reads = sums["dram_ifmap_reads"] + sums["dram_filter_reads"]
    dram_bytes = (reads + (sums["dram_ofmap_reads"] + sums["dram_ofmap_writes"])) * word_bytes
    weights, activations, alpha = sums["weight_words"], sums["activation_words"], settings.di_weight
    levels = level_energies(sums, latency_ms, settings.energies)
    energies = energy_metrics(levels, settings.energies)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = {
            "arithmetic_intensity": macs / (weights + activations),
            "data_intensity": macs / (alpha * weights + (1.0 - alpha) * activations),
            "operational_intensity": macs / dram_bytes,
        }
    return {
        "total_cycles": total,
        "latency_ms": latency_ms,
        "throughput_gmacs": macs / latency_ms * 1e-6,
        "utilisation": macs / (cycles * settings.elements),
        "dram_bytes": dram_bytes,
        "compulsory_dram_bytes": sums["compulsory_words"] * word_bytes,
        "dram_bandwidth_gbs": settings.dram_bytes_per_cycle * settings.clock_mhz * 1e-3,
        "mean_dram_bandwidth_gbs": dram_bytes / latency_ms * 1e-6,
        **energies,
        "energy_delay_uj_ms": energies["energy_pj"] * 1e-6 * latency_ms,
        **ratios,
        "processing_elements": settings.elements,
        "sram_kib": settings.sram_kib,
    }
