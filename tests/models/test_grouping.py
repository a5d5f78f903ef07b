"""Distinct combinations of columns."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.models import grouping
from codesign.models.grouping import distinct_rows, numbered


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 10**6), st.integers(0, 2)), min_size=1, max_size=40))
def test_gives_back_every_row(rows):
    columns = [np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)]
    found = distinct_rows(columns)
    assert found.size == len(set(rows))
    again = zip(*(values[found.which].tolist() for values in found.rows), strict=True)
    assert list(again) == rows


@pytest.mark.parametrize("largest", [2, 50, 10**5])
def test_keys_that_would_overflow_are_numbered_first(largest, monkeypatch):
    source = np.random.default_rng(0)
    columns = [source.integers(0, 20, 300) for _ in range(4)]
    expected = distinct_rows(columns)
    monkeypatch.setattr(grouping, "LARGEST_KEY", 20 * 400 if largest == 50 else 20**3 * largest)
    found = distinct_rows(columns)
    assert found.size == expected.size
    for before, after in zip(expected.rows, found.rows, strict=True):
        assert np.array_equal(before[expected.which], after[found.which])


def test_constant_columns_have_length_one():
    found = distinct_rows([np.array([3]), np.array([5])])
    assert found.which.tolist() == [0]
    assert [values.tolist() for values in found.rows] == [[3], [5]]
    mixed = distinct_rows([np.array([3]), np.array([5, 6, 5])])
    assert mixed.which.tolist() == [0, 1, 0]
    assert mixed.rows[0].tolist() == [3, 3]


def test_numbering_of_values():
    which, values = numbered(np.array([0.5, 2.0, 0.5]))
    assert which.tolist() == [0, 1, 0]
    assert values.tolist() == [0.5, 2.0]
