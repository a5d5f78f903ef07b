"""What silicon costs. Every constant has unit, source and year in a data file."""

from codesign.technology.energy import LEVELS, EnergyTable, energy_table, energy_tables
from codesign.technology.sram import SramCurve

__all__ = ["LEVELS", "EnergyTable", "SramCurve", "energy_table", "energy_tables"]
