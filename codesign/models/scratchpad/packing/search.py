"""The exact search of one part of time: several orders of the buffers take turns until one of them is done."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from codesign.models.scratchpad.packing import kernel
from codesign.models.scratchpad.packing.heuristics import decreasing, order_keys
from codesign.models.scratchpad.packing.instance import Instance
from codesign.models.scratchpad.packing.sections import Ints

# Width, area and (waiting) load, the most important first: Moffitt's orders WAT, TAW and TWA.
PRIORITIES = (("width", "area", "load"), ("load", "area", "width"), ("load", "width", "area"))
TURN_STEPS = 20_000_000


@dataclass(frozen=True)
class Found:
    """What the search came to.

    Attributes:
        offset_units: a packing, or None.
        exhausted: there is no packing, and this is proven.
        nodes: visited.
        solve_s: wall time in seconds without compiling.
    """

    offset_units: Ints | None
    exhausted: bool
    nodes: int
    solve_s: float


def search(problem: Instance, capacity_bytes: int, time_limit_s: float) -> Found:
    """Search until a packing is found, every one is excluded, or the time is over; compiling isn't counted.

    The orders take turns of a fixed number of nodes and go on where they paused, so the result doesn't depend on the
    machine's speed as long as the time suffices. A turn is about 20 million elementary steps.
    """
    started = time.monotonic()
    states: list[kernel.State] = []
    compiling_s = 0.0
    lifetimes = int((problem.sections.end - problem.sections.first).sum())
    turn = max(1, TURN_STEPS // (10 * (lifetimes + len(problem.units))))
    outcome, number = kernel.PAUSED, 0
    while outcome == kernel.PAUSED and time.monotonic() - started - compiling_s < time_limit_s:
        if len(states) < len(PRIORITIES):
            states.append(_start(problem, capacity_bytes, PRIORITIES[number]))
        if not compiling_s:
            before = time.monotonic()
            kernel.run(states[0], 0)
            compiling_s = time.monotonic() - before
        outcome = kernel.run(states[number], turn)
        while outcome == kernel.CRAMPED:
            states[number] = _enlarged(states[number])
            outcome = kernel.run(states[number], turn)
        last, number = number, (number + 1) % len(PRIORITIES)
    offsets = states[last].offset if outcome == kernel.PACKED else None
    nodes = sum(int(state.control[kernel.NODES]) for state in states)
    return Found(offsets, outcome == kernel.EXHAUSTED, nodes, time.monotonic() - started - compiling_s)


def _start(problem: Instance, capacity_bytes: int, priority: tuple[str, str, str]) -> kernel.State:
    count, parts = len(problem.units), problem.sections
    latest = problem.latest_units(capacity_bytes)
    known = order_keys(problem)
    order = decreasing(known, *priority)
    fixed = np.stack([known[name] for name in priority if name != "load"], axis=1)
    fixed_place = np.unique(fixed, axis=0, return_inverse=True)[1].reshape(count).astype(np.int64)
    load_first = priority[0] == "load"
    overlap_start, overlaps = parts.overlaps
    state = kernel.State(
        size=problem.units,
        latest=latest,
        first=parts.first,
        end=parts.end,
        overlap_start=overlap_start,
        overlaps=overlaps,
        twin=_twins(problem, latest, order),
        keys=np.stack([known["load"], fixed_place] if load_first else [fixed_place, known["load"]]),
        offset=np.full(count, kernel.UNPLACED, dtype=np.int64),
        lowest=np.zeros(count, dtype=np.int64),
        bound=np.zeros(count, dtype=np.int64),
        rank=np.argsort(order).astype(np.int64),
        crossing=parts.crossings(),
        load=np.zeros(parts.count, dtype=np.int64),
        trail_buffer=np.zeros(4 * count + 4, dtype=np.int64),
        trail_value=np.zeros(4 * count + 4, dtype=np.int64),
        frames=np.zeros((count + 2, kernel.FRAME_COLUMNS), dtype=np.int64),
        candidates=np.zeros(4 * count, dtype=np.int64),
        regions=np.zeros((4 * count, kernel.REGION_COLUMNS), dtype=np.int64),
        members=np.zeros(4 * count, dtype=np.int64),
        control=np.zeros(kernel.CONTROLS, dtype=np.int64),
    )
    state.members[:count] = order
    state.regions[0] = (0, count, 0, parts.count)
    state.frames[0, kernel.RANK] = -1
    state.control[kernel.REGIONS] = 1
    state.control[kernel.MEMBERS] = count
    state.control[kernel.TOTAL] = 0 if load_first else 1
    state.control[kernel.CAPACITY] = int((latest + problem.units).max())
    return state


def _twins(problem: Instance, latest: Ints, order: Ints) -> Ints:
    """Return the buffer before each one in ``order`` that can't be told from it, -1 where there is none."""
    twins = np.full(len(order), -1, dtype=np.int64)
    alike: dict[tuple[int, ...], int] = {}
    about = np.stack([problem.sections.first, problem.sections.end, problem.units, latest], axis=1)
    for buffer in order:
        twins[buffer] = alike.get(tuple(about[buffer]), -1)
        alike[tuple(about[buffer])] = int(buffer)
    return twins


def _enlarged(state: kernel.State) -> kernel.State:
    """Return the state with twice the room for all that grows."""
    grown = ("trail_buffer", "trail_value", "candidates", "regions", "members")
    return state._replace(
        **{name: np.concatenate([getattr(state, name), np.zeros_like(getattr(state, name))]) for name in grown}
    )
