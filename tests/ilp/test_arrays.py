"""Programs in arrays: checked when made, solved without PuLP, and equal to the same program in PuLP."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from codesign.ilp import ArrayProgram, IlpError, Options, SolverError, solve, solve_arrays
from codesign.ilp.answer import Answer, conclude
from codesign.ilp.highs import run_highs
from codesign.ilp.pulp_arrays import arrays_of, problem_of
from tests.ilp.programs import knapsack, two_items

INFINITY = float("inf")


def arrays(cost, rows, row_upper, *, lower=0.0, upper=1.0, integer=True, row_lower=-INFINITY, constant=0.0):
    n, m = len(cost), len(row_upper)
    return ArrayProgram(
        cost=np.array(cost, float),
        lower=np.full(n, lower),
        upper=np.full(n, upper),
        integer=np.full(n, integer),
        rows=sparse.csr_matrix(np.array(rows, float).reshape(m, n)),
        row_lower=np.full(m, row_lower),
        row_upper=np.array(row_upper, float),
        constant=constant,
    )


def test_optimal():
    """min -3 a - 5 b + 1 with 2 a + 4 b <= 7, 0..2: a = b = 1."""
    solution = solve_arrays(arrays([-3, -5], [[2, 4]], [7], upper=2.0, constant=1.0))
    assert (solution.status, solution.objective, solution.bound, solution.gap) == ("optimal", -7, -7, 0)
    assert solution.x.tolist() == [1, 1]
    assert (solution.solver, solution.solver_version[:2]) == ("highs", "1.")


def test_infeasible_unbounded_and_empty():
    assert solve_arrays(arrays([1, 1], [[2, 2]], [1], row_lower=1.0)).status == "infeasible"
    assert solve_arrays(arrays([1], [[1]], [5], lower=3.0, upper=2.0)).status == "infeasible"
    assert solve_arrays(arrays([-1], np.zeros((0, 1)), [], upper=INFINITY)).status == "unbounded"
    assert solve_arrays(arrays([-1], np.zeros((0, 1)), [])).x.tolist() == [1]
    empty = solve_arrays(arrays([], np.zeros((1, 0)), [0], constant=2.0))
    assert (empty.status, empty.objective, empty.x.size) == ("optimal", 2, 0)
    assert solve_arrays(arrays([], np.zeros((1, 0)), [-1])).status == "infeasible"


def test_without_time_there_are_no_values_but_the_bound_of_the_columns():
    solution = solve_arrays(arrays([-3, 2, -5], [[2, 3, 4]], [6], constant=1.0), time_limit_s=0)
    assert (solution.status, solution.limit, solution.x, solution.objective) == ("timeout", "time", None, None)
    assert solution.bound == -3 - 5 + 1


def test_a_linear_program_that_was_stopped_gives_values_only_if_they_are_a_solution():
    """HiGHS calls x = 0 feasible here, which the row forbids."""
    program = arrays([1, 1], [[1, 1]], [2], row_lower=1.5, integer=False)
    assert solve_arrays(program, time_limit_s=0).status == "timeout"
    assert solve_arrays(program).objective == pytest.approx(1.5)


def test_a_start_with_gaps():
    program = arrays([-3, -5], [[2, 4]], [7], upper=2.0)
    assert solve_arrays(program, start=[np.nan, 1]).objective == -8
    with pytest.raises(IlpError, match=r"start must be 2 numbers, found the shape \(3,\)"):
        solve_arrays(program, start=[0, 0, 0])
    with pytest.raises(IlpError, match="start must be 2 numbers: "):
        solve_arrays(program, start=["a", "b"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cost": [1.0]}, r"cost must be 2 numbers, found the shape \(1,\)"),
        ({"cost": [1.0, np.nan]}, "cost holds a NaN at position 1"),
        ({"cost": [1.0, INFINITY]}, "must be finite"),
        ({"cost": ["a", "b"]}, "cost must be 2 numbers: "),
        ({"integer": [1, 0]}, "integer must be 2 booleans, found int64"),
        ({"lower": [INFINITY, 0]}, "a lower bound can't be .inf"),
        ({"row_upper": [-INFINITY]}, "an upper bound can't be -inf"),
        ({"row_lower": [0.0, 0.0]}, r"row_lower must be 1 numbers, found the shape \(2,\)"),
        ({"rows": np.ones((1, 2))}, "rows must be a scipy.sparse matrix, found ndarray"),
        ({"rows": sparse.csr_matrix([[np.nan, 1.0]])}, "must be finite"),
        ({"constant": np.nan}, "must be finite"),
    ],
)
def test_arrays_are_checked(change, message):
    good = {
        "cost": [1.0, 1.0],
        "lower": [0.0, 0.0],
        "upper": [1.0, 1.0],
        "integer": np.array([True, False]),
        "rows": sparse.csr_matrix([[1.0, 1.0]]),
        "row_lower": [0.0],
        "row_upper": [1.0],
    }
    ArrayProgram(**good)
    with pytest.raises(IlpError, match=message):
        ArrayProgram(**{**good, **change})


def test_entries_of_one_place_are_summed_and_the_matrix_given_stays_as_it_is():
    rows = sparse.csr_matrix((np.array([1.0, 1.0]), np.array([0, 0]), np.array([0, 2])), shape=(1, 1))
    solution = solve_arrays(
        ArrayProgram(
            np.array([-1.0]), np.zeros(1), np.full(1, 9.0), np.array([True]), rows, np.zeros(1), np.full(1, 5.0)
        )
    )
    assert solution.x.tolist() == [2]
    assert rows.nnz == 2


# --- answers are checked ---------------------------------------------------------------------------------------------

COUPLED = ArrayProgram(
    cost=np.array([1.0, 1e-3]),
    lower=np.array([0.0, 0.0]),
    upper=np.array([1.0, 100.0]),
    integer=np.array([True, False]),
    rows=sparse.csr_matrix([[-1e6, 1.0], [1.0, 1.0]]),
    row_lower=np.array([-INFINITY, 2.0]),
    row_upper=np.array([0.0, INFINITY]),
)
"""min b + x / 1000 with x <= 1e6 b and b + x >= 2: b = 1, x = 1."""


def answered(x, *, program=COUPLED, verdict="optimal", bound=0.0):
    def run(_program, _options, _start):
        return Answer(verdict, None if x is None else np.array(x, float), bound, 0, None, 0.0)

    return conclude(program, Options(), None, run, run_highs, "somebody", "1")


def test_whole_numbers_are_exactly_whole():
    assert answered([0.9999995, 1.0000005]).x[0] == 1


def test_what_is_far_from_whole_is_refused():
    with pytest.raises(SolverError, match=r"somebody returned 0\.999 for the integer column 0"):
        answered([0.999, 1.1])


def test_the_rest_is_solved_for_again_where_rounding_breaks_a_row():
    """b = 0.9999925 is 1 to the tolerance; b + x >= 2 is then met by x = 1, not by what was left of it."""
    solution = answered([1.0000075, 0.9999925])
    assert solution.x.tolist() == [1, pytest.approx(1.0)]
    assert COUPLED.violation(solution.x) is None


def test_values_that_cannot_be_mended_are_refused():
    """b = 2e-6 lets x be 2; with b = 0 nothing is left."""
    with pytest.raises(
        SolverError, match="the values from somebody break the program once the integers are whole: row 0"
    ):
        answered([2e-6, 1.999998])
    with pytest.raises(
        SolverError, match="the values from somebody break the program .* row 0 is 2, outside 3 ... inf"
    ):
        answered([1, 1], program=arrays([1, 1], [[1, 1]], [INFINITY], row_lower=3.0, upper=5.0))


def test_a_bound_beyond_a_solution_is_refused():
    with pytest.raises(SolverError, match=r"states the bound 5\.0 for a minimum, yet found a solution with 1\.001"):
        answered([1, 1], bound=5.0)


def test_an_optimum_without_values_is_refused():
    with pytest.raises(SolverError, match="somebody reports an optimum without values"):
        answered(None)


def test_the_bound_of_the_columns_counts_where_the_solver_knows_none():
    solution = answered([1, 1], verdict="stopped", bound=-INFINITY)
    assert (solution.status, solution.bound, solution.gap) == ("feasible", 0, 1)


# --- both ways agree -------------------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(1, 7), st.integers(0, 3))
def test_pulp_and_arrays_agree(seed, items, rows):
    problem, _ = knapsack(items=items, rows=rows, seed=seed)
    by_pulp, by_arrays = solve(problem), solve_arrays(arrays_of(problem).program)
    assert by_arrays.status == by_pulp.status == "optimal"
    assert by_arrays.objective == -by_pulp.objective
    assert by_arrays.bound == -by_pulp.bound
    assert by_arrays.x.tolist() == list(by_pulp.values.values())


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(0, 3), st.integers(0, 2))
def test_arrays_survive_the_way_through_pulp(seed, items, rows, continuous):
    program = arrays_of(knapsack(items=items, rows=rows, seed=seed, continuous=continuous, constant=3.0)[0]).program
    problem, variables = problem_of(program)
    again = arrays_of(problem).program
    column = [sorted(v.name for v in variables).index(v.name) for v in variables]
    assert again.cost[column].tolist() == program.cost.tolist()
    assert again.integer[column].tolist() == program.integer.tolist()
    assert again.upper[column].tolist() == program.upper.tolist()
    assert again.rows.toarray()[:rows, column].tolist() == program.rows.toarray().tolist()
    assert again.row_upper[:rows].tolist() == program.row_upper.tolist()


@settings(max_examples=60)
@given(st.data())
def test_agrees_with_enumeration(data):
    """All points of a small box, rows with both sides."""
    n, m = data.draw(st.integers(1, 4)), data.draw(st.integers(0, 3))
    number = st.integers(-5, 5)
    program = arrays(
        data.draw(st.lists(number, min_size=n, max_size=n)),
        data.draw(st.lists(number, min_size=n * m, max_size=n * m)),
        data.draw(st.lists(number, min_size=m, max_size=m)),
        upper=2.0,
        row_lower=float(data.draw(st.integers(-9, 0))),
    )
    points = [np.array(x, float) for x in itertools.product(range(3), repeat=n)]
    costs = [program.objective_of(x) for x in points if program.violation(x) is None]
    solution = solve_arrays(program)
    if costs:
        assert (solution.status, solution.objective, solution.bound) == ("optimal", min(costs), min(costs))
        assert program.objective_of(solution.x) == min(costs)
    else:
        assert solution.status == "infeasible"


def test_the_item_of_the_docstring():
    program = arrays_of(two_items()[0]).program
    assert solve_arrays(program).objective == -8
    relaxed = ArrayProgram(**{f: getattr(program, f) for f in program.__slots__} | {"integer": np.zeros(2, bool)})
    assert solve_arrays(relaxed).objective == pytest.approx(-9.75)


def test_a_mixed_program_that_a_release_of_highs_got_wrong():
    """min x - 6 y with x - 6 y >= -4, y binary: x = 2, y = 1. HiGHS 1.14.0 said 0 (ERGO-Code/HiGHS 2957)."""
    program = ArrayProgram(
        cost=np.array([1.0, -6.0]),
        lower=np.zeros(2),
        upper=np.array([np.inf, 1.0]),
        integer=np.array([False, True]),
        rows=sparse.csr_matrix(np.array([[1.0, -6.0]])),
        row_lower=np.array([-4.0]),
        row_upper=np.array([np.inf]),
    )
    solution = solve_arrays(program)
    assert solution.status == "optimal"
    assert solution.objective == pytest.approx(-4.0)
