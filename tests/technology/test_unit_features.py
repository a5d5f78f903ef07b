"""Features of units: closed forms where there are any, and sense for every kind."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.technology import units
from codesign.technology.prefix_adder import prefix_nodes
from codesign.technology.unit_features import AREA_FEATURES, DELAY_FEATURES
from codesign.technology.units import KINDS, Unit

LARGE = {
    "stages": 3,
    "inputs": 8,
    "in_bits": 5,
    "exponent_bits": 5,
}


def example(kind, factor=1):
    return Unit(kind, tuple(LARGE.get(name, 8 * factor) for name in KINDS[kind]))


@pytest.mark.parametrize(("bits", "nodes"), [(1, 0), (2, 1), (4, 4), (8, 11), (16, 26), (32, 57)])
def test_brent_kung_nodes_of_powers_of_two(bits, nodes):
    assert prefix_nodes(bits) == nodes
    assert nodes == 2 * bits - 2 - math.log2(bits)


@given(st.integers(1, 200))
def test_a_longer_prefix_tree_has_more_nodes(bits):
    assert prefix_nodes(bits) <= prefix_nodes(bits + 1) <= prefix_nodes(bits) + math.log2(bits) + 1


def test_every_kind_has_features():
    assert set(AREA_FEATURES) == set(DELAY_FEATURES) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_features_are_finite_and_grow_with_the_words(kind):
    for table in (AREA_FEATURES, DELAY_FEATURES):
        small, large = table[kind](example(kind)), table[kind](example(kind, 2))
        assert set(small) == set(large)
        assert len(small) <= 4
        assert all(math.isfinite(value) and value >= 0 for value in small.values())
        assert all(large[name] >= small[name] for name in small)
    assert sum(AREA_FEATURES[kind](example(kind)).values()) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_smallest_unit_has_features(kind):
    smallest = Unit(kind, (1,) * len(KINDS[kind]))
    assert all(math.isfinite(value) for value in AREA_FEATURES[kind](smallest).values())
    assert all(math.isfinite(value) for value in DELAY_FEATURES[kind](smallest).values())


def test_a_shifter_is_a_multiplexer_a_bit_and_stage_less_what_is_filled_with_zeros():
    found = AREA_FEATURES["barrel_shifter"](units.barrel_shifter(16, 4))
    assert found == {"multiplexers": 64 - 15, "and_gates": 15}


def test_a_shift_beyond_the_word_is_all_zeros():
    found = AREA_FEATURES["barrel_shifter"](units.barrel_shifter(4, 4))
    assert found == {"multiplexers": 3 + 2, "and_gates": 1 + 2 + 4 + 4}


def test_a_wide_sum_costs_rows_as_wide():
    narrow = AREA_FEATURES["multiply_add"](units.multiply_add(8, 4, 16))
    wide = AREA_FEATURES["multiply_add"](units.multiply_add(8, 4, 32))
    assert wide["array_gates"] > 1.5 * narrow["array_gates"]
    assert wide["carry_gates"] > 1.5 * narrow["carry_gates"]


def test_the_rows_of_shift_and_add_are_those_of_its_second_operand():
    one = AREA_FEATURES["shift_add"](units.shift_add(16, 4))
    other = AREA_FEATURES["shift_add"](units.shift_add(4, 16))
    assert one["partial_products"] == other["partial_products"] == 64
    assert one != other
