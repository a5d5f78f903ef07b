"""What the models of cores give: every metric with its unit and exactly what it contains."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from codesign.models.cpu.machine.layout import STALLS
from codesign.models.protocol import Direction, Metric

IPC_ERROR = (
    "simulated: against ChampSim in its compatibility mode, 33 runs: median 1.1 %, worst 19.2 %; 40 further runs:"
    " median 1.9 %, worst 20.1 % (docs/models/cpu.md); own latencies, TAGE and prefetchers are compared with nothing"
)
AREA_ERROR = (
    "estimate, a lower bound: 0.13 to 0.62 of seven dies; register files 0.45 to 0.69, caches 0.71 to 1.19 of CACTI 7"
    " (docs/models/cpu-silicon.md)"
)
ENERGY_ERROR = (
    "estimate: peak dynamic power 0.32 of Xeon Tulsa, clock and control left out (docs/models/cpu-silicon.md)"
)
LEAKAGE_ERROR = "estimate, far too low: 0.02 of Xeon Tulsa (docs/models/cpu-silicon.md)"
MISSES = ("branch", "l1i", "l1d", "l2", "llc", "itlb", "dtlb", "stlb")
MISS_METRICS = tuple(f"{name}_mpki" for name in MISSES)
STALL_METRICS = tuple(f"{name}_share" for name in STALLS)


def _metric(name: str, unit: str, direction: Direction, description: str, known_error: str = "") -> Metric:
    return Metric(name, unit, direction, description, known_error)


def _misses(name: str) -> Metric:
    what = "mispredicted branches" if name == "branch" else f"misses of {name}, also of what is under way,"
    return _metric(f"{name}_mpki", "1/1000", "minimize", f"{what} per 1,000 instructions; mean of the programs")


def _stall(name: str) -> Metric:
    lost = "used by instructions" if name == "base" else f"lost to {name.replace('_', ' ')}"
    direction: Direction = "maximize" if name == "base" else "minimize"
    return _metric(f"{name}_share", "1", direction, f"commit slots {lost} / all; the shares sum to 1")


_COMMON = (
    _metric(
        "ipc",
        "1/cycle",
        "maximize",
        "instructions per cycle after the warm-up; of several programs the harmonic mean",
        IPC_ERROR,
    ),
    _metric("ipc_low", "1/cycle", "maximize", "lower end of the interval of a prediction; simulated: ipc"),
    _metric("ipc_high", "1/cycle", "maximize", "upper end of the interval of a prediction; simulated: ipc"),
    _metric("cpi", "cycles", "minimize", "cycles per instruction, 1 / ipc; of several programs the mean", IPC_ERROR),
    _metric("time_per_instruction_ns", "ns", "minimize", "cpi / clock (4 GHz)", IPC_ERROR),
    *(_misses(name) for name in MISSES),
    _metric(
        "energy_per_instruction_pj",
        "pJ",
        "minimize",
        "core and caches, dynamic and leakage, without DRAM and mispredicted paths; mean of the programs",
        ENERGY_ERROR,
    ),
    _metric("power_w", "W", "minimize", "energy_per_instruction_pj / time_per_instruction_ns", ENERGY_ERROR),
    _metric(
        "energy_delay_pj_ns", "pJ ns", "minimize", "energy_per_instruction_pj * time_per_instruction_ns", ENERGY_ERROR
    ),
    _metric("area_mm2", "mm2", "minimize", "core, second-level and last-level cache", AREA_ERROR),
    _metric("core_area_mm2", "mm2", "minimize", "core with its first-level caches", AREA_ERROR),
    _metric("leakage_w", "W", "minimize", "of all of area_mm2; in power_w", LEAKAGE_ERROR),
)
METRICS: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in _COMMON})
"""Of every model of cores, in the order of the answer's columns."""
SIMULATED_METRICS: Mapping[str, Metric] = MappingProxyType(
    {**METRICS, **{metric.name: metric for metric in map(_stall, STALLS)}}
)
"""Of the simulated one: also where the cycles go."""
