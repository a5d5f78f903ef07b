"""Which buffers to drop between their uses when the order is fixed: the gap formulation, solved to optimality.

For a fixed order each buffer is touched in steps p0 < p1 < ...; between two touches (a *gap*) it is either kept or
dropped. With x[g] = 1 where gap g is dropped, w[v] = 1 where version v of a buffer's contents is written back::

    minimise   sum over gaps of size * x[g]  +  sum over versions of size * w[v]
    subject to sum over gaps g across step t of space * (1 - x[g])  <=  capacity - need(t)      for each step t
               w[v] >= x[g]                                                                  for each gap g of v
               x[g] = 0                                                where no step lies between the two touches

A version is what an operation wrote; a version that DRAM holds anyway (a stored source, the last contents of an output)
needs no w. This equals Eq. 1-8 and 12 of COSMA with C fixed, without addresses, in a binary for each gap instead of
four for each tensor and step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from codesign.errors import CodesignError
from codesign.ilp.arrays import ArrayProgram, solve_arrays
from codesign.models.scratchpad.problem import Problem


class NoDropsError(CodesignError):
    """Proven: nothing that could be dropped lets the contents be placed."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Gap:
    """Two touches of a buffer with none between.

    Attributes:
        buffer: index.
        before: step of the earlier touch.
        after: step of the later touch.
        version: how often the buffer was written up to ``before``, that step included.
        charged: whether dropping it needs this version written back at a cost.
        backed: whether DRAM holds this version from the start.
    """

    buffer: int
    before: int
    after: int
    version: int
    charged: bool
    backed: bool

    @property
    def steps(self) -> int:
        """Steps strictly between."""
        return self.after - self.before - 1


class Timeline:
    """The touches and gaps of a problem's buffers under an order."""

    def __init__(self, problem: Problem, order: Sequence[int]) -> None:
        problem.check_order(order)
        self.problem = problem
        self.order = tuple(order)
        self.touch_steps: list[list[int]] = [[] for _ in problem.buffers]
        for step, operation in enumerate(self.order):
            for buffer in problem.touches[operation]:
                self.touch_steps[buffer].append(step)

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """All gaps, by buffer, then by time."""
        found = []
        for buffer, steps in enumerate(self.touch_steps):
            about = self.problem.buffers[buffer]
            writes = [buffer in self.problem.operations[self.order[step]].writes for step in steps]
            last_version, version = sum(writes), 0
            for before, after, written in zip(steps, steps[1:], writes, strict=False):
                version += written
                backed = about.stored and version == 0
                charged = not backed and not (about.wanted and version == last_version)
                found.append(Gap(buffer, before, after, version, charged, backed))
        return tuple(found)

    def crossing(self, steps: Iterable[int]) -> dict[int, list[int]]:
        """Return for each of the steps the indices of the gaps that cross it."""
        wanted = sorted(set(steps))
        found: dict[int, list[int]] = {step: [] for step in wanted}
        positions = np.asarray(wanted)
        for index, gap in enumerate(self.gaps):
            first, last = np.searchsorted(positions, (gap.before + 1, gap.after))
            for position in range(first, last):
                found[wanted[position]].append(index)
        return found


@dataclass(frozen=True)
class Drops:
    """An answer of the gap formulation.

    Attributes:
        dropped: indices of gaps, sorted.
        noncompulsory_bytes: what they cost.
        bound_bytes: no choice for this order costs less.
        optimal: whether the two were proven equal.
    """

    dropped: tuple[int, ...]
    noncompulsory_bytes: int
    bound_bytes: int
    optimal: bool


def cost_bytes(timeline: Timeline, dropped: Iterable[int]) -> int:
    """Return what dropping these gaps costs: each one's retrieval, and a write for each version that needs it."""
    total, written = 0, set()
    for index in dropped:
        gap = timeline.gaps[index]
        size = timeline.problem.buffers[gap.buffer].size_bytes
        total += size
        if gap.charged and (gap.buffer, gap.version) not in written:
            written.add((gap.buffer, gap.version))
            total += size
    return total


def best_drops(
    timeline: Timeline,
    capacity_bytes: int,
    *,
    cuts: Sequence[frozenset[int]] = (),
    time_limit_s: float | None = None,
) -> Drops:
    """Return the cheapest set of gaps to drop so that every step fits into the capacity.

    Args:
        timeline: problem and order.
        capacity_bytes: of the scratchpad; at least the problem's ``minimum_bytes``.
        cuts: sets of gaps of which at least one has to be dropped (their contents can't be placed together). With
            cuts, a buffer may also move, by way of DRAM, between two touches that follow each other directly, if DRAM
            holds its contents.
        time_limit_s: of the solver.

    Raises:
        NoDropsError: the cuts forbid everything.
    """
    over = [step for step, load in enumerate(timeline.problem.loads_bytes(timeline.order)) if load > capacity_bytes]
    if not over and not cuts:
        return Drops((), 0, 0, True)
    program = _GapProgram(timeline, capacity_bytes, over, cuts)
    return program.solve(time_limit_s)


