"""Prices against a table of synthesis runs that no coefficient was fitted to."""

import csv

import pytest

from codesign.models.pe.array.prices import part_sum
from codesign.models.pe.reference_elements import reference_elements, reference_parts
from codesign.technology.unit_costs import unit_cost
from codesign.technology.unit_fit import FITTED_TARGET_PS
from codesign.technology.units import Unit

pytestmark = pytest.mark.shared

UNITS = {
    "mulu": ("multiplier", ("A", "B")),
    "muls": ("signed_multiplier", ("A", "B")),
    "shadd": ("shift_add", ("A", "B")),
    "shpot": ("power_of_two_multiplier", ("A", "S")),
    "add": ("adder", ("W",)),
    "bshr": ("barrel_shifter", ("W", "S")),
    "lzd": ("leading_zeros", ("W",)),
    "regs": ("register", ("W",)),
    "fpmul": ("float_multiply", ("E", "M")),
    "fpadd": ("float_add", ("E", "M")),
}
BEYOND = {
    # None yet.
}
"""(library, unit) -> relative difference, of the rows beyond a tenth."""


def unit_of(row):
    if row["block"] == "mux8":
        return Unit("multiplexer", (8, int(row["W"])))
    if row["block"] not in UNITS:
        return None
    kind, names = UNITS[row["block"]]
    return Unit(kind, tuple(int(row[name]) for name in names))


def rows(shared, file):
    with (shared / "reference" / "synthesis" / file).open() as stream:
        return list(csv.DictReader(stream))


def at_target(row):
    target = FITTED_TARGET_PS[row["library"]]
    return row["target_ps"] == ("" if target is None else str(target))


def test_unit_areas(shared):
    beyond = {}
    compared = 0
    for row in rows(shared, "area.csv"):
        unit = unit_of(row)
        if unit is None or not at_target(row):
            continue
        compared += 1
        error = unit_cost(unit, row["library"]).area_um2 / float(row["area_um2"]) - 1
        if abs(error) > 0.10:
            beyond[row["library"], str(unit)] = round(error, 2)
    assert compared == 89
    assert beyond == BEYOND


def test_our_copy_of_the_elements_is_the_reference(shared):
    theirs = [row for row in rows(shared, "area.csv") if row["block"].startswith(("mac", "lut")) and at_target(row)]
    assert [one.area_um2 for one in reference_elements()] == [float(row["area_um2"]) for row in theirs]
    energies = [row for row in rows(shared, "energy.csv") if row["block"].startswith(("mac", "lut"))]
    ours = {str(one): one.energy_fj for one in reference_elements() if one.energy_fj is not None}
    assert list(ours.values()) == [float(row["energy_fj_per_cycle"]) for row in energies]


def test_energies(shared):
    for row in rows(shared, "energy.csv"):
        unit = unit_of(row)
        if unit is None:
            continue
        cost = unit_cost(unit)
        theirs = float(row["energy_fj_per_cycle"])
        assert cost.energy_fj + cost.clock_fj == pytest.approx(theirs, rel=0.12), unit


@pytest.mark.parametrize("library", FITTED_TARGET_PS)
def test_area_ratios_of_elements(library):
    areas = {
        one.key: (one.area_um2, part_sum(reference_parts(*one.key), library).area_um2)
        for one in reference_elements()
        if one.library == library
    }
    base = areas["mac_int", 8, 8, 32]
    for key, (theirs, ours) in areas.items():
        assert (ours / base[1]) / (theirs / base[0]) == pytest.approx(1.0, abs=0.10), key
