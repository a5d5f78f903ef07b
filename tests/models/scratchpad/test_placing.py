"""Addresses: the optimum of an order with contents that fit but can't be placed, against brute force."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import assume, given, settings

from codesign.models.scratchpad.placing import PlacementError, Stay, place, stays_of
from codesign.models.scratchpad.residency import Timeline, best_drops
from tests.models.scratchpad import brute_force
from tests.models.scratchpad.graphs import CHANCES, crowded_problem, legal_order, make_problem, problems

HALVES = {"A": 3, "B": 3, "C": 2, "D": 1, "E": 1, "F": 3, "G": 3}
CROWDED = make_problem(HALVES, {"0": "> A B", "1": "B > C D", "2": "C > E", "3": "D E > F", "4": "F > G"})
"""6 bytes. Steps 0 and 4 each fill both halves, so B and F lie in one half exactly. C and D fill the other half in step
1, so E lies in B's half beside D, and in step 3 neither half is free for F. D (1) has to move: 1 + 1."""
STUCK = make_problem(HALVES, {"0": "> A B", "1": "B > C D", "2": "C D > E", "3": "D E > F", "4": "F > G"})
"""The same, but D is needed in step 2 too and can't leave."""


def placed(problem, capacity, order=None):
    order = problem.default_order if order is None else order
    result = place(Timeline(problem, order), capacity, time_limit_s=60)
    lies_well(result, capacity)
    return result


def lies_well(result, capacity):
    """Nothing overlaps, nothing sticks out, and each touch lies in a stay."""
    problem = result.timeline.problem
    spots = list(zip(result.stays, result.addresses_bytes, strict=True))
    for t in range(len(problem.operations)):
        here = [(a, s.buffer) for s, a in spots if s.first_step <= t <= s.last_step]
        assert {b for _, b in here} >= set(problem.touches[result.timeline.order[t]])
        ends = [(a, a + problem.buffers[b].space_bytes) for a, b in sorted(here)]
        assert all(end <= start for (_, end), (start, _) in pairwise(ends))
        assert all(start >= 0 and end <= capacity for start, end in ends)


def agrees(problem, order, capacity):
    """Whether placing costs more than the gap formulation says; None where nothing can be placed."""
    expected = brute_force.cheapest_placed(problem, order, capacity)
    if expected is None:
        return None
    result = placed(problem, capacity, order)
    assert (result.noncompulsory_bytes, result.bound_bytes) == (expected, expected)
    return expected > best_drops(Timeline(problem, order), capacity).noncompulsory_bytes


def test_stays_are_cut_where_gaps_are_dropped():
    skip = make_problem({"s": 2, "a": 3, "b": 3, "c": 1}, {"s": "> s", "a": "s > a", "b": "a > b", "c": "s b > c"})
    assert stays_of(Timeline(skip, skip.default_order), [1]) == (
        Stay(0, 0, 1, (0,)),
        Stay(0, 3, 3, ()),
        Stay(1, 1, 2, (2,)),
        Stay(2, 2, 3, (3,)),
        Stay(3, 3, 3, ()),
    )


def test_brute_force_stacks():
    """Three stays of 2 in 4 bytes: the third meets both others, or only one of them."""
    assert not brute_force.stacks([(0, 1, 2), (1, 2, 2), (1, 1, 2)], 4)
    assert brute_force.stacks([(0, 1, 2), (1, 2, 2), (2, 2, 2)], 4)


def test_contents_that_fit_but_cannot_be_placed_cost_a_move():
    assert best_drops(Timeline(CROWDED, CROWDED.default_order), 6).noncompulsory_bytes == 0
    result = placed(CROWDED, 6)
    assert (result.noncompulsory_bytes, result.bound_bytes) == (2, 2)
    assert result.cuts > 0


def test_a_little_more_room_saves_the_move():
    assert placed(CROWDED, 7).noncompulsory_bytes == 0


def test_a_stored_buffer_moves_between_touches_that_follow_each_other():
    """STUCK with D from DRAM: read again at another place for 1 byte."""
    operations = {"0": "> A B", "1": "B D > C", "2": "C D > E", "3": "D E > F", "4": "F > G"}
    problem = make_problem(HALVES, operations, stored=("D",))
    assert brute_force.cheapest_placed(problem, problem.default_order, 6) == 1
    assert placed(problem, 6).noncompulsory_bytes == 1


def test_what_cannot_be_placed_is_said_to_be_impossible():
    """Proven, without waiting for the time to be over, and without advice to take more of it."""
    assert brute_force.cheapest_placed(STUCK, STUCK.default_order, 6) is None
    with pytest.raises(PlacementError, match="hand-made: no addresses exist within 6 bytes for this order"):
        place(Timeline(STUCK, STUCK.default_order), 6, time_limit_s=10**6)
    assert placed(STUCK, 7).noncompulsory_bytes == 0


@settings(max_examples=200)
@given(problems(most=6), CHANCES)
def test_agrees_with_brute_force(drawn, chance):
    problem, capacity = drawn
    order = legal_order(chance, problem)
    assume(brute_force.gap_count(problem, order) <= 10)
    agrees(problem, order, capacity)


@settings(max_examples=200)
@given(CHANCES)
def test_crowded_agree_with_brute_force(chance):
    problem, capacity = crowded_problem(chance)
    assume(brute_force.gap_count(problem, problem.default_order) <= 14)
    agrees(problem, problem.default_order, capacity)


def test_crowded_problems_are_crowded():
    """Otherwise the test above would show little."""
    seen = []
    for seed in range(100):
        problem, capacity = crowded_problem(Random(seed))
        seen.append(agrees(problem, problem.default_order, capacity))
    assert seen.count(True) > 10
    assert seen.count(False) > 10


@pytest.mark.slow
def test_crowded_agree_with_brute_force_at_length():
    fragmented = 0
    for seed in range(3000):
        problem, capacity = crowded_problem(Random(seed))
        fragmented += bool(agrees(problem, problem.default_order, capacity))
    assert fragmented > 400
