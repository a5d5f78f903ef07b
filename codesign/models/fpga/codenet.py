"""CoDeNet's accelerator on the Ultra96, call by call: a calibration against its five measured latencies.

The engine is one HLS dataflow region: 1x1 convolution of 16 x 16 channels a cycle, then 3x3 depthwise of 16 channels a
cycle behind a line buffer, either of which can be passed by. Its loops are pipelined one by one and emptied in between,
so each run of an inner loop costs d cycles more than its length. Three parameters are free: the clock, d and the time
of a call from Python. The five latencies are of three networks, so an agreement says that the structure is right, not
that it predicts. The engines of ``kernels`` have flattened loops (no d) and are not what is calibrated here, apart from
the time of a call.

Source: hqjenny/CoDeNet 4c98b0c (BSD-2), hls/top/conv.h and deform.cpp for the loops, sw/codenet.ipynb for the network's
calls and the measurements.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from codesign.models.fpga.packing import data_rows

LANES = 16
"""PA = PE."""
CLOCK_MHZ = 250.0
EMPTYING_CYCLES = 12
CALL_US = 86.0
LARGEST_OUTPUTS = 512
"""Output channels of a call; layers with more are split."""
TAPS = 9
BORDER_ROWS = 8
"""Rows that the line buffer reads ahead."""
STAGE_REPEATS = (3, 7, 3)
HEAD_CHANNELS = (80, 2, 2)
DECONVOLUTION_CHANNELS = (256, 128, 128)


@dataclass(frozen=True, slots=True)
class EngineCall:
    """One start of CoDeNet's engine.

    Attributes:
        side: rows = columns of the input.
        inputs, outputs: channels, multiples of 16.
        stride: of the depthwise convolution, 1 or 2.
        pointwise, depthwise: whether that part works; otherwise data passes through it.
    """

    side: int
    inputs: int
    outputs: int
    stride: int = 1
    pointwise: bool = True
    depthwise: bool = True

    @property
    def cycles(self) -> int:
        """Cycles without the call itself.

        weights I O / 16 before the pipeline starts, then the slower of (a = I / 16, b = O / 16, D = side)
        1x1        D^2 (a + d) (1 + b), or D^2 (a + d) where it only passes data on;
        depthwise  D^2 (b + d) + (D / s)^2 (b + d) + 8 D: reading lines and giving out windows take turns; or
                   D^2 (b + d) + 8 D where it only passes data on.
        """
        pixels = self.side**2
        deep, wide = self.inputs // LANES + EMPTYING_CYCLES, self.outputs // LANES + EMPTYING_CYCLES
        first = pixels * deep * (1 + self.outputs // LANES if self.pointwise else 1)
        windows = pixels // self.stride**2 if self.depthwise else 0
        second = (pixels + windows) * wide + BORDER_ROWS * self.side
        return self.inputs * self.outputs // LANES + max(first, second)

    @property
    def operations(self) -> float:
        """Operations as the authors count them: 2 a multiply-accumulate, all of them at the output's size."""
        pixels = self.side**2 / self.stride**2
        pointwise = self.inputs * self.outputs if self.pointwise else 0
        return 2.0 * pixels * (pointwise + (TAPS * self.inputs if self.depthwise else 0))


def _layer(
    side: int, inputs: int, outputs: int, *, stride: int = 1, pointwise: bool = True, depthwise: bool = True
) -> Iterator[EngineCall]:
    """Yield the calls of a layer: channels rounded up to 16, at most 512 outputs each."""
    inputs, outputs = (-(-channels // LANES) * LANES for channels in (inputs, outputs))
    for start in range(0, outputs, LARGEST_OUTPUTS):
        share = min(LARGEST_OUTPUTS, outputs - start)
        yield EngineCall(side, inputs if pointwise else share, share, stride, pointwise, depthwise)


def network_calls(side: int, wide: bool) -> list[EngineCall]:
    """Return the calls of the detection network: three stages, a 1x1, three deformable layers and three heads.

    Args:
        side: rows = columns of the accelerator's input of 32 channels.
        wide: twice the channels.
    """
    scale = 2 if wide else 1
    channels = [32, *(scale * width for width in (128, 256, 512, 1024))]
    calls: list[EngineCall] = []
    for stage, repeats in enumerate(STAGE_REPEATS):
        inputs, half = channels[stage], channels[stage + 1] // 2
        calls += _layer(side, inputs, inputs, stride=2, pointwise=False)
        calls += _layer(side // 2, inputs, half, depthwise=False)
        calls += _layer(side, inputs, half, stride=2)
        side //= 2
        calls += _layer(side, half, half, depthwise=False)
        for _ in range(repeats):
            calls += _layer(side, half, half)
            calls += _layer(side, half, half, depthwise=False)
    calls += _layer(side, channels[3], channels[4], depthwise=False)
    inputs = channels[4]
    for outputs in DECONVOLUTION_CHANNELS:
        calls += _layer(side, inputs, 1, depthwise=False)
        calls += _layer(side, inputs, inputs, pointwise=False)
        if inputs != outputs:
            calls += _layer(side, inputs, outputs, depthwise=False)
        side, inputs = side * 2, outputs
    for head in HEAD_CHANNELS:
        calls += _layer(side, inputs, head)
    return calls


def shuffled_words(side: int, wide: bool) -> int:
    """Return the words that the processor concatenates and shuffles: the output of each block of each stage."""
    words = 0
    for stage, repeats in enumerate(STAGE_REPEATS):
        side //= 2
        words += (1 + repeats) * side**2 * (128 << stage) * (2 if wide else 1)
    return words


@dataclass(frozen=True, slots=True)
class BoardLatency:
    """One configuration beside what was measured.

    Attributes:
        configuration: a ... e.
        measured_ms, modelled_ms: of all calls.
        measured_gops, modelled_gops: operations over the measured time; ours checks the list of calls, not the time.
        shuffle_ns_per_word: measured time of the processor's shuffling over its words.
    """

    configuration: str
    measured_ms: float
    modelled_ms: float
    measured_gops: float
    modelled_gops: float
    shuffle_ns_per_word: float


def board_latencies() -> list[BoardLatency]:
    """Return the five configurations."""
    found: list[BoardLatency] = []
    for row in data_rows("codenet.csv"):
        side, wide, measured = int(row["side"]), row["wide"] == "1", float(row["conv_ms"])
        calls = network_calls(side, wide)
        cycles = sum(call.cycles for call in calls)
        operations = sum(call.operations for call in calls)
        found.append(
            BoardLatency(
                row["configuration"],
                measured,
                cycles / CLOCK_MHZ * 1e-3 + len(calls) * CALL_US * 1e-3,
                float(row["gops"]),
                operations / measured * 1e-6,
                float(row["shuffle_ms"]) * 1e6 / shuffled_words(side, wide),
            )
        )
    return found
