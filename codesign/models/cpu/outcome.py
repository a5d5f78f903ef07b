"""From what programs do on cores to the metrics of these: means over programs, energy, power, area."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.models.columns import Columns, FloatArray
from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.design import setting_columns
from codesign.models.cpu.metrics import MISS_METRICS
from codesign.models.cpu.silicon.columns import CoreColumns, core_columns
from codesign.models.cpu.silicon.event_columns import energy_columns, event_columns, mean_power_w
from codesign.models.cpu.silicon.of_simulation import MHZ_PER_GHZ, silicon_columns

MW_PER_W = 1000.0
ENDS = ("ipc_low", "ipc_high")


@dataclass(frozen=True)
class Silicon:
    """What the cores of some designs are made of; arrays of shape (designs,).

    Attributes:
        costs: area, leakage and energy of an event.
        fetch_width: instructions per cycle.
        frequency_ghz: clock, of all cores.
    """

    costs: CoreColumns
    fetch_width: FloatArray
    frequency_ghz: float


@dataclass(frozen=True)
class ProgramOutcome:
    """What one program does on the cores of some designs.

    Attributes:
        of_trace: events per instruction that the trace decides (``silicon.of_simulation.trace_events``).
        rates: arrays of shape (designs,): ``silicon.event_columns.TIMED_RATES``, all of ``MISS_METRICS``, ``ipc_low``
            and ``ipc_high``.
    """

    of_trace: Mapping[str, float]
    rates: Mapping[str, FloatArray]


def silicon_of(columns: Columns) -> Silicon:
    """Return the silicon of designs whose values are all allowed: parameters of a core, ``node_nm``, ``supply_v``."""
    settings = setting_columns(columns)
    process = (np.broadcast_to(columns.numbers[name], (columns.rows,)) for name in ("node_nm", "supply_v"))
    costs = core_columns(silicon_columns(settings, *process))
    return Silicon(costs, _floats(settings["fetch_width"]), CoreSettings.frequency_mhz / MHZ_PER_GHZ)


def metric_columns(silicon: Silicon, outcomes: Iterable[ProgramOutcome]) -> dict[str, FloatArray]:
    """Return ``metrics.METRICS`` of designs that run the same programs, arrays of shape (designs,).

    Every program counts as many instructions: cycles, misses and energy per instruction are means over programs, IPC is
    1 / mean CPI (the harmonic mean), power the mean energy over the mean time. The ends of the interval are those of
    all programs at once.
    """
    sums: dict[str, FloatArray] = {}
    count = 0
    for outcome in outcomes:
        count += 1
        for name, values in _summed(silicon, outcome).items():
            sums[name] = sums[name] + values if name in sums else values
    mean = {name: values / count for name, values in sums.items()}
    time_ns = mean["cpi"] / silicon.frequency_ghz
    energy_pj = mean["energy_pj"]
    return {
        "ipc": 1.0 / mean["cpi"],
        **{end: 1.0 / mean[end] for end in ENDS},
        "cpi": mean["cpi"],
        "time_per_instruction_ns": time_ns,
        **{name: mean[name] for name in MISS_METRICS},
        "energy_per_instruction_pj": energy_pj,
        "power_w": mean_power_w(energy_pj, time_ns),
        "energy_delay_pj_ns": energy_pj * time_ns,
        "area_mm2": silicon.costs.area_mm2,
        "core_area_mm2": silicon.costs.core_area_mm2,
        "leakage_w": silicon.costs.leakage_mw / MW_PER_W,
    }


def _summed(silicon: Silicon, outcome: ProgramOutcome) -> dict[str, FloatArray]:
    """Return what is added up over programs: cycles (at both ends too), misses and energy per instruction."""
    cpi = 1.0 / outcome.rates["ipc"]
    events = event_columns(outcome.of_trace, outcome.rates, silicon.fetch_width)
    energy = energy_columns(silicon.costs, events, cpi / silicon.frequency_ghz)
    found = {"cpi": cpi, "energy_pj": energy.total_pj}
    found |= {end: 1.0 / outcome.rates[end] for end in ENDS}
    return found | {name: outcome.rates[name] for name in MISS_METRICS}


def _floats(values: npt.NDArray[Any]) -> FloatArray:
    return values.astype(np.float64)
