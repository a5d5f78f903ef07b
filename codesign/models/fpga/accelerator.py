"""An accelerator that was chosen: its kernels, what it takes and how long a network takes on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from codesign.models.fpga.calls import NetworkCalls
from codesign.models.fpga.costs import RESOURCE_NAMES, CostTable, EngineSettings
from codesign.models.fpga.resources import Integers
from codesign.models.fpga.templates import Kernel


@dataclass(frozen=True, slots=True)
class BuiltKernel:
    """One kernel as it is built; attributes are those of ``Configurations``."""

    slot: str
    kernel: Kernel
    outputs: int
    inputs: int
    weight_bits: int
    activation_bits: int
    lut_multipliers: bool
    uram_weights: bool


@dataclass(frozen=True, slots=True)
class Use:
    """What an accelerator takes of a device."""

    lut: int
    dsp: int
    bram18: int
    uram: int


@dataclass(frozen=True, slots=True)
class Accelerator:
    """Kernels that share a device with nothing else, or with other accelerators of the same design.

    Attributes:
        kernels: those that are built, in the template's order; a slot that no call uses has none.
        use: of the device.
    """

    kernels: tuple[BuiltKernel, ...]
    use: Use


def built(costs: CostTable, chosen: Sequence[int]) -> Accelerator:
    """Return the accelerator that has configuration ``chosen[j]`` in slot j of a cost table."""
    kernels: list[BuiltKernel] = []
    totals = dict.fromkeys(RESOURCE_NAMES, 0)
    for slot, number in zip(costs.slots, chosen, strict=True):
        for name in RESOURCE_NAMES:
            totals[name] += int(getattr(slot.resources, name)[number])
        c = slot.configurations
        if slot.resources.lut[number] == 0:
            continue
        kernels.append(
            BuiltKernel(
                slot.slot.name,
                c.kernel,
                int(c.outputs[number]),
                int(c.inputs[number]),
                int(c.weight_bits[number]),
                int(c.activation_bits[number]),
                bool(c.lut_multipliers[number]),
                bool(c.uram_weights[number]),
            )
        )
    return Accelerator(tuple(kernels), Use(**totals))


def call_cycles(costs: CostTable, chosen: Sequence[int]) -> Integers:
    """Return T of every call on the accelerator that has configuration ``chosen[j]`` in slot j."""
    longest, fill = costs.floor, np.zeros_like(costs.floor)
    for slot, number in zip(costs.slots, chosen, strict=True):
        longest = np.maximum(longest, slot.cycles[number])
        fill = fill + slot.fill[number]
    return costs.fixed + longest + fill


def processor_ms(calls: NetworkCalls, settings: EngineSettings) -> float:
    """Return the time of the operators that the processor does: words times nanoseconds a word."""
    return calls.processor_words * settings.constant("processor_ns_per_word") * 1e-6
