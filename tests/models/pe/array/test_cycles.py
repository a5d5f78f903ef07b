"""Cycles of one product: hand-made figures, and agreement with walking through the tiles one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.models.pe.array.cycles import ArrayShape, product_cycles


def shape(rows=4, columns=8, fused=(1, 1), step=(1, 1), scale=0, group=0, stages=1):
    values = (rows, columns, *fused, *step, scale, group, stages)
    return ArrayShape(*(np.array([float(value)]) for value in values))


def cycles(array, rows, inner, columns):
    return product_cycles(array, *(np.array([float(value)]) for value in (rows, inner, columns)))


def walked(array, rows, inner, columns):
    """Go through every tile, every output and every step."""
    height, width = int(array.height[0]), int(array.width[0])
    steady = busy = row_busy = column_busy = 0.0
    fused_rows, fused_columns = array.fused_rows[0], array.fused_columns[0]
    steps = 0
    reached = 0
    while reached < inner:
        reached += array.step_macs[0]
        steps += array.step_cycles[0]
    group = array.group[0] or inner
    groups = len(np.unique(np.arange(inner) // group))
    for top in range(0, rows, height):
        for left in range(0, columns, width):
            used_height, used_width = min(height, rows - top), min(width, columns - left)
            steady += max(steps, used_height * groups * array.scale_cycles[0])
            steady += int(np.ceil(used_height / fused_rows))
            busy += used_height / fused_rows * used_width / fused_columns * steps
            row_busy += used_height / fused_rows * steps
            column_busy += used_width / fused_columns * steps
    return steady, busy, row_busy, column_busy


@pytest.mark.parametrize(
    ("array", "product", "steady", "fill"),
    [
        (shape(), (4, 16, 8), 16 + 4, 3 + 7 + 1),
        (shape(), (1, 16, 8), 16 + 1, 0 + 7 + 1),
        (shape(), (5, 16, 9), 2 * (16 + 4) + 2 * (16 + 1), 3 + 7 + 1),
        (shape(step=(4, 2)), (4, 16, 8), 8 + 4, 3 + 7 + 1),
        (shape(step=(4, 2)), (4, 17, 8), 10 + 4, 3 + 7 + 1),
        (shape(fused=(2, 2)), (8, 16, 16), 16 + 4, 3 + 7 + 1),
        (shape(scale=1, group=16), (4, 64, 8), 64 + 4, 3 + 7 + 1),
        (shape(scale=8, group=16), (4, 64, 8), 4 * 4 * 8 + 4, 3 + 7 + 1),
        (shape(stages=5), (1, 1, 1), 1 + 1, 0 + 0 + 5),
    ],
)
def test_hand_made(array, product, steady, fill):
    found = cycles(array, *product)
    assert found.steady[0] == steady
    assert found.fill[0] == fill


arrays = st.builds(
    shape,
    rows=st.integers(1, 9),
    columns=st.integers(1, 9),
    fused=st.sampled_from([(1, 1), (2, 2), (2, 4)]),
    step=st.sampled_from([(1, 1), (4, 2), (4, 3), (2, 4)]),
    scale=st.integers(0, 8),
    group=st.sampled_from([0, 4, 16]),
)


@given(arrays, st.integers(1, 40), st.integers(1, 70), st.integers(1, 40))
@settings(max_examples=300)
def test_equals_walking_through_the_tiles(array, rows, inner, columns):
    found = cycles(array, rows, inner, columns)
    steady, busy, row_busy, column_busy = walked(array, rows, inner, columns)
    assert found.steady[0] == steady
    assert found.busy[0] == pytest.approx(busy, rel=1e-12)
    assert found.row_busy[0] == pytest.approx(row_busy, rel=1e-12)
    assert found.column_busy[0] == pytest.approx(column_busy, rel=1e-12)


@given(arrays, st.integers(1, 40), st.integers(1, 70), st.integers(1, 40))
@settings(max_examples=200)
def test_never_beats_the_peak(array, rows, inner, columns):
    found = cycles(array, rows, inner, columns)
    peak = array.height[0] * array.width[0] * array.step_macs[0] / array.step_cycles[0]
    assert rows * inner * columns <= found.steady[0] * peak * (1 + 1e-12)
    assert found.busy[0] <= found.steady[0] * array.rows[0] * array.columns[0] * (1 + 1e-12)


@given(arrays, st.integers(1, 40), st.integers(1, 70), st.integers(1, 40), st.booleans())
@settings(max_examples=200)
def test_twice_the_array_is_no_slower_but_for_its_skew(array, rows, inner, columns, taller):
    doubled = {"rows": array.rows * 2} if taller else {"columns": array.columns * 2}
    larger = ArrayShape(**{**array.__dict__, **doubled})
    before, after = cycles(array, rows, inner, columns), cycles(larger, rows, inner, columns)
    assert after.steady[0] <= before.steady[0]
    assert after.fill[0] <= before.fill[0] + (larger.rows + larger.columns - array.rows - array.columns)[0]
