"""Doing something again: when it pays, what it may not touch, and that it never costs more than not doing it."""

import math
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings

from codesign.models.scratchpad.problem import ProblemError
from codesign.models.scratchpad.recompute import in_order, recomputed
from codesign.models.scratchpad.residency import Timeline, best_drops
from tests.models.scratchpad.graphs import legal_order, make_problem, problems, random_problem

SIZES = {"x": 1, "s": 4, "a": 4, "b": 4, "c": 1}
OPERATIONS = {"s": "x > s", "a": "> a", "b": "a > b", "c": "s b > c"}


def with_macs(problem, **macs):
    operations = tuple(replace(o, macs=macs.get(o.name, 0)) for o in problem.operations)
    return replace(problem, operations=operations)


def waiting(**macs):
    """s (4), made from x (1), waits while b is made from a: 8 bytes in all, then s, b and c: 9."""
    waits = {"a": "s", "b": "a", "c": "s b"}
    return with_macs(make_problem(SIZES, OPERATIONS, stored=("x",), waits=waits, name="waiting"), **macs)


def cost(problem, capacity, price=None):
    again = recomputed(problem, problem.default_order, capacity, price) if price is not None else None
    made = problem if again is None else again.problem
    moved = best_drops(Timeline(made, made.default_order), capacity).noncompulsory_bytes
    return moved if again is None else moved + (price * again.repeated_macs if again.repeated_macs else 0)


def test_without_a_price_what_waits_goes_out_and_in():
    assert cost(waiting(), 9) == 8


def test_what_is_cheap_is_done_again():
    """x (1) stays beside a and b, and s is made again for 2 MACs at a byte each: 2 rather than 8."""
    again = recomputed(waiting(s=2), (0, 1, 2, 3), 9, 1.0)
    assert (again.repeats, again.repeated_macs) == (1, 2)
    assert [o.name for o in again.problem.operations] == ["s", "a", "b", "s", "c"]
    assert [b.name for b in again.problem.buffers].count("s") == 2
    assert cost(waiting(s=2), 9, 1.0) == 2


def test_what_is_dear_is_not():
    """8 MACs at a byte each are as much as 8 bytes."""
    assert recomputed(waiting(s=8), (0, 1, 2, 3), 9, 1.0).repeats == 0
    assert recomputed(waiting(s=7), (0, 1, 2, 3), 9, 1.0).repeats == 1
    assert recomputed(waiting(s=1000), (0, 1, 2, 3), 9, 0.0).repeats == 1


def test_the_number_of_repeats_is_limited():
    assert recomputed(waiting(s=2), (0, 1, 2, 3), 9, 1.0, most=0).repeats == 0


def test_what_comes_from_outside_cannot_be_made_again():
    stored = make_problem(SIZES, {"a": "> a", "b": "a > b", "c": "s b > c"}, stored=("s",))
    assert recomputed(stored, (0, 1, 2), 9, 0.0).repeats == 0


def test_what_was_made_from_something_changed_since_cannot_be_made_again():
    """x is written over by a, so s can't be made from it again."""
    waits = {"a": "s", "b": "a", "c": "s b"}
    changed = make_problem(SIZES, {**OPERATIONS, "a": "x > a x"}, stored=("x",), waits=waits)
    assert recomputed(changed, (0, 1, 2, 3), 9, 0.0).repeats == 0


def test_a_change_in_place_cannot_be_done_again():
    waits = {"again": "s", "a": "again", "b": "a", "c": "again b"}
    operations = {"s": "x > s", "again": "s > s", "a": "> a", "b": "a > b", "c": "s b > c"}
    assert recomputed(make_problem(SIZES, operations, stored=("x",), waits=waits), range(5), 9, 0.0).repeats == 0


def test_an_output_is_stored_from_what_was_made_last():
    problem = waiting(s=1)
    buffers = tuple(replace(b, wanted=b.name == "s") for b in problem.buffers)
    again = recomputed(replace(problem, buffers=buffers), (0, 1, 2, 3), 9, 0.5)
    assert [b.wanted for b in again.problem.buffers if b.name == "s"] == [False, True]


def test_another_order_becomes_the_default_one():
    problem = make_problem({"x": 1, "a": 1, "b": 1}, {"x": "> x", "a": "x > a", "b": "x > b"})
    moved = in_order(problem, (0, 2, 1))
    assert [o.name for o in moved.operations] == ["x", "b", "a"]
    assert [o.predecessors for o in moved.operations] == [(), (0,), (0,)]


@pytest.mark.parametrize("price", [-1, -math.inf])
def test_a_price_is_not_negative(price):
    with pytest.raises(ProblemError, match="the price of a multiply-accumulate must not be negative, found -"):
        recomputed(waiting(), (0, 1, 2, 3), 9, price)


def test_a_price_is_a_number():
    with pytest.raises(ProblemError, match="nan"):
        recomputed(waiting(), (0, 1, 2, 3), 9, math.nan)


def test_at_an_infinite_price_nothing_with_macs_is_done_again():
    assert recomputed(waiting(s=1), (0, 1, 2, 3), 9, math.inf).repeats == 0


def never_costs_more(problem, order, capacity, price):
    """Return how much is done again."""
    again = recomputed(problem, order, capacity, price)
    made = again.problem
    made.check_order(made.default_order)
    moved = best_drops(Timeline(made, made.default_order), capacity).noncompulsory_bytes
    assert moved + price * again.repeated_macs <= best_drops(Timeline(problem, order), capacity).noncompulsory_bytes
    assert len(made.operations) == len(problem.operations) + again.repeats
    assert sum(o.macs for o in made.operations) == sum(o.macs for o in problem.operations) + again.repeated_macs
    assert made.minimum_bytes <= capacity
    assert made.compulsory_bytes == problem.compulsory_bytes
    return again.repeats


@settings(max_examples=100)
@given(problems(most=9))
def test_never_costs_more_than_without(drawn):
    problem, capacity = drawn
    never_costs_more(problem, problem.default_order, capacity, 0.5)


@pytest.mark.slow
def test_never_costs_more_than_without_at_length():
    repeats = 0
    for seed in range(2000):
        chance = Random(seed)
        problem = random_problem(chance, most=12)
        order = legal_order(chance, problem)
        repeats += never_costs_more(problem, order, problem.minimum_bytes, chance.choice((0.0, 0.1, 1.0)))
    assert repeats > 200
