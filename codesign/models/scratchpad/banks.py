"""Several banks or pools: a buffer lies in one of them at a time, and none reaches across a border.

For a fixed order, y[a,p,k] = 1 where buffer a is in pool k at its touch in step p, and keep[g,k] = 1 where it stays in
pool k across gap g::

    minimise   sum of size * (1 - sum over k of keep[g,k])  +  sum of size * w[v]
    subject to sum over k of y[a,p,k] = 1
               keep[g,k] <= y[a,p,k],  keep[g,k] <= y[a,q,k]                     for the gap g from p to q
               sum of space * y[a,t,k] over what t touches + sum of space * keep[g,k] over gaps across t <= capacity[k]
               w[v] >= 1 - sum over k of keep[g,k]

A buffer may come back into another pool than it left. Each pool is then packed by itself.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from codesign.ilp.arrays import ArrayProgram, solve_arrays
from codesign.models.scratchpad.packing.packer import pack
from codesign.models.scratchpad.placing import Placed, PlacementError, Stay, rectangles, stays_of
from codesign.models.scratchpad.residency import Timeline, cost_bytes

MARGINS = 8
"""How often the capacities are lowered when the contents of a pool can't be placed."""


@dataclass(frozen=True)
class PooledPlan:
    """Stays with a pool and an address each.

    Attributes:
        placed: stays, addresses, traffic and its bound for this order.
        pools: index of the pool of each stay.
    """

    placed: Placed
    pools: tuple[int, ...]


