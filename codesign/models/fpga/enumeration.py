"""The best accelerator of each of many networks, by looking at every accelerator that could be the best of any.

Exact, and equal to the integer program's optimum: networks whose calls ask the same of the memories can have the same
accelerators; of these only the ones are kept that can't be made faster in one slot within the budget. Latencies are
whole numbers below 2^53 in double precision, so a matrix product gives them without rounding, whatever the number of
networks, their order or the library that multiplies.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codesign.errors import UserError
from codesign.models.fpga.accelerator import Accelerator, built, processor_ms
from codesign.models.fpga.calls import Call, NetworkCalls
from codesign.models.fpga.costs import (
    RESOURCE_NAMES,
    USUAL,
    CallTable,
    CostTable,
    EngineSettings,
    SlotCosts,
    call_table,
    configurations_of,
    cost_table,
)
from codesign.models.fpga.kernels import Booleans, needs_by_call
from codesign.models.fpga.resources import Integers
from codesign.technology.fpga_devices import PLANNED, FpgaDevice, Fractions

Indices = npt.NDArray[np.intp]
Doubles = npt.NDArray[np.float64]

EXACT_BELOW = 2.0**53
PRODUCT_ELEMENTS = 2_000_000
"""Numbers of a matrix product held at once."""
LARGEST_ENUMERATION = 20_000_000
"""Accelerators of one group that are looked at before giving up."""
BEYOND_ANY_BUDGET = 1 << 40
KHZ_PER_MHZ = 1000.0


@dataclass(frozen=True)
class BestOfNetworks:
    """The best accelerator of each network.

    Attributes:
        feasible: whether any accelerator fits the budget.
        cycles: all calls one after the other; 0 where not feasible.
        latency_ms: with the processor's share; NaN where not feasible.
        accelerator: position in ``accelerators``; -1 where not feasible.
        accelerators: the distinct best ones.
        groups: sets of networks that ask the same of the memories.
        considered: accelerators that fit, over all groups.
    """

    feasible: Booleans
    cycles: Integers
    latency_ms: Doubles
    accelerator: Indices
    accelerators: tuple[Accelerator, ...]
    groups: int
    considered: int


def counts_of(networks: Sequence[NetworkCalls]) -> tuple[CallTable, Integers]:
    """Return the distinct calls of networks cut for one template, and how often each network (row) makes each (column).

    Raises:
        UserError: there is no network, or they are cut for different templates.
    """
    templates = {network.template.name: network.template for network in networks}
    if len(templates) != 1:
        raise UserError(f"networks must be cut for one template, found {', '.join(templates) or 'no network'}")
    numbers: dict[Call, int] = {}
    for network in networks:
        for call in network.counts:
            numbers.setdefault(call, len(numbers))
    counts = np.zeros((len(networks), len(numbers)), np.int64)
    for row, network in enumerate(networks):
        for call, count in network.counts.items():
            counts[row, numbers[call]] = count
    return call_table(networks[0].template, tuple(numbers)), counts


def best_of_networks(
    networks: Sequence[NetworkCalls],
    device: FpgaDevice,
    *,
    shares: Fractions = PLANNED,
    settings: EngineSettings = USUAL,
) -> BestOfNetworks:
    """Return the best accelerator of each network, as ``program.best_accelerators`` would.

    Raises:
        UserError: see ``counts_of`` and ``best_of_counts``.
    """
    table, counts = counts_of(networks)
    own = np.array([processor_ms(network, settings) for network in networks])
    return best_of_counts(table, counts, device, processor_ms=own, shares=shares, settings=settings)


def best_of_counts(
    table: CallTable,
    counts: Integers,
    device: FpgaDevice,
    *,
    processor_ms: Doubles,
    shares: Fractions = PLANNED,
    settings: EngineSettings = USUAL,
) -> BestOfNetworks:
    """Return the best accelerator of each row of counts.

    Args:
        table: distinct calls.
        counts: networks x calls, how often a network makes a call.
        device: part and board.
        processor_ms: the processor's share of each network's latency.
        shares: of the device that may be used.
        settings: parallelism, clock and overheads.

    Raises:
        UserError: there are more accelerators than can be looked at (fewer values of parallelism help), or latencies
            are beyond 2^53 cycles.
    """
    used = counts > 0
    group_of = _groups(table, used, device, settings)
    cycles = np.zeros(len(counts), np.int64)
    feasible = np.zeros(len(counts), bool)
    chosen = np.full(len(counts), -1, np.intp)
    numbers: dict[Accelerator, int] = {}
    considered = 0
    clock = settings.clock_of(device)
    for group in range(int(group_of.max(initial=-1)) + 1):
        rows = np.flatnonzero(group_of == group)
        union = np.asarray(used[rows].any(axis=0), bool)
        costs = cost_table(table, device, used=union, shares=shares, settings=settings)
        budget = np.array([getattr(costs.budget, name) for name in RESOURCE_NAMES], np.int64)
        speeds = [_speeds_of(slot, union) for slot in costs.slots]
        candidates, fitting = _candidates(speeds, budget)
        considered += fitting
        if not len(candidates):
            continue
        best, position = _least(counts[rows][:, union], costs, speeds, candidates, union)
        cycles[rows], feasible[rows] = best, True
        for place in np.unique(position):
            accelerator = _built(costs, speeds, budget, candidates[place])
            chosen[rows[position == place]] = numbers.setdefault(accelerator, len(numbers))
    latency = np.where(feasible, cycles / (clock * KHZ_PER_MHZ) + processor_ms, np.nan)
    groups = int(group_of.max(initial=-1)) + 1
    return BestOfNetworks(feasible, cycles, latency, chosen, tuple(numbers), groups, considered)


def _groups(table: CallTable, used: Booleans, device: FpgaDevice, settings: EngineSettings) -> Indices:
    """Return the group of each network: networks of a group ask the same of every configuration's memories."""
    features: list[Integers] = []
    for number, steps in enumerate(table.steps):
        configurations = configurations_of(table.template.slots[number], steps, (1, 1), device, settings)
        needs = needs_by_call(configurations, steps)
        parts = (needs.terms, needs.weight_depth, needs.buffer_depth, needs.buffer_rows)
        bits = (needs.weight_bits, needs.activation_bits)
        stacked = np.concatenate([*parts, 1 - needs.packed_window, *bits]) * steps.active
        features.append(np.unique(stacked, axis=0))
    each = np.concatenate(features)
    patterns, of_network = np.unique(used, axis=0, return_inverse=True)
    largest = np.zeros((len(patterns), len(each)), np.int64)
    for call in range(len(table.calls)):
        np.maximum(largest, np.where(patterns[:, call, None], each[:, call], 0), out=largest)
    _, of_pattern = np.unique(largest, axis=0, return_inverse=True)
    return np.asarray(of_pattern).ravel()[np.asarray(of_network).ravel()]


