"""The order with the least traffic, against all orders."""

import itertools
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from codesign.models.scratchpad.masks import Masks, mask_of, members_of
from codesign.models.scratchpad.ordering import EVICTIONS, search_orders
from codesign.models.scratchpad.problem import Buffer, Operation, Problem
from codesign.models.scratchpad.residency import Timeline, best_drops
from tests.models.scratchpad import brute_force
from tests.models.scratchpad.graphs import CHANCES, legal_order, make_problem, problems, random_problem

MANY = 10**6
BRANCHES = make_problem(
    {"x": 1, "a": 4, "a2": 1, "b": 4, "b2": 1, "y": 1},
    {"x": "> x", "a": "x > a", "b": "x > b", "a2": "a > a2", "b2": "b > b2", "y": "a2 b2 > y"},
)
"""Two wide branches that shrink. One after the other they need 6 bytes; as they stand, side by side, 9."""


def search(problem, capacity, width=MANY, ceiling=MANY, **options):
    return search_orders(problem, capacity, ceiling_bytes=ceiling, width=width, **options)


def cost(problem, order, capacity):
    return best_drops(Timeline(problem, order), capacity).noncompulsory_bytes


def test_masks_are_sets():
    assert mask_of([0, 3]) == 9
    assert list(members_of(9)) == [0, 3]


def test_ancestors_and_descendants():
    masks = Masks(BRANCHES)
    assert set(members_of(masks.ancestors[5])) == {0, 1, 2, 3, 4}
    assert set(members_of(masks.descendants[1])) == {3, 5}


def test_a_source_goes_in_front_of_its_first_user():
    """x and w only bring something in; w is used last."""
    problem = make_problem({"x": 1, "w": 1, "a": 1, "y": 1}, {"x": "> x", "w": "> w", "a": "x > a", "y": "a w > y"})
    masks = Masks(problem)
    assert set(members_of(masks.source_operations)) == {0, 1}
    assert masks.without_sources(problem.default_order) == [2, 3]
    assert masks.with_sources([2, 3]) == (0, 2, 1, 3)


def test_what_makes_an_output_is_no_source():
    """w has to reach DRAM, which is cheaper the later it is made: that is for the search to see."""
    problem = make_problem({"w": 1, "y": 1}, {"w": "> w", "y": "w > y"}, wanted=("w",))
    assert Masks(problem).source_operations == 0


def test_what_another_waits_for_is_no_source():
    """s (2) is used by c, but a, which doesn't use it, waits for it: there is one order, in which s goes out."""
    sizes = {"s": 2, "a": 3, "b": 3, "c": 1}
    operations = {"s": "> s", "a": "> a", "b": "a > b", "c": "s b > c"}
    problem = make_problem(sizes, operations, waits={"a": "s", "b": "a", "c": "s b"})
    assert brute_force.legal_orders(problem) == [(0, 1, 2, 3)]
    assert search(problem, 6).noncompulsory_bytes == cost(problem, (0, 1, 2, 3), 6) == 4


def test_branches_one_after_the_other():
    found = search(BRANCHES, 6)
    assert (found.noncompulsory_bytes, found.bound_bytes, found.optimal) == (0, 0, True)
    assert cost(BRANCHES, found.order, 6) == 0
    assert cost(BRANCHES, BRANCHES.default_order, 6) == 16


def test_only_what_is_cheaper_than_the_ceiling_is_of_interest():
    """SKIP costs 4: below 5 there is an order, below 4 there is none, which proves that 4 is the least."""
    skip = make_problem({"s": 2, "a": 3, "b": 3, "c": 1}, {"s": "> s", "a": "s > a", "b": "a > b", "c": "s b > c"})
    assert search(skip, 6, ceiling=5).noncompulsory_bytes == 4
    nothing = search(skip, 6, ceiling=4)
    assert (nothing.order, nothing.noncompulsory_bytes, nothing.bound_bytes) == (None, 4, 4)
    assert nothing.optimal


