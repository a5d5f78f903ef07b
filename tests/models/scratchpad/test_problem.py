"""What a problem says of itself: touches, needs, peaks, compulsory bytes, legal orders."""

import pytest
from hypothesis import given

from codesign.models.scratchpad.problem import Buffer, Operation, Problem, ProblemError
from tests.models.scratchpad import brute_force
from tests.models.scratchpad.graphs import CHANCES, make_problem, problems

SKIP = make_problem({"s": 2, "a": 3, "b": 3, "c": 1}, {"s": "> s", "a": "s > a", "b": "a > b", "c": "s b > c"})


def test_touches_are_what_is_read_or_written():
    assert SKIP.touches == ((0,), (0, 1), (1, 2), (0, 2, 3))
    assert SKIP.touched_by == ((0, 1, 3), (1, 2), (2, 3), (3,))


def test_a_buffer_changed_in_place_is_touched_once():
    changed = Operation("relu", (3, 1), (1,), ())
    assert changed.touches == (1, 3)


def test_needs_and_the_largest_operation():
    """s: 2; a: 2 + 3; b: 3 + 3; c: 2 + 3 + 1, no more than b, which comes first."""
    assert SKIP.needs_bytes == (2, 5, 6, 6)
    assert SKIP.minimum_bytes == 6
    assert SKIP.largest_operation == "b"


def test_successors():
    assert SKIP.successors == ((1, 3), (2,), (3,), ())


def test_loads_count_what_waits():
    """While b is made, s waits: 2 + 3 + 3."""
    assert SKIP.loads_bytes(SKIP.default_order) == [2, 5, 8, 6]
    assert SKIP.peak_bytes(SKIP.default_order) == 8


def test_loads_count_space_and_transfers_size():
    """A buffer of 3 bytes at addresses that are multiples of 4."""
    one = Problem("aligned", (Buffer("a", (), 3, 4, stored=True),), (Operation("o", (0,), (), ()),))
    assert one.minimum_bytes == one.peak_bytes((0,)) == 4
    assert one.compulsory_bytes == 3


def test_compulsory_bytes_are_first_loads_and_stores():
    """x (3) and the unused u (5) lie in DRAM; y (2) has to get there."""
    problem = make_problem({"x": 3, "u": 5, "y": 2}, {"y": "x > y"}, stored=("x", "u"), wanted=("y",))
    assert problem.compulsory_bytes == 3 + 2


def test_what_nothing_writes_need_not_be_stored():
    """x (3) is an input and, seen under another shape, an output: DRAM has it already."""
    problem = make_problem({"x": 3, "y": 2}, {"y": "x > y"}, stored=("x",), wanted=("x", "y"))
    assert problem.compulsory_bytes == 3 + 2


@given(problems())
def test_peak_is_that_of_brute_force(drawn):
    problem, _ = drawn
    assert problem.peak_bytes(problem.default_order) == brute_force.peak(problem, problem.default_order)


@given(problems(), CHANCES)
def test_an_order_is_legal_when_brute_force_lists_it(drawn, chance):
    problem, _ = drawn
    legal = brute_force.legal_orders(problem, 5000)
    if legal is None:
        return
    order = list(problem.default_order)
    chance.shuffle(order)
    if tuple(order) in legal:
        problem.check_order(order)
    else:
        with pytest.raises(ProblemError, match="which it waits for"):
            problem.check_order(order)


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 1, 2, 2), (0, 1, 2, 3, 3), (0, 1, 2, 4), (1, 2, 3, 4)])
def test_an_order_names_each_operation_once(order):
    with pytest.raises(ProblemError, match="hand-made: an order names each of the 4 operations once"):
        SKIP.check_order(order)


def test_an_order_keeps_precedences():
    with pytest.raises(ProblemError, match="hand-made: the order runs 'b' before 'a', which it waits for"):
        SKIP.check_order((0, 2, 1, 3))


def test_operations_stand_in_a_legal_order():
    with pytest.raises(ProblemError, match="wrong: operation 'first' comes before one that it waits for"):
        Problem("wrong", (), (Operation("first", (), (), (1,)), Operation("second", (), (), ())))
