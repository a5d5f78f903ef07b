"""Whole elements as synthesised: every row has its element, and the chain factors follow from them."""

import csv
import math
from dataclasses import replace

import pytest

from benchmarks.fit_units import CHAINS, chains
from codesign.models.pe.array.prices import part_sum, structure_price
from codesign.models.pe.chain import ChainFactors, chain_factors, chain_factors_of
from codesign.models.pe.element import Configuration, Part, Structure
from codesign.models.pe.element_synthesis import (
    SynthesisedElement,
    fitted_chain_factors,
    summed_areas,
    synthesised_elements,
)
from codesign.technology import units
from codesign.technology.unit_costs import libraries, unit_cost

ADDER, SHIFTER, GATES, REGISTER = units.adder(16), units.barrel_shifter(16, 3), units.and_row(16), units.register(16)
CHAIN = Structure(
    element=(Part(ADDER), Part(SHIFTER, 2.0), Part(GATES), Part(REGISTER)), path=(SHIFTER, ADDER), cut_bits=1
)
ALONE = Structure(element=(Part(ADDER), Part(REGISTER)), path=(ADDER,), cut_bits=1)
ON_PATH = unit_cost(ADDER).area_um2 + 2 * unit_cost(SHIFTER).area_um2
OFF_PATH = unit_cost(GATES).area_um2
REGISTERS = unit_cost(REGISTER).area_um2


def synthesised(structure, area_um2):
    return SynthesisedElement("nangate45", "int8", Configuration(8, 8), structure, 1000, area_um2, math.nan)


def more_gates(count):
    return replace(CHAIN, element=(*CHAIN.element, Part(GATES, count)))


def test_registers_path_and_other_logic_apart():
    assert summed_areas(CHAIN, "nangate45") == pytest.approx((REGISTERS, ON_PATH, OFF_PATH))


def test_factors_that_the_elements_obey_come_back():
    rows = [synthesised(more_gates(n), REGISTERS + 1.07 * ON_PATH + 0.8 * (1 + n) * OFF_PATH) for n in range(1, 6)]
    found = fitted_chain_factors([*rows, synthesised(ALONE, 1.0)])
    assert (found.on_path, found.off_path) == pytest.approx((1.07, 0.8))


def test_too_few_elements_no_factors():
    rows = [synthesised(CHAIN, 100.0)] * 3 + [synthesised(ALONE, 1.0)] * 9
    assert fitted_chain_factors(rows) is None


def test_one_unit_on_the_path_is_alone():
    assert chain_factors_of("nangate45", (ADDER,)) == ChainFactors(1.0, 1.0)
    assert chain_factors_of("nangate45", (ADDER, SHIFTER)) == chain_factors()["nangate45"]


def test_the_factors_are_on_the_area_of_logic_only():
    factors = chain_factors()["nangate45"]
    alone, chained = part_sum(CHAIN.element, "nangate45"), structure_price(CHAIN, "nangate45").element
    assert alone.area_um2 == pytest.approx(ON_PATH + OFF_PATH + REGISTERS)
    assert chained.area_um2 == pytest.approx(factors.on_path * ON_PATH + factors.off_path * OFF_PATH + REGISTERS)
    assert (chained.busy_fj, chained.idle_fj, chained.leakage_nw) == (alone.busy_fj, alone.idle_fj, alone.leakage_nw)


def test_stored_factors_are_those_of_the_stored_elements():
    """``python -m benchmarks.fit_units`` writes them anew."""
    with CHAINS.open(encoding="utf-8") as stream:
        stored = {row["library"]: row for row in csv.DictReader(stream)}
    fresh = {row["library"]: row for row in chains()}
    assert stored.keys() == fresh.keys() == libraries().keys()
    for library, row in fresh.items():
        for name in ("on_path", "off_path"):
            assert float(stored[library][name]) == pytest.approx(float(row[name]), abs=5e-3)
            assert 0.7 < float(row[name]) < 1.2


def test_every_row_is_an_element_with_its_structure():
    rows = list(synthesised_elements())
    assert rows
    for row in rows:
        assert row.area_um2 > 0
        assert row.structure.element
    assert len({(row.library, row.target_ps, row.element, str(row)) for row in rows}) == len(rows)
