"""Beyond the paper: stored and wanted buffers, and buffers that are written more than once.

A problem in which no buffer is stored or wanted and each is written once, by an operation that doesn't read it, gets
none of these rows (but precedences that no buffer carries).

*Stored*: DRAM holds the contents from the start. C[a,t] is the first, compulsory read, in the step of the first touch;
dropping the buffer later needs no spill, a retrieval is charged.

*Wanted*: the last contents are written to DRAM anyway, so that spilling those isn't charged.

*Written more than once* (in place, or part by part): each write makes a new version, which the copy in DRAM doesn't
hold, so that each version may have to be spilled. K[a,t] = 1 only where DRAM holds what a contains after step t.
"""

from __future__ import annotations

import pulp

from codesign.models.scratchpad.problem import Problem, ProblemError
from codesign.models.scratchpad.program.variables import Program


def check_sources(problem: Problem) -> None:
    """Raise ProblemError where a buffer is read that nothing brings about."""
    for a, buffer in enumerate(problem.buffers):
        touching = [problem.operations[o] for o in problem.touched_by[a]]
        if touching and not buffer.stored and not any(a in o.writes and a not in o.reads for o in touching):
            raise ProblemError(
                f"{problem.name}: operation {touching[0].name!r} reads the buffer {buffer.name!r}, which no operation"
                " writes first and which isn't stored in DRAM"
            )


def runs_once(p: Program) -> None:
    """Eq. 7 for an operation that creates no buffer of its own: sum over t of E[o,t] = 1."""
    for o in sorted({o for o, _ in p.E}):
        p.equal(pulp.lpSum(p.E.get((o, t), 0) for t in p.windows.of_operation(o)), 1)


def precedences(p: Program) -> None:
    """Sum over k <= t of run(after,k) <= sum over k < t of run(before,k), where Eq. 5 doesn't see to it."""
    for after, operation in enumerate(p.problem.operations):
        for before in operation.predecessors:
            passed = set(p.problem.operations[before].writes) & set(operation.reads)
            if not any(p.is_plain(a) for a in passed):
                for t in p.windows.of_operation(after):
                    done = pulp.lpSum(p.run(before, k) for k in range(t))
                    p.at_most(pulp.lpSum(p.run(after, k) for k in range(t + 1)), done)


def arrivals(p: Program) -> None:
    """C[a,t]: a stored buffer arrives when something touches it, another when something writes it without reading."""
    for a in extended(p):
        about = p.problem.buffers[a]
        by = [o for o in p.problem.touched_by[a] if about.stored or a not in p.problem.operations[o].reads]
        for t in p.windows.of_buffer(a):
            p.at_most(p.C.get((a, t), 0), pulp.lpSum(p.run(o, t) for o in by))


def touches(p: Program) -> None:
    """An operation finds what it touches: run(o,t) <= C[a,t] + P[a,t] + R[a,t]."""
    for a in extended(p):
        for o in p.problem.touched_by[a]:
            for t in p.windows.of_operation(o):
                p.at_most(p.run(o, t), p.resident(a, t))


def copies_in_dram(p: Program) -> None:
    """In place of Eq. 3, 4 and 8, with K[a,t] that DRAM holds what a contains after step t:

    S[a,t] <= C[a,t-1] + P[a,t-1] + R[a,t-1],  K[a,t] <= K[a,t-1] + S[a,t],  K[a,t] + write(a,t) <= 1,
    R[a,t] <= K[a,t-1],  R[a,t] <= sum over k < t of C[a,k],  S[a,t] + K[a,t-1] <= 1.

    Before the first step K is 1 for a stored buffer and 0 for another.
    """
    for a in extended(p):
        window = p.windows.of_buffer(a)
        copy: pulp.LpVariable | int = int(p.problem.buffers[a].stored)
        for t in window:
            spilled, retrieved = p.S.get((a, t), 0), p.R.get((a, t), 0)
            p.at_most(spilled, p.resident(a, t - 1))
            p.at_most(spilled + copy, 1)
            p.at_most(retrieved, copy)
            p.at_most(retrieved, pulp.lpSum(p.C.get((a, k), 0) for k in range(t)))
            if p.writers[a]:
                p.K[a, t] = p.binary("K", a, t)
                p.at_most(p.K[a, t], copy + spilled)
                p.at_most(p.K[a, t] + pulp.lpSum(p.run(o, t) for o in p.writers[a]), 1)
                copy = p.K[a, t]


def charged_spills(p: Program) -> pulp.LpAffineExpression:
    """Return the charge for spills of extended buffers: their size, but the last version of a wanted one is free.

    For a wanted buffer Q[a,t] >= S[a,t] - (writer o has run before t) for each of its writers o: a spill is free only
    once all have run.
    """
    terms = []
    for a in extended(p):
        for t in p.windows.of_buffer(a):
            spilled = p.S.get((a, t), 0)
            if p.problem.buffers[a].wanted and p.writers[a] and (a, t) in p.S:
                charge = p.binary("Q", a, t)
                p.Q[a, t] = charge
                for o in p.writers[a]:
                    p.at_most(spilled - pulp.lpSum(p.run(o, k) for k in range(t)), charge)
                terms.append(p.size[a] * charge)
            else:
                terms.append(p.size[a] * spilled)
    return pulp.lpSum(terms)


def extended(p: Program) -> list[int]:
    """Return the buffers that the paper doesn't know."""
    return [a for a in p.buffers if not p.is_plain(a)]


EXTENSION = (runs_once, precedences, arrivals, touches)