def place_in_pools(timeline: Timeline, pools_bytes: Sequence[int], *, time_limit_s: float) -> PooledPlan:
    """Return the plan with the least traffic for an order and several pools.

    Args:
        timeline: problem and order.
        pools_bytes: capacity of each pool.
        time_limit_s: of everything; the best plan so far and its bound are returned then.

    Raises:
        PlacementError: no assignment to the pools was found, or none exists; the message says which.
    """
    deadline = time.monotonic() + time_limit_s
    bound: int | None = None
    for margin in range(MARGINS):
        left = max(0.1, deadline - time.monotonic())
        lowered = [capacity - capacity * margin // (4 * MARGINS) for capacity in pools_bytes]
        program = _PoolProgram(timeline, lowered)
        solution = solve_arrays(program.arrays(), time_limit_s=left if margin == 0 else min(left, time_limit_s / 4))
        if solution.x is None:
            proven = solution.status == "infeasible"
            reason = "no assignment exists" if proven else f"none was found in {time_limit_s:g} s"
            if margin == 0:
                raise PlacementError(f"{timeline.problem.name}: pools of {list(pools_bytes)} bytes: {reason}")
            break
        if bound is None:
            bound = program.bound_bytes(solution.bound)
        dropped, pool_of_touch = program.read(solution.x)
        stays = stays_of(timeline, dropped)
        pools = tuple(pool_of_touch[stay.buffer, stay.first_step] for stay in stays)
        addresses = _pack_each(timeline, stays, pools, pools_bytes, left)
        if addresses is not None:
            cost = cost_bytes(timeline, dropped)
            placed = Placed(timeline, tuple(dropped), stays, addresses, cost, min(bound, cost), margin)
            return PooledPlan(placed, pools)
    raise PlacementError(f"{timeline.problem.name}: no addresses found in pools of {list(pools_bytes)} bytes in time")


def _pack_each(
    timeline: Timeline, stays: Sequence[Stay], pools: Sequence[int], pools_bytes: Sequence[int], time_limit_s: float
) -> tuple[int, ...] | None:
    addresses = [0] * len(stays)
    for pool, capacity in enumerate(pools_bytes):
        members = [i for i, p in enumerate(pools) if p == pool]
        if not members:
            continue
        packing = pack(*rectangles(timeline, [stays[i] for i in members]), capacity, time_limit_s=time_limit_s / 4)
        if packing.offsets is None:
            return None
        for i, offset in zip(members, packing.offsets, strict=True):
            addresses[i] = int(offset)
    return tuple(addresses)


class _PoolProgram:
    def __init__(self, timeline: Timeline, pools_bytes: Sequence[int]) -> None:
        self._timeline = timeline
        self._pools = range(len(pools_bytes))
        self._sizes = [buffer.size_bytes for buffer in timeline.problem.buffers]
        self._unit = int(np.gcd.reduce(self._sizes)) or 1
        self._columns: dict[tuple[str, int, int, int], int] = {}
        self._cost: list[float] = []
        self._rows: list[tuple[list[tuple[int, float]], float, float]] = []
        self._constant = 0
        self._touches()
        self._gaps()
        self._capacities(pools_bytes)

    def _column(self, kind: str, a: int, t: int, k: int, cost: float = 0.0) -> int:
        self._columns[kind, a, t, k] = len(self._cost)
        self._cost.append(cost)
        return len(self._cost) - 1

    def _touches(self) -> None:
        for a, steps in enumerate(self._timeline.touch_steps):
            for step in steps:
                terms = [(self._column("in", a, step, k), 1.0) for k in self._pools]
                self._rows.append((terms, 1.0, 1.0))

    def _gaps(self) -> None:
        for g, gap in enumerate(self._timeline.gaps):
            size = self._sizes[gap.buffer] // self._unit
            self._constant += size
            keeps = [self._column("keep", g, 0, k, -float(size)) for k in self._pools]
            for k, keep in zip(self._pools, keeps, strict=True):
                for step in (gap.before, gap.after):
                    self._rows.append(([(self._columns["in", gap.buffer, step, k], 1.0), (keep, -1.0)], 0.0, np.inf))
            if not gap.steps:
                self._rows.append(([(keep, 1.0) for keep in keeps], 1.0, 1.0))
            if gap.charged and gap.steps:
                key = ("write", gap.buffer, gap.version, 0)
                write = self._columns[key] if key in self._columns else self._column(*key, cost=float(size))
                self._rows.append(([(write, 1.0), *((keep, 1.0) for keep in keeps)], 1.0, np.inf))

    def _capacities(self, pools_bytes: Sequence[int]) -> None:
        timeline = self._timeline
        spaces = [buffer.space_bytes for buffer in timeline.problem.buffers]
        unit = int(np.gcd.reduce(spaces)) or 1
        crossing = timeline.crossing(range(len(timeline.order)))
        for step, operation in enumerate(timeline.order):
            for k, capacity in enumerate(pools_bytes):
                terms = [
                    (self._columns["in", a, step, k], float(spaces[a] // unit))
                    for a in timeline.problem.touches[operation]
                ]
                terms += [
                    (self._columns["keep", g, 0, k], float(spaces[timeline.gaps[g].buffer] // unit))
                    for g in crossing[step]
                ]
                self._rows.append((terms, -np.inf, float(capacity // unit)))

    def arrays(self) -> ArrayProgram:
        count = len(self._cost)
        row = [i for i, (terms, _, _) in enumerate(self._rows) for _ in terms]
        column = [c for terms, _, _ in self._rows for c, _ in terms]
        value = [v for terms, _, _ in self._rows for _, v in terms]
        return ArrayProgram(
            cost=np.array(self._cost),
            lower=np.zeros(count),
            upper=np.ones(count),
            integer=np.ones(count, dtype=bool),
            rows=sparse.csr_matrix((value, (row, column)), shape=(len(self._rows), count)),
            row_lower=np.array([low for _, low, _ in self._rows]),
            row_upper=np.array([high for _, _, high in self._rows]),
        )

    def bound_bytes(self, bound: float) -> int:
        """Return the solver's bound in bytes, what is constant included."""
        return max(0, int(np.ceil(bound - 1e-6)) + self._constant) * self._unit

    def read(self, x: np.ndarray) -> tuple[list[int], dict[tuple[int, int], int]]:
        """Return the dropped gaps and the pool of each (buffer, step of a touch)."""
        kept = {key[1] for key, column in self._columns.items() if key[0] == "keep" and x[column] > 0.5}
        dropped = [g for g in range(len(self._timeline.gaps)) if g not in kept]
        pools = {
            (key[1], key[2]): key[3] for key, column in self._columns.items() if key[0] == "in" and x[column] > 0.5
        }
        return dropped, pools
