"""The exact search by itself: the greedy rules would hide it, for they solve most small problems."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from codesign.models.scratchpad.packing import kernel, search
from codesign.models.scratchpad.packing.check import check_packing
from codesign.models.scratchpad.packing.heuristics import constructions
from codesign.models.scratchpad.packing.instance import instance
from codesign.models.scratchpad.packing.packer import max_load
from tests.models.scratchpad.packing.small_instances import (
    FRAGMENTED,
    Problem,
    cut_rectangles,
    dense,
    every_offset,
    nearly_fragmented,
    settled,
    sparse,
)


def with_sizes(problem):
    return Problem(*(column[problem.size > 0] for column in problem))


def roomy(state):
    """The state with so much room that a small problem never needs more."""
    for _ in range(6):
        state = search._enlarged(state)
    return state


def outcome_of(order, problem, capacity, alignment=1):
    """Run one order to its end: (packed, offsets in the unit of the sizes)."""
    about = instance(*problem, alignment)
    state = roomy(search._start(about, capacity, order))
    outcome = kernel.run(state, 10**9)
    assert outcome in (kernel.PACKED, kernel.EXHAUSTED)
    return outcome == kernel.PACKED, state.offset * about.unit_bytes


@pytest.mark.parametrize("order", search.PRIORITIES, ids="-".join)
@given(
    problem=st.one_of(sparse(), dense(), nearly_fragmented()).map(with_sizes), alignment=st.sampled_from([1, 1, 2, 3])
)
@example(problem=FRAGMENTED, alignment=1)
def test_every_order_alone_is_exact(order, problem, alignment):
    if not len(problem.size):
        return
    load, _ = max_load(*problem)
    for capacity in range(load, load + 3):
        if instance(*problem, alignment).load_bytes().max() > capacity:
            continue
        packed, offsets = outcome_of(order, problem, capacity, alignment)
        assert packed == every_offset(problem, capacity, alignment)
        if packed:
            assert check_packing(*problem, offsets, capacity, alignment=alignment) == []


@pytest.mark.parametrize("order", search.PRIORITIES, ids="-".join)
@given(
    problem=st.one_of(dense(), nearly_fragmented(), cut_rectangles().map(lambda cut: cut[0])), seed=st.integers(0, 99)
)
def test_the_bounds_hold_on_the_way_to_every_packing_in_which_nothing_can_sink(order, problem, seed):
    offsets = settled(problem, np.random.default_rng(seed).permutation(len(problem.size)))
    height = int((offsets + problem.size).max())
    about = instance(*problem, 1)
    state = roomy(search._start(about, height, order))
    units = offsets // about.unit_bytes
    before = (0, -1)
    for buffer in np.lexsort((state.rank, units)):
        waiting = kernel._waiting(state, 0)
        members = state.members[:waiting]
        assert kernel._bounds(state, 0, waiting, *before) > units[buffer]
        assert (state.bound[members] <= units[members]).all()
        kernel._sort_by_bound(state, 0, waiting)
        assert kernel._fits(state, 0, 0, waiting)
        assert state.lowest[buffer] == units[buffer]
        kernel._place(state, buffer)
        before = (units[buffer], state.rank[buffer])


@pytest.mark.parametrize("order", search.PRIORITIES, ids="-".join)
@given(cut_rectangles())
@settings(max_examples=300)
def test_no_order_excludes_a_packing_that_exists(order, cut):
    problem, height = cut
    state = roomy(search._start(instance(*problem, 1), height, order))
    outcome = kernel.run(state, 20_000)
    assert outcome in (kernel.PACKED, kernel.PAUSED)
    if outcome == kernel.PACKED:
        unit = np.gcd.reduce(problem.size)
        assert check_packing(*problem, state.offset * unit, height) == []


def test_a_paused_search_goes_on_where_it_was():
    about = instance(*FRAGMENTED, 1)
    whole, paused = (roomy(search._start(about, 4, search.PRIORITIES[0])) for _ in range(2))
    assert kernel.run(whole, 10**9) == kernel.EXHAUSTED
    assert whole.control[kernel.NODES] > 3
    for _ in range(whole.control[kernel.NODES] - 1):
        assert kernel.run(paused, 1) == kernel.PAUSED
    assert kernel.run(paused, 1) == kernel.EXHAUSTED
    assert paused.control[kernel.NODES] == whole.control[kernel.NODES]


def test_arrays_that_are_full_are_enlarged_and_change_nothing():
    rng = np.random.default_rng(3)
    lower = rng.integers(0, 60, 120)
    problem = Problem(lower, lower + rng.integers(1, 30, 120), rng.integers(1, 9, 120))
    about = instance(*problem, 1)
    capacity = int(max_load(*problem)[0] * 1.2)
    state = search._start(about, capacity, search.PRIORITIES[0])
    enlarged = 0
    while kernel.run(state, 10**6) == kernel.CRAMPED:
        state = search._enlarged(state)
        enlarged += 1
    assert enlarged > 0
    packed, offsets = outcome_of(search.PRIORITIES[0], problem, capacity)
    assert packed
    assert (offsets == state.offset * about.unit_bytes).all()
    assert check_packing(*problem, offsets, capacity) == []


def test_nothing_is_left_on_the_books_after_an_exhausted_search():
    state = roomy(search._start(instance(*FRAGMENTED, 1), 4, search.PRIORITIES[1]))
    before = state.crossing.copy()
    assert kernel.run(state, 10**9) == kernel.EXHAUSTED
    assert (state.offset == kernel.UNPLACED).all()
    assert not state.lowest.any()
    assert (state.crossing == before).all()


def test_buffers_of_one_size_that_overlap_with_the_same_others_are_placed_in_one_order():
    # The third one begins later, but meets the same others; the fourth meets the fifth as well.
    lower, upper, size = ([0, 0, 5, 0, 9], [9, 9, 7, 11, 12], [2, 2, 2, 2, 2])
    about = instance(*(np.array(column) for column in (lower, upper, size)), 1)
    twins = search._twins(about, about.latest_units(20), np.array([1, 0, 2, 3, 4]))
    assert twins.tolist() == [1, -1, 0, -1, -1]


@given(st.one_of(sparse(), dense(), nearly_fragmented()).map(with_sizes), st.sampled_from([1, 2, 3]))
def test_every_greedy_packing_is_a_packing(problem, alignment):
    if not len(problem.size):
        return
    about = instance(*problem, alignment)
    found = [offsets * about.unit_bytes for offsets in constructions(about, float("inf"))]
    assert len(found) == 14
    for offsets in found:
        height = int((offsets + problem.size).max())
        assert check_packing(*problem, offsets, height, alignment=alignment) == []


def test_greedy_rules_end_when_the_time_is_over():
    assert list(constructions(instance(*FRAGMENTED, 1), 0.0)) == []
