"""The order with the smallest peak footprint (M_P), proven where the graph allows it.

load(v) = space of all buffers that something run so far has touched and v or something later touches. The peak of an
order is its largest load, and M_P the smallest peak over all orders. The search goes through the ideals of the
precedence order (sets of operations that can come first), the one with the smallest peak so far first, so that the
first complete order that it meets is optimal.

Source of the mode: COSMA, arXiv 2311.18246, section III-E1 (minimum peak memory footprint).
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Sequence
from dataclasses import dataclass

from codesign.models.scratchpad.masks import Masks, members_of
from codesign.models.scratchpad.problem import Problem

BEAM_WIDTH = 64


@dataclass(frozen=True, slots=True)
class PeakSearch:
    """What a search for the smallest peak found.

    Attributes:
        order: operations in sequence.
        peak_bytes: of that order.
        bound_bytes: no order has a smaller peak.
    """

    order: tuple[int, ...]
    peak_bytes: int
    bound_bytes: int

    @property
    def optimal(self) -> bool:
        """Whether peak and bound meet."""
        return self.peak_bytes == self.bound_bytes


def forced_load_bytes(problem: Problem) -> int:
    """Return a lower bound on the peak of every order.

    While v runs, each buffer is live that an ancestor of v and a descendant of v touch, whatever the order.
    """
    masks = Masks(problem)
    return max(problem.needs_bytes[v] + masks.space_of(forced_live(masks, v)) for v in range(len(problem.operations)))


def forced_live(masks: Masks, v: int) -> int:
    """Return the buffers, not touched by v, that are live while v runs in every order."""
    before, after = masks.ancestors[v], masks.descendants[v]
    mask = 0
    for buffer, touching in enumerate(masks.touched_by):
        if touching & before and touching & after:
            mask |= 1 << buffer
    return mask & ~masks.touches[v]


def smallest_peak(problem: Problem, *, nodes: int = 200_000, time_limit_s: float | None = None) -> PeakSearch:
    """Return the order with the smallest peak, or the best found with its bound.

    Args:
        problem: what to order.
        nodes: ideals looked at before the search for a proof ends.
        time_limit_s: the same as a time.
    """
    search = _PeakSearch(problem)
    default = problem.peak_bytes(problem.default_order)
    if default == search.floor:
        return PeakSearch(problem.default_order, default, default)
    return search.run(default, nodes, time_limit_s)


@dataclass(frozen=True, slots=True)
class _Node:
    done: int
    ready: int
    live_bytes: int
    steps: tuple[int, ...]
    parent: _Node | None

    def order(self) -> tuple[int, ...]:
        parts: list[tuple[int, ...]] = []
        node: _Node | None = self
        while node is not None:
            parts.append(node.steps)
            node = node.parent
        return tuple(step for part in reversed(parts) for step in part)


class _PeakSearch:
    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._masks = Masks(problem)
        self.floor = forced_load_bytes(problem)

    def run(self, default_peak: int, nodes: int, time_limit_s: float | None) -> PeakSearch:
        deadline = None if time_limit_s is None else time.monotonic() + time_limit_s
        best_order: Sequence[int] = self._problem.default_order
        best_peak = default_peak
        if (found := self._beam(deadline)) is not None and found[1] < best_peak:
            best_order, best_peak = found
        root = self._rush(self._root(), self.floor)
        heap: list[tuple[int, int, int, _Node]] = [(self.floor, 0, 0, root)]
        seen = {root.done: self.floor}
        count = 0
        while heap:
            peak, _, _, node = heapq.heappop(heap)
            if peak >= best_peak:
                return PeakSearch(tuple(best_order), best_peak, best_peak)
            if node.done == self._masks.all_operations:
                return PeakSearch(self._masks.with_sources(node.order()), peak, peak)
            if count > nodes or (deadline is not None and time.monotonic() > deadline):
                return PeakSearch(tuple(best_order), best_peak, peak)
            for child_peak, child in self._children(node, peak):
                if child_peak < min(best_peak, seen.get(child.done, best_peak)):
                    count += 1
                    seen[child.done] = child_peak
                    heapq.heappush(heap, (child_peak, -child.done.bit_count(), count, child))
        return PeakSearch(tuple(best_order), best_peak, best_peak)

    def _root(self) -> _Node:
        return _Node(self._masks.source_operations, self._masks.ready_first, 0, (), None)

    def _children(self, node: _Node, peak: int) -> list[tuple[int, _Node]]:
        made = []
        for v in members_of(node.ready):
            load, after = self._effect(node.done, node.live_bytes, v)
            done = node.done | 1 << v
            child = _Node(done, self._masks.ready_after(node.ready, v, done), after, (v,), node)
            made.append((max(peak, load), self._rush(child, max(peak, load))))
        return made

    def _effect(self, done: int, live_bytes: int, v: int) -> tuple[int, int]:
        """Return the load while v runs and the live bytes after it."""
        masks = self._masks
        after = done | 1 << v
        load = live = live_bytes
        for buffer in members_of(masks.touches[v]):
            space = masks.space[buffer]
            if not masks.touched_by[buffer] & done:
                load += space
                live += space
            if not masks.touched_by[buffer] & ~after:
                live -= space
        return load, live

    def _rush(self, node: _Node, peak: int) -> _Node:
        """Run what is ready, fits under the peak and leaves no more alive than before: putting it off can't help."""
        done, ready, live, steps = node.done, node.ready, node.live_bytes, list(node.steps)
        moved = True
        while moved:
            moved = False
            for v in members_of(ready):
                load, after = self._effect(done, live, v)
                if load <= peak and after <= live:
                    done, live, moved = done | 1 << v, after, True
                    ready = self._masks.ready_after(ready, v, done)
                    steps.append(v)
        return _Node(done, ready, live, tuple(steps), node.parent)

    def _beam(self, deadline: float | None) -> tuple[tuple[int, ...], int] | None:
        """Return an order and its peak, from a search that keeps the few most promising ideals after each step."""
        level = [(self.floor, self._rush(self._root(), self.floor))]
        finished: list[tuple[int, _Node]] = []
        while level:
            children: dict[int, tuple[int, _Node]] = {}
            for peak, node in level:
                if node.done == self._masks.all_operations:
                    finished.append((peak, node))
                    continue
                for child_peak, child in self._children(node, peak):
                    known = children.get(child.done)
                    if known is None or child_peak < known[0]:
                        children[child.done] = (child_peak, child)
            ranked = sorted(children.values(), key=lambda c: (c[0], c[1].live_bytes, c[1].done))
            late = deadline is not None and time.monotonic() > deadline
            level = ranked[: 1 if late else BEAM_WIDTH]
        if not finished:
            return None
        peak, node = min(finished, key=lambda f: (f[0], f[1].done))
        return self._masks.with_sources(node.order()), peak
