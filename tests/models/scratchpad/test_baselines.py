"""Belady and least bytes: what they evict, and that they never beat the optimum."""

from random import Random

import pytest
from hypothesis import given, settings

from codesign.models.scratchpad.assembly import Memory, assemble
from codesign.models.scratchpad.baselines import run_baseline
from codesign.models.scratchpad.residency import Timeline, best_drops
from tests.models.scratchpad import brute_force
from tests.models.scratchpad.graphs import CHANCES, crowded_problem, legal_order, make_problem, problems, random_problem
from tests.models.scratchpad.test_placing import STUCK, lies_well

EVICTIONS = ("belady", "greedy")
TWO_WAIT = make_problem(
    {"near": 3, "far": 2, "big": 4, "y": 1, "z": 1},
    {"make": "> near far", "big": "> big", "y": "near big > y", "z": "far y > z"},
    waits={"big": "make", "y": "make big", "z": "make y"},
)
"""near (3) is used in step 2, far (2) in step 3. While big (4) is made one of them has to go."""


def evicted(problem, capacity, eviction):
    result = run_baseline(problem, problem.default_order, capacity, eviction)
    gaps = result.timeline.gaps
    return [problem.buffers[gaps[g].buffer].name for g in result.dropped], result.noncompulsory_bytes


def test_belady_evicts_the_furthest_next_use():
    """10 bytes hold all; in 8 near and big leave no room for far, which is used last."""
    assert evicted(TWO_WAIT, 10, "belady") == ([], 0)
    assert evicted(TWO_WAIT, 8, "belady") == (["far"], 4)


def test_greedy_evicts_the_fewest_bytes_that_do():
    """big (4) lacks one byte beside p (3) and q (2) in 8: q, at the border of what is free, does, 2 + 2.

    Belady's rule takes p first, which is used last and leaves two gaps of 3; then q goes as well: 3 + 3 and 2 + 2.
    """
    near_last = make_problem(
        {"p": 3, "q": 2, "big": 4, "y": 1, "z": 1},
        {"make": "> p q", "big": "> big", "y": "q > y", "z": "p y > z"},
        waits={"big": "make", "y": "make big", "z": "make y"},
    )
    assert evicted(near_last, 8, "greedy") == (["q"], 4)
    assert evicted(near_last, 8, "belady") == (["p", "q"], 10)


def test_where_nothing_else_helps_everything_moves():
    """STUCK has no plan in which what is needed twice in a row stays where it is; the baseline moves it by DRAM."""
    assert brute_force.cheapest_placed(STUCK, STUCK.default_order, 6) is None
    for eviction in EVICTIONS:
        result = run_baseline(STUCK, STUCK.default_order, 6, eviction)
        lies_well(result, 6)
        assert result.noncompulsory_bytes > 0


def never_beats_the_optimum(problem, order, capacity, eviction):
    result = run_baseline(problem, order, capacity, eviction)
    lies_well(result, capacity)
    best = best_drops(Timeline(problem, order), capacity).noncompulsory_bytes
    assert result.noncompulsory_bytes >= best
    assert assemble(result, Memory((capacity,))).noncompulsory_bytes == result.noncompulsory_bytes
    return result.noncompulsory_bytes > best


@pytest.mark.parametrize("eviction", EVICTIONS)
@settings(max_examples=150)
@given(problems(), CHANCES)
def test_never_beats_the_optimum(eviction, drawn, chance):
    problem, capacity = drawn
    never_beats_the_optimum(problem, legal_order(chance, problem), capacity, eviction)


@pytest.mark.parametrize("eviction", EVICTIONS)
@settings(max_examples=100)
@given(CHANCES)
def test_crowded_ones_too(eviction, chance):
    problem, capacity = crowded_problem(chance)
    never_beats_the_optimum(problem, problem.default_order, capacity, eviction)


@pytest.mark.slow
@pytest.mark.parametrize("eviction", EVICTIONS)
def test_never_beats_the_optimum_at_length(eviction):
    worse = 0
    for seed in range(4000):
        chance = Random(seed)
        problem = random_problem(chance, most=14)
        order = legal_order(chance, problem)
        capacity = chance.randint(problem.minimum_bytes, problem.peak_bytes(order))
        worse += never_beats_the_optimum(problem, order, capacity, eviction)
    assert worse > 100
