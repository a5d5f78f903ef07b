"""The baselines that COSMA is measured against: evict when the arena is full, by Belady's rule or by least bytes.

An order is walked step by step. What a step touches and isn't there is put into the smallest gap of the arena that
holds it (the rule of TensorFlow Lite's simple memory arena, with a fixed end); where no gap does, buffers that the step
doesn't touch are evicted:

- ``belady``: the one whose next use is furthest away, again and again until a gap is large enough;
- ``greedy``: the set with the fewest bytes that covers what is missing; where its places don't adjoin, the stretch of
  the arena with the fewest bytes that makes room.

Nothing is moved within the scratchpad. Where evicting everything else leaves no gap, because what the step needs lies
in between, all of it is evicted too and comes back side by side: a move by way of DRAM, which costs what it costs.

Sources: COSMA, arXiv 2311.18246, section V as reported by a public re-implementation
(gkeramidasCSD-Group/Scale-Sim-SPM, cosma/docs/baseline_construction.md); the arena's rule:
tensorflow/lite/simple_memory_arena.h."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import sparse

from codesign.ilp.arrays import ArrayProgram, solve_arrays
from codesign.models.scratchpad.placing import Placed, Stay
from codesign.models.scratchpad.problem import Problem
from codesign.models.scratchpad.residency import Timeline, cost_bytes

Eviction = Literal["belady", "greedy"]


def run_baseline(problem: Problem, order: Sequence[int], capacity_bytes: int, eviction: Eviction) -> Placed:
    """Return the baseline's stays, addresses and traffic, in the same accounting as every plan.

    The capacity has to be at least the problem's ``minimum_bytes``.
    """
    return _Arena(Timeline(problem, order), capacity_bytes, eviction).run()


@dataclass(slots=True)
class _Allocation:
    buffer: int
    address: int
    end: int
    since: int


class _Arena:
    def __init__(self, timeline: Timeline, capacity_bytes: int, eviction: Eviction) -> None:
        self._timeline = timeline
        self._capacity = capacity_bytes
        self._eviction = eviction
        self._space = [buffer.space_bytes for buffer in timeline.problem.buffers]
        self._allocated: list[_Allocation] = []
        self._ended: list[tuple[int, int, int, int]] = []

    def run(self) -> Placed:
        timeline = self._timeline
        problem = timeline.problem
        for step, operation in enumerate(timeline.order):
            for old in [a for a in self._allocated if timeline.touch_steps[a.buffer][-1] < step]:
                self._end(old, step - 1)
            touched = problem.touches[operation]
            present = {a.buffer for a in self._allocated}
            absent = [b for b in touched if b not in present]
            order = sorted(absent, key=lambda b: (b in problem.operations[operation].writes, -self._space[b], b))
            if not all(self._allocate(buffer, step, touched) for buffer in order):
                self._start_anew(step, touched)
        for old in list(self._allocated):
            self._end(old, timeline.touch_steps[old.buffer][-1])
        return self._placed()

    def _end(self, allocation: _Allocation, last_step: int) -> None:
        self._allocated.remove(allocation)
        last_touch = max(s for s in self._timeline.touch_steps[allocation.buffer] if s <= last_step)
        final = last_touch == self._timeline.touch_steps[allocation.buffer][-1]
        end = last_touch if final else last_step
        self._ended.append((allocation.buffer, allocation.since, end, allocation.address))

    def _allocate(self, buffer: int, step: int, touched: Sequence[int]) -> bool:
        """Give a buffer a place, evicting others where needed; False where that doesn't help."""
        space = self._space[buffer]
        while (address := self._best_gap(space)) is None:
            victims = self._victims(space, step, touched)
            if not victims:
                return False
            for victim in victims:
                self._end(victim, step - 1)
        self._insert(buffer, address, step)
        return True

    def _start_anew(self, step: int, touched: Sequence[int]) -> None:
        """Evict everything and put what the step touches side by side."""
        for allocation in list(self._allocated):
            if allocation.since == step:
                self._allocated.remove(allocation)
            else:
                self._end(allocation, step - 1)
        address = 0
        for buffer in touched:
            self._insert(buffer, address, step)
            address += self._space[buffer]

    def _insert(self, buffer: int, address: int, step: int) -> None:
        self._allocated.append(_Allocation(buffer, address, address + self._space[buffer], step))
        self._allocated.sort(key=lambda a: a.address)

    def _best_gap(self, space: int) -> int | None:
        best: tuple[int, int] | None = None
        end = 0
        for start, after in [*((a.address, a.end) for a in self._allocated), (self._capacity, self._capacity)]:
            if start - end >= space and (best is None or (start - end, end) < best):
                best = (start - end, end)
            end = max(end, after)
        return None if best is None else best[1]

    def _victims(self, space: int, step: int, touched: Sequence[int]) -> list[_Allocation]:
        free_to_go = [a for a in self._allocated if a.buffer not in touched]
        if not free_to_go:
            return []
        if self._eviction == "belady":
            return [max(free_to_go, key=lambda a: (self._next_use(a.buffer, step), self._space[a.buffer], a.address))]
        missing = space - (self._capacity - sum(a.end - a.address for a in self._allocated))
        if missing > 0:
            return _least_cover(free_to_go, missing)
        return self._cheapest_stretch(space, touched)

    def _next_use(self, buffer: int, step: int) -> int:
        return next(s for s in self._timeline.touch_steps[buffer] if s >= step)

    def _cheapest_stretch(self, space: int, touched: Sequence[int]) -> list[_Allocation]:
        """Return the neighbours with the fewest bytes whose leaving makes one gap of ``space``."""
        best: tuple[int, list[_Allocation]] | None = None
        for first in range(len(self._allocated)):
            begin = self._allocated[first - 1].end if first else 0
            chosen: list[_Allocation] = []
            for last in range(first, len(self._allocated)):
                allocation = self._allocated[last]
                if allocation.buffer in touched:
                    break
                chosen.append(allocation)
                end = self._allocated[last + 1].address if last + 1 < len(self._allocated) else self._capacity
                cost = sum(a.end - a.address for a in chosen)
                if end - begin >= space and (best is None or cost < best[0]):
                    best = (cost, list(chosen))
        return [] if best is None else best[1]

    def _placed(self) -> Placed:
        timeline = self._timeline
        ended = sorted(self._ended)
        gap_at = {(gap.buffer, gap.before): i for i, gap in enumerate(timeline.gaps)}
        stays, dropped, addresses = [], [], []
        for number, (buffer, since, last, address) in enumerate(ended):
            touches = [s for s in timeline.touch_steps[buffer] if since <= s <= last]
            kept = tuple(gap_at[buffer, step] for step in touches[:-1])
            stays.append(Stay(buffer, since, last, kept))
            addresses.append(address)
            if number + 1 < len(ended) and ended[number + 1][0] == buffer:
                dropped.append(gap_at[buffer, touches[-1]])
        cost = cost_bytes(timeline, dropped)
        return Placed(timeline, tuple(dropped), tuple(stays), tuple(addresses), cost, 0, 0)


def _least_cover(candidates: Sequence[_Allocation], missing: int) -> list[_Allocation]:
    """Return the candidates with the fewest bytes in sum that is at least ``missing``; all where that isn't enough.

    min sum of size * e  subject to  sum of size * e >= missing,  e binary.
    """
    sizes = np.array([a.end - a.address for a in candidates], dtype=float)
    if sizes.sum() <= missing:
        return list(candidates)
    count = len(sizes)
    solution = solve_arrays(
        ArrayProgram(
            cost=sizes,
            lower=np.zeros(count),
            upper=np.ones(count),
            integer=np.ones(count, dtype=bool),
            rows=sparse.csr_matrix(sizes[np.newaxis, :]),
            row_lower=np.array([float(missing)]),
            row_upper=np.array([np.inf]),
        )
    )
    assert solution.x is not None
    return [candidate for candidate, chosen in zip(candidates, solution.x, strict=True) if chosen > 0.5]
