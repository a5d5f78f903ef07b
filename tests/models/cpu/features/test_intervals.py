"""Intervals that stand for a program: as often as those that are like them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.models.cpu.features.intervals import GROUPS, chosen_intervals

LENGTH = 100


def test_two_phases_that_alternate_are_both_chosen():
    cycles = np.array([[50.0, 80.0], [400.0, 90.0], [400.0, 90.0]] * 20)
    found = chosen_intervals(cycles, 8, LENGTH)
    assert found.begins.tolist() == [0, LENGTH]
    assert found.weights.tolist() == [1 / 3, 2 / 3]


def test_the_interval_nearest_to_the_middle_of_its_group_is_chosen():
    """In the log, where ratios count: 100 is the middle of 50, 100 and 200."""
    cycles = np.array([50.0, 200.0, 100.0, 90_000.0])[:, None]
    found = chosen_intervals(cycles, 2, LENGTH)
    assert found.begins.tolist() == [2 * LENGTH, 3 * LENGTH]
    assert found.weights.tolist() == [0.75, 0.25]


def test_intervals_that_are_all_alike_need_one():
    found = chosen_intervals(np.full((40, 3), 123.0), GROUPS, LENGTH)
    assert (found.begins.tolist(), found.weights.tolist()) == ([0], [1.0])


def test_as_many_groups_as_intervals_give_each_its_share():
    found = chosen_intervals(np.array([[10.0], [100.0], [1000.0]]), GROUPS, LENGTH)
    assert found.begins.tolist() == [0, LENGTH, 2 * LENGTH]
    assert found.weights.tolist() == [1 / 3] * 3


tables = st.lists(st.tuples(st.floats(1, 1e5), st.floats(1, 1e5)), min_size=1, max_size=40)


@settings(max_examples=10)
@given(tables, st.integers(1, 12))
def test_weights_sum_to_one_and_equal_tables_choose_equally(rows, groups):
    cycles = np.array(rows)
    found, again = (chosen_intervals(cycles, groups, LENGTH) for _ in range(2))
    assert found.weights.sum() == pytest.approx(1, abs=1e-12)
    assert found.weights.min() > 0
    assert len(found.weights) == len(found.begins) <= groups
    assert np.all(np.diff(found.begins) > 0)
    assert set(found.begins // LENGTH) <= set(range(len(cycles)))
    assert np.all(found.begins % LENGTH == 0)
    assert found.begins.tobytes() == again.begins.tobytes()
    assert found.weights.tobytes() == again.weights.tobytes()
