"""Prices against another table of synthesis runs, of the same flow; most of its sizes are among those fitted."""

import csv

import pytest

from codesign.models.pe.reference_elements import reference_elements
from codesign.models.pe.validate import reference_pairs
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
LARGEST = 0.20
"""Relative difference that no unit exceeds: one run of synthesis, which moves with the order of the gates."""


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
    errors = {}
    for row in rows(shared, "area.csv"):
        unit = unit_of(row)
        if unit is None or not at_target(row):
            continue
        errors[row["library"], str(unit)] = unit_cost(unit, row["library"]).area_um2 / float(row["area_um2"]) - 1
    beyond = {unit: round(error, 3) for unit, error in errors.items() if abs(error) > 0.10}
    assert len(errors) == 89
    assert len(beyond) <= 0.05 * len(errors), beyond
    assert all(abs(error) <= LARGEST for error in beyond.values()), beyond


def test_our_copy_of_the_elements_is_the_reference(shared):
    theirs = [row for row in rows(shared, "area.csv") if row["block"].startswith(("mac", "lut")) and at_target(row)]
    assert [one.area_um2 for one in reference_elements()] == [float(row["area_um2"]) for row in theirs]
    energies = [row for row in rows(shared, "energy.csv") if row["block"].startswith(("mac", "lut"))]
    ours = [one.energy_fj for one in reference_elements() if one.energy_fj is not None]
    assert sorted(ours) == sorted(float(row["energy_fj_per_cycle"]) for row in energies)


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
    for area, ratio in reference_pairs(library):
        assert abs(ratio.error) <= 0.10, area
