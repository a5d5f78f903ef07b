"""Equations 9 to 11: where buffers lie. Source: COSMA, arXiv 2311.18246, section III."""

from __future__ import annotations

from itertools import combinations

from codesign.models.scratchpad.program.variables import Program


def equation_9(p: Program) -> None:
    """Everything lies inside: L[a,t] + Size(a) <= MB, as a bound of L, for all t whether a is resident or not."""
    assert p.capacity is not None
    for a in p.buffers:
        for t in p.windows.of_buffer(a):
            p.L[a, t] = p.whole("L", p.capacity - p.space[a], a, t)


def equation_10(p: Program) -> None:
    """Two that are resident at once don't overlap.

    At every t:
    L[a] >= L[b] + Size(b) - MB (1 - u),  L[b] >= L[a] + Size(a) - MB (1 - d),  u + d >= res(a) + res(b) - 1.

    Left out for pairs of which one is dead before the other is created in every order, which is sound because
    ``guard_dead_after_last_use`` keeps the dead out.
    """
    assert p.capacity is not None
    for a, b in combinations(p.buffers, 2):
        first, second = p.windows.of_buffer(a), p.windows.of_buffer(b)
        if p.windows.never_together(a, b):
            continue
        for t in range(max(first.start, second.start), min(first.stop, second.stop)):
            above, below = p.binary("u", a, b, t), p.binary("d", a, b, t)
            p.u[a, b, t], p.d[a, b, t] = above, below
            p.at_most(p.L[b, t] - p.L[a, t] + p.capacity * above, p.capacity - p.space[b])
            p.at_most(p.L[a, t] - p.L[b, t] + p.capacity * below, p.capacity - p.space[a])
            p.at_most(p.resident(a, t) + p.resident(b, t) - above - below, 1)


def equation_11(p: Program) -> None:
    """What stays keeps its place: |L[a,t] - L[a,t-1]| <= MB (1 - V[a,t]), V = res(a,t-1) and P[a,t].

    After a retrieval a buffer may lie elsewhere.
    """
    assert p.capacity is not None
    for (a, t), stays in p.P.items():
        keeps = p.binary("V", a, t)
        p.V[a, t] = keeps
        before = p.resident(a, t - 1)
        p.at_most(keeps, stays)
        p.at_most(keeps, before)
        p.at_most(before + stays - keeps, 1)
        p.at_most(p.L[a, t] - p.L[a, t - 1] + p.capacity * keeps, p.capacity)
        p.at_most(p.L[a, t - 1] - p.L[a, t] + p.capacity * keeps, p.capacity)


EQUATIONS_9_TO_11 = (equation_9, equation_10, equation_11)
