"""What every configuration of every slot costs in a set of calls: the data of the integer program and of enumeration.

A call i of an accelerator with configuration c_j in slot j takes

    T_i = fixed_i + max(floor_i, max_j cycles_ij(c_j)) + sum_j fill_ij(c_j)

cycles of the accelerator's clock: ``fixed`` is the processor's start of it and the loading of weights, which come
before the pipeline runs; ``floor`` is the time of the DRAM ports (read and write at once, together no faster than
DRAM); ``fill`` is what a slot has to put out before the next one can start: a line buffer needs half a window of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codesign.errors import UserError
from codesign.models.fpga.calls import Call
from codesign.models.fpga.constants import engine_constants
from codesign.models.fpga.kernels import (
    Booleans,
    Configurations,
    Resources,
    StepTable,
    kernel_cycles,
    kernel_resources,
    largest_needs,
    needs_by_call,
    step_table,
)
from codesign.models.fpga.resources import Integers
from codesign.models.fpga.templates import Slot, Template
from codesign.technology.fpga_devices import PLANNED, Budget, FpgaDevice, Fractions

PARALLELISM = (1, 2, 4, 8, 16, 32, 64)
PARALLEL_TAPS = (1, 3, 5, 7, 9, 25, 49)
KILOBIT_BITS = 8000
"""1 GB/s over 1 MHz in bits a cycle."""
RESOURCE_NAMES = ("lut", "dsp", "bram18", "uram")


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How accelerators are built and called.

    Attributes:
        outputs, inputs: parallel outputs and inputs that kernels may have.
        taps: parallel inputs that depthwise kernels may have: one tap, a row or the whole of a window of 3, 5 or 7.
        clock_mhz: None for the device's typical clock.
        call_overhead_us: of the processor for each call; None for that of CoDeNet's board.
        processor_ns_per_word: of operators left to the processor; None for what CoDeNet's board measured.

    Raises:
        UserError: nothing to choose from, or a number that isn't positive.
    """

    outputs: tuple[int, ...] = PARALLELISM
    inputs: tuple[int, ...] = PARALLELISM
    taps: tuple[int, ...] = PARALLEL_TAPS
    clock_mhz: float | None = None
    call_overhead_us: float | None = None
    processor_ns_per_word: float | None = None

    def __post_init__(self) -> None:
        for name in ("outputs", "inputs", "taps"):
            values = getattr(self, name)
            if not values or any(not isinstance(value, int) or value < 1 for value in values):
                raise UserError(f"{name} must be whole numbers of at least 1, found {values!r}")
        if self.clock_mhz is not None and not self.clock_mhz > 0:
            raise UserError(f"clock_mhz must be above 0, found {self.clock_mhz!r}")
        for name in ("call_overhead_us", "processor_ns_per_word"):
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise UserError(f"{name} must be 0 or more, found {value!r}")

    def constant(self, name: str) -> float:
        """Return the setting of that name, or the constant with its source where it is None."""
        given = getattr(self, name)
        return float(engine_constants()[name] if given is None else given)

    def clock_of(self, device: FpgaDevice) -> float:
        """Return the clock in MHz."""
        return device.clock_mhz if self.clock_mhz is None else self.clock_mhz


USUAL = EngineSettings()


@dataclass(frozen=True)
class SlotCosts:
    """One slot's non-dominated configurations.

    Attributes:
        slot: where.
        configurations: ways to build it; one of no size where no call uses the slot.
        resources: arrays over configurations.
        cycles: configurations x calls, 0 where a call passes the slot by.
        fill: configurations x calls.
    """

    slot: Slot
    configurations: Configurations
    resources: Resources
    cycles: Integers
    fill: Integers


@dataclass(frozen=True)
class CostTable:
    """Everything that decides which accelerator is best.

    Attributes:
        slots: in the template's order.
        fixed, floor: cycles of each call that no configuration changes, see the top of this file.
        budget: what the accelerator may take.
        clock_mhz: of the accelerator.
    """

    slots: tuple[SlotCosts, ...]
    fixed: Integers
    floor: Integers
    budget: Budget
    clock_mhz: float


@dataclass(frozen=True)
class CallTable:
    """Distinct calls as arrays, one ``StepTable`` a slot."""

    template: Template
    calls: tuple[Call, ...]
    steps: tuple[StepTable, ...]

    def bits_of(self, slot: int, used: Booleans) -> tuple[int, int]:
        """Return the widest weights and activations of a slot in the calls that are used."""
        steps = self.steps[slot]
        return int(steps.weight_bits[used].max(initial=0)), int(steps.activation_bits[used].max(initial=0))


def call_table(template: Template, calls: Sequence[Call]) -> CallTable:
    """Return distinct calls of a template as arrays, in the order given."""
    steps = tuple(step_table([call.steps[number] for call in calls]) for number in range(len(template.slots)))
    return CallTable(template, tuple(calls), steps)


