"""Trees as arrays give what the library's do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingRegressor

from codesign.models.cpu.predictor.trees import LEAF, Trees, grown

DRAW = np.random.default_rng(0)
ROWS = DRAW.random((400, 5), dtype=np.float32)
TARGET = (np.where(ROWS[:, 0] > 0.5, 1.0, 0.0) + ROWS[:, 1]).astype(np.float64)


def library(rows, target, trees, leaves, rate, least):
    return HistGradientBoostingRegressor(
        max_iter=trees,
        max_leaf_nodes=leaves,
        learning_rate=rate,
        min_samples_leaf=least,
        early_stopping=False,
        l2_regularization=1.0,
        random_state=0,
    ).fit(rows, target)


def test_one_tree_by_hand():
    tree = Trees(
        base=10.0,
        roots=np.array([0], dtype=np.int32),
        feature=np.array([1, LEAF, LEAF], dtype=np.int32),
        left=np.array([1, 0, 0], dtype=np.int32),
        right=np.array([2, 0, 0], dtype=np.int32),
        threshold=np.array([0.5, -1.0, 2.0]),
    )
    assert tree.values(np.array([[9, 0.4], [9, 0.5], [9, 0.6]], dtype=np.float32)).tolist() == [9, 9, 12]


@settings(max_examples=6)
@given(st.integers(0, 1000), st.sampled_from([(1, 2), (20, 8), (30, 31)]), st.sampled_from([1, 5, 50]))
def test_trees_give_what_scikit_learn_gives(seed, size, least):
    """The order of the sum is another: a few roundings of doubles."""
    draw = np.random.default_rng(seed)
    rows = np.round(draw.random((300, 4)), 2).astype(np.float32)
    target = draw.normal(size=300) + 3 * rows[:, 0]
    found = grown(rows, target, *size, 0.1, least).values(rows)
    assert found == pytest.approx(library(rows, target, *size, 0.1, least).predict(rows), abs=1e-12)


def test_a_row_does_not_depend_on_the_others():
    ours = grown(ROWS, TARGET, 20, 8, 0.1, 5)
    assert ours.values(ROWS[7:9]).tolist() == ours.values(ROWS)[7:9].tolist()
    assert ours.values(ROWS[:0]).tolist() == []


def test_a_target_that_never_changes_needs_no_split():
    assert grown(ROWS, np.full(len(ROWS), 0.25), 5, 8, 0.1, 5).values(ROWS).tolist() == [0.25] * len(ROWS)
