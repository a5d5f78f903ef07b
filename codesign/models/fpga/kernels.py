"""Cycles and resources of kernels, for all configurations at once.

A kernel takes Q input words and makes P output words in parallel, one multiply-accumulate for each pair and cycle (a
depthwise kernel: Q taps of each of P channels). It is pipelined with one start a cycle, as FINN's engines are, and
never faster than it can take its input in:

    pointwise  max(out_pixels ceil(in / Q) ceil(out / P),        in_pixels ceil(in / Q))
    window     max(out_pixels taps ceil(in / Q) ceil(out / P),   in_pixels ceil(in / Q))
    depthwise  max(out_pixels ceil(channels / P) ceil(taps / Q), in_pixels ceil(channels / P))

Sources of the parts: FINN for engines and memories (see ``resources``), CoDeNet for the requantisation, one 24 x 16 bit
multiplication in a DSP slice for each parallel output (hqjenny/CoDeNet 4c98b0c, hls/top/conv.h, quantize_mul_shift).
Flip-flops aren't counted: no source has a formula for them; CoDeNet's design takes 30 % of them with all DSP slices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codesign.models.fpga.calls import Step
from codesign.models.fpga.packing import finn_hls_dsps, finn_rtl_dsps, matrix_dsps
from codesign.models.fpga.resources import (
    LARGEST_LUT_MEMORY,
    Integers,
    accumulator_bits,
    bram18_blocks,
    ceil_divide,
    lut_memory_luts,
    matrix_vector_luts,
    uram_blocks,
)
from codesign.models.fpga.templates import Kernel

Booleans = npt.NDArray[np.bool_]

PACKED_WINDOW = 3
"""Side of the windows whose rows a DSP48E2 packs."""


@dataclass(frozen=True)
class Configurations:
    """Ways to build one kernel; every field but ``kernel`` is an array over configurations.

    Attributes:
        kernel: which engine.
        outputs: P.
        inputs: Q.
        weight_bits, activation_bits: of its multipliers and memories.
        lut_multipliers: products in LUTs, not in DSP slices.
        uram_weights: weights in UltraRAM, not in block memory.
    """

    kernel: Kernel
    outputs: Integers
    inputs: Integers
    weight_bits: Integers
    activation_bits: Integers
    lut_multipliers: Booleans
    uram_weights: Booleans

    def __len__(self) -> int:
        return len(self.outputs)

    def selected(self, chosen: npt.NDArray[np.intp] | Booleans) -> Configurations:
        """Return some of them, by number or mask."""
        return Configurations(
            self.kernel,
            self.outputs[chosen],
            self.inputs[chosen],
            self.weight_bits[chosen],
            self.activation_bits[chosen],
            self.lut_multipliers[chosen],
            self.uram_weights[chosen],
        )


@dataclass(frozen=True)
class StepTable:
    """What one slot does in each call, as arrays over calls; a call that passes it by has zeros and ``active`` False.

    Attributes are those of ``Step``, with ``taps`` = rows x columns of the window.
    """

    active: Booleans
    in_channels: Integers
    out_channels: Integers
    kernel_height: Integers
    taps: Integers
    in_width: Integers
    in_pixels: Integers
    out_pixels: Integers
    lead_pixels: Integers
    weight_bits: Integers
    activation_bits: Integers


def step_table(steps: Sequence[Step | None]) -> StepTable:
    """Return the steps of one slot, a call each, as arrays."""

    def column(name: str) -> Integers:
        return np.array([0 if step is None else getattr(step, name) for step in steps], np.int64)

    height, width = column("kernel_height"), column("kernel_width")
    return StepTable(
        active=np.array([step is not None for step in steps], bool),
        in_channels=column("in_channels"),
        out_channels=column("out_channels"),
        kernel_height=height,
        taps=height * width,
        in_width=column("in_width"),
        in_pixels=column("in_pixels"),
        out_pixels=column("out_pixels"),
        lead_pixels=column("lead_pixels"),
        weight_bits=column("weight_bits"),
        activation_bits=column("activation_bits"),
    )


@dataclass(frozen=True)
class Cycles:
    """Cycles of configurations (rows) in calls (columns), 0 where a call passes the kernel by.

    Attributes:
        total: from first to last input word, all of the input being there.
        each_output: of one output pixel, rounded up.
        each_input: to take in one input pixel.
    """

    total: Integers
    each_output: Integers
    each_input: Integers


def kernel_cycles(configurations: Configurations, steps: StepTable) -> Cycles:
    """Return the cycles of every configuration in every call, by the equations at the top of this file."""
    outputs, inputs = configurations.outputs[:, None], configurations.inputs[:, None]
    if configurations.kernel == "depthwise":
        each_input = ceil_divide(steps.out_channels, outputs)
        each_output = each_input * ceil_divide(steps.taps, inputs)
    else:
        each_input = ceil_divide(steps.in_channels, inputs)
        each_output = steps.taps * each_input * ceil_divide(steps.out_channels, outputs)
    total = np.maximum(steps.out_pixels * each_output, steps.in_pixels * each_input)
    each_output = ceil_divide(total, np.maximum(steps.out_pixels, 1))
    return Cycles(total, each_output, each_input)


@dataclass(frozen=True)
class Needs:
    """What the largest call asks of each configuration's memories and sums: arrays over configurations.

    Attributes:
        terms: products of the longest sum.
        weight_depth: words of the weight memory, P Q W bits each.
        buffer_depth: words of one row of the line buffer, or of the buffer of one pixel.
        buffer_rows: rows of the line buffer, 1 for the buffer of one pixel.
        packed_window: 1 where all windows are 3x3, so that their rows can be packed into DSP slices; else 0.
        weight_bits, activation_bits: the widest that come.
    """

    terms: Integers
    weight_depth: Integers
    buffer_depth: Integers
    buffer_rows: Integers
    packed_window: Integers
    weight_bits: Integers
    activation_bits: Integers


def needs_by_call(configurations: Configurations, steps: StepTable) -> Needs:
    """Return what each call (column) needs of each configuration (row); ``largest_needs`` joins the columns.

    ``packed_window`` is 1 in calls whose window is 3x3 and in calls that pass the kernel by.
    """
    outputs, inputs = configurations.outputs[:, None], configurations.inputs[:, None]
    shape = (len(configurations), len(steps.active))
    if configurations.kernel == "depthwise":
        terms = steps.taps
        weight_depth = ceil_divide(steps.out_channels, outputs) * ceil_divide(steps.taps, inputs)
        buffer_depth = steps.in_width * ceil_divide(steps.out_channels, outputs)
    else:
        terms = steps.taps * steps.in_channels
        folds = ceil_divide(steps.in_channels, inputs)
        weight_depth = steps.taps * folds * ceil_divide(steps.out_channels, outputs)
        buffer_depth = folds * (steps.in_width if configurations.kernel == "window" else 1)
    rows = np.where(steps.active, np.maximum(steps.kernel_height - 1, 1), 0)
    packed = ~steps.active | ((steps.kernel_height == PACKED_WINDOW) & (steps.taps == PACKED_WINDOW**2))
    parts = (terms, weight_depth, buffer_depth, rows, packed, steps.weight_bits, steps.activation_bits)
    return Needs(*(np.broadcast_to(part, shape).astype(np.int64) for part in parts))


def largest_needs(needs: Needs, used: Booleans) -> Needs:
    """Return the needs of the used calls (a mask over columns) joined: the maximum, of packing the minimum."""

    def most(part: Integers) -> Integers:
        return np.asarray(np.where(used, part, 0).max(axis=1, initial=0), np.int64)

    return Needs(
        most(needs.terms),
        most(needs.weight_depth),
        most(needs.buffer_depth),
        most(needs.buffer_rows),
        np.asarray(np.where(used, needs.packed_window, 1).min(axis=1, initial=1), np.int64),
        most(needs.weight_bits),
        most(needs.activation_bits),
    )


@dataclass(frozen=True)
class Resources:
    """What configurations take, as arrays over them."""

    lut: Integers
    dsp: Integers
    bram18: Integers
    uram: Integers


def kernel_resources(configurations: Configurations, needs: Needs, dsp_kind: str) -> Resources:
    """Return what every configuration takes, built for the needs; all zero where nothing needs the kernel.

    LUT: engine (FINN) with a table of 2^A words of A bits in each output lane for the activation function, and memories
    of at most 128 words. DSP: products, packed for dense kernels as the slice allows, one a product for depthwise ones
    (their products share no operand; a DSP58 adds three), and one an output lane for the requantisation. Block memory
    or UltraRAM: weights. Block memory: line buffer (k - 1 rows).
    """
    c = configurations
    depthwise = c.kernel == "depthwise"
    buffer_width = (c.outputs if depthwise else c.inputs) * c.activation_bits
    in_luts, in_bram = _memory(buffer_width, needs.buffer_depth)
    weight_width = c.outputs * c.inputs * c.weight_bits
    weight_luts, weight_bram = _memory(weight_width, needs.weight_depth)
    tables = lut_memory_luts(c.activation_bits, 2**c.activation_bits)
    engine = matrix_vector_luts(
        c.outputs,
        c.inputs,
        c.weight_bits,
        c.activation_bits,
        accumulator_bits(np.maximum(needs.terms, 1), c.weight_bits, c.activation_bits),
        c.lut_multipliers,
        tables,
    )
    built = needs.terms > 0
    return Resources(
        lut=np.where(built, engine + needs.buffer_rows * in_luts + np.where(c.uram_weights, 0, weight_luts), 0),
        dsp=np.where(built, np.where(c.lut_multipliers, 0, _products(c, needs, dsp_kind)) + c.outputs, 0),
        bram18=np.where(built, needs.buffer_rows * in_bram + np.where(c.uram_weights, 0, weight_bram), 0),
        uram=np.where(built & c.uram_weights, uram_blocks(weight_width, needs.weight_depth), 0),
    )


def _memory(width_bits: Integers, depth: Integers) -> tuple[Integers, Integers]:
    """Return LUTs and block memories of a buffer: LUTs up to 128 words, block memory beyond."""
    small = depth <= LARGEST_LUT_MEMORY
    luts = np.where(small, lut_memory_luts(width_bits, depth), 0)
    return luts, np.where(small, 0, bram18_blocks(width_bits, depth))


def _products(c: Configurations, needs: Needs, dsp_kind: str) -> Integers:
    """Return the DSP slices that multiply."""
    if c.kernel == "depthwise":
        if dsp_kind == "DSP58":
            return finn_rtl_dsps(dsp_kind, c.outputs, c.inputs)
        return finn_hls_dsps(c.outputs, c.inputs, c.weight_bits, c.activation_bits)
    plain = matrix_dsps(dsp_kind, c.outputs, c.inputs, c.weight_bits, c.activation_bits)
    if c.kernel != "window":
        return plain
    rows = matrix_dsps(dsp_kind, c.outputs, c.inputs, c.weight_bits, c.activation_bits, PACKED_WINDOW)
    return np.where(needs.packed_window == 1, rows, plain)
