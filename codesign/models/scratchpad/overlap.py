"""Transfers while the machine computes: the drops, late writes and early reads with the least latency.

A step t of the order takes D[t] cycles. A transfer is either *exposed*, in front of a step, and the machine waits, or
it runs *during* a step next to its use: a retrieval (or first load) for a touch in step q during step q - 1, a write
after a touch in step p during step p + 1. Its buffer then occupies its place in that step too. With bandwidth b in
bytes per cycle::

    minimise   sum of D[t] + (exposed bytes) / b
    subject to D[t] >= compute[t],   D[t] >= (bytes moved during t) / b
               the space rows of the gap formulation, with x[g] = 1 (dropped), early[g] and late[g] as occupancy
               x[g] <= sum of write[h] over gaps h <= g of the same version: written when it first leaves

Among plans of equal latency the one with the fewest bytes is taken. Compulsory loads and stores take time too. The
model of time is ours: one DMA engine, reads and writes share the bandwidth, transfers look one step ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from codesign.ilp.arrays import ArrayProgram, solve_arrays
from codesign.models.scratchpad.plan import Plan
from codesign.models.scratchpad.problem import Problem, ProblemError
from codesign.models.scratchpad.residency import Timeline

BYTES_WEIGHT = 1e-6
"""Weight of a transferred byte against a byte's transfer time: decides between plans of equal latency."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What time depends on.

    Attributes:
        macs_per_cycle: multipliers; an operator without multiplications takes a word for each of them in a cycle.
        dram_bytes_per_cycle: reads and writes together.
    """

    macs_per_cycle: float
    dram_bytes_per_cycle: float

    def __post_init__(self) -> None:
        for name in ("macs_per_cycle", "dram_bytes_per_cycle"):
            if not getattr(self, name) > 0:
                raise ProblemError(f"{name} must be above 0, found {getattr(self, name)}")

    def compute_cycles(self, problem: Problem, order: Sequence[int]) -> np.ndarray:
        """Return the cycles of each step: max(macs, bytes written) / macs_per_cycle."""
        work = []
        for operation in order:
            about = problem.operations[operation]
            written = sum(problem.buffers[b].size_bytes for b in about.writes)
            work.append(about.macs if about.macs else written)
        return np.array(work, dtype=float) / self.macs_per_cycle


def latency_cycles(problem: Problem, order: Sequence[int], plan: Plan, machine: Machine) -> float:
    """Return the cycles that a plan takes.

    A transfer runs during the step at its end of the residency when that step doesn't touch the buffer; else it is
    exposed.
    """
    steps = len(order)
    compute = machine.compute_cycles(problem, order)
    during, exposed = np.zeros(steps), 0.0
    index = {buffer.name: i for i, buffer in enumerate(problem.buffers)}
    touched = [set(problem.touches[operation]) for operation in order]
    moved = {(t.buffer, t.step, t.kind in ("spill", "store")): t.size_bytes for t in plan.transfers}
    for residency in plan.residencies:
        buffer = index[residency.buffer]
        for step, key in (
            (residency.first_step, (residency.buffer, residency.first_step, False)),
            (residency.last_step, (residency.buffer, residency.last_step + 1, True)),
        ):
            size = moved.get(key, 0)
            if buffer in touched[step]:
                exposed += size
            else:
                during[step] += size
    bandwidth = machine.dram_bytes_per_cycle
    return float(np.maximum(compute, during / bandwidth).sum() + exposed / bandwidth)


@dataclass(frozen=True)
class OverlapChoice:
    """What the program chose.

    Attributes:
        dropped: gaps, by index.
        early: gaps whose retrieval runs during the step before the use.
        late: gaps whose write runs during the step after the use.
        early_loads: stored buffers whose first load runs during the step before the first use.
        late_stores: wanted buffers whose store runs during the step after the last use.
        latency_cycles: of the plan.
        bound_cycles: no choice for this order takes less.
    """

    dropped: tuple[int, ...]
    early: frozenset[int]
    late: frozenset[int]
    early_loads: frozenset[int]
    late_stores: frozenset[int]
    latency_cycles: float
    bound_cycles: float


def fastest_drops(
    timeline: Timeline, capacity_bytes: int, machine: Machine, *, time_limit_s: float | None = None
) -> OverlapChoice | None:
    """Return the drops and overlaps with the least latency for an order (addresses aside); None without one in time."""
    return _OverlapProgram(timeline, capacity_bytes, machine).solve(time_limit_s)


class _OverlapProgram:
    def __init__(self, timeline: Timeline, capacity_bytes: int, machine: Machine) -> None:
        self._timeline = timeline
        self._problem = timeline.problem
        self._steps = len(timeline.order)
        self._rate = machine.dram_bytes_per_cycle
        self._columns: dict[tuple[str, int], int] = {}
        self._cost: list[float] = []
        self._rows: list[tuple[list[tuple[int, float]], float]] = []
        self._during: list[list[tuple[int, float]]] = [[] for _ in range(self._steps)]
        self._extra: list[list[tuple[int, float]]] = [[] for _ in range(self._steps)]
        self._constant = 0.0
        self._stores: dict[int, list[int]] = {}
        compute = machine.compute_cycles(self._problem, timeline.order)
        self._compute = compute
        self._drops()
        self._ends()
        self._space_rows(capacity_bytes)
        self._step_rows()

    def _column(self, kind: str, index: int, cost: float = 0.0) -> int:
        self._columns[kind, index] = len(self._cost)
        self._cost.append(cost)
        return len(self._cost) - 1

    def _time(self, buffer: int) -> float:
        return self._problem.buffers[buffer].size_bytes / self._rate

    def _drops(self) -> None:
        """Columns and rows of the gaps: dropped, retrieved early, written, written late."""
        earlier: dict[tuple[int, int], list[int]] = {}
        for index, gap in enumerate(self._timeline.gaps):
            if not gap.steps:
                continue
            time = self._time(gap.buffer)
            dropped = self._column("dropped", index, time * (1 + BYTES_WEIGHT))
            early = self._column("early", index, -time)
            self._rows.append(([(dropped, 1.0), (early, -1.0)], 0.0))
            self._occupy(gap.after - 1, early, gap.buffer, during=True)
            if gap.backed:
                continue
            write = self._column("write", index, time * (1 + BYTES_WEIGHT) if gap.charged else 0.0)
            late = self._column("late", index, -time)
            writes = earlier.setdefault((gap.buffer, gap.version), [])
            writes.append(write)
            self._rows.append(([*((w, 1.0) for w in writes), (dropped, -1.0)], 0.0))
            self._rows.append(([(dropped, 1.0), (write, -1.0)], 0.0))
            self._rows.append(([(write, 1.0), (late, -1.0)], 0.0))
            if not gap.charged:
                self._stores.setdefault(gap.buffer, []).append(write)
            self._occupy(gap.before + 1, late, gap.buffer, during=True)
            if gap.steps == 1:
                self._rows.append(([(early, -1.0), (late, -1.0)], -1.0))

    def _ends(self) -> None:
        """First loads of stored buffers, stores of wanted ones: compulsory, exposed or not.

        An output that is dropped in between is stored then, instead of at its end.
        """
        for buffer, steps in enumerate(self._timeline.touch_steps):
            about, time = self._problem.buffers[buffer], self._time(buffer)
            if about.stored and steps:
                self._constant += time
                if steps[0] > 0:
                    self._occupy(steps[0] - 1, self._column("load", buffer, -time), buffer, during=True)
            if about.wanted and steps:
                self._constant += time
                stores = self._stores.get(buffer, [])
                if steps[-1] + 1 < self._steps:
                    stores = [*stores, self._column("store", buffer, -time)]
                    self._occupy(steps[-1] + 1, stores[-1], buffer, during=True)
                self._rows.append(([(column, -1.0) for column in stores], -1.0))

    def _occupy(self, step: int, column: int, buffer: int, *, during: bool) -> None:
        self._extra[step].append((column, float(self._problem.buffers[buffer].space_bytes)))
        if during:
            self._during[step].append((column, self._time(buffer)))

    def _space_rows(self, capacity_bytes: int) -> None:
        loads = self._problem.loads_bytes(self._timeline.order)
        crossing = self._timeline.crossing(range(self._steps))
        for step, load in enumerate(loads):
            terms = [(column, -space) for column, space in self._extra[step]]
            for gap in crossing[step]:
                space = float(self._problem.buffers[self._timeline.gaps[gap].buffer].space_bytes)
                terms.append((self._columns["dropped", gap], space))
            if terms:
                self._rows.append((terms, float(load - capacity_bytes)))

    def _step_rows(self) -> None:
        """D[t] - compute[t] as a column: at least what is moved during t beyond compute[t]."""
        for step, terms in enumerate(self._during):
            self._constant += self._compute[step]
            if terms:
                wait = self._column("wait", step, 1.0)
                self._rows.append(([(wait, 1.0), *((c, -time) for c, time in terms)], -self._compute[step]))

    def solve(self, time_limit_s: float | None) -> OverlapChoice | None:
        count = len(self._cost)
        row = [i for i, (terms, _) in enumerate(self._rows) for _ in terms]
        column = [c for terms, _ in self._rows for c, _ in terms]
        value = [v for terms, _ in self._rows for _, v in terms]
        upper = np.ones(count)
        integer = np.ones(count, dtype=bool)
        for (kind, _), index in self._columns.items():
            if kind == "wait":
                upper[index], integer[index] = np.inf, False
        program = ArrayProgram(
            cost=np.array(self._cost),
            lower=np.zeros(count),
            upper=upper,
            integer=integer,
            rows=sparse.csr_matrix((value, (row, column)), shape=(len(self._rows), count)),
            row_lower=np.array([bound for _, bound in self._rows]),
            row_upper=np.full(len(self._rows), np.inf),
        )
        solution = solve_arrays(program, time_limit_s=time_limit_s)
        if solution.x is None or solution.objective is None:
            return None
        chosen = {kind: set[int]() for kind in ("dropped", "early", "late", "write", "load", "store")}
        for (kind, key), index in self._columns.items():
            if kind in chosen and solution.x[index] > 0.5:
                chosen[kind].add(key)
        return OverlapChoice(
            dropped=tuple(sorted(chosen["dropped"])),
            early=frozenset(chosen["early"]),
            late=frozenset(chosen["late"]),
            early_loads=frozenset(chosen["load"]),
            late_stores=frozenset(chosen["store"]),
            latency_cycles=self._constant + float(solution.objective),
            bound_cycles=self._constant + float(solution.bound),
        )
