"""Small networks as calls, settings with few configurations, and the best accelerator by trying every one."""

import itertools

from hypothesis import strategies as st

from codesign.models.fpga.accelerator import Accelerator, BuiltKernel, Use
from codesign.models.fpga.calls import Call, NetworkCalls, Step
from codesign.models.fpga.checker import cycles_of, use_of
from codesign.models.fpga.costs import EngineSettings
from codesign.models.fpga.templates import template_named
from codesign.technology.fpga_devices import Fractions

FEW = EngineSettings(outputs=(1, 8), inputs=(1, 8), taps=(1, 9))
"""Two parallelisms of each kind: 8 ways to build a kernel on a device without UltraRAM."""


def step(inputs, outputs, kernel=1, side=4, stride=1, weight_bits=8, activation_bits=8):
    """A square layer."""
    out = -(-side // stride)
    return Step(inputs, outputs, kernel, kernel, side, side, out, out, weight_bits, activation_bits)


@st.composite
def dense_networks(draw):
    """One to three distinct calls of a window kernel, a pointwise one or both, with counts."""
    counts = {}
    for _ in range(draw(st.integers(1, 3))):
        inputs, inner, outputs = (draw(st.integers(1, 40)) for _ in range(3))
        side, kernel, stride = draw(st.integers(1, 9)), draw(st.sampled_from((1, 3, 5))), draw(st.sampled_from((1, 2)))
        bits = draw(st.sampled_from((2, 4, 8)))
        window = step(inputs, inner, kernel, side, stride, bits, 8)
        pointwise = step(inner, outputs, 1, window.out_height, 1, bits, 8)
        steps = draw(st.sampled_from(((window, None), (None, pointwise), (window, pointwise))))
        moved = draw(st.integers(0, 100_000))
        counts[Call(steps, draw(st.integers(0, 100_000)), moved, moved // 2, 0)] = draw(st.integers(1, 5))
    return NetworkCalls("random", template_named("dense"), counts, ())


shares = st.builds(
    Fractions,
    lut=st.sampled_from((0.02, 0.1, 0.7)),
    dsp=st.sampled_from((0.05, 0.2, 1.0)),
    bram18=st.sampled_from((0.0, 0.05, 0.8)),
    dram=st.sampled_from((0.01, 1.0)),
)


def every_accelerator(calls, device, settings):
    """Yield each way to build the slots that are used, with what it takes by the checker's formulas."""
    slots = calls.template.slots
    ways = []
    for number, slot in enumerate(slots):
        done = [call.steps[number] for call in calls.counts if call.steps[number] is not None]
        bits = (max((s.weight_bits for s in done), default=0), max((s.activation_bits for s in done), default=0))
        inputs = settings.taps if slot.kernel == "depthwise" else settings.inputs
        kernels = [
            BuiltKernel(slot.name, slot.kernel, p, q, *bits, lut, uram)
            for p, q, lut, uram in itertools.product(
                settings.outputs, inputs, (False, True), (False, True) if device.uram else (False,)
            )
        ]
        ways.append(kernels if done else [None])
    for kernels in itertools.product(*ways):
        accelerator = Accelerator(tuple(k for k in kernels if k is not None), Use(0, 0, 0, 0))
        yield accelerator, use_of(accelerator, calls, device)


def least_cycles(calls, device, shares, settings):
    """Return (cycles, DSP, LUT, BRAM18, URAM) of the fastest accelerator in the budget that takes least, or None."""
    budget = device.budget(shares)
    best = None
    for accelerator, use in every_accelerator(calls, device, settings):
        if any(use[name] > getattr(budget, name) for name in use):
            continue
        cycles = sum(n * cycles_of(c, accelerator, calls, device, budget, settings) for c, n in calls.counts.items())
        order = (cycles, use["dsp"], use["lut"], use["bram18"], use["uram"])
        best = order if best is None else min(best, order)
    return best
