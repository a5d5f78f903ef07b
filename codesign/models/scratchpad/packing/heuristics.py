"""Packings by construction: greedy, deterministic, without compiled code. Most real instances need no more.

Fitting puts one buffer after the other into a gap between those already placed: with decreasing sizes and the smallest
gap this is TensorFlow Lite's greedy by size (Pisarchyk and Lee, "Efficient memory management for deep neural net
inference", arXiv 2001.03288, 2020). Stacking always takes the buffer that can be placed lowest, which is the first dive
of the exact search.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from codesign.models.scratchpad.packing.instance import Instance
from codesign.models.scratchpad.packing.sections import Ints

STACKING_ORDERS = (("width", "area", "load"), ("load", "area", "width"), ("load", "width", "area"))
FITTING_ORDERS = (("size", "width"), ("area", "size"), ("load", "size"), ("conflict", "size"), ("width", "size"))


def constructions(problem: Instance, deadline: float) -> Iterator[Ints]:
    """Yield offsets in units, one packing per rule; ends early when the monotonic clock reaches ``deadline``."""
    keys = order_keys(problem)
    rules: list[Callable[[], Ints | None]] = []
    for names in STACKING_ORDERS:
        rules.append(partial(_stacked, problem, decreasing(keys, *names), deadline))
    for pair in FITTING_ORDERS:
        for best in (True, False):
            rules.append(partial(_fitted, problem, decreasing(keys, *pair), best, deadline))
    arrival = np.lexsort((-problem.units, problem.sections.first))
    rules.append(partial(_fitted, problem, arrival, True, deadline))
    for rule in rules:
        offsets = rule()
        if offsets is None:
            return
        yield offsets


def order_keys(problem: Instance) -> dict[str, Ints]:
    """Return what buffers can be ordered by.

    ``width``, ``size`` and ``area`` (their product, as its place among all); ``load``: the largest load of a section in
    which the buffer is alive; ``conflict``: the sum of the loads of its sections.
    """
    loads = problem.sections.sums(problem.units)
    summed = np.concatenate([[0], np.cumsum(loads)])
    area = problem.width.astype(np.float64) * problem.units
    return {
        "width": problem.width,
        "size": problem.units,
        "area": np.unique(area, return_inverse=True)[1].astype(np.int64),
        "load": np.array(
            [loads[a:b].max() for a, b in zip(problem.sections.first, problem.sections.end, strict=True)],
            dtype=np.int64,
        ),
        "conflict": summed[problem.sections.end] - summed[problem.sections.first],
    }


def decreasing(keys: dict[str, Ints], *names: str) -> Ints:
    """Return the buffers with decreasing keys, the first name the most important, then as they stand."""
    return np.lexsort([-keys[name] for name in reversed(names)])


def _fitted(problem: Instance, order: Ints, best: bool, deadline: float) -> Ints | None:
    """Place the buffers in ``order`` in the smallest gap that is large enough (``best``) or in the lowest one."""
    first, end, units = problem.sections.first[order], problem.sections.end[order], problem.units[order]
    offsets, tops = np.zeros(len(order), dtype=np.int64), np.zeros(len(order), dtype=np.int64)
    for i in range(len(order)):
        if time.monotonic() > deadline:
            return None
        near = np.flatnonzero((first[:i] < end[i]) & (first[i] < end[:i]))
        if len(near):
            near = near[np.argsort(offsets[near], kind="stable")]
            ground = np.concatenate([[0], np.maximum.accumulate(tops[near])])
            gaps = offsets[near] - ground[:-1]
            large = np.flatnonzero(gaps >= units[i])
            chosen = -1 if not len(large) else large[np.argmin(gaps[large])] if best else large[0]
            offsets[i] = ground[chosen]
        tops[i] = offsets[i] + units[i]
    result = np.empty(len(order), dtype=np.int64)
    result[order] = offsets
    return result


def _stacked(problem: Instance, order: Ints, deadline: float) -> Ints | None:
    """Place, again and again, the buffer that can be placed lowest, the first of ``order`` among equals."""
    first, end, units = problem.sections.first[order], problem.sections.end[order], problem.units[order]
    lowest = np.zeros(len(order), dtype=np.int64)
    placed = np.zeros(len(order), dtype=bool)
    waiting_at = lowest.copy()
    for _ in range(len(order)):
        if time.monotonic() > deadline:
            return None
        i = int(np.argmin(waiting_at))
        placed[i] = True
        near = (first < end[i]) & (first[i] < end) & ~placed
        lowest[near] = np.maximum(lowest[near], lowest[i] + units[i])
        waiting_at[near] = lowest[near]
        waiting_at[i] = np.iinfo(np.int64).max
    result = np.empty(len(order), dtype=np.int64)
    result[order] = lowest
    return result
