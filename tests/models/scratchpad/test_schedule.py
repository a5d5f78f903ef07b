"""Plans with their bounds: against all orders with addresses, and known answers on real networks."""

from random import Random

import pytest
from hypothesis import assume, given, settings

from codesign.models.scratchpad.placing import PlacementError
from codesign.models.scratchpad.preparation import PAPER, problem_of
from codesign.models.scratchpad.problem import ProblemError
from codesign.models.scratchpad.schedule import CapacityError, budgets_of, check_capacity, schedule
from codesign.workloads.catalogue import load_network
from tests.models.scratchpad import brute_force
from tests.models.scratchpad.graphs import capacity_between, make_problem, problems, random_problem
from tests.models.scratchpad.test_program import check

BRANCHES = make_problem(
    {"x": 1, "a": 4, "a2": 1, "b": 4, "b2": 1, "y": 1},
    {"x": "> x", "a": "x > a", "b": "x > b", "a2": "a > a2", "b2": "b > b2", "y": "a2 b2 > y"},
    name="branches",
)


def noncompulsory(problem, capacity, policy="search", **options):
    """Return bytes and bound; the plan has been replayed."""
    made = schedule(problem, capacity, policy=policy, time_limit_s=30, **options)
    assert check(problem, made.plan, capacity) == made.noncompulsory_bytes
    assert made.plan.offchip_bytes == made.offchip_bytes == made.compulsory_bytes + made.noncompulsory_bytes
    assert made.minimum_bytes == problem.minimum_bytes
    assert (made.gap == 0) == (made.bound_bytes == made.offchip_bytes)
    return made.noncompulsory_bytes, made.bound_bytes - made.compulsory_bytes


def test_the_default_order_is_kept():
    made = schedule(BRANCHES, 6, policy="default")
    assert made.plan.order == ("x", "a", "b", "a2", "b2", "y")
    assert (made.noncompulsory_bytes, made.bound_bytes, made.gap) == (16, 16, 0)


def test_another_order_saves_it_all():
    made = schedule(BRANCHES, 6, policy="search")
    assert (made.noncompulsory_bytes, made.bound_bytes, made.gap, made.noncompulsory_gap) == (0, 0, 0, 0)


def test_seeds_are_tried():
    """The search may keep a single state, but a good order is handed in."""
    made = schedule(BRANCHES, 6, policy="search", width=1, seeds=[(0, 1, 3, 2, 4, 5)])
    assert (made.noncompulsory_bytes, made.states) == (0, 0)


def test_a_seed_has_to_be_legal():
    with pytest.raises(ProblemError, match="branches: the order runs 'a2' before 'a', which it waits for"):
        schedule(BRANCHES, 6, policy="search", seeds=[(0, 3, 1, 2, 4, 5)])


def test_budgets():
    """M_R 5 (a with x), M_P 6, half way between 5; the default order needs 9."""
    budgets = budgets_of(BRANCHES)
    assert (budgets.minimum_bytes, budgets.half_bytes, budgets.peak_bytes, budgets.peak_bound_bytes) == (5, 5, 6, 6)
    assert budgets.default_peak_bytes == 9
    assert BRANCHES.peak_bytes(budgets.peak_order) == 6


def test_below_the_minimum_the_error_names_it_and_the_operator():
    large = make_problem({"x": 1024, "y": 1536}, {"x": "> x", "wide": "x > y"}, name="large")
    check_capacity(large, 2560)
    with pytest.raises(
        CapacityError,
        match=r"large: the scratchpad of 2.00 KiB is smaller than M_R = 2.50 KiB, which the operator 'wide' needs",
    ):
        schedule(large, 2048, policy="default")


HALVES = {"A": 3, "B": 3, "C": 2, "D": 1, "E": 1, "F": 3, "G": 3}
STUCK = make_problem(HALVES, {"0": "> A B", "1": "B > C D", "2": "C D > E", "3": "D E > F", "4": "F > G"}, name="stuck")
"""Its contents can't be placed in 6 bytes (see test_placing)."""
AWKWARD = make_problem(
    {**HALVES, "z": 1},
    {"0": "> A B", "1": "B > C D", "2": "C D > E", "3": "D E > F", "4": "F > G", "5": "B > z"},
    name="awkward",
)
"""STUCK and one operation more, which can run anywhere after the first: in the default order, at the end, nothing can
be placed in 6 bytes, in another one everything, for 2 bytes."""


@pytest.mark.parametrize("policy", ["default", "search"])
def test_where_no_order_can_be_placed_the_error_says_so(policy):
    with pytest.raises(PlacementError, match="stuck: no addresses exist within 6 bytes"):
        schedule(STUCK, 6, policy=policy)


