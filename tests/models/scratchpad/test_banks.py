"""Several pools: hand-made examples, one pool as none, and that dividing never saves anything."""

from itertools import pairwise, product
from random import Random

import pytest
from hypothesis import assume, given, settings

from codesign.models.scratchpad.banks import place_in_pools
from codesign.models.scratchpad.placing import PlacementError, place, stays_of
from codesign.models.scratchpad.residency import Timeline, best_drops, cost_bytes
from tests.models.scratchpad import brute_force
from tests.models.scratchpad.graphs import CHANCES, capacity_between, make_problem, problems, random_problem

PAIRS = make_problem({"a": 3, "b": 3, "c": 2, "d": 2}, {"0": "> a b", "1": "a > c", "2": "b c > d"}, name="pairs")
"""a 3, b 3, then c 2 beside them, then d 2: 8 bytes in one piece."""


def in_pools(problem, pools):
    found = place_in_pools(Timeline(problem, problem.default_order), pools, time_limit_s=60)
    lies_in_pools(found, pools)
    return found


def lies_in_pools(found, pools):
    placed = found.placed
    problem = placed.timeline.problem
    spots = list(zip(placed.stays, found.pools, placed.addresses_bytes, strict=True))
    for t in range(len(problem.operations)):
        here = [(pool, a, s.buffer) for s, pool, a in spots if s.first_step <= t <= s.last_step]
        assert {b for _, _, b in here} >= set(problem.touches[placed.timeline.order[t]])
        for k, capacity in enumerate(pools):
            ends = [(a, a + problem.buffers[b].space_bytes) for pool, a, b in sorted(here) if pool == k]
            assert all(end <= start for (_, end), (start, _) in pairwise(ends))
            assert all(start >= 0 and end <= capacity for start, end in ends)


def test_each_buffer_lies_in_one_pool():
    """5 + 3 bytes: a with c, or b with c; d takes what a leaves. 4 + 4 bytes: c fits beside neither a nor b."""
    assert in_pools(PAIRS, [5, 3]).placed.noncompulsory_bytes == 0
    assert in_pools(PAIRS, [5, 5]).placed.noncompulsory_bytes == 0
    assert place(Timeline(PAIRS, PAIRS.default_order), 8, time_limit_s=10).noncompulsory_bytes == 0
    with pytest.raises(PlacementError):
        in_pools(PAIRS, [3, 3])


def test_what_no_pool_has_room_for_goes_out():
    """b (3) isn't needed in step 1, where a (3) and c (2) fill the pools of 3: b out and in, 3 + 3."""
    problem = make_problem({"a": 3, "b": 3, "c": 2, "d": 1}, {"0": "> a b", "1": "a > c", "2": "b > d"})
    found = in_pools(problem, [3, 3])
    assert (found.placed.noncompulsory_bytes, found.placed.bound_bytes) == (6, 6)


def test_it_may_come_back_into_another_pool():
    """s (2) and u (3) fill a pool each; p (3) is made from u where s was and stays; s comes back beside r."""
    problem = make_problem({"s": 2, "u": 3, "p": 3, "r": 1}, {"0": "> s u", "1": "u > p", "2": "p > r", "3": "p r s >"})
    found = in_pools(problem, [3, 3])
    assert found.placed.noncompulsory_bytes == 4
    first, second = (pool for stay, pool in zip(found.placed.stays, found.pools, strict=True) if stay.buffer == 0)
    assert first != second


@pytest.mark.parametrize("pools", [[2, 2], [3, 2]])
def test_where_no_assignment_exists_the_error_says_so(pools):
    with pytest.raises(PlacementError, match=r"pairs: pools of \[.*\] bytes: no assignment exists"):
        place_in_pools(Timeline(PAIRS, PAIRS.default_order), pools, time_limit_s=10)


def brute_force_pools(problem, pools):
    """Least cost over all drops and all pools of each stay, without addresses; None where nothing fits."""
    timeline = Timeline(problem, problem.default_order)
    gaps = [i for i, gap in enumerate(timeline.gaps) if gap.steps]
    best = None
    for flags in product((False, True), repeat=len(gaps)):
        dropped = [g for g, gone in zip(gaps, flags, strict=True) if gone]
        cost = cost_bytes(timeline, dropped)
        if (best is None or cost < best) and _fits(problem, stays_of(timeline, dropped), pools):
            best = cost
    return best


def _fits(problem, stays, pools):
    steps = range(len(problem.operations))
    load = [[0] * len(steps) for _ in pools]

    def assign(i):
        if i == len(stays):
            return True
        stay = stays[i]
        inside = range(stay.first_step, stay.last_step + 1)
        space = problem.buffers[stay.buffer].space_bytes
        for k, capacity in enumerate(pools):
            if all(load[k][t] + space <= capacity for t in inside):
                for t in inside:
                    load[k][t] += space
                if assign(i + 1):
                    return True
                for t in inside:
                    load[k][t] -= space
        return False

    return assign(0)


def agrees(problem, pools):
    """Compare with all choices; return whether dividing costs something."""
    least = brute_force_pools(problem, pools)
    if least is None:
        with pytest.raises(PlacementError, match="no assignment exists"):
            place_in_pools(Timeline(problem, problem.default_order), pools, time_limit_s=60)
        return False
    found = in_pools(problem, pools)
    assert found.placed.bound_bytes == least <= found.placed.noncompulsory_bytes
    whole = best_drops(Timeline(problem, problem.default_order), sum(pools)).noncompulsory_bytes
    assert least >= whole
    return least > whole


@settings(max_examples=100)
@given(problems(most=6))
def test_one_pool_is_none(drawn):
    problem, capacity = drawn
    assume(brute_force.cheapest_placed(problem, problem.default_order, capacity) is not None)
    alone = place(Timeline(problem, problem.default_order), capacity, time_limit_s=60)
    assert in_pools(problem, [capacity]).placed.noncompulsory_bytes == alone.noncompulsory_bytes


@settings(max_examples=100)
@given(CHANCES)
def test_agrees_with_brute_force(chance):
    problem = random_problem(chance, most=6, largest=4)
    assume(brute_force.gap_count(problem, problem.default_order) <= 9)
    agrees(problem, [capacity_between(chance, problem)] * 2)


@pytest.mark.slow
def test_agrees_with_brute_force_at_length():
    dearer = 0
    for seed in range(2000):
        chance = Random(seed)
        problem = random_problem(chance, most=7, largest=5)
        if brute_force.gap_count(problem, problem.default_order) > 10:
            continue
        largest = max(buffer.space_bytes for buffer in problem.buffers)
        least = max(largest, -(-problem.minimum_bytes // 2))
        dearer += agrees(problem, [chance.randint(least, least + 4)] * 2)
    assert dearer > 100
