"""Recomputes what a chosen accelerator takes and how long a network takes on it, one call and one number at a time.

It shares the data (packing tables, constants, devices) with the rest, but none of the formulas' code: they are written
again here from their sources, in plain whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil

from codesign.models.fpga.accelerator import Accelerator, BuiltKernel
from codesign.models.fpga.calls import Call, NetworkCalls, Step
from codesign.models.fpga.costs import USUAL, EngineSettings
from codesign.models.fpga.packing import packing_table
from codesign.models.fpga.program import BestAccelerators
from codesign.technology.fpga_devices import PLANNED, Budget, FpgaDevice, Fractions

RESOURCES = ("lut", "dsp", "bram18", "uram")
TIME_TOLERANCE_MS = 1e-9


def faults(
    calls: NetworkCalls,
    found: BestAccelerators,
    device: FpgaDevice,
    *,
    shares: Fractions = PLANNED,
    settings: EngineSettings = USUAL,
) -> list[str]:
    """Return what is wrong with an answer of the program: resources, budget, cycles of calls, total; empty if nothing.

    Args:
        calls: the network that the program was given.
        found: its answer, with accelerators.
        device, shares, settings: that it was given.
    """
    budget = device.budget(shares)
    wrong: list[str] = []
    totals = dict.fromkeys(RESOURCES, 0)
    for number, accelerator in enumerate(found.accelerators):
        used = use_of(accelerator, calls, device)
        for name in RESOURCES:
            totals[name] += used[name]
            stated = getattr(accelerator.use, name)
            if stated != used[name]:
                wrong.append(f"accelerator {number} states {stated} {name}, recomputed {used[name]}")
    wrong += [
        f"{totals[name]} {name} are beyond the budget of {getattr(budget, name)}"
        for name in RESOURCES
        if totals[name] > getattr(budget, name)
    ]
    cycles = 0
    for position, (call, count) in enumerate(calls.counts.items()):
        accelerator = found.accelerators[found.runs_on[position]]
        took = cycles_of(call, accelerator, calls, device, budget, settings)
        cycles += took * count
        if took != found.call_cycles[position]:
            wrong.append(f"call {position} states {found.call_cycles[position]} cycles, recomputed {took}")
    clock = device.clock_mhz if settings.clock_mhz is None else settings.clock_mhz
    words = sum(work.words for work in calls.processor)
    latency = cycles / clock / 1000 + words * settings.constant("processor_ns_per_word") / 1e6
    if found.latency_ms is None or abs(found.latency_ms - latency) > TIME_TOLERANCE_MS:
        wrong.append(f"latency is stated as {found.latency_ms} ms, recomputed {latency} ms")
    return wrong


def _kernel_of(accelerator: Accelerator, calls: NetworkCalls, slot: int) -> BuiltKernel | None:
    return next((kernel for kernel in accelerator.kernels if kernel.slot == calls.template.slots[slot].name), None)


def use_of(accelerator: Accelerator, calls: NetworkCalls, device: FpgaDevice) -> dict[str, int]:
    """Return lut, dsp, bram18 and uram of an accelerator whose memories hold what any of the calls needs."""
    used = dict.fromkeys(RESOURCES, 0)
    for slot in range(len(calls.template.slots)):
        kernel = _kernel_of(accelerator, calls, slot)
        steps = [call.steps[slot] for call in calls.counts]
        present = [step for step in steps if step is not None]
        if kernel is None or not present:
            continue
        for name, value in _kernel_use(kernel, present, device).items():
            used[name] += value
    return used


def _kernel_use(kernel: BuiltKernel, steps: Sequence[Step], device: FpgaDevice) -> dict[str, int]:
    p, q, w, a = kernel.outputs, kernel.inputs, kernel.weight_bits, kernel.activation_bits
    each_channel = kernel.kernel == "depthwise"
    taps = [step.kernel_height * step.kernel_width for step in steps]
    longest = max(t * (1 if each_channel else step.in_channels) for t, step in zip(taps, steps, strict=True))
    accumulator = min(32, (longest - 1).bit_length() + w + a)
    multiplier = (2 * ceil(Fraction(w + a, 6)) - 1) * (w + a) if kernel.lut_multipliers else 0
    table = a * ceil(Fraction(2**a, 64))
    lane = q * multiplier + (2 * q - 1) * (w + a) + accumulator + table
    lut = int(300 + Fraction(11, 10) * p * lane)
    dsp = p if kernel.lut_multipliers else p + _product_slices(kernel, steps, device)
    weights = max(_weight_words(kernel, step) for step in steps)
    line = max(_buffer_words(kernel, step) for step in steps)
    rows = max(max(step.kernel_height - 1, 1) for step in steps)
    bram = uram = 0
    if kernel.uram_weights:
        uram = ceil(Fraction(p * q * w, 72)) * ceil(Fraction(weights, 4096))
    elif weights <= 128:
        lut += p * q * w * ceil(Fraction(weights, 64))
    else:
        bram += _block_memories(p * q * w, weights)
    width = (p if each_channel else q) * a
    if line <= 128:
        lut += rows * width * ceil(Fraction(line, 64))
    else:
        bram += rows * _block_memories(width, line)
    return {"lut": lut, "dsp": dsp, "bram18": bram, "uram": uram}


def _weight_words(kernel: BuiltKernel, step: Step) -> int:
    """Words of all weights that are used at once, one after the other."""
    taps = step.kernel_height * step.kernel_width
    if kernel.kernel == "depthwise":
        return ceil(Fraction(step.out_channels, kernel.outputs)) * ceil(Fraction(taps, kernel.inputs))
    folds = ceil(Fraction(step.in_channels, kernel.inputs)) * ceil(Fraction(step.out_channels, kernel.outputs))
    return taps * folds


def _buffer_words(kernel: BuiltKernel, step: Step) -> int:
    if kernel.kernel == "depthwise":
        return step.in_width * ceil(Fraction(step.out_channels, kernel.outputs))
    pixels = step.in_width if kernel.kernel == "window" else 1
    return pixels * ceil(Fraction(step.in_channels, kernel.inputs))


def _block_memories(width: int, depth: int) -> int:
    for most, words in ((1, 16384), (2, 8192), (4, 4096), (9, 2048)):
        if width <= most:
            return ceil(Fraction(depth, words)) * ceil(Fraction(width, most))
    if width <= 18 or depth > 512:
        return ceil(Fraction(depth, 1024)) * ceil(Fraction(width, 18))
    return ceil(Fraction(depth, 512)) * ceil(Fraction(width, 36))


def _product_slices(kernel: BuiltKernel, steps: Sequence[Step], device: FpgaDevice) -> int:
    p, q, w, a = kernel.outputs, kernel.inputs, kernel.weight_bits, kernel.activation_bits
    plain = p * q * ceil(Fraction(w + a, 48))
    if device.dsp_kind == "DSP58" and (kernel.kernel == "depthwise" or max(w, a) <= 8):
        return p * ceil(Fraction(q, 3))
    if device.dsp_kind != "DSP48E2" or kernel.kernel == "depthwise" or max(w, a) > 8:
        return plain
    square = all(step.kernel_height == step.kernel_width == 3 for step in steps)
    window = 3 if kernel.kernel == "window" and square else 1
    macs = packing_table(window)[max(w, 2) - 2, max(a, 2) - 2]
    return ceil(Fraction(p * q) / Fraction(float(macs)))


def cycles_of(
    call: Call,
    accelerator: Accelerator,
    calls: NetworkCalls,
    device: FpgaDevice,
    budget: Budget,
    settings: EngineSettings,
) -> int:
    """Return the cycles of one call: start, weights, the slowest of ports and kernels, what fills the pipeline."""
    clock = device.clock_mhz if settings.clock_mhz is None else settings.clock_mhz
    dram_bits = budget.dram_gbs * 8000 / clock
    port_bits = device.port_bits
    start = ceil(settings.constant("call_overhead_us") * clock)
    load = ceil(call.load_bits / min(port_bits, dram_bits))
    slowest = max(
        ceil((call.read_bits + call.write_bits) / dram_bits),
        ceil(call.read_bits / port_bits),
        ceil(call.write_bits / port_bits),
    )
    done = [(slot, step) for slot, step in enumerate(call.steps) if step is not None]
    fill = 0
    for position, (slot, step) in enumerate(done):
        kernel = _kernel_of(accelerator, calls, slot)
        if kernel is None:
            raise ValueError(f"slot {calls.template.slots[slot].name!r} is called and not built")
        pixel_in, work = _pixel_cycles(kernel, step)
        out = step.out_height * step.out_width
        total = max(out * work, step.in_height * step.in_width * pixel_in)
        slowest = max(slowest, total)
        following = done[position + 1][1] if position + 1 < len(done) else None
        fill += (1 if following is None else _lead(following)) * ceil(Fraction(total, out))
        if position == 0:
            fill += _lead(step) * pixel_in
    return start + load + slowest + fill


def _pixel_cycles(kernel: BuiltKernel, step: Step) -> tuple[int, int]:
    """Return cycles to take in a pixel and to compute one."""
    taps = step.kernel_height * step.kernel_width
    if kernel.kernel == "depthwise":
        words = ceil(Fraction(step.out_channels, kernel.outputs))
        return words, words * ceil(Fraction(taps, kernel.inputs))
    words = ceil(Fraction(step.in_channels, kernel.inputs))
    return words, words * taps * ceil(Fraction(step.out_channels, kernel.outputs))


def _lead(step: Step) -> int:
    """Return the pixels in front of the middle of the first window, and that one."""
    half_rows, half_columns = step.kernel_height // 2, step.kernel_width // 2
    return min(half_rows * step.in_width + half_columns + 1, step.in_height * step.in_width)
