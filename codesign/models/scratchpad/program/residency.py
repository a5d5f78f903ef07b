"""Equations 1 to 8: which buffers are in the scratchpad when.

Source: COSMA, arXiv 2311.18246, section III. Precedence follows from Eq. 1, 2 and 5 together.
"""

from __future__ import annotations

from itertools import pairwise

import pulp

from codesign.models.scratchpad.program.variables import Program


def equation_1(p: Program) -> None:
    """One thing at a time: C + P + S + R <= 1."""
    for a in p.buffers:
        for t in p.windows.of_buffer(a):
            p.at_most(p.sum((p.C, p.P, p.S, p.R), a, t), 1)


def equation_2(p: Program) -> None:
    """Only what is there can stay: P[a,t] <= C[a,t-1] + P[a,t-1] + R[a,t-1]."""
    for (a, t), stays in p.P.items():
        p.at_most(stays, p.resident(a, t - 1))


def equation_3(p: Program) -> None:
    """Only what is there can be spilled: S[a,t] <= C[a,t-1] + P[a,t-1]; what was just retrieved needs no spill."""
    for (a, t), spilled in p.S.items():
        if p.is_plain(a):
            p.at_most(spilled, p.sum((p.C, p.P), a, t - 1))


def equation_4(p: Program) -> None:
    """Only what was spilled can be retrieved: R[a,t] <= sum over k <= t of S[a,k]."""
    for (a, t), retrieved in p.R.items():
        if p.is_plain(a):
            p.at_most(retrieved, pulp.lpSum(p.S.get((a, k), 0) for k in range(t + 1)))


def equation_5(p: Program) -> None:
    """An operation finds what it reads: C[a,t] <= P[b,t] + R[b,t] for each input b of the operation that creates a."""
    for o, operation in enumerate(p.problem.operations):
        for b in operation.reads:
            if p.is_plain(b):
                for t in p.windows.of_operation(o):
                    p.at_most(p.run(o, t), p.sum((p.P, p.R), b, t))


def equation_6(p: Program) -> None:
    """What one operation writes is created together: C[a,t] = C[b,t]."""
    for o, operation in enumerate(p.problem.operations):
        for a, b in pairwise(a for a in operation.writes if p.is_plain(a)):
            for t in p.windows.of_operation(o):
                p.equal(p.C[a, t] - p.C[b, t], 0)


def equation_7(p: Program) -> None:
    """Everything is created once: sum over t of C[a,t] = 1. There is no recomputation."""
    for a in p.buffers:
        p.equal(pulp.lpSum(p.C.get((a, t), 0) for t in p.windows.of_buffer(a)), 1)


def equation_8(p: Program) -> None:
    """A tensor is spilled at most once, because DRAM keeps it: sum over t of S[a,t] <= 1."""
    for a in p.buffers:
        if p.is_plain(a):
            p.at_most(pulp.lpSum(p.S.get((a, t), 0) for t in p.windows.of_buffer(a)), 1)


EQUATIONS_1_TO_8 = (
    equation_1,
    equation_2,
    equation_3,
    equation_4,
    equation_5,
    equation_6,
    equation_7,
    equation_8,
)
