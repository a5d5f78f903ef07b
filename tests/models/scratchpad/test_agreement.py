"""The quick way and the paper's integer program agree."""

from random import Random

import pytest
from hypothesis import given, settings

from codesign.models.scratchpad.ordering import search_orders
from codesign.models.scratchpad.peak import smallest_peak
from codesign.models.scratchpad.placing import place
from codesign.models.scratchpad.program import solve_program
from codesign.models.scratchpad.residency import Timeline, best_drops
from codesign.models.scratchpad.schedule import schedule
from tests.models.scratchpad import brute_force
from tests.models.scratchpad.graphs import CHANCES, capacity_between, crowded_problem, legal_order, random_problem

MANY = 10**6


def program_bytes(problem, capacity, **options):
    result = solve_program(problem, capacity, **options)
    return result.noncompulsory_bytes if result.status == "optimal" else None


def fixed_agrees(problem, order, capacity):
    """Eq. 16 and 17, with and without addresses; return whether placing costs more."""
    timeline = Timeline(problem, order)
    bare = best_drops(timeline, capacity).noncompulsory_bytes
    assert program_bytes(problem, capacity, mode="fixed", order=order, addresses=False) == bare
    found = program_bytes(problem, capacity, mode="fixed", order=order)
    if found is not None:
        assert place(timeline, capacity, time_limit_s=60).noncompulsory_bytes == found
    return found is not None and found > bare


def free_agrees(problem, capacity):
    """Eq. 12 without addresses; return the bytes."""
    found = search_orders(problem, capacity, ceiling_bytes=MANY, width=MANY)
    assert program_bytes(problem, capacity, addresses=False) == found.noncompulsory_bytes
    return found.noncompulsory_bytes


def complete_agrees(problem, capacity):
    """Eq. 12 with order and addresses; return whether both are proven to be the best."""
    found = program_bytes(problem, capacity)
    if found is None or brute_force.cheapest_placed(problem, problem.default_order, capacity) is None:
        return False
    made = schedule(problem, capacity, policy="search", time_limit_s=30)
    assert made.bound_bytes - made.compulsory_bytes <= found <= made.noncompulsory_bytes
    assert made.gap > 0 or made.noncompulsory_bytes == found
    return made.gap == 0


@settings(max_examples=60)
@given(CHANCES)
def test_fixed_order(chance):
    problem = random_problem(chance, most=6)
    fixed_agrees(problem, legal_order(chance, problem), capacity_between(chance, problem))


@settings(max_examples=20)
@given(CHANCES)
def test_fixed_order_where_addresses_matter(chance):
    problem, capacity = crowded_problem(chance)
    fixed_agrees(problem, problem.default_order, capacity)


@settings(max_examples=40)
@given(CHANCES)
def test_free_order(chance):
    problem = random_problem(chance, most=6)
    free_agrees(problem, capacity_between(chance, problem))


@settings(max_examples=15)
@given(CHANCES)
def test_free_order_with_addresses(chance):
    problem = random_problem(chance, most=5, largest=4)
    complete_agrees(problem, capacity_between(chance, problem))


@settings(max_examples=40)
@given(CHANCES)
def test_smallest_peak(chance):
    problem = random_problem(chance, most=6)
    result = solve_program(problem, None, mode="peak")
    assert result.peak_bytes == smallest_peak(problem).peak_bytes


@pytest.mark.slow
def test_all_at_length():
    costly = proven = 0
    for seed in range(3000):
        chance = Random(seed)
        problem = random_problem(chance, most=6)
        capacity = capacity_between(chance, problem)
        fixed_agrees(problem, legal_order(chance, problem), capacity)
        costly += free_agrees(problem, capacity) > 0
        if seed % 5 == 0:
            proven += complete_agrees(problem, capacity)
    assert costly > 200
    assert proven > 500


@pytest.mark.slow
def test_where_addresses_matter_at_length():
    dearer = 0
    for seed in range(400):
        problem, capacity = crowded_problem(Random(seed))
        dearer += fixed_agrees(problem, problem.default_order, capacity)
    assert dearer > 40