def test_windows_keep_the_order_between_them():
    """Windows of two operations: a b | a2 b2 | y. b can't move behind a2, but b2 before a2: only a goes out, 4 + 4."""
    order = BRANCHES.default_order
    tight = search(BRANCHES, 6, along=order, window=2)
    assert (tight.noncompulsory_bytes, tight.order) == (8, (0, 1, 2, 4, 3, 5))
    free = search(BRANCHES, 6, along=order, window=5)
    assert free.noncompulsory_bytes == 0


def test_sets_to_evict_that_are_left_out_are_bounded():
    """24 equal buffers wait, 12 have to go: C(24, 12) ways, of which some are looked at. All cost 12 * (1 + 1)."""
    count, evicted = 24, 12
    assert EVICTIONS < 2_704_156
    names = [f"b{i}" for i in range(count)]
    buffers = [*(Buffer(name, (), 1, 1) for name in names), Buffer("big", (), evicted, evicted)]
    made = Operation("make", (), tuple(range(count)), ())
    big = Operation("big", (), (count,), (0,))
    use = Operation("use", tuple(range(count)), (), (1,))
    found = search(Problem("many", tuple(buffers), (made, big, use)), count)
    assert found.noncompulsory_bytes == 2 * evicted
    assert found.bound_bytes <= 2 * evicted


def agrees(problem, capacity, orders):
    """Return the optimum."""
    expected = brute_force.cheapest_order(problem, capacity, orders, addresses=False)
    found = search(problem, capacity)
    assert (found.noncompulsory_bytes, found.bound_bytes, found.optimal) == (expected, expected, True)
    assert cost(problem, found.order, capacity) == expected
    return expected


def narrow_is_sound(problem, capacity, optimum, width):
    found = search(problem, capacity, width=width)
    assert found.bound_bytes <= optimum <= found.noncompulsory_bytes
    if found.order is not None:
        assert cost(problem, found.order, capacity) <= found.noncompulsory_bytes


@settings(max_examples=200)
@given(problems(), st.integers(1, 4))
def test_agrees_with_brute_force(drawn, width):
    problem, capacity = drawn
    orders = brute_force.legal_orders(problem, 200)
    assume(orders is not None and brute_force.gap_count(problem, problem.default_order) <= 11)
    optimum = agrees(problem, capacity, orders)
    narrow_is_sound(problem, capacity, optimum, width)


@settings(max_examples=100)
@given(problems(), CHANCES, st.integers(2, 4), st.integers(0, 3))
def test_windows_never_make_an_order_worse(drawn, chance, window, offset):
    problem, capacity = drawn
    order = legal_order(chance, problem)
    masks = Masks(problem)
    before = masks.without_sources(order)
    found = search(problem, capacity, along=order, window=window, offset=offset)
    assert found.noncompulsory_bytes <= cost(problem, masks.with_sources(before), capacity)
    assert cost(problem, found.order, capacity) == found.noncompulsory_bytes
    after = masks.without_sources(found.order)
    edges = [0, *range(offset or window, len(before), window), len(before)]
    for first, last in itertools.pairwise(edges):
        assert set(before[first:last]) == set(after[first:last])


@pytest.mark.slow
def test_agrees_with_brute_force_at_length():
    compared = costly = 0
    for seed in range(4000):
        chance = Random(seed)
        problem = random_problem(chance)
        orders = brute_force.legal_orders(problem, 300)
        if orders is None or brute_force.gap_count(problem, problem.default_order) > 11:
            continue
        least, most = problem.minimum_bytes, brute_force.smallest_peak(problem, orders)
        for capacity in sorted({least, (least + most) // 2, most}):
            optimum = agrees(problem, capacity, orders)
            narrow_is_sound(problem, capacity, optimum, chance.randint(1, 4))
            costly += optimum > 0
            compared += 1
    assert compared > 3000
    assert costly > 800