def test_an_order_that_cannot_be_placed_does_not_keep_others_from_being_found():
    orders = brute_force.legal_orders(AWKWARD)
    assert brute_force.cheapest_placed(AWKWARD, AWKWARD.default_order, 6) is None
    assert brute_force.cheapest_order(AWKWARD, 6, orders, addresses=True) == 2
    assert schedule(AWKWARD, 6, policy="search", time_limit_s=1).noncompulsory_bytes == 2


def agrees(problem, capacity, orders):
    """Return whether the plan is optimal, and whether it is proven to be."""
    best = brute_force.cheapest_order(problem, capacity, orders, addresses=True)
    found, bound = noncompulsory(problem, capacity)
    assert found >= best >= bound
    return found == best, found == bound


@settings(max_examples=100)
@given(problems(most=6))
def test_agrees_with_brute_force(drawn):
    problem, capacity = drawn
    orders = brute_force.legal_orders(problem, 100)
    assume(orders is not None and max(brute_force.gap_count(problem, order) for order in orders) <= 9)
    assume(brute_force.cheapest_placed(problem, problem.default_order, capacity) is not None)
    agrees(problem, capacity, orders)


@settings(max_examples=100)
@given(problems())
def test_more_capacity_never_costs_more(drawn):
    """Where the plans are proven to be the best."""
    problem, _ = drawn
    capacities = range(problem.minimum_bytes, problem.peak_bytes(problem.default_order) + 1, 3)
    made = [noncompulsory(problem, capacity) for capacity in capacities]
    proven = [found for found, bound in made if found == bound]
    assert proven == sorted(proven, reverse=True)


@settings(max_examples=100)
@given(problems())
def test_searching_never_costs_more_than_the_default_order(drawn):
    problem, capacity = drawn
    assert noncompulsory(problem, capacity)[0] <= noncompulsory(problem, capacity, policy="default")[0]


@pytest.mark.slow
def test_nearly_every_plan_is_optimal_and_proven():
    compared = optimal = proven = 0
    for seed in range(2000):
        chance = Random(seed)
        problem = random_problem(chance)
        orders = brute_force.legal_orders(problem, 200)
        if orders is None or brute_force.gap_count(problem, problem.default_order) > 10:
            continue
        capacity = capacity_between(chance, problem)
        if brute_force.cheapest_placed(problem, problem.default_order, capacity) is None:
            continue
        best, sure = agrees(problem, capacity, orders)
        compared, optimal, proven = compared + 1, optimal + best, proven + sure
    assert compared > 1000
    assert optimal >= 0.99 * compared
    assert proven >= 0.99 * compared


REIMPLEMENTATION = (
    "gkeramidasCSD-Group/Scale-Sim-SPM, cosma/docs: a public re-implementation of COSMA (arXiv 2311.18246)"
)
"""Source of the figures below: bytes that its integer program moves, solved by Gurobi, networks exported from Keras."""


@pytest.mark.parametrize("policy", ["default", "search"])
def test_densenet_121_in_the_papers_accounting(policy):
    """Peak and the bytes at M_R are REIMPLEMENTATION's; all plans are proven the best, for the default order and for
    all orders."""
    problem = problem_of(load_network("densenet121-keras"), PAPER)
    least, most = problem.minimum_bytes, problem.peak_bytes(problem.default_order)
    assert (least, most) == (1_634_560, 2_107_392)
    expected = {least: 2_609_152, (least + most) // 2: 1_404_928, most: 0}
    for capacity, moved in expected.items():
        made = schedule(problem, capacity, policy=policy)
        assert (made.compulsory_bytes, made.noncompulsory_bytes, made.gap) == (0, moved, 0)


def test_resnet_50_needs_nothing_at_its_minimum():
    problem = problem_of(load_network("resnet50-keras"), PAPER)
    assert problem.minimum_bytes == 2352 * 1024
    assert schedule(problem, 2352 * 1024, policy="default").noncompulsory_bytes == 0


@pytest.mark.parametrize("policy", ["default", "search"])
def test_r2plus1d_18_in_32_bit_words(policy):
    """The same bytes at M_R and half way to the peak, as in REIMPLEMENTATION."""
    problem = problem_of(load_network("r2plus1d-18").with_bits(32, 32), PAPER)
    least, most = problem.minimum_bytes, problem.peak_bytes(problem.default_order)
    for capacity in (least, (least + most) // 2):
        made = schedule(problem, capacity, policy=policy)
        assert (made.noncompulsory_bytes, made.gap) == (205_520_896, 0)
    assert schedule(problem, most, policy=policy).noncompulsory_bytes == 0
