"""The bound over all orders: never above the optimum, equal to it on chains."""

from random import Random

import pytest
from hypothesis import assume, given, settings

from codesign.models.scratchpad.order_bound import order_free_bound_bytes
from tests.models.scratchpad import brute_force
from tests.models.scratchpad.graphs import (
    CHANCES,
    capacity_between,
    make_problem,
    problems,
    random_chain,
    random_problem,
)

SKIP = make_problem({"s": 2, "a": 3, "b": 3, "c": 1}, {"s": "> s", "a": "s > a", "b": "a > b", "c": "s b > c"})


def test_what_waits_in_every_order_is_dropped():
    """While b is made, s waits whatever the order: 2 + 2 bytes with less than 8."""
    assert [order_free_bound_bytes(SKIP, capacity) for capacity in (6, 7, 8)] == [4, 4, 0]


def test_what_can_come_later_is_not_counted():
    """BRANCHES: one branch after the other needs nothing, so the bound is 0 though the default order needs 16."""
    branches = make_problem(
        {"x": 1, "a": 4, "a2": 1, "b": 4, "b2": 1, "y": 1},
        {"x": "> x", "a": "x > a", "b": "x > b", "a2": "a > a2", "b2": "b > b2", "y": "a2 b2 > y"},
    )
    assert order_free_bound_bytes(branches, 6) == 0


def test_one_of_two_that_meet_in_every_order():
    """Two chains from x, joined at the end; whichever comes second runs while the result of the other (3) waits.

    Each needs 8 bytes in its middle, of 10. x (2) waits for the second chain, or is read first and the chain waits.
    """
    sizes = {"p": 3, "q": 3, "p1": 4, "p2": 4, "q1": 4, "q2": 4, "y": 1}
    operations = {
        "p1": "> p1",
        "p2": "p1 > p2",
        "p": "p2 > p",
        "q1": "> q1",
        "q2": "q1 > q2",
        "q": "q2 > q",
        "y": "p q > y",
    }
    problem = make_problem(sizes, operations)
    best = brute_force.cheapest_order(problem, 10, brute_force.legal_orders(problem), addresses=False)
    assert best == 6
    assert 0 <= order_free_bound_bytes(problem, 10) <= 6


def test_a_stored_buffer_is_charged_for_its_retrieval_only():
    problem = make_problem(
        {"s": 2, "a": 3, "b": 3, "c": 1}, {"a": "s > a", "b": "a > b", "c": "s b > c"}, stored=("s",)
    )
    assert order_free_bound_bytes(problem, 6) == 2


@settings(max_examples=200)
@given(problems())
def test_never_above_the_optimum(drawn):
    problem, capacity = drawn
    orders = brute_force.legal_orders(problem, 200)
    assume(orders is not None and brute_force.gap_count(problem, problem.default_order) <= 11)
    best = brute_force.cheapest_order(problem, capacity, orders, addresses=False)
    assert order_free_bound_bytes(problem, capacity) <= best


@settings(max_examples=200)
@given(CHANCES)
def test_exact_on_chains(chance):
    problem = random_chain(chance)
    capacity = capacity_between(chance, problem)
    assume(brute_force.gap_count(problem, problem.default_order) <= 12)
    best = brute_force.cheapest_drops(problem, problem.default_order, capacity).cost
    assert order_free_bound_bytes(problem, capacity) == best


@pytest.mark.slow
def test_never_above_the_optimum_at_length():
    positive = 0
    for seed in range(4000):
        chance = Random(seed)
        problem = random_problem(chance)
        orders = brute_force.legal_orders(problem, 300)
        if orders is None or brute_force.gap_count(problem, problem.default_order) > 11:
            continue
        for capacity in (problem.minimum_bytes, capacity_between(chance, problem)):
            bound = order_free_bound_bytes(problem, capacity)
            assert bound <= brute_force.cheapest_order(problem, capacity, orders, addresses=False)
            positive += bound > 0
    assert positive > 200
