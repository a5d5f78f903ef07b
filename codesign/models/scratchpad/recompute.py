"""Doing an operation again instead of retrieving what it made.

With a price of p bytes for a multiply-accumulate, a plan costs noncompulsory bytes + p * (MACs done again). Beginning
with the best plan for an order, each buffer that is retrieved may instead be made again by its operation, right before
the use; the operation's own inputs then have to be there, which may cost in turn. The change that saves most is kept,
and so on until none saves anything. Every trial is judged by the gap formulation, so a plan never gets worse.

COSMA creates each tensor once (Eq. 7); Checkmate (MLSys 2020) and MODeL (ICML 2023) recompute in training graphs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from codesign.models.scratchpad.problem import Buffer, Operation, Problem, ProblemError
from codesign.models.scratchpad.residency import Timeline, best_drops

MOST_REPEATS = 64
"""Operations done again at most; each costs a round of trials."""


@dataclass(frozen=True)
class Recomputation:
    """A problem in which some operations occur again.

    Attributes:
        problem: its operations stand in the order to be run; a repeated one has its first occurrence's name, and what
            it makes has the first buffer's name.
        repeated_macs: multiply-accumulates of the repetitions.
        repeats: how many operations are done again.
    """

    problem: Problem
    repeated_macs: int
    repeats: int


def check_price(bytes_per_mac: float) -> None:
    """Raise ProblemError where the price of a multiply-accumulate is negative or no number."""
    if not bytes_per_mac >= 0:
        raise ProblemError(f"the price of a multiply-accumulate must not be negative, found {bytes_per_mac}")


def in_order(problem: Problem, order: Sequence[int]) -> Problem:
    """Return the same problem with its operations in another order, which becomes the default one."""
    problem.check_order(order)
    position = {operation: step for step, operation in enumerate(order)}
    moved = tuple(_renumbered(problem.operations[operation], position) for operation in order)
    return replace(problem, operations=moved)


def recomputed(
    problem: Problem, order: Sequence[int], capacity_bytes: int, bytes_per_mac: float, *, most: int = MOST_REPEATS
) -> Recomputation:
    """Return the problem with the repetitions that pay.

    Args:
        problem: what to schedule.
        order: in which its operations run.
        capacity_bytes: of the scratchpad.
        bytes_per_mac: price; 0 makes doing anything again free.
        most: repetitions.

    Raises:
        ProblemError: a negative price.
    """
    check_price(bytes_per_mac)
    current = Recomputation(in_order(problem, order), 0, 0)
    cost = _cost(current, capacity_bytes, bytes_per_mac)
    while current.repeats < most:
        trials = [_repeat(current, buffer, step) for buffer, step in _retrieved(current.problem, capacity_bytes)]
        priced = [
            (_cost(trial, capacity_bytes, bytes_per_mac), i)
            for i, trial in enumerate(trials)
            if trial is not None and trial.problem.minimum_bytes <= capacity_bytes
        ]
        if not priced or min(priced)[0] >= cost:
            break
        cost, chosen = min(priced)
        best = trials[chosen]
        assert best is not None
        current = best
    return current


def _cost(trial: Recomputation, capacity_bytes: int, bytes_per_mac: float) -> float:
    timeline = Timeline(trial.problem, trial.problem.default_order)
    price = bytes_per_mac * trial.repeated_macs if trial.repeated_macs else 0.0
    return best_drops(timeline, capacity_bytes).noncompulsory_bytes + price


def _retrieved(problem: Problem, capacity_bytes: int) -> list[tuple[int, int]]:
    """Return (buffer, step) of each retrieval of the best plan."""
    timeline = Timeline(problem, problem.default_order)
    drops = best_drops(timeline, capacity_bytes)
    return [(timeline.gaps[g].buffer, timeline.gaps[g].after) for g in drops.dropped]


def _repeat(current: Recomputation, buffer: int, step: int) -> Recomputation | None:
    """Return the problem with the maker of a buffer done again right before a step; None where it can't be.

    It can't where the buffer comes from outside, has several writers, or its maker changes or makes other buffers too.
    """
    problem = current.problem
    makers = [i for i in problem.touched_by[buffer] if buffer in problem.operations[i].writes]
    if problem.buffers[buffer].stored or len(makers) != 1:
        return None
    maker = problem.operations[makers[0]]
    if not maker.reads or maker.writes != (buffer,) or buffer in maker.reads:
        return None
    if any(_changed(problem, source, makers[0]) for source in maker.reads):
        return None
    again = len(problem.buffers)
    copy = replace(problem.buffers[buffer], stored=False)
    first = replace(problem.buffers[buffer], wanted=False)
    buffers: tuple[Buffer, ...] = (*problem.buffers[:buffer], first, *problem.buffers[buffer + 1 :], copy)
    position = {i: i + (i >= step) for i in range(len(problem.operations))}
    operations: list[Operation] = []
    for index, operation in enumerate(problem.operations):
        if index == step:
            operations.append(replace(_renumbered(maker, position), writes=(again,)))
        moved = _renumbered(operation, position)
        if index >= step and buffer in operation.touches:
            moved = replace(
                moved,
                reads=_swapped(moved.reads, buffer, again),
                predecessors=tuple(sorted({*moved.predecessors, step})),
            )
        operations.append(moved)
    changed = replace(problem, buffers=buffers, operations=tuple(operations))
    return Recomputation(changed, current.repeated_macs + maker.macs, current.repeats + 1)


def _changed(problem: Problem, buffer: int, after: int) -> bool:
    """Return whether a buffer is written again after an operation, so that it no longer holds what that one read."""
    return any(i > after and buffer in problem.operations[i].writes for i in problem.touched_by[buffer])


def _renumbered(operation: Operation, position: Mapping[int, int]) -> Operation:
    return replace(operation, predecessors=tuple(sorted(position[i] for i in operation.predecessors)))


def _swapped(members: tuple[int, ...], old: int, new: int) -> tuple[int, ...]:
    return tuple(sorted(new if member == old else member for member in members))
