"""Area, leakage and energy of an out-of-order core: estimates from technology tables, part by part."""

from codesign.models.cpu.silicon.columns import CoreColumns, core_columns
from codesign.models.cpu.silicon.costs import CoreCosts, CoreEnergy, core_costs, core_energy
from codesign.models.cpu.silicon.events import CoreEvents
from codesign.models.cpu.silicon.part import Part
from codesign.models.cpu.silicon.settings import CacheSilicon, CoreSilicon

__all__ = [
    "CacheSilicon",
    "CoreColumns",
    "CoreCosts",
    "CoreEnergy",
    "CoreEvents",
    "CoreSilicon",
    "Part",
    "core_columns",
    "core_costs",
    "core_energy",
]
