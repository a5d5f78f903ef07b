"""Area, leakage and energy per event of a core, part by part, and the energy of what happened in it.

Estimates, as McPAT's are (Li et al., MICRO 2009): see docs/models/cpu-silicon.md for equations, sources and errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from codesign.models.cpu.silicon.events import CoreEvents
from codesign.models.cpu.silicon.execution_part import result_wires_pj
from codesign.models.cpu.silicon.part import Part
from codesign.models.cpu.silicon.process import process_at
from codesign.models.cpu.silicon.rules import EXECUTION_PARTS, OUTER_CACHES, PART_RULES
from codesign.models.cpu.silicon.settings import CoreSilicon

HZ_PER_GHZ = 1e9
PJ_PER_J = 1e12
MW_PER_W = 1e3


@dataclass(frozen=True)
class CoreCosts:
    """What a core costs.

    Attributes:
        parts: by name.
        frequency_ghz: clock.
    """

    parts: Mapping[str, Part]
    frequency_ghz: float

    @property
    def area_mm2(self) -> float:
        """Sum over all parts."""
        return sum(part.area_mm2 for part in self.parts.values())

    @property
    def core_area_mm2(self) -> float:
        """Sum over all parts but the second-level and last-level cache."""
        return sum(part.area_mm2 for name, part in self.parts.items() if name not in OUTER_CACHES)

    @property
    def leakage_mw(self) -> float:
        """Sum over all parts."""
        return sum(part.leakage_mw for part in self.parts.values())


@dataclass(frozen=True)
class CoreEnergy:
    """Energy of what happened in a core.

    Attributes:
        dynamic_pj: by part, over all events.
        leakage_pj: by part, over all the time.
        committed: instructions.
        time_s: cycles / clock.
    """

    dynamic_pj: Mapping[str, float]
    leakage_pj: Mapping[str, float]
    committed: float
    time_s: float

    @property
    def total_pj(self) -> float:
        """Dynamic and leakage energy of all parts."""
        return sum(self.dynamic_pj.values()) + sum(self.leakage_pj.values())

    @property
    def pj_per_instruction(self) -> float:
        """Over committed instructions."""
        return self.total_pj / self.committed

    @property
    def power_w(self) -> float:
        """Mean over the time."""
        return self.total_pj / PJ_PER_J / self.time_s


def core_costs(core: CoreSilicon) -> CoreCosts:
    """Return what a core costs, part by part. Uncore (DRAM controller, interconnect, input and output) is left out."""
    process = process_at(core.node_nm, core.supply_v)
    parts = {name: rule.price(core, process) for name, rule in PART_RULES.items()}
    wires = result_wires_pj(
        np.array(core.word_bits, dtype=np.float64),
        np.array(sum(parts[name].area_mm2 for name in EXECUTION_PARTS)),
        np.array(process.wire_pj_per_bit_mm),
    )
    bypass = parts["bypass"]
    issued = bypass.event_pj["issued"] + float(wires)
    parts["bypass"] = Part("bypass", bypass.area_mm2, bypass.leakage_mw, {"issued": issued})
    return CoreCosts(MappingProxyType(parts), core.frequency_ghz)


def core_energy(costs: CoreCosts, events: CoreEvents) -> CoreEnergy:
    """Return the energy of events in a core.

    dynamic = sum over events of count x price in the part; leakage = leakage power x cycles / clock.
    """
    time_s = events.cycles / (costs.frequency_ghz * HZ_PER_GHZ)
    dynamic = {
        name: sum(float(getattr(events, event)) * price for event, price in part.event_pj.items())
        for name, part in costs.parts.items()
    }
    leakage = {name: part.leakage_mw / MW_PER_W * time_s * PJ_PER_J for name, part in costs.parts.items()}
    return CoreEnergy(MappingProxyType(dynamic), MappingProxyType(leakage), events.committed, time_s)
