"""The smallest peak, against all orders."""

from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from codesign.models.scratchpad.peak import forced_load_bytes, smallest_peak
from tests.models.scratchpad import brute_force
from tests.models.scratchpad.graphs import make_problem, problems, random_problem

BRANCHES = make_problem(
    {"x": 1, "a": 4, "a2": 1, "b": 4, "b2": 1, "y": 1},
    {"x": "> x", "a": "x > a", "b": "x > b", "a2": "a > a2", "b2": "b > b2", "y": "a2 b2 > y"},
)


def test_branches_one_after_the_other():
    """x a a2 b b2 y: loads 1, 5, 6 (x waits for b), 6, 6 (a2 waits), 3. As it stands: 9."""
    found = smallest_peak(BRANCHES)
    assert (found.peak_bytes, found.bound_bytes, found.optimal) == (6, 6, True)
    assert BRANCHES.peak_bytes(found.order) == 6
    assert BRANCHES.peak_bytes(BRANCHES.default_order) == 9


def test_forced_load_is_what_waits_in_every_order():
    """While b runs, s is live in every order: 2 + 3 + 3. In BRANCHES nothing has to wait but x or a result."""
    skip = make_problem({"s": 2, "a": 3, "b": 3, "c": 1}, {"s": "> s", "a": "s > a", "b": "a > b", "c": "s b > c"})
    assert forced_load_bytes(skip) == 8
    assert forced_load_bytes(BRANCHES) == BRANCHES.minimum_bytes == 5


def test_an_order_that_meets_the_bound_is_kept():
    skip = make_problem({"s": 2, "a": 3, "b": 3, "c": 1}, {"s": "> s", "a": "s > a", "b": "a > b", "c": "s b > c"})
    assert smallest_peak(skip).order == skip.default_order


def test_without_time_there_is_an_order_and_a_bound():
    found = smallest_peak(BRANCHES, time_limit_s=0)
    assert found.bound_bytes <= 6 <= found.peak_bytes == BRANCHES.peak_bytes(found.order)


def agrees(problem, orders, nodes):
    best = brute_force.smallest_peak(problem, orders)
    found = smallest_peak(problem)
    assert (found.peak_bytes, found.bound_bytes, found.optimal) == (best, best, True)
    assert brute_force.peak(problem, found.order) == best
    assert problem.minimum_bytes <= forced_load_bytes(problem) <= best
    hurried = smallest_peak(problem, nodes=nodes)
    assert hurried.bound_bytes <= best <= hurried.peak_bytes == brute_force.peak(problem, hurried.order)


@settings(max_examples=300)
@given(problems(most=8), st.integers(0, 4))
def test_agrees_with_brute_force(drawn, nodes):
    problem, _ = drawn
    orders = brute_force.legal_orders(problem, 2000)
    assume(orders is not None)
    agrees(problem, orders, nodes)


@pytest.mark.slow
def test_agrees_with_brute_force_at_length():
    compared = 0
    for seed in range(4000):
        problem = random_problem(Random(seed))
        orders = brute_force.legal_orders(problem, 2000)
        if orders is not None:
            agrees(problem, orders, seed % 5)
            compared += 1
    assert compared > 3000
