"""Area of SRAM bit cells by technology node: published cells, each with its foundry, source and year in ``data/``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from codesign.errors import UnknownNameError
from codesign.technology.energy import data_rows

UM2_PER_MM2 = 1e6


@dataclass(frozen=True, slots=True)
class BitCell:
    """A published six-transistor cell.

    Attributes:
        node_nm: name of the node, not a length.
        foundry: whose it is; cells of different foundries under one node name differ.
        cell_um2: area.
        year: of the source.
        source: where the number comes from.
    """

    node_nm: int
    foundry: str
    cell_um2: float
    year: int
    source: str


@cache
def bit_cells() -> Mapping[int, BitCell]:
    """Return the cells by node in nm, from the largest node to the smallest."""
    cells = (
        BitCell(int(row["node_nm"]), row["foundry"], float(row["cell_um2"]), int(row["year"]), row["source"])
        for row in data_rows("sram_area.csv")
    )
    return MappingProxyType({cell.node_nm: cell for cell in cells})


def cells_mm2(capacity_bytes: float, node_nm: int) -> float:
    """Return the area of the cells of an SRAM in mm2: 8 * capacity_bytes * cell_um2 / 10^6.

    Decoders, sense amplifiers, redundancy and wiring are left out: a macro is larger.

    Raises:
        UnknownNameError: no cell is tabulated for that node.
    """
    found = bit_cells().get(node_nm)
    if found is None:
        known = ", ".join(map(str, bit_cells()))
        raise UnknownNameError(f"no SRAM bit cell is tabulated for node_nm = {node_nm}; known: {known}")
    return 8.0 * capacity_bytes * found.cell_um2 / UM2_PER_MM2
