"""Surfaces that a share of the runs attains."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from codesign.pareto import FrontierError, attained_share, attainment_surface, non_dominated

RUNS = st.tuples(st.integers(1, 5), st.integers(1, 3)).flatmap(
    lambda n: st.lists(
        st.integers(0, 5).flatmap(lambda rows: arrays(np.float64, (rows, n[1]), elements=st.integers(0, 5).map(float))),
        min_size=n[0],
        max_size=n[0],
    )
)


def test_three_runs_by_hand():
    runs = [[[1, 5], [5, 1]], [[2, 2]], [[4, 4]]]
    assert attainment_surface(runs, 1 / 3).tolist() == [[1, 5], [2, 2], [5, 1]]
    assert attainment_surface(runs, 0.5).tolist() == [[2, 5], [4, 4], [5, 2]]
    assert attainment_surface(runs, 1.0).tolist() == [[4, 5], [5, 4]]
    assert attained_share(runs, [[0, 0], [2, 2], [4, 4], [5, 5]]).tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])


@given(RUNS, st.sampled_from([0.01, 0.25, 0.5, 0.75, 1.0]))
def test_a_surface_bounds_what_enough_runs_attain(runs, share):
    wanted = max(1, math.ceil(share * len(runs)))
    surface = attainment_surface(runs, share)
    dimensions = runs[0].shape[1]
    grid = np.stack(np.meshgrid(*[np.arange(6.0)] * dimensions), axis=-1).reshape(-1, dimensions)
    enough = np.round(attained_share(runs, grid) * len(runs)) >= wanted
    reached = np.array([any((corner <= point).all() for corner in surface) for point in grid])
    assert (enough == reached).all()
    assert non_dominated(surface).all()


def test_runs_that_found_nothing_count_as_runs():
    nothing = np.empty((0, 2))
    assert attainment_surface([nothing, [[1, 1]]], 0.5).tolist() == [[1, 1]]
    assert attainment_surface([nothing, [[1, 1]]], 1.0).shape == (0, 2)


@pytest.mark.parametrize(
    ("runs", "share", "message"),
    [
        ([], 0.5, "no runs"),
        ([[[1, 1]]], 0.0, "above 0 and at most 1; found 0.0"),
        ([np.zeros((1, 4))], 0.5, "up to 3 objectives; found 4"),
        ([[[1, 1]], [[1, 1, 1]]], 0.5, "different numbers of objectives"),
        ([[[1, math.inf]]], 0.5, "infinite cost"),
    ],
)
def test_what_has_no_surface_is_refused(runs, share, message):
    with pytest.raises(FrontierError, match=message):
        attainment_surface(runs, share)
