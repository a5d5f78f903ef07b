"""Published claims about table lookup, FP8 and approximate normalisation: what is compared, and how it comes out."""

import math
from itertools import pairwise

import pytest

from codesign.models.pe.array.prices import part_sum
from codesign.models.pe.element import Part
from codesign.models.pe.published.approximate_normalisation import approximate_normalisation
from codesign.models.pe.published.fp8_int8 import fp8_versus_int8, gate_ratio
from codesign.models.pe.published.lut_tensor_core import (
    COLUMNS,
    ROWS,
    STEPS,
    ablation,
    array_price,
    break_even_bits,
    dot_product,
    lut_tensor_core,
)
from codesign.technology.units import adder, multiplexer, register_enable, xor_row


def kinds(step):
    return {part.name: part for part in ablation(step)}


class TestAblation:
    def test_reinterpretation_halves_the_lookup_and_brings_an_index_to_invert(self):
        before, after = kinds(STEPS[0]), kinds(STEPS[1])
        assert (before["look up"].unit, after["look up"].unit) == (multiplexer(16, 8), multiplexer(8, 8))
        assert after["invert the index"] == Part(xor_row(3), COLUMNS, name="invert the index")
        assert (before["tables"].unit, after["tables"].unit) == (register_enable(128), register_enable(64))

    def test_inverting_in_memory_removes_the_gates_and_nothing_else(self):
        before, after = kinds(STEPS[1]), kinds(STEPS[2])
        assert {name for name in before if before[name] != after.get(name)} == {"invert the index"}

    def test_making_tables_outside_removes_adders_and_registers(self):
        before, after = kinds(STEPS[2]), kinds(STEPS[3])
        assert set(before) - set(after) == {"make the tables", "tables"}
        assert before["make the tables"].unit == adder(10)
        assert before["make the tables"].count == ROWS * (7 + 3)

    def test_every_step_saves_area_and_energy(self):
        prices = [array_price(step) for step in STEPS]
        for dearer, cheaper in pairwise(prices):
            assert dearer.area_um2 > cheaper.area_um2
            assert dearer.busy_fj > cheaper.busy_fj

    def test_area_ratios_are_within_a_tenth_of_the_papers(self):
        rows = [check for check in lut_tensor_core() if check.item.endswith(": area")]
        assert [check.reference for check in rows] == [1.317, 1.351, 1.440]
        assert [check.verdict for check in rows] == ["match"] * 3

    def test_a_wider_sum_makes_the_savings_relatively_smaller(self):
        gains = [array_price(STEPS[0], bits).area_um2 / array_price(STEPS[3], bits).area_um2 for bits in (16, 24, 32)]
        assert gains == sorted(gains, reverse=True)


class TestDensity:
    def test_a_lookup_takes_no_multiplier_and_an_addition_no_lookup(self):
        parts = {way: {part.unit.kind for part in dot_product(way, False)} for way in ("multiply", "add", "look up")}
        assert parts["multiply"] == {"float_multiply", "float_add"}
        assert parts["add"] == {"xor_row", "float_add"}
        assert parts["look up"] == {"multiplexer", "xor_row"}

    def test_addition_breaks_even_between_two_and_three_bits_and_lookup_about_seven(self):
        assert 2.0 < break_even_bits("add") < 3.0
        assert break_even_bits("look up") == pytest.approx(7.0, abs=0.5)
        rows = [check for check in lut_tensor_core() if "denser than multiplying" in check.item]
        assert [check.ours for check in rows] == [math.ceil(break_even_bits(way)) - 1 for way in ("add", "look up")]


class TestFp8:
    def test_costs_more_than_int8_and_most_with_fp32_sums(self):
        for name in ("fp8-e4m3", "fp8-e5m2"):
            assert gate_ratio(name, 32) > gate_ratio(name, 16) > 1.0
        assert gate_ratio("fp8-e4m3", 32) > gate_ratio("fp8-e5m2", 32)


class TestApproximateNormalisation:
    def test_saves_what_is_less_than_the_exact_normaliser(self):
        area, power = approximate_normalisation()
        assert 5.0 < area.ours < 21.0  # an exact normaliser is 21 % of the element (the paper)
        assert power.verdict == "match"


@pytest.mark.parametrize("rows", [lut_tensor_core, fp8_versus_int8, approximate_normalisation])
def test_every_row_that_differs_gives_its_reason(rows):
    checks = rows()
    assert len({check.item for check in checks}) == len(checks)
    assert all(check.note for check in checks if check.verdict != "match")
    assert all(check.source for check in checks)


def test_prices_add_up_over_the_parts():
    parts = ablation(STEPS[3])
    assert array_price(STEPS[3]).area_um2 == pytest.approx(sum(part_sum((p,), "nangate45").area_um2 for p in parts))
