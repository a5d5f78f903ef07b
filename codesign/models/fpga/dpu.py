"""The vendor's processor for neural networks (DPUCZDX8G), layer by layer, from its product guide's parallelism alone.

A convolution takes, with PP pixels of a row, ICP input and OCP output channels at a time,

    rows ceil(columns / PP) ceil(in / ICP) ceil(out / OCP) taps

cycles; a depthwise convolution or a pool runs in another engine, ALU pixels of OCP channels and one tap at a time,

    rows ceil(columns / ALU) ceil(channels / OCP) taps.

Every layer reads its feature map and weights from DRAM and writes its result there (a residual addition reads the
shortcut, an element-wise product both factors), over two ports of 128 bits, while it computes: a layer takes the longer
of the two. Nothing is kept on the chip between layers, no time is charged for instructions, and no constant is fitted.

Source: AMD PG338, DPUCZDX8G for Zynq UltraScale+ MPSoCs: parallelism, 8-bit words, ports DPUx_M_AXI_DATA0 and DATA1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from codesign.errors import UnknownNameError, WorkloadError, nearest
from codesign.models.fpga.cutting import ACTIVATIONS, VIEWS
from codesign.models.fpga.packing import data_rows
from codesign.workloads.graph import Network
from codesign.workloads.layer import Layer

PORT_BYTES = 32
"""Two data ports of 128 bits."""
KHZ_PER_MHZ = 1000.0


@dataclass(frozen=True, slots=True)
class DpuArchitecture:
    """One size of the processor.

    Attributes:
        name: by which the vendor calls it.
        pixels, inputs, outputs: PP, ICP and OCP.
        operations_per_cycle: 2 PP ICP OCP, the vendor's figure.
        alu_pixels: pixels at a time of depthwise convolutions and pools.
        source: of the figures.
    """

    name: str
    pixels: int
    inputs: int
    outputs: int
    operations_per_cycle: int
    alu_pixels: int
    source: str


@cache
def dpu_architectures() -> Mapping[str, DpuArchitecture]:
    """Return the sizes by name."""
    found = (
        DpuArchitecture(
            name=row["name"],
            pixels=int(row["pixels"]),
            inputs=int(row["inputs"]),
            outputs=int(row["outputs"]),
            operations_per_cycle=int(row["operations_per_cycle"]),
            alu_pixels=int(row["alu_pixels"]),
            source=row["source"],
        )
        for row in data_rows("dpu.csv")
    )
    return MappingProxyType({architecture.name: architecture for architecture in found})


def dpu_architecture(name: str) -> DpuArchitecture:
    """Return the size of that name.

    Raises:
        UnknownNameError: there is none.
    """
    known = dpu_architectures()
    if name not in known:
        raise UnknownNameError(f"unknown DPU architecture {name!r}{nearest(name, known)}; known: {', '.join(known)}")
    return known[name]


def layer_cycles(layer: Layer, dpu: DpuArchitecture) -> int:
    """Return the cycles in which a layer is computed, DRAM aside, over all images and repeats.

    Raises:
        WorkloadError: it is a grouped convolution or a product of two activations, which the processor hasn't got.
    """
    taps = layer.kernel_height * layer.kernel_width
    if layer.depthwise or layer.kind == "pool":
        lines = layer.out_height * -(-layer.out_width // dpu.alu_pixels)
        cycles = lines * -(-layer.out_channels // dpu.outputs) * taps
    elif layer.groups > 1 or layer.kind == "matmul":
        raise WorkloadError(f"layer {layer.name!r}: the DPU runs no {layer.kind} of {layer.groups} groups")
    else:
        lines = layer.out_height * -(-layer.out_width // dpu.pixels)
        folds = -(-layer.in_channels // dpu.inputs) * -(-layer.out_channels // dpu.outputs)
        cycles = lines * folds * taps
    return cycles * layer.batch * layer.count


def dpu_latency_ms(network: Network, architecture: str, clock_mhz: float) -> float:
    """Return the time of a network of 8-bit words on one core, all layers one after the other.

    Args:
        network: of convolutions, depthwise convolutions, pools, linear layers, activations, additions and products.
        architecture: name of a size.
        clock_mhz: of the core.

    Raises:
        UnknownNameError: there is no such size.
        WorkloadError: the network has another operator.
    """
    dpu = dpu_architecture(architecture)
    layers = {layer.name: layer for layer in network.layers}
    cycles, refused = 0.0, []
    for operator in network.operators:
        layer = layers.get(operator.name)
        if layer is not None:
            moved = layer.input_words + layer.output_words + layer.weight_words
            cycles += max(layer_cycles(layer, dpu), moved * layer.count / PORT_BYTES)
        elif operator.kind == "add":
            cycles += network.tensor(operator.outputs[0]).words / PORT_BYTES
        elif operator.kind == "multiply":
            names = (*operator.inputs, *operator.outputs)
            cycles += sum(network.tensor(name).words for name in names) / PORT_BYTES
        elif operator.kind not in ACTIVATIONS | VIEWS:
            refused.append(f"{operator.name!r} ({operator.kind})")
    if refused:
        raise WorkloadError(
            f"network {network.name!r}: the DPU has no engine for {len(refused)} operators: {', '.join(refused[:5])}"
        )
    return cycles / (clock_mhz * KHZ_PER_MHZ)
