"""Energy tables: published constants, honest units, interpolation over capacity."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import UnknownNameError
from codesign.technology import LEVELS, SramCurve, energy_table, energy_tables
from codesign.technology.energy import data_rows

HOROWITZ = SramCurve(((8.0, 10.0), (32.0, 20.0), (1024.0, 100.0)), 64)


def test_normalised_eyeriss_costs():
    table = energy_table("eyeriss_isca16")
    assert [table.word_energy(level, 16) for level in LEVELS] == [1, 1, 2, 6, 200]
    assert table.unit == "MAC"
    assert table.word_bits == (16,)


def test_chip_costs_are_in_picojoules():
    table = energy_table("eyeriss_isscc16")
    assert [table.word_energy(level, 16) for level in LEVELS] == [2, 1, 4, 15, 460]
    assert (table.unit, table.static_mw) == ("pJ", 30.0)


def test_horowitz_scales_wide_accesses_to_words():
    table = energy_table("horowitz_isscc14_45nm")
    assert table.word_bits == (8, 16)
    assert table.word_energy("dram", 16) == 1950.0 * 16 / 64
    assert table.sram_word_energy(32.0, 8) == 20.0 * 8 / 64
    assert math.isnan(table.word_energy("register", 16))
    assert table.static_mw == 0.0


def test_a_multiply_accumulate_is_a_multiply_and_an_add():
    operation = {
        (row["operation"], int(row["word_bits"])): float(row["value"]) for row in data_rows("operation_energy.csv")
    }
    table = energy_table("horowitz_isscc14_45nm")
    assert table.word_energy("mac", 8) == pytest.approx(operation["integer_multiply", 8] + operation["integer_add", 32])
    assert table.word_energy("mac", 16) == operation["float_multiply", 16] + operation["float_add", 16]


def test_the_dram_constant_is_the_middle_of_the_published_range():
    row = next(
        r for r in data_rows("access_energy.csv") if r["table"].startswith("horowitz") and r["quantity"] == "dram"
    )
    assert float(row["value"]) == (float(row["low"]) + float(row["high"])) / 2


@pytest.mark.parametrize("file", ["access_energy.csv", "operation_energy.csv", "sram_energy.csv"])
def test_every_constant_has_unit_source_and_year(file):
    rows = list(data_rows(file))
    assert rows
    for row in rows:
        assert row["unit"] in ("pJ", "mW", "MAC")
        assert row["source"]
        assert 2010 < int(row["year"]) < 2030


def test_tabulated_capacities_give_tabulated_energies():
    assert [HOROWITZ.energy(capacity) for capacity in (8, 32, 1024)] == [10, 20, 100]


def test_lines_in_the_logarithms():
    assert HOROWITZ.energy(16) == pytest.approx(math.sqrt(10 * 20))
    assert HOROWITZ.energy(2) == pytest.approx(5)
    assert HOROWITZ.energy(32 * math.sqrt(32)) == pytest.approx(math.sqrt(20 * 100))


@given(st.floats(0.1, 1e5), st.floats(1.0, 4.0))
def test_a_larger_sram_never_costs_less(capacity, factor):
    assert HOROWITZ.energy(capacity * factor) >= HOROWITZ.energy(capacity) * (1 - 1e-12)


def test_range_of_the_table():
    assert [HOROWITZ.in_range(capacity) for capacity in (7.9, 8, 1024, 1025)] == [False, True, True, False]
    assert energy_table("eyeriss_isca16").sram_in_range(1e6)


@pytest.mark.parametrize("points", [(), ((8.0, 1.0),), ((8.0, 1.0), (8.0, 2.0)), ((9.0, 1.0), (8.0, 2.0))])
def test_a_curve_needs_rising_capacities(points):
    with pytest.raises(ValueError, match="rising capacities"):
        SramCurve(points, 64)


def test_an_unknown_table_is_refused_with_the_nearest_name():
    with pytest.raises(UnknownNameError, match="did you mean 'eyeriss_isca16'"):
        energy_table("eyeriss_isca61")
    assert "eyeriss_isca16" in energy_tables()
