"""Small programs with known answers."""

import random

import pulp


def program(name="program", sense=pulp.LpMinimize):
    return pulp.LpProblem(name, sense)


def row(problem, left, right, sense=pulp.LpConstraintLE):
    """Add a row, with or without variables."""
    problem.addConstraint(pulp.LpConstraint(pulp.lpSum([left]) - right, sense))


def knapsack(items=8, rows=2, seed=0, *, sense=pulp.LpMaximize, constant=0.0, continuous=0):
    """Values 10-60, weights 1-60, up to three of each; the first ``continuous`` items can be cut."""
    chance = random.Random(seed)
    problem = program("knapsack", sense)
    amounts = [
        problem.add_variable(f"x{i}", 0, 3, pulp.LpContinuous if i < continuous else pulp.LpInteger)
        for i in range(items)
    ]
    sign = 1 if sense == pulp.LpMaximize else -1
    problem.setObjective(sign * pulp.lpSum(chance.randint(10, 60) * x for x in amounts) + constant)
    for _ in range(rows):
        weights = [chance.randint(1, 60) for _ in amounts]
        row(problem, pulp.lpSum(w * x for w, x in zip(weights, amounts, strict=True)), sum(weights))
    return problem, amounts


def two_items():
    """max 3 a + 5 b with 2 a + 4 b <= 7, both 0..2: (1, 1) gives 8, (2, 0) 6; relaxed (2, 0.75) gives 9.75."""
    problem = program("two_items", pulp.LpMaximize)
    a, b = (problem.add_variable(name, 0, 2, pulp.LpInteger) for name in "ab")
    problem.setObjective(3 * a + 5 * b)
    row(problem, 2 * a + 4 * b, 7)
    return problem, a, b
