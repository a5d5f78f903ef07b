"""Rows that the equations as printed lack, and rows that only help the solver.

The guards against phantoms in the first step and against keeping what is dead are in ``Program`` too: outside a window
there is no variable. So are whole units.
"""

from __future__ import annotations

import pulp

from codesign.models.scratchpad.program.variables import Program


def guard_one_operation_a_step(p: Program) -> None:
    """Sum over operations = 1 at every t: nothing in Eq. 1 to 7 keeps two unrelated operations from sharing a step."""
    for t in p.steps:
        p.equal(pulp.lpSum(p.run(o, t) for o in range(len(p.problem.operations))), 1)


def guard_dead_after_last_use(p: Program) -> None:
    """P[a,t] + S[a,t] + R[a,t] <= number of operations that touch a at t or later.

    With a free order the window of a buffer is longer than its life. Without this a buffer could be kept, at no cost,
    beyond its last use, where pairs are left out of Eq. 10.
    """
    for a in p.buffers:
        touching = p.problem.touched_by[a]
        for t in p.windows.of_buffer(a)[1:]:
            if all(p.windows.of_operation(o).start < t for o in touching):
                later = pulp.lpSum(p.run(o, k) for o in touching for k in p.windows.of_operation(o) if k >= t)
                p.at_most(p.sum((p.P, p.S, p.R), a, t), later)


def implied_capacity(p: Program) -> None:
    """Sum over a of res(a,t) Size(a) <= MB at every t.

    With addresses Eq. 9 and 10 imply it, but their linear relaxation doesn't: without it the bound stays at 0. Without
    addresses this is all that limits the scratchpad.
    """
    assert p.capacity is not None
    for t in p.steps:
        p.at_most(pulp.lpSum(p.space[a] * p.resident(a, t) for a in p.buffers), p.capacity)


def implied_retrieval_in_time(p: Program) -> None:
    """R[a,t] <= 1 only where something touches a at t: a buffer that is retrieved earlier only takes up room."""
    for (a, t), retrieved in p.R.items():
        p.at_most(retrieved, p.touched(a, t))
