"""Indicators against hand-made tables and against their definitions written out."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from codesign.pareto import (
    FrontierError,
    additive_epsilon,
    coverage,
    hypervolume,
    inverted_generational_distance_plus,
    multiplicative_epsilon,
    normalised_hypervolume,
)

GRID = 6
CELLS = st.tuples(st.integers(0, 7), st.integers(1, 4)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.integers(0, GRID + 1).map(float))
)


def pairs(low, high):
    values = st.integers(low, high).map(float)
    return st.tuples(st.integers(1, 7), st.integers(1, 7), st.integers(1, 4)).flatmap(
        lambda n: st.tuples(
            arrays(np.float64, (n[0], n[2]), elements=values), arrays(np.float64, (n[1], n[2]), elements=values)
        )
    )


def inclusion_exclusion(costs, reference):
    boxes = [row for row in costs if (row < reference).all()]
    total = 0.0
    for size in range(1, len(boxes) + 1):
        for chosen in itertools.combinations(boxes, size):
            total += (-1) ** (size + 1) * np.prod(reference - np.max(chosen, axis=0))
    return total


@given(CELLS)
def test_hypervolume_equals_the_count_of_dominated_unit_cells(costs):
    dimensions = costs.shape[1]
    corners = np.array(list(itertools.product(range(GRID), repeat=dimensions)), dtype=float)
    dominated = [any((row <= corner).all() for row in costs) for corner in corners]
    assert hypervolume(costs, np.full(dimensions, float(GRID))) == pytest.approx(sum(dominated), abs=1e-9)


@given(
    st.tuples(st.integers(0, 6), st.integers(1, 5)).flatmap(
        lambda shape: arrays(np.float64, shape, elements=st.floats(-5, 5, allow_subnormal=False))
    )
)
def test_hypervolume_equals_inclusion_and_exclusion(costs):
    reference = np.linspace(2.0, 3.0, costs.shape[1])
    assert hypervolume(costs, reference) == pytest.approx(inclusion_exclusion(costs, reference), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize(
    ("costs", "reference", "expected"),
    [
        ([[5, 5], [4, 6], [2, 7], [7, 4]], [10, 10], 38.0),
        ([[1, 1]], [3, 4], 6.0),
        ([[1, 3], [3, 1]], [4, 4], 5.0),
        ([[1, 3], [3, 1], [3, 3], [1, 3]], [4, 4], 5.0),
        ([[5, 1], [1, 4], [math.inf, 0], [math.nan, 0]], [4, 4], 0.0),
        ([[0.0]], [2.5], 2.5),
        ([[0, 0, 0], [1, -1, 0]], [2, 2, 2], 10.0),
        (np.empty((0, 2)), [1, 1], 0.0),
    ],
)
def test_hypervolumes_by_hand(costs, reference, expected):
    assert hypervolume(costs, reference) == expected


def test_normalised_hypervolume_is_a_share_of_the_box():
    assert normalised_hypervolume([[10, 200]], [10, 200], [20, 400]) == 1.0
    assert normalised_hypervolume([[15, 300]], [10, 200], [20, 400]) == pytest.approx(0.25)
    assert normalised_hypervolume([[-99, 300]], [10, 200], [20, 400]) == pytest.approx(0.5)
    assert normalised_hypervolume(np.empty((0, 2)), [0, 0], [1, 1]) == 0.0


@given(pairs(-3, 9))
def test_additive_epsilon_and_igd_plus_equal_their_definitions(pair):
    a, b = pair
    by_definition = max(min(max(x - y for x, y in zip(p, q)) for p in a) for q in b)
    distance = np.mean([min(math.sqrt(sum(max(x - y, 0) ** 2 for x, y in zip(p, q))) for p in a) for q in b])
    assert additive_epsilon(a, b) == pytest.approx(by_definition)
    assert inverted_generational_distance_plus(a, b) == pytest.approx(distance)


@given(pairs(1, 9))
def test_multiplicative_epsilon_equals_its_definition(pair):
    a, b = pair
    by_definition = max(min(max(x / y for x, y in zip(p, q)) for p in a) for q in b)
    assert multiplicative_epsilon(a, b) == pytest.approx(by_definition)


@given(pairs(0, 4))
def test_coverage_and_the_indicators_agree_on_what_is_covered(pair):
    a, b = pair
    share = np.mean([any((p <= q).all() for p in a) for q in b])
    assert coverage(a, b) == pytest.approx(share)
    assert (additive_epsilon(a, b) <= 0) == (share == 1)
    assert (inverted_generational_distance_plus(a, b) == 0) == (share == 1)


def test_indicators_by_hand():
    a, b = [[1, 4], [4, 1]], [[2, 2]]
    assert coverage(a, b) == 0.0
    assert coverage(b, [[2, 2], [3, 3], [1, 9], [2, 5]]) == 0.75
    assert additive_epsilon(a, b) == 2.0
    assert additive_epsilon(b, a) == 1.0
    assert multiplicative_epsilon(a, b) == 2.0
    assert multiplicative_epsilon(b, a) == 2.0
    assert inverted_generational_distance_plus(a, b) == 2.0
    # Ishibuchi and others 2015, example 4: A is better than B, and IGD+ says so (1.4828, 2.2601).
    aim = [[10, 0], [6, 1], [2, 2], [1, 6], [0, 10]]
    assert inverted_generational_distance_plus([[4, 2], [3, 3], [2, 4]], aim) == pytest.approx(1.482842712474619)
    assert inverted_generational_distance_plus([[8, 2], [4, 4], [2, 8]], aim) == pytest.approx(2.260112615949154)


def test_an_empty_set_is_infinitely_far_and_covers_nothing():
    nothing, one = np.empty((0, 2)), [[1.0, 1.0]]
    assert additive_epsilon(nothing, one) == math.inf
    assert multiplicative_epsilon(nothing, one) == math.inf
    assert inverted_generational_distance_plus(nothing, one) == math.inf
    assert coverage(nothing, one) == 0.0
    assert math.isnan(coverage(one, nothing))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: hypervolume([[1, 1]], [1, 1, 1]), "2 objectives, but a reference point of 3"),
        (lambda: hypervolume([[1, 1]], [1, math.inf]), "one finite number per objective"),
        (lambda: hypervolume([[-math.inf, 1]], [2, 2]), "minus infinity"),
        (lambda: normalised_hypervolume([[1, 1]], [0, 2], [2, 2]), "must be below the reference point"),
        (lambda: normalised_hypervolume([[1, 1, 1]], [0, 0], [2, 2]), "3 objectives, but an ideal point of 2"),
        (lambda: additive_epsilon([[1, 1]], np.empty((0, 2))), "has no rows"),
        (lambda: additive_epsilon([[1, math.inf]], [[1, 1]]), "infinite cost"),
        (lambda: multiplicative_epsilon([[0, 1]], [[1, 1]]), "needs costs above 0"),
        (lambda: coverage([[1]], [[1, 2]]), "different numbers of objectives, 1 and 2"),
    ],
)
def test_what_has_no_meaning_is_refused(call, message):
    with pytest.raises(FrontierError, match=message):
        call()
