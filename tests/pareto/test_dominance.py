"""Which rows no other row beats."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from codesign.pareto import FrontierError, dominated_by, non_dominated, pareto_rank, weakly_dominated_by

INF, NAN = np.inf, np.nan
# Few distinct values, so that ties and copies are common.
VALUES = st.sampled_from([0.0, -0.0, 1.0, 2.0, 3.0, -1.0, 1e308, 5e-324, INF, -INF, NAN])
SHAPES = st.tuples(st.integers(0, 14), st.integers(1, 6))
TABLES = SHAPES.flatmap(lambda shape: arrays(np.float64, shape, elements=VALUES))
PAIRS = st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 5)).flatmap(
    lambda n: st.tuples(
        arrays(np.float64, (n[0], n[2]), elements=VALUES), arrays(np.float64, (n[1], n[2]), elements=VALUES)
    )
)


def dominates(a, b):
    return bool((a <= b).all() and (a < b).any())


def brute_force(costs):
    known = [not np.isnan(row).any() for row in costs]
    return np.array(
        [
            known[i] and not any(known[j] and dominates(costs[j], costs[i]) for j in range(len(costs)))
            for i in range(len(costs))
        ],
        dtype=bool,
    )


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        ([[1, 2], [2, 1], [2, 2]], [True, True, False]),
        ([[1, 1], [1, 1], [1, 2]], [True, True, False]),
        ([[3.0], [1.0], [1.0]], [False, True, True]),
        ([[0.0, -0.0], [-0.0, 0.0]], [True, True]),
        ([[NAN, 0], [5, 5]], [False, True]),
        ([[NAN, NAN]], [False]),
        ([[INF, 1], [0, INF], [INF, INF]], [True, True, False]),
        ([[-INF, 1, 1], [-INF, 1, 2], [0, 0, 0]], [True, False, True]),
        ([[INF, 1, 1], [0, INF, 1], [INF, INF, 0], [INF, INF, 0]], [True, True, True, True]),
    ],
)
def test_small_tables_with_known_answers(costs, expected):
    assert non_dominated(costs).tolist() == expected


def test_no_rows_give_an_empty_mask():
    assert non_dominated(np.empty((0, 3))).tolist() == []
    assert pareto_rank(np.empty((0, 3))).tolist() == []


@given(TABLES)
def test_equals_brute_force(costs):
    assert non_dominated(costs).tolist() == brute_force(costs).tolist()


@given(TABLES)
def test_rank_zero_is_the_front_and_each_rank_is_the_front_of_the_rest(costs):
    rank = pareto_rank(costs)
    assert ((rank == -1) == np.isnan(costs).any(axis=1)).all()
    for level in range(rank.max(initial=-1) + 1):
        rest = np.flatnonzero(rank >= level)
        assert (rank[rest] == level).tolist() == brute_force(costs[rest]).tolist()


@given(TABLES, st.randoms(use_true_random=False))
def test_the_answer_moves_with_the_rows(costs, random):
    order = list(range(len(costs)))
    random.shuffle(order)
    assert non_dominated(costs[order]).tolist() == non_dominated(costs)[order].tolist()


@given(PAIRS)
def test_domination_by_another_set_equals_brute_force(pair):
    rows, others = pair
    weakly = [any((b <= a).all() for b in others) for a in rows]
    strictly = [any(dominates(b, a) for b in others) for a in rows]
    assert weakly_dominated_by(rows, others).tolist() == weakly
    assert dominated_by(rows, others).tolist() == strictly


def test_large_tables_in_two_and_three_objectives_equal_a_sort():
    costs = np.random.default_rng(0).integers(0, 3000, size=(50_000, 2)).astype(float)
    order = np.lexsort((costs[:, 1], costs[:, 0]))
    best_before = np.minimum.accumulate(np.concatenate([[INF], costs[order, 1]]))[:-1]
    first_of_x = np.concatenate([[True], np.diff(costs[order, 0]) > 0])
    front = {tuple(row) for row in costs[order][(costs[order, 1] < best_before) & first_of_x]}
    expected = [tuple(row) in front for row in costs]
    assert non_dominated(costs).tolist() == expected
    assert non_dominated(np.column_stack([costs, costs[:, 0]])).tolist() == expected


def test_the_given_array_is_not_changed():
    costs = np.array([[INF, 1.0], [2.0, -INF]])
    kept = costs.copy()
    non_dominated(costs)
    pareto_rank(costs)
    assert np.array_equal(costs, kept)


@pytest.mark.parametrize(
    ("costs", "message"),
    [
        ([1.0, 2.0], r"two axes, rows x objectives; found the shape \(2,\)"),
        (np.empty((3, 0)), "1 to 31 objectives; found 0"),
        (np.zeros((2, 32)), "1 to 31 objectives; found 32"),
        ([["a", "b"]], "must be an array of numbers"),
    ],
)
def test_what_is_no_cost_table_is_refused(costs, message):
    with pytest.raises(FrontierError, match=message):
        non_dominated(costs)


def test_sets_of_different_objectives_are_refused():
    with pytest.raises(FrontierError, match="different numbers of objectives, 2 and 3"):
        dominated_by(np.zeros((1, 2)), np.zeros((1, 3)))
