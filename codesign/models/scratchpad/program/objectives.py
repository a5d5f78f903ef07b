"""Equations 12 to 17: what is minimised. Source: COSMA, arXiv 2311.18246, sections III and III-E."""

from __future__ import annotations

import pulp

from codesign.models.scratchpad.program.extension import charged_spills
from codesign.models.scratchpad.program.variables import Program


def equation_12(p: Program) -> None:
    """Minimise the non-compulsory traffic: sum over a, t of (S[a,t] + R[a,t]) Size(a).

    Eq. 17 is the same with C constant (Eq. 16), which ``Program`` sees to. A spill of a wanted buffer isn't charged.
    """
    retrievals = pulp.lpSum(p.size[a] * retrieved for (a, _), retrieved in p.R.items())
    spills = pulp.lpSum(
        p.size[a] * spilled for (a, _), spilled in p.S.items() if p.is_plain(a) and not p.problem.buffers[a].wanted
    )
    p.lp.setObjective(retrievals + spills + charged_spills(p))


def equations_13_to_15(p: Program) -> None:
    """Minimise the peak footprint: S = R = 0 (there are none in this mode), and at every t
    sum over a of (C[a,t] + P[a,t]) Size(a) <= M_peak, without addresses.
    """
    total = sum(p.space[a] for a in p.buffers)
    peak = p.whole("M_peak", total if p.capacity is None else min(p.capacity, total))
    for t in p.steps:
        p.at_most(pulp.lpSum(p.space[a] * p.resident(a, t) for a in p.buffers), peak)
    p.lp.setObjective(pulp.lpSum([peak]))