def configurations_of(
    slot: Slot, bits: tuple[int, int], device: FpgaDevice, settings: EngineSettings
) -> Configurations:
    """Return every way to build a slot for words of the given bits (weights, activations).

    outputs x inputs x {DSP, LUT multipliers} x {block memory, UltraRAM where the device has it}.
    """
    inputs = settings.taps if slot.kernel == "depthwise" else settings.inputs
    memories = (0, 1) if device.uram else (0,)
    grid = np.meshgrid(sorted(set(settings.outputs)), sorted(set(inputs)), (0, 1), memories, indexing="ij")
    outputs, parallel_inputs, luts, urams = (axis.ravel().astype(np.int64) for axis in grid)
    return Configurations(
        slot.kernel,
        outputs,
        parallel_inputs,
        np.full(len(outputs), bits[0], np.int64),
        np.full(len(outputs), bits[1], np.int64),
        luts.astype(bool),
        urams.astype(bool),
    )


def fill_leads(steps: Sequence[StepTable]) -> tuple[list[Integers], list[Booleans]]:
    """Return, of each slot, the output pixels that the next active one needs to start, and where it is the first."""
    calls = len(steps[0].active)
    leads: list[Integers] = []
    following = np.ones(calls, np.int64)
    for step in reversed(steps):
        leads.append(np.where(step.active, following, 0))
        following = np.where(step.active, step.lead_pixels, following)
    firsts: list[Booleans] = []
    before = np.zeros(calls, bool)
    for step in steps:
        firsts.append(step.active & ~before)
        before |= step.active
    return leads[::-1], firsts


def slot_times(table: CallTable, number: int, configurations: Configurations) -> tuple[Integers, Integers]:
    """Return cycles and fill of configurations (rows) in calls (columns)."""
    steps = table.steps[number]
    leads, firsts = fill_leads(table.steps)
    cycles = kernel_cycles(configurations, steps)
    first = np.where(firsts[number], steps.lead_pixels, 0)
    fill = leads[number] * cycles.each_output + first * cycles.each_input
    return cycles.total, np.asarray(fill, np.int64)


def call_times(
    calls: Sequence[Call], device: FpgaDevice, budget: Budget, settings: EngineSettings
) -> tuple[Integers, Integers]:
    """Return fixed and floor cycles of calls.

    fixed = ceil(overhead clock) + ceil(load bits / rate); floor = the longest of reading and writing over a port each,
    and of both over DRAM, in whole cycles.
    """
    clock = settings.clock_of(device)
    dram = budget.dram_gbs * KILOBIT_BITS / clock
    port = min(float(device.port_bits), dram)
    load, read, write = (
        np.array([getattr(call, name) for call in calls], np.float64)
        for name in ("load_bits", "read_bits", "write_bits")
    )
    overhead = np.ceil(settings.constant("call_overhead_us") * clock)
    with np.errstate(divide="ignore", invalid="ignore"):
        fixed = overhead + np.ceil(load / port)
        floor = np.maximum(np.ceil((read + write) / dram), np.ceil(np.maximum(read, write) / device.port_bits))
    return fixed.astype(np.int64), floor.astype(np.int64)


def cost_table(
    table: CallTable,
    device: FpgaDevice,
    *,
    used: Booleans | None = None,
    shares: Fractions = PLANNED,
    settings: EngineSettings = USUAL,
) -> CostTable:
    """Return the costs of a set of calls on a device.

    Args:
        table: calls.
        device: part and board.
        used: which calls the accelerator has to run; None for all. Others get times too, but size no memory and don't
            keep a configuration in the table.
        shares: of the device's resources.
        settings: parallelism, clock and overheads.

    Raises:
        UserError: the budget has no DRAM bandwidth.
    """
    mask = np.ones(len(table.calls), bool) if used is None else used
    budget = device.budget(shares)
    if budget.dram_gbs <= 0:
        raise UserError("an accelerator needs DRAM bandwidth; the share of it is 0")
    slots = tuple(_slot_costs(table, number, mask, device, settings) for number in range(len(table.steps)))
    fixed, floor = call_times(table.calls, device, budget, settings)
    return CostTable(slots, fixed, floor, budget, settings.clock_of(device))


def _slot_costs(
    table: CallTable, number: int, used: Booleans, device: FpgaDevice, settings: EngineSettings
) -> SlotCosts:
    slot, steps = table.template.slots[number], table.steps[number]
    used = used & steps.active
    configurations = configurations_of(slot, table.bits_of(number, used), device, settings)
    if not used.any():
        configurations = configurations.selected(np.array([0]))
    needs = largest_needs(needs_by_call(configurations, steps), used)
    cycles, fill = slot_times(table, number, configurations)
    resources = kernel_resources(configurations, needs, device.dsp_kind)
    kept = non_dominated(resources, cycles[:, used], fill[:, used])
    return SlotCosts(
        slot,
        configurations.selected(kept),
        Resources(*(getattr(resources, name)[kept] for name in RESOURCE_NAMES)),
        cycles[kept],
        fill[kept],
    )


def non_dominated(resources: Resources, cycles: Integers, fill: Integers) -> npt.NDArray[np.intp]:
    """Return the numbers of the configurations that no other one matches or beats in every resource, cycle and fill.

    Of equal ones the first stays.
    """
    columns = [getattr(resources, name)[:, None] for name in RESOURCE_NAMES]
    costs = np.concatenate([*columns, cycles, fill], axis=1)
    no_worse = (costs[:, None, :] <= costs[None, :, :]).all(axis=2)
    equal = no_worse & no_worse.T
    earlier = np.triu(np.ones(equal.shape, bool), 1)
    dominated = (no_worse & ~equal) | (equal & earlier)
    return np.flatnonzero(~dominated.any(axis=0))
