"""The best accelerator of each of many networks, by looking at every accelerator that could be the best of any.

Exact, and equal to the integer program's optimum. Networks whose calls ask the same of the memories can have the same
accelerators; every one of these that fits the budget is looked at. Latencies are whole numbers below 2^53 in double
precision, so a matrix product gives them without rounding, whatever the library that multiplies. Of equally fast
accelerators the one with the fewest DSP slices is taken, then LUTs, block memories and UltraRAM blocks: what a network
gets doesn't depend on the networks beside it.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Sequence
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
BEYOND_ANY_BUDGET = 1 << 24
"""More than any device has of a resource; stands for a variant that isn't there."""
ORDER = np.array([1 << 24, 1 << 45, 1 << 11, 1], np.int64)
"""Weights of lut, dsp, bram18 and uram (below 2^21, 2^14, 2^13 and 2^11 in any device) that make a number by which
accelerators are put in order: DSP slices first."""
NEVER_TAKEN = np.iinfo(np.int64).max
KHZ_PER_MHZ = 1000.0


@dataclass(frozen=True)
class BestOfNetworks:
    """The best accelerator of each network.

    Attributes:
        feasible: whether any accelerator fits the budget.
        cycles: all calls one after the other; 0 where not feasible.
        latency_ms: with the processor's share; NaN where not feasible.
        processor_ms: that share.
        accelerator: position in ``accelerators``; -1 where not feasible.
        accelerators: the distinct best ones.
        considered_of: accelerators that the best is the best of: the product of the numbers of configurations of the
            slots that the network uses.
        groups: sets of networks that ask the same of the memories.
        compared: accelerators of distinct speed that fit, over all groups; depends on the networks given together.
    """

    feasible: Booleans
    cycles: Integers
    latency_ms: Doubles
    processor_ms: Doubles
    accelerator: Indices
    accelerators: tuple[Accelerator, ...]
    considered_of: Integers
    groups: int
    compared: int


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
    distinct, network_of = np.unique(counts, axis=0, return_inverse=True)
    used = distinct > 0
    group_of = _groups(table, used, device, settings)
    groups = int(group_of.max(initial=-1)) + 1
    cycles = np.zeros(len(distinct), np.int64)
    chosen = np.full(len(distinct), -1, np.intp)
    numbers: dict[Accelerator, int] = {}
    compared = 0
    for group in range(groups):
        rows = np.flatnonzero(group_of == group)
        union = np.asarray(used[rows].any(axis=0), bool)
        costs = cost_table(table, device, used=union, shares=shares, settings=settings)
        budget = np.array([getattr(costs.budget, name) for name in RESOURCE_NAMES], np.int64)
        speeds = [_speeds_of(slot, union) for slot in costs.slots]
        candidates = _candidates(speeds, budget)
        compared += len(candidates)
        if not len(candidates):
            continue
        cycles[rows], position = _least(distinct[rows][:, union], costs, speeds, candidates, union)
        for place in np.unique(position):
            accelerator = _built(costs, speeds, budget, candidates[place])
            chosen[rows[position == place]] = numbers.setdefault(accelerator, len(numbers))
    network_of = np.asarray(network_of).ravel()
    cycles, chosen = cycles[network_of], chosen[network_of]
    feasible = np.asarray(chosen >= 0, bool)
    latency = np.where(feasible, cycles / (settings.clock_of(device) * KHZ_PER_MHZ) + processor_ms, np.nan)
    considered = _space_sizes(table, used, device, settings)[network_of]
    return BestOfNetworks(feasible, cycles, latency, processor_ms, chosen, tuple(numbers), considered, groups, compared)


def _space_sizes(table: CallTable, used: Booleans, device: FpgaDevice, settings: EngineSettings) -> Integers:
    """Return each network's number of accelerators, whether they fit or not."""
    sizes = np.ones(len(used), np.int64)
    for slot, steps in zip(table.template.slots, table.steps, strict=True):
        ways = len(configurations_of(slot, (1, 1), device, settings))
        sizes *= np.where((used & steps.active).any(axis=1), ways, 1)
    return sizes


def _groups(table: CallTable, used: Booleans, device: FpgaDevice, settings: EngineSettings) -> Indices:
    """Return the group of each network: networks of a group ask the same of every configuration's memories."""
    features: list[Integers] = []
    for number, steps in enumerate(table.steps):
        configurations = configurations_of(table.template.slots[number], (1, 1), device, settings)
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


def _candidates(speeds: Sequence[_Speeds], budget: Integers) -> Indices:
    """Return the combinations of speeds (rows, a speed a slot) that fit, those that take least first.

    A combination fits where some variant of each slot's speed does, and takes what its least variant takes. All are
    looked at at once, as an array with a dimension a slot.
    """
    shape = tuple(len(slot.cycles) for slot in speeds)
    if math.prod(shape) > LARGEST_ENUMERATION:
        raise UserError(
            f"{math.prod(shape):,} accelerators to look at, more than {LARGEST_ENUMERATION:,}; give fewer values of"
            " outputs and inputs"
        )
    least = np.full(shape, NEVER_TAKEN, np.int64)
    for picks in _variants(speeds):
        within = np.ones(shape, bool)
        for number, limit in enumerate(budget):
            parts = [slot.taken[:, pick, number].astype(np.int32) for slot, pick in zip(speeds, picks, strict=True)]
            if sum(int(part.max()) for part in parts) > limit:
                within &= functools.reduce(np.add.outer, parts) <= limit
        order = [slot.taken[:, pick] @ ORDER for slot, pick in zip(speeds, picks, strict=True)]
        np.minimum(least, np.where(within, functools.reduce(np.add.outer, order), NEVER_TAKEN), out=least)
    fitting = np.argwhere(least < NEVER_TAKEN)
    return fitting[np.argsort(least[least < NEVER_TAKEN], kind="stable")]


def _variants(speeds: Sequence[_Speeds]) -> Iterator[tuple[int, ...]]:
    return itertools.product(*(range(slot.members.shape[1]) for slot in speeds))


def _built(costs: CostTable, speeds: Sequence[_Speeds], budget: Integers, candidate: Indices) -> Accelerator:
    """Return the accelerator of a combination of speeds, with the variants that take least."""

    def taken(picks: tuple[int, ...]) -> Integers:
        parts = [slot.taken[speed, pick] for slot, speed, pick in zip(speeds, candidate, picks, strict=True)]
        return np.asarray(sum(parts), np.int64)

    fitting = [picks for picks in _variants(speeds) if (taken(picks) <= budget).all()]
    least = min(fitting, key=lambda picks: int(taken(picks) @ ORDER))
    chosen = zip(speeds, candidate, least, strict=True)
    return built(costs, [int(slot.members[speed, pick]) for slot, speed, pick in chosen])


def _least(
    counts: Integers, costs: CostTable, speeds: Sequence[_Speeds], candidates: Indices, used: Booleans
) -> tuple[Integers, Indices]:
    """Return each network's least cycles and the first candidate that has them, that is the one that takes least.

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
