"""Which gaps to drop when the order is fixed, against hand-made answers and brute force."""

from random import Random

import pytest
from hypothesis import assume, given, settings

from codesign.models.scratchpad.problem import Buffer, Operation, Problem, ProblemError
from codesign.models.scratchpad.residency import Timeline, best_drops, cost_bytes
from tests.models.scratchpad import brute_force
from tests.models.scratchpad.graphs import CHANCES, legal_order, make_problem, problems, random_problem

WAIT = {"s": 2, "a": 3, "b": 3, "c": 1}
OPERATIONS = {"s": "> s", "a": "s > a", "b": "a > b", "c": "s b > c"}
SKIP = make_problem(WAIT, OPERATIONS)
"""s waits while b (3) is made from a (3)."""


def in_default_order(problem):
    return Timeline(problem, problem.default_order)


def bytes_of(problem, capacity, **options):
    drops = best_drops(in_default_order(problem), capacity, **options)
    assert drops.optimal
    assert drops.bound_bytes == drops.noncompulsory_bytes
    assert cost_bytes(in_default_order(problem), drops.dropped) == drops.noncompulsory_bytes
    return drops.noncompulsory_bytes


def test_gaps_lie_between_touches():
    gaps = in_default_order(SKIP).gaps
    assert [(g.buffer, g.before, g.after, g.steps) for g in gaps] == [
        (0, 0, 1, 0),
        (0, 1, 3, 1),
        (1, 1, 2, 0),
        (2, 2, 3, 0),
    ]


def test_crossing_gaps_are_those_with_the_step_strictly_inside():
    assert in_default_order(SKIP).crossing([1, 2, 3]) == {1: [], 2: [1], 3: []}


def test_nothing_is_dropped_where_everything_fits():
    assert best_drops(in_default_order(SKIP), 8).dropped == ()


def test_what_waits_goes_out_and_comes_back():
    """6 bytes: step 2 needs a and b; s (2) is written and retrieved."""
    assert bytes_of(SKIP, 7) == bytes_of(SKIP, 6) == 4


def test_a_stored_buffer_is_dropped_for_its_retrieval():
    stored = make_problem(WAIT, {"a": "s > a", "b": "a > b", "c": "s b > c"}, stored=("s",))
    assert bytes_of(stored, 6) == 2


def test_a_wanted_buffer_is_written_anyway():
    assert bytes_of(make_problem(WAIT, OPERATIONS, wanted=("s",)), 6) == 2


SIZES = {"w": 2, "a": 3, "b": 3, "g": 2, "d": 3, "e": 3, "h": 2, "f": 1}
IN_PLACE = {"w": "> w", "a": "w > a", "b": "a > b g", "+": "w b > w d", "e": "d > e h", "f": "w e > f"}
READ_ONLY = {**IN_PLACE, "+": "w b > d"}


@pytest.mark.parametrize(
    ("operations", "known", "expected"),
    [
        (READ_ONLY, {}, 2 + 2 + 2),
        (IN_PLACE, {}, 2 * (2 + 2)),
        (IN_PLACE, {"wanted": ("w",)}, 2 + 2 + 2),
    ],
    ids=["one version is written once", "a change makes a new version", "the last version is written anyway"],
)
def test_versions(operations, known, expected):
    """w (2) is in the way in steps b and e, which need all 8 bytes."""
    assert bytes_of(make_problem(SIZES, operations, **known), 8) == expected


def test_of_a_stored_buffer_only_the_changed_version_is_written():
    operations = {name: text for name, text in IN_PLACE.items() if name != "w"}
    assert bytes_of(make_problem(SIZES, operations, stored=("w",)), 8) == 2 + 2 + 2


def test_spaces_decide_what_fits_and_sizes_what_it_costs():
    """Two buffers of 4 bytes space wait; one has to go: the one of 1 byte, not that of 4."""
    about = (("p", 1, 4), ("q", 4, 4), ("r", 4, 4), ("y", 4, 4))
    buffers = tuple(Buffer(name, (), size, space) for name, size, space in about)
    operations = (
        Operation("pq", (), (0, 1), ()),
        Operation("r", (), (2,), (0,)),
        Operation("y", (2,), (3,), (1,)),
        Operation("end", (0, 1), (), (2,)),
    )
    assert bytes_of(Problem("aligned", buffers, operations), 12) == 2


def test_a_cut_forces_one_of_its_gaps():
    """Gap 1 is the only one of s that some step separates."""
    assert bytes_of(SKIP, 8, cuts=[frozenset({1})]) == 4


def test_a_move_between_neighbouring_touches_needs_a_copy():
    """Gaps 0 and 1 of w: dropping gap 0 (no step between) isn't allowed, so the cut is met by the dearer gap 1."""
    problem = make_problem({"w": 1, "x": 1, "y": 1, "z": 1}, {"w": "> w", "x": "w > x", "y": "x > y", "z": "w y > z"})
    assert bytes_of(problem, 4, cuts=[frozenset({0, 1})]) == 2
    drops = best_drops(in_default_order(problem), 4, cuts=[frozenset({0, 1})])
    assert drops.dropped == (1,)


def test_a_stored_buffer_moves_between_neighbouring_touches_for_its_retrieval():
    problem = make_problem({"w": 2, "x": 1, "y": 1}, {"x": "w > x", "y": "w x > y"}, stored=("w",))
    assert bytes_of(problem, 4, cuts=[frozenset({0})]) == 2


def test_an_illegal_order_has_no_timeline():
    with pytest.raises(ProblemError, match="runs 'b' before 'a'"):
        Timeline(SKIP, (0, 2, 1, 3))


def agrees(problem, order, capacity):
    drops = best_drops(Timeline(problem, order), capacity)
    expected = brute_force.cheapest_drops(problem, order, capacity).cost
    assert (drops.noncompulsory_bytes, drops.bound_bytes, drops.optimal) == (expected, expected, True)
    return expected


@settings(max_examples=300)
@given(problems(), CHANCES)
def test_agrees_with_brute_force(drawn, chance):
    problem, capacity = drawn
    order = legal_order(chance, problem)
    assume(brute_force.gap_count(problem, order) <= 12)
    agrees(problem, order, capacity)


@settings(max_examples=100)
@given(problems())
def test_more_capacity_never_costs_more(drawn):
    problem, _ = drawn
    capacities = range(problem.minimum_bytes, problem.peak_bytes(problem.default_order) + 1)
    costs = [best_drops(in_default_order(problem), capacity).noncompulsory_bytes for capacity in capacities]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] == 0


@pytest.mark.slow
def test_agrees_with_brute_force_at_length():
    costly = 0
    for seed in range(4000):
        chance = Random(seed)
        problem = random_problem(chance)
        order = legal_order(chance, problem)
        if brute_force.gap_count(problem, order) <= 12:
            capacity = chance.randint(problem.minimum_bytes, problem.peak_bytes(order))
            costly += agrees(problem, order, capacity) > 0
    assert costly > 500
