"""HAO's quantisation step with this engine's latency: weight bits of each layer under a cap on latency on an FPGA.

The accelerator is the network's best at the widest bits and stays as it is: its multipliers and memories take the
widest words, so that a narrower weight is no faster to compute with. What it saves is its loading over DRAM, which no
kernel overlaps with. Feature maps keep the widest bits. So

    latency(b) = fixed + sum_l load_l(b_l),   load_l(b) = weights of layer l times b / bits that come in a cycle

with all computing, starts of calls, layers of unstated sensitivity and the processor's share in ``fixed``; a layer that
is split over several calls adds up. Each call rounds up to whole cycles, so that the sum misses by up to one cycle a
call.

Sensitivities are HAWQ-V3's, of the weights alone; its published accuracies narrow feature maps as well, and belong to
no assignment here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from codesign.errors import UserError
from codesign.models.fpga.accelerator import Accelerator, BuiltKernel, processor_ms
from codesign.models.fpga.calls import NetworkCalls
from codesign.models.fpga.costs import KILOBIT_BITS, USUAL, EngineSettings, call_table, call_times, slot_times
from codesign.models.fpga.cutting import calls_of
from codesign.models.fpga.kernels import Configurations
from codesign.models.fpga.program import KHZ_PER_MHZ, best_accelerators
from codesign.models.fpga.quantisation.frontier import exact_frontier
from codesign.models.fpga.quantisation.hawq import cap_between, hawq_problem
from codesign.models.fpga.quantisation.problem import QuantisationProblem
from codesign.models.fpga.quantisation.program import Assignment, assign_bits
from codesign.models.fpga.templates import template_named
from codesign.technology.fpga_devices import PLANNED, FpgaDevice, Fractions
from codesign.workloads.catalogue import load_network
from codesign.workloads.graph import Network
from codesign.workloads.operands import weight_of

_HAWQ_NAME = re.compile(r"stage(\d+)\.unit(\d+)\.(conv\d|shortcut)\Z")


@dataclass(frozen=True)
class LatencyProblem:
    """Widths of a network's layers against its latency on one accelerator.

    Attributes:
        problem: cost in ms of loading each layer's weights at each width; its cap is what is left of the cap on
            latency after ``fixed_ms``.
        fixed_ms: latency that no width changes.
        widest_ms, narrowest_ms: latency with all layers at the widest and at the narrowest bits.
        accelerator: the best at the widest bits.
        network: at the widest bits, its layers named as those of the problem are.
    """

    problem: QuantisationProblem
    fixed_ms: float
    widest_ms: float
    narrowest_ms: float
    accelerator: Accelerator
    network: Network


@dataclass(frozen=True)
class BitsUnderLatency:
    """Widths within a cap on latency, with their proof.

    Attributes:
        assignment: widths, summed sensitivity, status; its ``cost`` leaves ``fixed_ms`` out.
        latency_ms: of the network at these widths, cut and timed anew; None without an answer.
        cap_ms: on it.
        stated: what was solved.
    """

    assignment: Assignment
    latency_ms: float | None
    cap_ms: float
    stated: LatencyProblem


def bits_under_latency(
    network: str,
    device: FpgaDevice,
    cap_fraction: float,
    *,
    template: str = "dense",
    shares: Fractions = PLANNED,
    settings: EngineSettings = USUAL,
) -> BitsUnderLatency:
    """Return the weight bits of each layer of least summed sensitivity within a cap on latency.

    cap = latency(all narrow) + cap_fraction (latency(all wide) - latency(all narrow)), as HAWQ-V3 states its caps.

    Args:
        network: one of ``quantisation.hawq.NETWORKS``.
        device: part and board.
        cap_fraction: 0 to 1.
        template, shares, settings: of the accelerator.

    Raises:
        UserError: the fraction isn't in 0 ... 1, or no accelerator fits.
        UnknownNameError: HAWQ has no such network, or there is no such template.
    """
    if not 0.0 <= cap_fraction <= 1.0:
        raise UserError(f"cap_fraction must be from 0 to 1, found {cap_fraction!r}")
    stated = latency_problem(network, device, template=template, shares=shares, settings=settings)
    cap = cap_between(stated.problem, cap_fraction)
    assignment = assign_bits(replace(stated.problem, cap=cap))
    latency = None
    if assignment.bits:
        narrow = with_weight_bits(stated.network, assignment.bits)
        calls = calls_of(narrow, template_named(template))
        latency = latency_on(stated.accelerator, calls, device, shares=shares, settings=settings)
    return BitsUnderLatency(assignment, latency, stated.fixed_ms + cap, stated)


def latency_frontier(stated: LatencyProblem) -> pd.DataFrame:
    """Return every non-dominated pair of latency and sensitivity: latency_ms, sensitivity, and bits of each layer."""
    table = exact_frontier(replace(stated.problem, cap=np.inf))
    table.insert(0, "latency_ms", stated.fixed_ms + table.pop("cost"))
    return table


def latency_problem(
    network: str,
    device: FpgaDevice,
    *,
    template: str = "dense",
    shares: Fractions = PLANNED,
    settings: EngineSettings = USUAL,
) -> LatencyProblem:
    """Return HAWQ-V3's problem of a network with the latency on its best accelerator as cost, and no cap.

    Raises:
        UserError: no accelerator fits.
        UnknownNameError: HAWQ has no such network, or there is no such template.
    """
    hawq = hawq_problem(network, "size")
    names = {name: _our_name(name) for name in hawq.layers}
    layers = tuple(names.values())
    widest = hawq.bits[-1]
    wide = load_network(network).with_bits(widest, widest)
    form = template_named(template)
    calls = calls_of(wide, form)
    found = best_accelerators(calls, device, shares=shares, settings=settings)
    if not found.accelerators:
        raise UserError(f"no accelerator of template {template!r} for {network!r} fits {device.name}")
    built = found.accelerators[0]
    base = latency_on(built, calls, device, shares=shares, settings=settings)
    words = {layer.name: layer.weight_words for layer in wide.layers}
    bits_per_ms = _load_rate(device, shares, settings) * settings.clock_of(device) * KHZ_PER_MHZ
    loads = np.outer([words[layer] for layer in layers], hawq.bits) / bits_per_ms
    ties = [[names[layer] for layer in group] for group in hawq.ties]
    problem = replace(hawq, layers=layers, cost=loads, cap=np.inf, ties=ties)
    narrow = calls_of(with_weight_bits(wide, dict.fromkeys(layers, hawq.bits[0])), form)
    return LatencyProblem(
        problem=problem,
        fixed_ms=base - float(loads[:, -1].sum()),
        widest_ms=base,
        narrowest_ms=latency_on(built, narrow, device, shares=shares, settings=settings),
        accelerator=built,
        network=wide,
    )


def _load_rate(device: FpgaDevice, shares: Fractions, settings: EngineSettings) -> float:
    """Return the bits of weights that come in a cycle, as ``costs.call_times`` has it."""
    dram = device.budget(shares).dram_gbs * KILOBIT_BITS / settings.clock_of(device)
    return min(float(device.port_bits), dram)


def _our_name(hawq_name: str) -> str:
    """Return ``layer1.0.conv1`` for ``stage1.unit1.conv1``; a shortcut is a ``downsample``."""
    found = _HAWQ_NAME.match(hawq_name)
    assert found is not None
    stage, unit, part = found.groups()
    return f"layer{stage}.{int(unit) - 1}.{part.replace('shortcut', 'downsample')}"


def with_weight_bits(network: Network, bits: Mapping[str, int]) -> Network:
    """Return the network with the weights of some layers, by name, in other widths."""
    width = {weight_of(operator): bits[operator.name] for operator in network.operators if operator.name in bits}
    return replace(network, tensors=tuple(replace(t, bits=width.get(t.name, t.bits)) for t in network.tensors))


def latency_on(
    accelerator: Accelerator,
    calls: NetworkCalls,
    device: FpgaDevice,
    *,
    shares: Fractions = PLANNED,
    settings: EngineSettings = USUAL,
) -> float:
    """Return the latency in ms of calls on an accelerator that was built for them or for wider words of theirs."""
    table = call_table(calls.template, tuple(calls.counts))
    fixed, floor = call_times(table.calls, device, device.budget(shares), settings)
    longest, fill = floor, np.zeros_like(floor)
    for kernel in accelerator.kernels:
        number = next(i for i, slot in enumerate(calls.template.slots) if slot.name == kernel.slot)
        cycles, own_fill = slot_times(table, number, _as_configurations(kernel))
        longest, fill = np.maximum(longest, cycles[0]), fill + own_fill[0]
    total = int((np.array(list(calls.counts.values())) * (fixed + longest + fill)).sum())
    return total / (settings.clock_of(device) * KHZ_PER_MHZ) + processor_ms(calls, settings)


def _as_configurations(kernel: BuiltKernel) -> Configurations:
    return Configurations(
        kernel.kernel,
        np.array([kernel.outputs]),
        np.array([kernel.inputs]),
        np.array([kernel.weight_bits]),
        np.array([kernel.activation_bits]),
        np.array([kernel.lut_multipliers]),
        np.array([kernel.uram_weights]),
    )
