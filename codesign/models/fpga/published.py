"""Published and measured FPGA figures beside ours."""

from __future__ import annotations

from codesign.models.checks import Check
from codesign.models.fpga.codenet import CALL_US, CLOCK_MHZ, EMPTYING_CYCLES, board_latencies
from codesign.models.fpga.cutting import calls_of
from codesign.models.fpga.dpu import dpu_latency_ms
from codesign.models.fpga.program import best_accelerators
from codesign.models.fpga.templates import template_named
from codesign.technology.fpga_devices import fpga_device
from codesign.workloads.catalogue import load_network

BOARD = "hqjenny/CoDeNet 4c98b0c, sw/codenet.ipynb: measured on the Ultra96 (ZU3EG), batch 1"
PAPER = "HAO abstract, arXiv 2104.12766"
SURVEY = "a public literature table, second hand"
LATENCY_TOLERANCE = 0.05
CALLS_TOLERANCE = 0.001
SECOND_HAND_TOLERANCE = 0.25

_CALIBRATED = (
    f"calibration, not validation: 3 free parameters (clock {CLOCK_MHZ:g} MHz, {EMPTYING_CYCLES} cycles to empty a"
    f" loop, {CALL_US:g} us a call) for 3 distinct networks; a = b and d = e but for what the processor does first"
)
_NO_TRAINING = "not reproducible here: needs the authors' search and ImageNet training; drawn as context"
_NO_ENERGY = (
    "no energy model: no source gives energy per operation of these engines; the figure is of the whole board, 4.3 W of"
    " it with the programmable logic idle"
)
_IDEAL = (
    "context, no reference: loops without bubbles, ports at their peak; the calls of CoDeNet's board are in it. The"
    " paper's network isn't published"
)
_DPU = (
    "no constant fitted: layers one after the other, peak ports, cores that don't disturb each other in DRAM; the order"
    " of networks agrees far better than the level"
)


def codenet() -> list[Check]:
    """Return CoDeNet's five board latencies beside the calibrated cycle model, and operations that check the calls."""
    rows = board_latencies()
    latencies = [
        Check(
            f"CoDeNet configuration {row.configuration}, time of all convolution calls",
            row.measured_ms,
            row.modelled_ms,
            "ms",
            LATENCY_TOLERANCE,
            BOARD,
            _CALIBRATED,
        )
        for row in rows
    ]
    operations = [
        Check(
            f"CoDeNet configuration {row.configuration}, operations over measured time",
            row.measured_gops,
            row.modelled_gops,
            "GOPS",
            CALLS_TOLERANCE,
            BOARD,
            "checks the list of calls: our operations over their time",
        )
        for row in rows
    ]
    return [*latencies, *operations]


def hao() -> list[Check]:
    """Return HAO's headline as context, and our optimum for a network of known accuracy on the same device."""
    return [
        Check("HAO ImageNet top-1 on the ZU3EG", 72.45, None, "%", 0.0, SURVEY, _NO_TRAINING),
        Check("HAO frames a second at that accuracy", 50.0, None, "fps", 0.0, PAPER, _NO_TRAINING),
        Check("HAO faster than MnasNet at comparable accuracy", 60.0, None, "%", 0.0, PAPER, _NO_TRAINING),
        Check("HAO faster than FBNet at comparable accuracy", 135.0, None, "%", 0.0, PAPER, _NO_TRAINING),
        Check("HAO board power", 5.5, None, "W", 0.0, SURVEY, _NO_ENERGY),
        *(_our_optimum(weights, activations) for weights, activations in ((8, 8), (4, 8), (4, 4))),
    ]


def _our_optimum(weight_bits: int, activation_bits: int) -> Check:
    network = load_network("mobilenetv2").with_bits(activation_bits, weight_bits)
    found = best_accelerators(calls_of(network, template_named("inverted_residual")), fpga_device("zu3eg"))
    fps = None if found.latency_ms is None else 1e3 / found.latency_ms
    item = f"MobileNetV2 224 px, {weight_bits}-bit weights, {activation_bits}-bit activations, ZU3EG: our optimum"
    return Check(item, None, fps, "fps", 0.0, "ours", _IDEAL)


def dpu() -> list[Check]:
    """Return published frame rates of the vendor's processor beside the closed form."""
    network = load_network("mobilenetv2")
    three, one = (dpu_latency_ms(network, name, clock) for name, clock in (("B4096", 333.0), ("B1152", 430.0)))
    note = f"{_DPU}; taken for three B4096 cores (2,070 DSP)"
    small = f"{_DPU}; taken for one B1152 core (212 DSP)"
    return [
        Check("DPU MobileNetV2 on the ZU9EG, 333 MHz", 809.8, 3e3 / three, "fps", SECOND_HAND_TOLERANCE, SURVEY, note),
        Check("DPU MobileNetV2 on the ZU2, 430 MHz", 205.3, 1e3 / one, "fps", SECOND_HAND_TOLERANCE, SURVEY, small),
    ]
