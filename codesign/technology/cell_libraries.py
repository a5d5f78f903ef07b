"""The standard-cell libraries that units are priced on: constants of each, from its liberty file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from codesign.errors import UnknownNameError, nearest
from codesign.technology.energy import data_rows

MEASURED_ENERGY = "nangate45"
"""The library on which energy was measured; the others' energy is scaled from it."""


@dataclass(frozen=True, slots=True)
class CellLibrary:
    """A standard-cell library at its typical corner.

    Attributes:
        name: as in designs.
        title: for people.
        node_nm: technology node.
        supply_v: supply voltage.
        nand2_um2: area of the two-input NAND of drive 1, the gate equivalent.
        nand2_input_ff: capacitance of one of its inputs.
        nand2_leakage_nw: its leakage.
        flip_flop_um2: area of a D flip-flop as synthesis maps it.
        clock_target_ps: clock period that the fitted synthesis runs aimed at; None: none.
        source: where the numbers come from.
    """

    name: str
    title: str
    node_nm: int
    supply_v: float
    nand2_um2: float
    nand2_input_ff: float
    nand2_leakage_nw: float
    flip_flop_um2: float
    clock_target_ps: int | None
    source: str

    @property
    def gate_switching_fj(self) -> float:
        """C V^2 of one NAND input in fJ."""
        return self.nand2_input_ff * self.supply_v**2


@cache
def libraries() -> Mapping[str, CellLibrary]:
    """Return every cell library by name."""
    found = (
        CellLibrary(
            name=row["name"],
            title=row["title"],
            node_nm=int(row["node_nm"]),
            supply_v=float(row["supply_v"]),
            nand2_um2=float(row["nand2_um2"]),
            nand2_input_ff=float(row["nand2_input_ff"]),
            nand2_leakage_nw=float(row["nand2_leakage_nw"]),
            flip_flop_um2=float(row["flip_flop_um2"]),
            clock_target_ps=int(row["clock_target_ps"]) if row["clock_target_ps"] else None,
            source=row["source"],
        )
        for row in data_rows("cell_libraries.csv")
    )
    return MappingProxyType({library.name: library for library in found})


def cell_library(name: str) -> CellLibrary:
    """Return the cell library of that name.

    Raises:
        UnknownNameError: there is none.
    """
    known = libraries()
    if name not in known:
        raise UnknownNameError(f"unknown cell library {name!r}{nearest(name, known)}; known: {', '.join(known)}")
    return known[name]