class _GapProgram:
    """The rows and columns of the formulation; sizes in units of their greatest common divisor."""

    def __init__(
        self, timeline: Timeline, capacity_bytes: int, over: Sequence[int], cuts: Sequence[frozenset[int]]
    ) -> None:
        self._timeline = timeline
        self._rows: list[tuple[list[int], list[int], int]] = []
        crossing = timeline.crossing(over)
        named = {gap for cut in cuts for gap in cut}
        used = sorted({gap for gaps in crossing.values() for gap in gaps} | self._with_siblings(named))
        self._column = {gap: column for column, gap in enumerate(used)}
        self._used = used
        charged = {(timeline.gaps[g].buffer, timeline.gaps[g].version) for g in used if timeline.gaps[g].charged}
        self._version = {version: len(used) + i for i, version in enumerate(sorted(charged))}
        sizes = [buffer.size_bytes for buffer in timeline.problem.buffers]
        self._unit = int(np.gcd.reduce(sizes)) or 1
        self._capacity_rows(crossing, capacity_bytes)
        self._version_rows()
        self._move_rows()
        for cut in cuts:
            self._rows.append(([self._column[gap] for gap in sorted(cut)], [1] * len(cut), 1))

    def _with_siblings(self, named: set[int]) -> set[int]:
        """Gaps of the same version as a named gap: moving a buffer needs one of them dropped before."""
        versions = {(self._timeline.gaps[g].buffer, self._timeline.gaps[g].version) for g in named}
        return {i for i, gap in enumerate(self._timeline.gaps) if (gap.buffer, gap.version) in versions}

    def _capacity_rows(self, crossing: dict[int, list[int]], capacity_bytes: int) -> None:
        loads = self._timeline.problem.loads_bytes(self._timeline.order)
        strongest: dict[tuple[int, ...], int] = {}
        for step, gaps in crossing.items():
            excess = loads[step] - capacity_bytes
            key = tuple(gaps)
            strongest[key] = max(strongest.get(key, 0), excess)
        buffers = self._timeline.problem.buffers
        for key, excess in strongest.items():
            spaces = [buffers[self._timeline.gaps[gap].buffer].space_bytes for gap in key]
            unit = int(np.gcd.reduce(spaces)) if spaces else 1
            self._rows.append(([self._column[g] for g in key], [s // unit for s in spaces], -(-excess // unit)))

    def _version_rows(self) -> None:
        for gap, column in self._column.items():
            about = self._timeline.gaps[gap]
            if about.charged:
                self._rows.append(([self._version[about.buffer, about.version], column], [1, -1], 0))

    def _move_rows(self) -> None:
        """A buffer that no step separates from its next touch moves only if DRAM got these contents earlier."""
        for gap, column in self._column.items():
            about = self._timeline.gaps[gap]
            if about.steps or about.backed:
                continue
            earlier = [
                self._column[g]
                for g in self._column
                if (other := self._timeline.gaps[g]).buffer == about.buffer
                and other.version == about.version
                and other.after <= about.before
                and other.steps
            ]
            self._rows.append(([*earlier, column], [*[1] * len(earlier), -1], 0))

    def solve(self, time_limit_s: float | None) -> Drops:
        buffers = self._timeline.problem.buffers
        costs = [buffers[self._timeline.gaps[gap].buffer].size_bytes // self._unit for gap in self._used]
        costs += [buffers[buffer].size_bytes // self._unit for buffer, _ in self._version]
        solution = solve_arrays(self._arrays(costs), time_limit_s=time_limit_s)
        if solution.status == "infeasible":
            raise NoDropsError(f"{self._timeline.problem.name}: the cuts leave no choice for this order")
        if solution.x is None:
            everything = tuple(i for i, gap in enumerate(self._timeline.gaps) if gap.steps)
            return Drops(everything, cost_bytes(self._timeline, everything), 0, False)
        values = solution.x
        dropped = tuple(gap for gap, column in self._column.items() if values[column] > 0.5)
        cost = cost_bytes(self._timeline, dropped)
        bound = cost if solution.status == "optimal" else int(np.ceil(solution.bound - 1e-6)) * self._unit
        return Drops(dropped, cost, min(max(bound, 0), cost), solution.status == "optimal")

    def _arrays(self, costs: list[int]) -> ArrayProgram:
        row, column, value = [], [], []
        for index, (columns, values, _) in enumerate(self._rows):
            row += [index] * len(columns)
            column += columns
            value += values
        count = len(costs)
        matrix = sparse.csr_matrix((np.array(value, float), (row, column)), shape=(len(self._rows), count))
        lower = np.array([bound for _, _, bound in self._rows], dtype=float)
        return ArrayProgram(
            cost=np.array(costs, dtype=float),
            lower=np.zeros(count),
            upper=np.ones(count),
            integer=np.ones(count, dtype=bool),
            rows=matrix,
            row_lower=lower,
            row_upper=np.full(len(self._rows), np.inf),
        )