@dataclass(frozen=True)
class _Speeds:
    """One slot's distinct speeds: configurations that take as long as each other in every used call are one speed.

    Attributes:
        cycles, fill: speeds x used calls.
        members: speeds x variants, numbers of configurations; -1 beyond the last.
        taken: speeds x variants x resources; beyond any budget where there is no variant.
    """

    cycles: Integers
    fill: Integers
    members: Integers
    taken: Integers


def _speeds_of(slot: SlotCosts, used: Booleans) -> _Speeds:
    cycles, fill = slot.cycles[:, used], slot.fill[:, used]
    _, first, speed = np.unique(np.concatenate([cycles, fill], axis=1), axis=0, return_index=True, return_inverse=True)
    speed = np.asarray(speed).ravel()
    variants = int(np.bincount(speed).max())
    members = np.full((len(first), variants), -1, np.int64)
    for number in range(len(first)):
        own = np.flatnonzero(speed == number)
        members[number, : len(own)] = own
    resources = np.stack([getattr(slot.resources, name) for name in RESOURCE_NAMES], axis=1)
    taken = np.where(members[:, :, None] < 0, BEYOND_ANY_BUDGET, resources[members])
    return _Speeds(cycles[first], fill[first], members, taken)


def _candidates(speeds: Sequence[_Speeds], budget: Integers) -> tuple[Indices, int]:
    """Return combinations of speeds (rows, a speed a slot) that fit and can't be made faster in one slot, and how many fit.

    A combination fits where some variant of each slot's speed does. All are looked at at once, as an array with a
    dimension a slot.
    """
    shape = tuple(len(slot.cycles) for slot in speeds)
    if math.prod(shape) > LARGEST_ENUMERATION:
        raise UserError(
            f"{math.prod(shape):,} accelerators to look at, more than {LARGEST_ENUMERATION:,}; give fewer values of"
            " outputs and inputs"
        )
    fits = _fitting(speeds, budget, shape)
    best = fits.copy()
    for axis, slot in enumerate(speeds):
        times = np.concatenate([slot.cycles, slot.fill], axis=1)
        no_slower = (times[:, None, :] <= times[None, :, :]).all(axis=2)
        faster = (no_slower & ~no_slower.T).astype(np.float32)
        better = np.moveaxis(fits, axis, -1).astype(np.float32) @ faster
        best &= np.moveaxis(better, -1, axis) == 0
    return np.argwhere(best), int(fits.sum())


