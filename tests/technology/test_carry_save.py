"""Carry-save arrays: cells of arrays drawn by hand, and gates that Yosys counted before it mapped them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.technology.carry_save import CarrySave, compress, product_rows, word_row
from codesign.technology.prefix_adder import adder_gates
from codesign.technology.unit_features import AREA_FEATURES
from codesign.technology.units import Unit


def unsigned(a_bits, b_bits):
    rows = product_rows(a_bits, b_bits, a_bits + b_bits, a_signed=False, b_signed=False)
    return compress(rows, a_bits + b_bits, a_bits * b_bits)


def words(count, bits, width):
    return [word_row(bits, width, bits * i, signed=True) for i in range(count)]


def test_two_rows_need_no_compressor():
    assert unsigned(8, 2) == CarrySave(16, 0, 0, 0, (1, 2, 2, 2, 2, 2, 2, 2, 1, 0))
    assert unsigned(8, 2).final_bits == 9


def test_three_rows_of_four_bits():
    """Columns of 1 2 3 3 2 1 bits: half adders in the columns of two, full adders (two halves) in those of three."""
    found = unsigned(4, 3)
    assert (found.half_adders, found.carries, found.levels) == (2 + 2 * 2, 2, 1)
    assert found.compressor_gates == 3 * 6 + 2


def test_rows_of_a_signed_operand_reach_to_the_top():
    rows = product_rows(4, 3, 7, a_signed=True, b_signed=True)
    assert [sorted(row) for row in rows] == [[2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6], [0, 1, 2, 3, 4, 5, 6], [2]]
    assert len({signal for row in rows[:-1] for signal in row.values()}) == 12


def test_equal_cells_of_extended_signs_are_built_once():
    """Three words of four bits in a sum of twenty: cells for four columns, and none for the sixteen extended ones.

    The third bit of column 0 goes beside the carries.
    """
    found = compress(words(3, 4, 20), 20, 0)
    assert (found.half_adders, found.carries) == (2 * 3 + 1, 3)
    assert found.final_columns == 20 * (2,)


def test_a_low_bit_takes_a_free_carry_in_instead_of_a_row():
    """Three rows leave two places in column 0: beside the row of carries, and the carry in of the last adder."""
    alone = compress(words(3, 8, 8), 8, 0)
    one_more = compress([*words(3, 8, 8), {0: 98}], 8, 0)
    two_more = compress([*words(3, 8, 8), {0: 98}, {0: 99}], 8, 0)
    assert alone.levels == one_more.levels == two_more.levels == 1
    assert [one.final_columns[0] for one in (alone, one_more, two_more)] == [2, 2, 3]


def test_the_operand_with_fewer_bits_gives_the_rows():
    assert unsigned(3, 8) == unsigned(8, 3)
    tall = product_rows(3, 8, 11, a_signed=False, b_signed=False, rows_from_b=True)
    assert len(tall) == 8


def test_nothing_to_add():
    assert compress([], 3, 0) == CarrySave(0, 0, 0, 0, (0, 0, 0))
    assert compress(words(1, 8, 8), 8, 0).final_bits == 0


@given(st.integers(2, 20), st.integers(2, 20))
def test_each_full_adder_takes_one_bit_away(a_bits, b_bits):
    """a b bits go in, at most two a column come out; only full adders lessen the number of bits, by one each.

    A carry out of the product's top column, which never is one, isn't built: at most one a level.
    """
    found = unsigned(a_bits, b_bits)
    left = a_bits * b_bits - sum(found.final_columns)
    assert left - found.levels <= found.carries <= left
    assert all(bits <= 2 for bits in found.final_columns[1:])


@pytest.mark.parametrize(("rows", "levels"), [(2, 0), (3, 1), (4, 2), (5, 3), (6, 3), (8, 4), (9, 4), (13, 5)])
def test_wallace_levels(rows, levels):
    """The known heights of Wallace's tree: 2, 3, 4, 6, 9, 13 rows take 0, 1, 2, 3, 4, 5 levels."""
    apart = [{column: 10 * row + column for column in (8, 9)} for row in range(rows)]
    assert compress(apart, 20, 0).levels == levels


@pytest.mark.parametrize(("bits", "gates"), [(1, 2), (2, 7), (8, 17 + 8 + 2 * 15), (24, 75 + 37 + 2 * 47)])
def test_gates_of_an_adder(bits, gates):
    """Yosys 0.70, before mapping: 8 bits 17 AND, 8 OR, 15 XOR; 24 bits 75 AND, 37 OR, 47 XOR."""
    assert adder_gates((2,) * bits) == gates


def test_a_carry_in_and_empty_columns():
    assert adder_gates((1, 1, 1)) == 0
    assert adder_gates((2, 1)) == 3 + 2
    assert adder_gates((3, 1)) == 2 + 1 + 2 + 2 + 2
    assert adder_gates((1, 0, 2)) == 2
    assert adder_gates(()) == 0


YOSYS_GATES = [
    ("multiplier", (2, 2), 10),
    ("multiplier", (8, 2), 76),
    ("multiplier", (8, 8), 487),
    ("multiplier", (16, 16), 2099),
    ("signed_multiplier", (8, 2), 102),
    ("signed_multiplier", (8, 3), 174),
    ("signed_multiplier", (8, 4), 258),
    ("signed_multiplier", (8, 8), 604),
    ("signed_multiplier", (16, 4), 503),
    ("shift_add", (8, 2), 82),
    ("shift_add", (8, 4), 229),
    ("multiply_add", (4, 4, 24), 568),
    ("multiply_add", (8, 2, 24), 343),
    ("multiply_add", (8, 4, 24), 624),
    ("multiply_add", (12, 12, 32), 1865),
    ("multiply_add", (16, 16, 40), 3140),
    ("adder_tree", (4, 8), 183),
    ("adder_tree", (16, 8), 940),
]


@pytest.mark.parametrize(("kind", "sizes", "gates"), YOSYS_GATES)
def test_unit_gates_of_arrays_against_yosys(kind, sizes, gates):
    """AND + OR + 2 XOR of the netlist of Yosys 0.70 (``synth -noabc``) before mapping."""
    assert sum(AREA_FEATURES[kind](Unit(kind, sizes)).values()) == pytest.approx(gates, rel=0.035)
