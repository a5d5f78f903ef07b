"""A lower bound on a network's latency that costs next to nothing: every call on the best accelerator of its own.

    bound = sum_i n_i min over accelerators that fit of T_i  +  the processor's share   <=   latency

since one accelerator for all calls is no faster in any of them. The minima are those of the distinct calls, once for
all networks. An accelerator for a single call is taken to need no more than one for all calls can: a memory of at most
128 words is made of LUTs, a deeper one of block memory instead, so that an accelerator with *larger* memories may take
fewer LUTs. For the bound small memories are free; all else that a call needs, other calls only add to.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from codesign.models.fpga.accelerator import processor_ms
from codesign.models.fpga.calls import NetworkCalls
from codesign.models.fpga.costs import (
    RESOURCE_NAMES,
    USUAL,
    CallTable,
    EngineSettings,
    call_times,
    configurations_of,
    non_dominated,
    slot_times,
)
from codesign.models.fpga.enumeration import KHZ_PER_MHZ, counts_of
from codesign.models.fpga.kernels import Resources, kernel_resources, largest_needs, needs_by_call
from codesign.models.fpga.resources import LARGEST_LUT_MEMORY, Integers
from codesign.technology.fpga_devices import PLANNED, FpgaDevice, Fractions

Doubles = npt.NDArray[np.float64]


def latency_bounds(
    networks: Sequence[NetworkCalls],
    device: FpgaDevice,
    *,
    shares: Fractions = PLANNED,
    settings: EngineSettings = USUAL,
) -> Doubles:
    """Return a lower bound on each network's latency in ms, infinite where one of its calls fits on no accelerator.

    Raises:
        UserError: see ``enumeration.counts_of``.
    """
    table, counts = counts_of(networks)
    own = np.array([processor_ms(network, settings) for network in networks])
    return bounds_of_counts(table, counts, device, processor_ms=own, shares=shares, settings=settings)


def bounds_of_counts(
    table: CallTable,
    counts: Integers,
    device: FpgaDevice,
    *,
    processor_ms: Doubles,
    shares: Fractions = PLANNED,
    settings: EngineSettings = USUAL,
) -> Doubles:
    """Return the bound of each row of counts; arguments are those of ``enumeration.best_of_counts``."""
    least = least_cycles_alone(table, device, shares=shares, settings=settings)
    used = counts > 0
    cycles = np.where(used, counts * np.where(np.isfinite(least), least, 0.0), 0.0).sum(axis=1)
    bound = cycles / (settings.clock_of(device) * KHZ_PER_MHZ) + processor_ms
    return np.where((used & ~np.isfinite(least)).any(axis=1), np.inf, bound)


def least_cycles_alone(
    table: CallTable, device: FpgaDevice, *, shares: Fractions = PLANNED, settings: EngineSettings = USUAL
) -> Doubles:
    """Return a lower bound on T of each call on any accelerator that fits; infinite where none does."""
    budget = device.budget(shares)
    limits = [getattr(budget, name) for name in RESOURCE_NAMES]
    fixed, floor = call_times(table.calls, device, budget, settings)
    least = np.full(len(table.calls), np.inf)
    for call in range(len(table.calls)):
        slots = [
            _relaxed_slot(table, number, call, device, settings)
            for number, steps in enumerate(table.steps)
            if steps.active[call]
        ]
        within = np.asarray(True)
        for number, limit in enumerate(limits):
            within = within & (functools.reduce(np.add.outer, [taken[:, number] for taken, _, _ in slots]) <= limit)
        longest = functools.reduce(np.maximum.outer, [cycles for _, cycles, _ in slots])
        fill = functools.reduce(np.add.outer, [fill for _, _, fill in slots])
        times = np.maximum(longest, floor[call]) + fill
        if within.any():
            least[call] = float(fixed[call] + times[within].min())
    return least


def _relaxed_slot(
    table: CallTable, number: int, call: int, device: FpgaDevice, settings: EngineSettings
) -> tuple[Integers, Integers, Integers]:
    """Return what non-dominated configurations take at least (rows x resources), their cycles and fill in one call."""
    slot, steps = table.template.slots[number], table.steps[number]
    alone = np.arange(len(table.calls)) == call
    configurations = configurations_of(slot, table.bits_of(number, alone), device, settings)
    needs = largest_needs(needs_by_call(configurations, steps), alone)
    beyond_luts = replace(
        needs,
        weight_depth=np.maximum(needs.weight_depth, LARGEST_LUT_MEMORY + 1),
        buffer_depth=np.maximum(needs.buffer_depth, LARGEST_LUT_MEMORY + 1),
    )
    least = kernel_resources(configurations, needs, device.dsp_kind)
    no_memory = kernel_resources(configurations, beyond_luts, device.dsp_kind)
    resources = Resources(no_memory.lut, least.dsp, least.bram18, least.uram)
    cycles, fill = slot_times(table, number, configurations)
    kept = non_dominated(resources, cycles[:, alone], fill[:, alone])
    taken = np.stack([getattr(resources, name)[kept] for name in RESOURCE_NAMES], axis=1)
    return taken, cycles[kept, call], fill[kept, call]
