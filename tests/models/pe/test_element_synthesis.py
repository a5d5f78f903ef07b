"""Whole elements as synthesised: every row has its element, and the chain factors follow from them."""

import csv
import math

import pytest

from benchmarks.fit_units import CHAINS, chains
from codesign.models.pe.array.prices import part_sum, structure_price
from codesign.models.pe.chain import chain_factor, chain_factors
from codesign.models.pe.element import Configuration, Part, Structure
from codesign.models.pe.element_synthesis import (
    SynthesisedElement,
    fitted_chain_factor,
    summed_areas,
    synthesised_elements,
)
from codesign.technology import units
from codesign.technology.unit_costs import unit_cost

ADDER, SHIFTER, REGISTER = units.adder(16), units.barrel_shifter(16, 3), units.register(16)
CHAIN = Structure(element=(Part(ADDER), Part(SHIFTER, 2.0), Part(REGISTER)), path=(SHIFTER, ADDER), cut_bits=1)
ALONE = Structure(element=(Part(ADDER), Part(REGISTER)), path=(ADDER,), cut_bits=1)
LOGIC = unit_cost(ADDER).area_um2 + 2 * unit_cost(SHIFTER).area_um2
REGISTERS = unit_cost(REGISTER).area_um2


def synthesised(structure, area_um2):
    return SynthesisedElement("nangate45", "int8", Configuration(8, 8), structure, 1000, area_um2, math.nan)


def test_logic_and_registers_apart():
    assert summed_areas(CHAIN, "nangate45") == pytest.approx((LOGIC, REGISTERS))


def test_a_factor_that_the_elements_obey_comes_back():
    rows = [synthesised(CHAIN, 1.07 * LOGIC + REGISTERS), synthesised(ALONE, 1.0)]
    assert fitted_chain_factor(rows) == pytest.approx(1.07)


def test_two_elements_share_one_factor_by_their_relative_errors():
    """Without registers the factor minimises (f / a - 1)^2 + (f / b - 1)^2: (1/a + 1/b) / (1/a^2 + 1/b^2)."""
    bare = Structure(element=(Part(ADDER), Part(SHIFTER, 2.0)), path=(SHIFTER, ADDER), cut_bits=1)
    rows = [synthesised(bare, 1.0 * LOGIC), synthesised(bare, 1.2 * LOGIC)]
    assert fitted_chain_factor(rows) == pytest.approx((1 + 1 / 1.2) / (1 + 1 / 1.44))


def test_no_elements_no_factor():
    assert math.isnan(fitted_chain_factor([synthesised(ALONE, 1.0)]))


def test_one_unit_on_the_path_is_alone():
    assert chain_factor("nangate45", 1) == 1.0
    assert chain_factor("nangate45", 2) == chain_factor("nangate45", 5) == chain_factors()["nangate45"]


def test_the_factor_is_on_the_area_of_logic_only():
    factor = chain_factors()["nangate45"]
    alone, chained = part_sum(CHAIN.element, "nangate45"), structure_price(CHAIN, "nangate45").element
    assert chained.area_um2 == pytest.approx(factor * LOGIC + REGISTERS)
    assert alone.area_um2 == pytest.approx(LOGIC + REGISTERS)
    assert (chained.busy_fj, chained.idle_fj, chained.leakage_nw) == (alone.busy_fj, alone.idle_fj, alone.leakage_nw)


def test_stored_factors_are_those_of_the_stored_elements():
    """``python -m benchmarks.fit_units`` writes them anew."""
    with CHAINS.open(encoding="utf-8") as stream:
        stored = {row["library"]: float(row["value"]) for row in csv.DictReader(stream)}
    fresh = {row["library"]: float(row["value"]) for row in chains()}
    assert stored.keys() == fresh.keys()
    for library, value in fresh.items():
        assert stored[library] == pytest.approx(value, abs=5e-3)
        assert 0.8 < value < 1.2


def test_every_row_is_an_element_with_its_structure():
    rows = list(synthesised_elements())
    assert rows
    for row in rows:
        assert row.area_um2 > 0
        assert row.structure.element
    assert len({(row.library, row.target_ps, row.element, str(row)) for row in rows}) == len(rows)
