"""What a unit costs on a cell library: area, energy, delay, leakage, from the coefficients in ``data/``.

area = sum over features of coefficient x feature (``unit_features``), fitted to synthesis on each library; delay: the
same with the features of delay.
energy = area x fJ/um2 of the unit's class, measured on NanGate45; on the other libraries per gate equivalent, times
the ratio of C V^2 of a NAND input. Leakage: likewise, with the ratio of the NAND's leakage.
Docs: docs/models/pe-costs.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from codesign.technology.cell_libraries import MEASURED_ENERGY, CellLibrary, cell_library, libraries
from codesign.technology.energy import data_rows
from codesign.technology.unit_features import AREA_FEATURES, DELAY_FEATURES, Features
from codesign.technology.units import Unit

__all__ = ["CellLibrary", "UnitCost", "cell_library", "libraries", "unit_cost"]

REGISTERS = ("register", "register_enable")
PER_BIT = (*REGISTERS, "and_row", "xor_row")


@dataclass(frozen=True)
class UnitCost:
    """What one unit costs. Cells only: no wires, no clock tree, no layout.

    Attributes:
        area_um2: of all cells.
        gate_equivalents: area over that of a two-input NAND of drive 1.
        delay_ps: from input to output; 0 of registers.
        energy_fj: of one operation at random inputs (half of the inputs toggle): switching and cell-internal energy,
            without the clock and without glitches.
        clock_fj: per clock cycle, busy or idle; flip-flops only.
        leakage_nw: always.
        flip_flops: how many.
        in_fitted_range: whether every size lies between the smallest and the largest that the area was fitted on;
            always true of kinds that are so many equal cells, one a bit.
    """

    area_um2: float
    gate_equivalents: float
    delay_ps: float
    energy_fj: float
    clock_fj: float
    leakage_nw: float
    flip_flops: int
    in_fitted_range: bool


@dataclass(frozen=True)
class _Coefficients:
    value: Mapping[str, float]
    fitted_range: Mapping[str, tuple[int, int]]


@cache
def _coefficients() -> Mapping[tuple[str, str, str], _Coefficients]:
    """(library, kind, quantity) -> feature -> value, with the fitted range of each size."""
    values: dict[tuple[str, str, str], dict[str, float]] = {}
    ranges: dict[tuple[str, str, str], dict[str, tuple[int, int]]] = {}
    for row in data_rows("unit_coefficients.csv"):
        key = row["library"], row["kind"], row["quantity"]
        values.setdefault(key, {})[row["feature"]] = float(row["value"])
        ranges[key] = read_range(row["fitted_range"])
    return MappingProxyType({key: _Coefficients(found, ranges[key]) for key, found in values.items()})


def write_range(fitted: Mapping[str, tuple[int, int]]) -> str:
    """Return a fitted range as text: ``a_bits 2..24; b_bits 2..24``."""
    return "; ".join(f"{name} {low}..{high}" for name, (low, high) in fitted.items())


def read_range(text: str) -> dict[str, tuple[int, int]]:
    """Return the range that ``write_range`` wrote."""
    found = {}
    for part in filter(None, text.split("; ")):
        name, _, limits = part.partition(" ")
        low, _, high = limits.partition("..")
        found[name] = int(low), int(high)
    return found


def _weighted(features: Features, coefficients: Mapping[str, float]) -> float:
    return sum(coefficients[name] * amount for name, amount in features.items())


@cache
def unit_cost(unit: Unit, library: str = "nangate45") -> UnitCost:
    """Return what a unit costs on a cell library.

    Raises:
        UnknownNameError: there is no such library.
    """
    cells = cell_library(library)
    fitted = _coefficients()[library, unit.kind, "area"]
    area = _weighted(AREA_FEATURES[unit.kind](unit), fitted.value)
    in_range = unit.kind in PER_BIT or all(
        low <= unit.named_sizes[name] <= high for name, (low, high) in fitted.fitted_range.items()
    )
    gates = area / cells.nand2_um2
    measured = cell_library(MEASURED_ENERGY)
    equal_um2 = gates * measured.nand2_um2
    flip_flops = unit.sizes[0] if unit.kind in REGISTERS else 0
    switching = cells.gate_switching_fj / measured.gate_switching_fj
    return UnitCost(
        area_um2=area,
        gate_equivalents=gates,
        delay_ps=_delay_ps(unit, library),
        energy_fj=equal_um2 * _per_area(unit.kind, "energy") * switching,
        clock_fj=flip_flops * _clock_fj() * switching,
        leakage_nw=equal_um2 * _per_area(unit.kind, "leakage") * cells.nand2_leakage_nw / measured.nand2_leakage_nw,
        flip_flops=flip_flops,
        in_fitted_range=in_range,
    )


def energy_is_measured(library: str) -> bool:
    """Whether the energies were measured on the library itself, not scaled from NanGate45."""
    return library == MEASURED_ENERGY


def _delay_ps(unit: Unit, library: str) -> float:
    features = DELAY_FEATURES[unit.kind](unit)
    if not features:
        return 0.0
    return _weighted(features, _coefficients()[library, unit.kind, "delay"].value)


def _per_area(kind: str, quantity: str) -> float:
    return _coefficients()[MEASURED_ENERGY, kind, quantity].value["area_um2"]


def _clock_fj() -> float:
    return _coefficients()[MEASURED_ENERGY, "register", "clock"].value["flip_flops"]
