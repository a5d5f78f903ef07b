"""Bits of one product: hand-made figures, and agreement with a loop nest over blocks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.models.pe.array.cycles import product_cycles
from codesign.models.pe.array.traffic import Operands, product_traffic
from tests.models.pe.array.test_cycles import shape


def one(value):
    return np.array([float(value)])


def traffic(array, product, bits, buffers):
    rows, inner, columns = product
    left, right = bits
    operands = Operands(one(rows * inner * left), one(inner * columns * right), one(rows * columns * left))
    cycles = product_cycles(array, *(one(value) for value in product))
    return product_traffic(array, cycles, operands, one(rows), one(columns), *(one(value) for value in buffers))


def blocks(total, block):
    return len(range(0, total, block))


def fewest_bits(array, product, bits, buffers):
    """Both loop orders, walked: the outer operand's blocks stay, the inner operand is read again for each of them."""
    rows, inner, columns = product
    left, right = rows * inner * bits[0], inner * columns * bits[1]
    held_columns = max(int(buffers[1] // 2 // (inner * bits[1])), int(array.width[0]))
    held_rows = max(int(buffers[0] // 2 // (inner * bits[0])), int(array.height[0]))
    left_again = 1 if left <= buffers[0] / 2 else blocks(columns, held_columns)
    right_again = 1 if right <= buffers[1] / 2 else blocks(rows, held_rows)
    return min(right + left * left_again, left + right * right_again)


def test_what_fits_is_read_once_and_stays():
    found = traffic(shape(), (4, 16, 8), (8, 4), (1e6, 1e6))
    assert found.right_dram[0] == 16 * 8 * 4
    assert found.left_dram[0] == found.output_dram[0] == 0
    assert found.dram[0] == 16 * 8 * 4


def test_one_token_reads_the_weights_once_whatever_the_buffer():
    found = traffic(shape(), (1, 4096, 4096), (8, 4), (1e6, 1024.0))
    assert found.right_dram[0] == 4096 * 4096 * 4


def test_without_room_the_cheaper_operand_is_read_again():
    # 64 x 64 by 64 x 64, arrays of 4 x 8, buffers for one tile: activations again 8 times, or weights again 16 times
    found = traffic(shape(), (64, 64, 64), (8, 8), (2 * 4 * 64 * 8, 2 * 8 * 64 * 8))
    assert found.right_dram[0] == 64 * 64 * 8
    assert found.left_dram[0] == 8 * 64 * 64 * 8
    assert found.output_dram[0] == 64 * 64 * 8


def test_the_array_reads_each_operand_once_a_tile():
    found = traffic(shape(), (9, 16, 17), (8, 4), (1e6, 1e6))
    assert found.right_reads[0] == 16 * 17 * 4 * 3
    assert found.left_reads[0] == 9 * 16 * 8 * 3
    assert found.right_writes[0] == found.right_dram[0]
    assert found.left_writes[0] == 9 * 17 * 8


sizes = st.integers(1, 40)
products = st.tuples(sizes, sizes, sizes)
buffers = st.tuples(st.integers(100, 20000), st.integers(100, 20000))


@given(products, st.sampled_from([(8, 4), (16, 3), (4, 8)]), buffers)
@settings(max_examples=300)
def test_equals_the_better_of_two_loop_orders(product, bits, capacities):
    array = shape(rows=3, columns=5)
    found = traffic(array, product, bits, capacities)
    fewest = fewest_bits(array, product, bits, capacities)
    rows, inner, columns = product
    resident = rows * inner * bits[0] + rows * columns * bits[0] <= capacities[0]
    assert found.right_dram[0] >= inner * columns * bits[1]
    if resident:
        assert found.left_dram[0] == found.output_dram[0] == 0
    else:
        assert found.right_dram[0] + found.left_dram[0] == pytest.approx(fewest)


@given(products, buffers, buffers)
@settings(max_examples=200)
def test_larger_buffers_never_move_more(product, first, more):
    array = shape(rows=3, columns=5)
    small = traffic(array, product, (8, 4), first)
    large = traffic(array, product, (8, 4), tuple(a + b for a, b in zip(first, more, strict=True)))
    assert large.dram[0] <= small.dram[0]
