"""A lower bound on the traffic of every order: the gap formulation on the precedence order itself.

For operation v and another operation u let z[u,v] = 1 where u runs before v: given for ancestors and descendants of v,
free between 0 and 1 for the rest, and never larger for an operation than for one that has to come before it. With
live[a,v] (buffer a is touched before and after v), d[a,v] (live, but not in the scratchpad while v runs), r[a,u] (a is
retrieved for its touch u) and w[a,k] (a is written back as the operations k left it)::

    minimise   sum of size[a] * (sum over u of r[a,u] + sum over k of w[a,k])
    subject to live[a,v] >= z[u,v] - z[t,v]                                  for touches u, t of a
               sum over a of space[a] * (live[a,v] - d[a,v]) <= capacity - need(v)        for each v
               sum over u that may be the next touch after v of r[a,u] >= d[a,v]
               w[a,k] >= d[a,v]      where every order has the same writers k of a before v, and DRAM hasn't got theirs

Every order and every choice of drops satisfies these with whole numbers, so the optimum, and the solver's bound on it,
is a lower bound. On a chain it is the gap formulation and exact. z stays continuous and is not required to be one and
the same order for all v, which is what the bound gives away."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from codesign.ilp.arrays import ArrayProgram, solve_arrays
from codesign.models.scratchpad.masks import Masks, members_of
from codesign.models.scratchpad.problem import Problem


def order_free_bound_bytes(
    problem: Problem, capacity_bytes: int, *, time_limit_s: float | None = None, node_limit: int | None = None
) -> int:
    """Return bytes that every plan with this capacity has to spill and retrieve, whatever its order.

    Args:
        problem: what to schedule.
        capacity_bytes: of the scratchpad.
        time_limit_s: of the solver; its bound at that time counts.
        node_limit: the same as a number of nodes.
    """
    program = _BoundProgram(problem, capacity_bytes)
    if not program.has_rows:
        return 0
    return program.solve(time_limit_s, node_limit)


@dataclass(slots=True)
class _Rows:
    """Rows sum(value * x[column]) >= bound, collected one by one."""

    row: list[int] = field(default_factory=list)
    column: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    bound: list[float] = field(default_factory=list)

    def add(self, terms: list[tuple[int, float]], bound: float) -> None:
        self.row += [len(self.bound)] * len(terms)
        self.column += [column for column, _ in terms]
        self.value += [value for _, value in terms]
        self.bound.append(bound)


class _BoundProgram:
    def __init__(self, problem: Problem, capacity_bytes: int) -> None:
        self._problem = problem
        self._masks = Masks(problem)
        self._capacity = capacity_bytes
        self._columns: dict[tuple[str, int, int], int] = {}
        self._cost: list[float] = []
        self._integer: list[bool] = []
        self._rows = _Rows()
        self._unit = int(np.gcd.reduce([b.size_bytes for b in problem.buffers])) or 1
        self._scale = int(np.gcd.reduce([b.space_bytes for b in problem.buffers])) or 1
        for v in range(len(problem.operations)):
            self._operation(v)

    @property
    def has_rows(self) -> bool:
        return bool(self._rows.bound)

    def _column(self, kind: str, a: int, v: int, cost: float = 0.0, integer: bool = False) -> int:
        key = (kind, a, v)
        if key not in self._columns:
            self._columns[key] = len(self._cost)
            self._cost.append(cost)
            self._integer.append(integer)
        return self._columns[key]

    def _operation(self, v: int) -> None:
        """Add the rows of one operation, if what may be live while it runs can exceed the capacity at all."""
        masks, problem = self._masks, self._problem
        before, after = masks.ancestors[v], masks.descendants[v]
        forced, possible = [], []
        for a in range(len(problem.buffers)):
            touching = masks.touched_by[a]
            if masks.touches[v] >> a & 1 or not touching & ~after or not touching & ~before:
                continue
            if touching & before and touching & after:
                forced.append(a)
            elif touching.bit_count() > 1:
                possible.append(a)
        excess = problem.needs_bytes[v] - self._capacity + sum(masks.space[a] for a in forced)
        if excess + sum(masks.space[a] for a in possible) <= 0:
            return
        terms = [(self._absent(a, v, integer=True), masks.space[a] / self._scale) for a in forced]
        for a in possible:
            space = masks.space[a] / self._scale
            terms.append((self._absent(a, v, integer=False), space))
            terms.append((self._live(a, v), -space))
        self._rows.add(terms, excess / self._scale)

    def _absent(self, a: int, v: int, *, integer: bool) -> int:
        """Return the column d[a,v], with what it entails."""
        masks = self._masks
        size = masks.size[a] / self._unit
        column = self._column("absent", a, v, integer=integer)
        touching = masks.touched_by[a] & ~masks.ancestors[v]
        coming = [u for u in members_of(touching) if not (masks.ancestors[u] & touching & masks.descendants[v])]
        terms = [(self._column("retrieve", a, u, size, True), 1.0) for u in coming]
        self._rows.add([*terms, (column, -1.0)], 0.0)
        written = masks.written_by[a]
        version = written & masks.ancestors[v]
        if not written & ~version & ~masks.descendants[v] and self._is_charged(a, v):
            self._rows.add([(self._column("write", a, version, size, True), 1.0), (column, -1.0)], 0.0)
        return column

    def _is_charged(self, a: int, v: int) -> bool:
        """Return whether leaving the scratchpad before v must have cost a write, given that a is live then."""
        masks, about = self._masks, self._problem.buffers[a]
        if about.stored and not masks.written_by[a] & masks.ancestors[v]:
            return False
        return not about.wanted or bool(masks.written_by[a] & masks.descendants[v])

    def _live(self, a: int, v: int) -> int:
        """Return the column live[a,v] of a buffer whose touches don't all stand before or after v."""
        column = self._column("live", a, v)
        touching = list(members_of(self._masks.touched_by[a]))
        members = self._masks.touched_by[a]
        first = [u for u in touching if not self._masks.ancestors[u] & members]
        last = [u for u in touching if not self._masks.descendants[u] & members]
        for u in first:
            for t in last:
                if u == t:
                    continue
                terms: list[tuple[int, float]] = [(column, 1.0)]
                bound = self._before(u, v, 1.0, terms) + self._before(t, v, -1.0, terms)
                if terms[1:] or bound > 0:
                    self._rows.add(terms, bound)
        return column

    def _before(self, u: int, v: int, sign: float, terms: list[tuple[int, float]]) -> float:
        """Add -sign * z[u,v] to the terms, or return what it is where it is known."""
        masks = self._masks
        if masks.ancestors[v] >> u & 1:
            return sign
        if masks.descendants[v] >> u & 1:
            return 0.0
        known = ("before", u, v) in self._columns
        column = self._column("before", u, v)
        if not known:
            free = ~masks.ancestors[v] & ~masks.descendants[v]
            for earlier in members_of(masks.predecessors[u] & free):
                link: list[tuple[int, float]] = [(column, -1.0)]
                self._before(earlier, v, -1.0, link)
                self._rows.add(link, 0.0)
        terms.append((column, -sign))
        return 0.0

    def solve(self, time_limit_s: float | None, node_limit: int | None) -> int:
        count = len(self._cost)
        rows = self._rows
        matrix = sparse.csr_matrix((rows.value, (rows.row, rows.column)), shape=(len(rows.bound), count))
        program = ArrayProgram(
            cost=np.array(self._cost),
            lower=np.zeros(count),
            upper=np.ones(count),
            integer=np.array(self._integer, dtype=bool),
            rows=matrix,
            row_lower=np.array(rows.bound),
            row_upper=np.full(len(rows.bound), np.inf),
        )
        solution = solve_arrays(program, time_limit_s=time_limit_s, node_limit=node_limit)
        bound = solution.bound
        return max(0, math.ceil(bound - 1e-6)) * self._unit if math.isfinite(bound) else 0
