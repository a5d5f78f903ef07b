"""Events of many cores at once, from rates that a simulator or a predictor gives, and their energy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codesign.models.cpu.silicon.columns import CoreColumns
from codesign.models.cpu.silicon.events import EVENT_NAMES

Array = npt.NDArray[np.float64]

PER_THOUSAND = 1000.0
MW_PER_W = 1000.0
TIMED_RATES = (
    "ipc",
    "uop_hits",
    "l1i_accesses",
    "l2_accesses",
    "llc_accesses",
    "l1i_mpki",
    "l1d_mpki",
    "llc_mpki",
    "itlb_mpki",
    "dtlb_mpki",
    "stlb_mpki",
)
"""What the core decides: instructions per cycle; per 1,000 instructions those found in the uop cache, blocks that the
instruction cache is asked for, requests to the second and the last level, misses."""


@dataclass(frozen=True)
class EnergyColumns:
    """Energy of n cores per committed instruction; arrays of shape (n,).

    Attributes:
        dynamic_pj: of all events.
        leakage_pj: leakage power x time.
    """

    dynamic_pj: Array
    leakage_pj: Array

    @property
    def total_pj(self) -> Array:
        """Both together."""
        return self.dynamic_pj + self.leakage_pj


def event_columns(of_trace: Mapping[str, float], rates: Mapping[str, Array], fetch_width: Array) -> dict[str, Array]:
    """Return the events of ``CoreEvents`` per committed instruction; arrays of shape (n,).

    - ``decoded``: what isn't found in the uop cache.
    - ``l1i_accesses``: reads of ``fetch_width`` instructions: decoded / ``fetch_width``, at least one for each block.
    - lines written: into the first-level caches together one for each request to the second level, shared out as their
      misses are, which also count requests that wait for a line under way; into the second level one for each request
      to the last one; into the last one its misses.
    - entries written: misses of the TLBs, also those that wait for a page under way.

    Lines written back are left out.

    Args:
        of_trace: events per instruction that the trace decides (``of_simulation.trace_events``).
        rates: ``TIMED_RATES`` by name, arrays of shape (n,).
        fetch_width: of each core.
    """
    per_one = {name: rates[name] / PER_THOUSAND for name in TIMED_RATES if name != "ipc"}
    decoded = np.maximum(1.0 - per_one["uop_hits"], 0.0)
    misses = per_one["l1i_mpki"] + per_one["l1d_mpki"]
    of_code = np.divide(per_one["l1i_mpki"], misses, out=np.zeros_like(misses), where=misses > 0.0)
    found = {name: np.full_like(decoded, value) for name, value in of_trace.items()}
    return found | {
        "cycles": 1.0 / rates["ipc"],
        "decoded": decoded,
        "l1i_accesses": np.maximum(per_one["l1i_accesses"], decoded / fetch_width),
        "l1i_misses": of_code * per_one["l2_accesses"],
        "l1d_misses": (1.0 - of_code) * per_one["l2_accesses"],
        "l2_accesses": per_one["l2_accesses"],
        "l2_misses": per_one["llc_accesses"],
        "llc_accesses": per_one["llc_accesses"],
        "llc_misses": per_one["llc_mpki"],
        "itlb_misses": per_one["itlb_mpki"],
        "dtlb_misses": per_one["dtlb_mpki"],
        "stlb_misses": per_one["stlb_mpki"],
    }


def energy_columns(costs: CoreColumns, events: Mapping[str, Array], time_ns: Array) -> EnergyColumns:
    """Return the energy of events per instruction.

    dynamic = sum over events of count x price, in the order of ``EVENT_NAMES``; leakage = leakage power x time.

    Args:
        costs: of each core.
        events: per instruction, arrays of shape (n,).
        time_ns: of an instruction: cycles / clock.
    """
    dynamic = np.zeros_like(time_ns)
    for event in EVENT_NAMES:
        if event in costs.event_pj and event in events:
            dynamic = dynamic + events[event] * costs.event_pj[event]
    return EnergyColumns(dynamic, costs.leakage_mw * time_ns)


def mean_power_w(energy_pj: Array, time_ns: Array) -> Array:
    """Return the mean power of an energy over a time: pJ / ns = mW."""
    return energy_pj / time_ns / MW_PER_W
