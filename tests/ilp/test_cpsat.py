"""CP-SAT gives the same statuses, bound and gap, and lives beside HiGHS in one process."""

import builtins
import subprocess
import sys

import pytest

from codesign.errors import MissingExtraError
from codesign.ilp import IlpError, solve_cpsat

INFINITY = float("inf")


def test_without_the_extra_the_error_says_how_to_get_it(monkeypatch):
    real = builtins.__import__

    def without_ortools(name, *rest):
        if name.startswith("ortools"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_ortools)
    with pytest.raises(MissingExtraError, match=r"needs the package 'ortools', .* pip install 'codesign\[cpsat\]'"):
        solve_cpsat(object())


def test_the_package_does_not_import_ortools():
    code = "import sys, codesign.ilp; sys.exit('ortools' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.fixture
def cp_model():
    return pytest.importorskip("ortools.sat.python.cp_model")


def hard(cp_model, sense="maximize"):
    model = cp_model.CpModel()
    x = [model.new_int_var(0, 3, f"x{i}") for i in range(60)]
    for k in range(30):
        weights = [(7 * i + 11 * k * k + i * k) % 59 + 1 for i in range(60)]
        model.add(sum(w * v for w, v in zip(weights, x, strict=True)) <= sum(weights))
    getattr(model, sense)(sum(((13 * i) % 50 + 10) * v for i, v in enumerate(x)))
    return model


def test_optimal(cp_model):
    """max 3 a + 5 b with 2 a + 4 b <= 7, 0..2: a = b = 1."""
    model = cp_model.CpModel()
    a, b = (model.new_int_var(0, 2, name) for name in "ab")
    model.add(2 * a + 4 * b <= 7)
    model.maximize(3 * a + 5 * b)
    solution = solve_cpsat(model)
    assert (solution.status, solution.limit, solution.objective, solution.bound) == ("optimal", None, 8, 8)
    assert (solution.gap, solution.value(a), solution.value(2 * a - b)) == (0, 1, 1)
    assert (solution.solver, solution.solver_version[:2]) == ("cp-sat", "9.")


@pytest.mark.parametrize(("sense", "worst"), [("minimize", INFINITY), ("maximize", -INFINITY)])
def test_infeasible(cp_model, sense, worst):
    model = cp_model.CpModel()
    a = model.new_int_var(0, 2, "a")
    model.add(2 * a == 1)
    getattr(model, sense)(a)
    solution = solve_cpsat(model)
    assert (solution.status, solution.objective, solution.bound, solution.gap) == ("infeasible", None, worst, INFINITY)
    with pytest.raises(IlpError, match="no solution to take values from: it is infeasible"):
        solution.value(a)


@pytest.mark.parametrize(("sense", "best"), [("minimize", -INFINITY), ("maximize", INFINITY)])
def test_no_time_at_all(cp_model, sense, best):
    """CP-SAT leaves 0 as objective and bound; a bound of 0 would be wrong for the maximum."""
    solution = solve_cpsat(hard(cp_model, sense), time_limit_s=0)
    assert (solution.status, solution.limit, solution.objective, solution.bound) == ("timeout", "time", None, best)


def test_found_in_time(cp_model):
    solution = solve_cpsat(hard(cp_model), time_limit_s=1)
    assert (solution.status, solution.limit) == ("feasible", "time")
    assert 0 < solution.gap < 1
    assert solution.bound > solution.objective


def test_without_an_objective(cp_model):
    model = cp_model.CpModel()
    a = model.new_int_var(0, 9, "a")
    model.add(3 * a == 12)
    solution = solve_cpsat(model)
    assert (solution.status, solution.objective, solution.bound, solution.value(a)) == ("optimal", 0, 0, 4)


def test_options_and_models_are_checked(cp_model):
    model = cp_model.CpModel()
    with pytest.raises(IlpError, match="time_limit_s must be"):
        solve_cpsat(model, time_limit_s=-1)
    with pytest.raises(IlpError, match="workers must be a whole number, 1 or more; found 0"):
        solve_cpsat(model, workers=0)
    with pytest.raises(IlpError, match="seed must be a whole number, 0 to 2147483647; found -1"):
        solve_cpsat(model, seed=-1)
    model.new_int_var(3, 1, "empty")
    with pytest.raises(IlpError, match="CP-SAT takes no such model"):
        solve_cpsat(model)


def test_nothing_is_written_to_the_terminal(cp_model, capfd):
    solve_cpsat(hard(cp_model), time_limit_s=0.2, workers=2)
    assert capfd.readouterr() == ("", "")


def test_equal_seeds_give_equal_answers(cp_model):
    def answer():
        model = cp_model.CpModel()
        x = [model.new_int_var(0, 9, f"x{i}") for i in range(12)]
        model.add(sum((i + 3) * v for i, v in enumerate(x)) == 140)
        model.minimize(sum((7 * i) % 5 * v for i, v in enumerate(x)))
        solution = solve_cpsat(model, seed=3)
        return [solution.value(v) for v in x]

    assert answer() == answer()


HIGHS = """
import pulp
from codesign.ilp import solve
problem = pulp.LpProblem("p", pulp.LpMaximize)
x = problem.add_variable("x", 0, 5, pulp.LpInteger)
problem.setObjective(2 * x)
problem.addConstraint(3 * x <= 10)
assert solve(problem).objective == 6
"""
CP_SAT = """
from ortools.sat.python import cp_model
from codesign.ilp import solve_cpsat
model = cp_model.CpModel()
y = model.new_int_var(0, 5, "y")
model.add(3 * y <= 10)
model.maximize(2 * y)
assert solve_cpsat(model).objective == 6
"""


@pytest.mark.parametrize(
    "code",
    [
        HIGHS + CP_SAT + HIGHS,
        CP_SAT + HIGHS + CP_SAT,
        "import ortools.sat.python.cp_model, highspy\n" + HIGHS + CP_SAT,
        "import highspy, ortools.sat.python.cp_model\n" + CP_SAT + HIGHS,
    ],
    ids=["highs first", "cp-sat first", "ortools imported first", "highspy imported first"],
)
def test_highs_and_cp_sat_work_in_one_process(cp_model, code):
    """Versions of highspy and ortools that don't go together crash here."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