def _fitting(speeds: Sequence[_Speeds], budget: Integers, shape: tuple[int, ...]) -> Booleans:
    """Whether some variants of each combination of speeds are within the budget: an array with a dimension a slot."""
    fits = np.zeros(shape, bool)
    for picks in itertools.product(*(range(slot.members.shape[1]) for slot in speeds)):
        here = np.ones(shape, bool)
        for number, limit in enumerate(budget):
            parts = [slot.taken[:, pick, number] for slot, pick in zip(speeds, picks, strict=True)]
            if sum(int(part.max()) for part in parts) > limit:
                here &= functools.reduce(np.add.outer, parts) <= limit
        fits |= here
        if fits.all():
            break
    return fits


def _built(costs: CostTable, speeds: Sequence[_Speeds], budget: Integers, candidate: Indices) -> Accelerator:
    """Return the accelerator of a combination of speeds, with the first variants that fit."""
    ranges = [range(slot.members.shape[1]) for slot in speeds]
    for picks in itertools.product(*ranges):
        chosen = list(zip(speeds, candidate, picks, strict=True))
        total = sum(slot.taken[speed, pick] for slot, speed, pick in chosen)
        if (total <= budget).all():
            return built(costs, [int(slot.members[speed, pick]) for slot, speed, pick in chosen])
    raise ValueError("no variant of the candidate is within the budget")


def _least(
    counts: Integers, costs: CostTable, speeds: Sequence[_Speeds], candidates: Indices, used: Booleans
) -> tuple[Integers, Indices]:
    """Return each network's least cycles and the first candidate that has them.

    cycles = counts (networks x calls) times T (calls x candidates), in whole numbers.
    """
    best = np.full(len(counts), np.inf)
    position = np.zeros(len(counts), np.intp)
    weights = counts.astype(np.float64)
    step = max(1, PRODUCT_ELEMENTS // max(len(counts), int(used.sum())))
    for start in range(0, len(candidates), step):
        part = candidates[start : start + step]
        times = _times(costs, speeds, part, used)
        if float(weights.sum(axis=1).max()) * float(times.max()) >= EXACT_BELOW:
            raise UserError("latencies are beyond 2^53 cycles, which double precision can't hold exactly")
        total = weights @ times.T
        place = total.argmin(axis=1)
        least = total[np.arange(len(counts)), place]
        better = least < best
        best[better], position[better] = least[better], start + place[better]
    return best.astype(np.int64), position


def _times(costs: CostTable, speeds: Sequence[_Speeds], candidates: Indices, used: Booleans) -> Doubles:
    """Return T of candidates (rows) in the used calls (columns)."""
    longest = np.broadcast_to(costs.floor[used], (len(candidates), int(used.sum())))
    fill: Integers = np.zeros_like(longest)
    for number, slot in enumerate(speeds):
        longest = np.maximum(longest, slot.cycles[candidates[:, number]])
        fill = fill + slot.fill[candidates[:, number]]
    return (costs.fixed[used] + longest + fill).astype(np.float64)
