"""Resource formulas equal the published tables at every listed point."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.models.fpga.resources import (
    accumulator_bits,
    adder_tree_luts,
    bram18_blocks,
    ceil_divide,
    lut_memory_luts,
    matrix_vector_luts,
    multiplier_luts,
    threshold_luts,
    uram_blocks,
)


@pytest.mark.parametrize(
    ("weight_bits", "activation_bits", "luts"), [(1, 1, 2), (2, 2, 4), (2, 4, 6), (4, 4, 24), (4, 8, 36), (8, 8, 80)]
)
def test_luts_of_a_multiplier(weight_bits, activation_bits, luts):
    assert multiplier_luts(weight_bits, activation_bits) == luts
    assert multiplier_luts(activation_bits, weight_bits) == luts


def test_the_adder_tree_has_one_adder_less_than_twice_its_inputs():
    assert adder_tree_luts(1, 4, 4) == 8
    assert adder_tree_luts(16, 8, 8) == 16 * 31


@pytest.mark.parametrize(("terms", "bits"), [(1, 8), (2, 9), (3, 10), (256, 16), (257, 17), (1 << 30, 32)])
def test_a_sum_grows_by_a_bit_when_its_terms_double(terms, bits):
    assert accumulator_bits(terms, 4, 4) == bits


def test_thresholds_are_held_and_compared():
    assert threshold_luts(1, 10, 64) == 10 + 10
    assert threshold_luts(4, 16, 65) == 15 * 16 * (2 + 1)


def test_a_whole_engine_by_hand():
    """P = 2, Q = 4, W = A = 4, acc = 12: multipliers 4 x 24, tree 8 x 7, so 2 x (96 + 56 + 12) = 328."""
    assert matrix_vector_luts(2, 4, 4, 4, 12, True) == 300 + 360  # floor(1.1 x 328) = 360
    assert matrix_vector_luts(2, 4, 4, 4, 12, False) == 300 + 149  # floor(1.1 x 136) = 149
    assert matrix_vector_luts(2, 4, 4, 4, 12, False, 10) == 300 + 171


@pytest.mark.parametrize(
    ("width", "depth", "blocks"),
    [
        (1, 16384, 1),
        (1, 16385, 2),
        (2, 8192, 1),
        (2, 8193, 2),
        (3, 4096, 1),
        (4, 4096, 1),
        (4, 4097, 2),
        (8, 2048, 1),
        (9, 2048, 1),
        (9, 2049, 2),
        (16, 1024, 1),
        (18, 1024, 1),
        (18, 1025, 2),
        (36, 512, 1),
        (37, 512, 2),
        (36, 513, 2),
        (2048, 1024, 114),
        (0, 100, 0),
        (100, 0, 0),
    ],
)
def test_block_memories_by_width_class_and_depth(width, depth, blocks):
    assert bram18_blocks(width, depth) == blocks


@given(st.integers(1, 4096), st.integers(1, 40_000))
def test_block_memories_hold_the_words(width, depth):
    blocks = int(bram18_blocks(width, depth))
    assert blocks * 18 * 1024 >= width * depth


@given(st.integers(1, 600), st.integers(1, 20_000))
def test_arrays_give_what_numbers_give(width, depth):
    found = bram18_blocks(np.array([width, 1]), np.array([[depth], [1]]))
    assert found.tolist() == [
        [int(bram18_blocks(width, depth)), int(bram18_blocks(1, depth))],
        [bram18_blocks(width, 1), 1],
    ]


@pytest.mark.parametrize(("width", "depth", "blocks"), [(72, 4096, 1), (73, 4096, 2), (72, 4097, 2), (144, 8192, 4)])
def test_ultraram_blocks(width, depth, blocks):
    assert uram_blocks(width, depth) == blocks


def test_a_lut_holds_64_words_of_a_bit():
    assert lut_memory_luts(10, 64) == 10
    assert lut_memory_luts(10, 65) == 20


def test_division_is_exact_for_large_numbers():
    assert ceil_divide(2**53 + 1, 1) == 2**53 + 1
    assert ceil_divide(2**53 + 1, 2) == 2**52 + 1
