"""The variables of the program, named as in the paper. A time step outside a variable's window counts as 0.

| variable | meaning |
| --- | --- |
| C[a,t] | buffer a is created at step t: the operation that writes it runs |
| P[a,t] | a stays (is preserved) in the scratchpad at t |
| S[a,t] | a is spilled at t: written to DRAM, its place is free |
| R[a,t] | a is retrieved for t |
| L[a,t] | address of a at t |
| V[a,t] | a keeps its place from t - 1 to t |
| u[a,b,t], d[a,b,t] | a lies above, below b at t |

Beyond the paper: E[o,t] for an operation that creates no buffer of its own, K[a,t] (DRAM holds the present contents)
and Q[a,t] (a spill that is charged) for buffers that are written more than once; see ``extension``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Literal, TypeAlias

import pulp

from codesign.models.scratchpad.problem import Problem
from codesign.models.scratchpad.program.windows import Windows

Mode = Literal["free", "fixed", "peak"]
Term: TypeAlias = pulp.LpVariable | pulp.LpAffineExpression | int
Family: TypeAlias = dict[tuple[int, ...], Term]


@dataclass(frozen=True, slots=True)
class Units:
    """Whole numbers that are as small as they can be.

    A solver takes a binary of 1e-6 for 0; times a capacity in bytes that is more than a small buffer, and the solution
    overlaps. So sizes are divided by their greatest common divisor.

    Attributes:
        space_bytes: what one unit of space stands for.
        traffic_bytes: what one unit of traffic stands for.
    """

    space_bytes: int
    traffic_bytes: int


class Program:
    """A program under construction: its variables and rows.

    Args:
        problem: what is scheduled.
        capacity_bytes: of the scratchpad; None without a limit (mode ``peak``).
        mode: ``free`` looks for an order too, ``fixed`` takes the one given, ``peak`` minimises the footprint.
        order: operations in sequence for ``fixed``; None otherwise.
    """

    def __init__(self, problem: Problem, capacity_bytes: int | None, mode: Mode, order: Sequence[int] | None) -> None:
        self.problem = problem
        self.mode = mode
        self.windows = Windows(problem, order)
        self.steps = range(len(problem.operations))
        self.buffers = [a for a, touching in enumerate(problem.touched_by) if touching]
        self.units = Units(
            gcd(*(problem.buffers[a].space_bytes for a in self.buffers)) or 1,
            gcd(*(problem.buffers[a].size_bytes for a in self.buffers)) or 1,
        )
        self.space = [buffer.space_bytes // self.units.space_bytes for buffer in problem.buffers]
        self.size = [buffer.size_bytes // self.units.traffic_bytes for buffer in problem.buffers]
        self.capacity = None if capacity_bytes is None else capacity_bytes // self.units.space_bytes
        self.writers = [
            [o for o in touching if a in problem.operations[o].writes] for a, touching in enumerate(problem.touched_by)
        ]
        self.lp = pulp.LpProblem("cosma", pulp.LpMinimize)
        self.C: Family = {}
        self.E: Family = {}
        self.P: Family = {}
        self.S: Family = {}
        self.R: Family = {}
        self.K: Family = {}
        self.Q: Family = {}
        self.L: Family = {}
        self.V: Family = {}
        self.u: Family = {}
        self.d: Family = {}
        self._make_creations()
        self._make_stays()

    def is_plain(self, a: int) -> bool:
        """Whether a buffer is a tensor as the paper knows it: written once, by one that doesn't read it, not stored."""
        writers = self.writers[a]
        about = self.problem.buffers[a]
        return not about.stored and len(writers) == 1 and a not in self.problem.operations[writers[0]].reads

    def run(self, o: int, t: int) -> Term:
        """Whether operation o runs at t: by Eq. 6 the C of anything that it creates."""
        for a in self.problem.operations[o].writes:
            if self.is_plain(a):
                return self.C.get((a, t), 0)
        return self.E.get((o, t), 0)

    def touched(self, a: int, t: int) -> pulp.LpAffineExpression:
        """Whether something touches a at t."""
        return pulp.lpSum(self.run(o, t) for o in self.problem.touched_by[a])

    def resident(self, a: int, t: int) -> pulp.LpAffineExpression:
        """res(a,t) = C[a,t] + P[a,t] + R[a,t]."""
        return self.sum((self.C, self.P, self.R), a, t)

    def sum(self, families: Iterable[Family], *index: int) -> pulp.LpAffineExpression:
        """Return the sum of the variables of several families at one index."""
        return pulp.lpSum(family.get(index, 0) for family in families)

    def require(self, left: Term, sense: int, right: Term | int) -> None:
        """Add the row ``left sense right``; a row without variables that holds is left out."""
        row = pulp.LpConstraint(pulp.lpSum([left]) - right, sense)
        if len(row) == 0 and row.valid():
            return
        self.lp.addConstraint(row)

    def at_most(self, left: Term, right: Term | int) -> None:
        """Add the row left <= right."""
        self.require(left, pulp.LpConstraintLE, right)

    def equal(self, left: Term, right: Term | int) -> None:
        """Add the row left = right."""
        self.require(left, pulp.LpConstraintEQ, right)

    def binary(self, family: str, *index: int) -> pulp.LpVariable:
        """Return a new binary variable."""
        return self.whole(family, 1, *index)

    def whole(self, family: str, upper: int, *index: int) -> pulp.LpVariable:
        """Return a new integer variable from 0 to ``upper``."""
        return self.lp.add_variable("_".join([family, *map(str, index)]), 0, upper, pulp.LpInteger)

    def _make_creations(self) -> None:
        """C, and E for operations that create no plain buffer; constants where the order is fixed (Eq. 16)."""
        fixed = self.mode == "fixed"
        for a in self.buffers:
            steps = self.windows.of_buffer(a)
            if self.is_plain(a):
                steps = self.windows.of_operation(self.writers[a][0])
            for t in steps[:1] if fixed else steps:
                self.C[a, t] = 1 if fixed else self.binary("C", a, t)
        for o, operation in enumerate(self.problem.operations):
            if not any(self.is_plain(a) for a in operation.writes):
                for t in self.windows.of_operation(o):
                    self.E[o, t] = 1 if fixed else self.binary("E", o, t)

    def _make_stays(self) -> None:
        """P, S and R from the second step of a buffer's window on.

        There are none in the very first step: nothing can have been there before, and Eq. 2 to 4 don't reach back
        beyond it. There are none after the last touch: what is kept then costs nothing, and a pair of buffers that is
        left out of Eq. 10 because their windows don't meet could be at one address at one time.
        """
        for a in self.buffers:
            for t in self.windows.of_buffer(a)[1:]:
                self.P[a, t] = self.binary("P", a, t)
                if self.mode != "peak":
                    self.S[a, t] = self.binary("S", a, t)
                    self.R[a, t] = self.binary("R", a, t)
