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


def walked(array, product, bits, buffers, right_outside):
    """Bits that cross the chip's edge in one loop order, tile by tile: what half a buffer holds isn't fetched again."""
    rows, inner, columns = product
    height, width = int(array.height[0]), int(array.width[0])
    left_room, right_room = (int(buffer // 2 // (inner * bit)) for buffer, bit in zip(buffers, bits, strict=True))
    left_held, right_held = left_room >= min(rows, height), right_room >= min(columns, width)
    block = right_room if right_outside else left_room
    step = max(block, width if right_outside else height) if (left_held if right_outside else right_held) else 0
    outer, inner_total, tile = (columns, rows, height) if right_outside else (rows, columns, width)
    step = step or (width if right_outside else height)
    outer_held, inner_held = (right_held, left_held) if right_outside else (left_held, right_held)
    inner_all = (left_room >= rows) if right_outside else (right_room >= columns)
    outer_bits, inner_bits = (bits[1], bits[0]) if right_outside else (bits[0], bits[1])
    moved, seen = 0, set()
    for start in range(0, outer, step):
        size = min(step, outer - start)
        for other in range(0, inner_total, tile):
            if not (outer_held and ("outer", start) in seen):
                moved += size * inner * outer_bits
            if not (inner_held and inner_all and ("inner", other) in seen):
                moved += min(tile, inner_total - other) * inner * inner_bits
            seen |= {("outer", start), ("inner", other)}
    return moved


def fewest_bits(array, product, bits, buffers):
    return min(walked(array, product, bits, buffers, outside) for outside in (True, False))


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


def test_what_no_buffer_holds_a_tile_of_is_read_again_for_every_tile():
    # 64 x 64 by 64 x 64, arrays of 4 x 8: 16 rows and 8 columns of tiles, and room for less than one of either
    found = traffic(shape(), (64, 64, 64), (8, 8), (2 * 4 * 64 * 8 - 1, 2 * 8 * 64 * 8 - 1))
    assert found.right_dram[0] == 16 * 64 * 64 * 8
    assert found.left_dram[0] == 8 * 64 * 64 * 8


def test_weights_that_pass_by_are_read_again_for_every_row_of_tiles():
    found = traffic(shape(), (64, 64, 64), (8, 8), (1e6, 2 * 8 * 64 * 8 - 1))
    assert found.right_dram[0] == 16 * 64 * 64 * 8
    assert found.left_writes[0] == 64 * 64 * 8


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
        tile = inner * min(columns, 5) * bits[1]
        passes = 1 if tile <= capacities[1] // 2 else -(-rows // 3)
        assert found.right_dram[0] == inner * columns * bits[1] * passes
    else:
        assert found.right_dram[0] + found.left_dram[0] == pytest.approx(fewest)


@given(products, buffers, buffers)
@settings(max_examples=200)
def test_larger_buffers_never_move_more(product, first, more):
    array = shape(rows=3, columns=5)
    small = traffic(array, product, (8, 4), first)
    large = traffic(array, product, (8, 4), tuple(a + b for a, b in zip(first, more, strict=True)))
    assert large.dram[0] <= small.dram[0]
