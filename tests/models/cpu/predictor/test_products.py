"""Products of tables and small matrices, row by row."""

import numpy as np

from codesign.models.cpu.predictor.products import products

DRAW = np.random.default_rng(0)
ROWS, WEIGHTS = DRAW.random((67, 31), dtype=np.float32), DRAW.normal(size=(31, 5)).astype(np.float32)


def test_products_are_those_of_the_library():
    """Up to 31 roundings of singles."""
    exact = ROWS.astype(np.float64) @ WEIGHTS.astype(np.float64)
    sizes = np.abs(ROWS).astype(np.float64) @ np.abs(WEIGHTS).astype(np.float64)
    assert np.all(np.abs(products(ROWS, WEIGHTS) - exact) <= 31 * np.finfo(np.float32).eps * sizes)


def test_a_row_does_not_depend_on_how_many_there_are():
    together = products(ROWS, WEIGHTS)
    for count in (1, 2, 3, 8, 17):
        assert products(ROWS[:count], WEIGHTS).tobytes() == together[:count].tobytes()
    assert products(ROWS[:0], WEIGHTS).shape == (0, 5)
