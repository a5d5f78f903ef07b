"""What the authors' public simulator of BitMoD computes, in closed form over all products of a network at once.

It runs every product as an output-stationary one,

    compute = ceil(reduction / dot) * ceil(channels / array_channels) * ceil(tokens / array_tokens) * latency

and takes the longer of that and the DRAM transfers. Its rules are kept even where they are not the hardware's: the
scores of every head are computed over the whole hidden width (the products of the discriminative task are counted
``heads`` times), and the query stands where other layers have their weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from codesign.models.pe.emulation.operands import IntArray
from codesign.models.pe.published.tables import table_rows
from codesign.workloads.language.models import language_model

NETWORKS = MappingProxyType(
    {
        "OPT-1.3B": "opt-1.3b",
        "Phi-2": "phi-2",
        "Yi-6B": "yi-6b",
        "Llama-2-7B": "llama2-7b",
        "Llama-2-13B": "llama2-13b",
        "Llama-3-8B": "llama3-8b",
    }
)
"""The simulator's name -> ours."""
CONTEXT = 256
"""Tokens of the prompt in every run."""
ACTIVATION_BITS = 16
BUFFER_BYTES = 512 * 1024
"""Size of the weight buffer and of the activation buffer."""
DRAM_BITS_PER_CYCLE = 256
"""A bus of 128 bits at double rate."""
DRAM_PJ_PER_BIT = 1200.0 / 64.0
PLACEMENT_FACTOR = 1.5
"""The simulator's factor on the elements' energy for placement and routing."""


@dataclass(frozen=True)
class Accelerator:
    """One accelerator as set up for one task.

    Attributes:
        array_channels, array_tokens: outputs that the array computes at once.
        dot_length: length of the reduction that an element takes at once.
        bit_serial: whether that takes half as many cycles as a weight has bits.
        element_pj_per_cycle: of an element, before placement and routing.
    """

    array_channels: int
    array_tokens: int
    dot_length: int
    bit_serial: bool
    element_pj_per_cycle: float

    def latency(self, weight_bits: float) -> int:
        """Return the cycles of one step."""
        return -(-int(weight_bits) // 2) if self.bit_serial else 1


@dataclass(frozen=True)
class Products:
    """The products of a network; each array has one entry for equal ones.

    Attributes:
        times: how many are equal.
        reduction, channels, tokens: of the product.
        input_width: of the operand that stands for the input.
        attention: whether both operands are activations.
    """

    times: IntArray
    reduction: IntArray
    channels: IntArray
    tokens: IntArray
    input_width: IntArray
    attention: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Run:
    """What the simulator says of one design, task and network.

    Attributes:
        cycles: of all products, each the longer of computing and transferring.
        compute_uj: of the elements.
        dram_uj: of the transfers.
    """

    cycles: int
    compute_uj: float
    dram_uj: float


@cache
def run(design: str, task: str, network: str, weight_bits: float) -> Run:
    """Return what the simulator computes for a design, a task and a network of its tables."""
    made, products = _accelerator(design, task), _products(network, task)
    compute = (
        _ceil(products.reduction, made.dot_length)
        * _ceil(products.channels, made.array_channels)
        * _ceil(products.tokens, made.array_tokens)
        * made.latency(weight_bits)
    )
    moved_bytes = _dram_bytes(products, weight_bits)
    transfer = moved_bytes * 8 // DRAM_BITS_PER_CYCLE
    busy = float((products.times * compute).sum() * made.array_channels * made.array_tokens)
    return Run(
        cycles=int((products.times * np.maximum(compute, transfer)).sum()),
        compute_uj=busy * made.element_pj_per_cycle * PLACEMENT_FACTOR / 1e6,
        dram_uj=float((products.times * moved_bytes).sum()) * 8 * DRAM_PJ_PER_BIT / 1e6,
    )


def _accelerator(design: str, task: str) -> Accelerator:
    row = next(row for row in table_rows("bitmod_designs.csv") if (row["design"], row["task"]) == (design, task))
    return Accelerator(
        array_channels=int(row["array_channels"]),
        array_tokens=int(row["array_tokens"]),
        dot_length=int(row["dot_length"]),
        bit_serial=row["bit_serial"] == "1",
        element_pj_per_cycle=float(row["element_pj_per_cycle"]),
    )


def _products(network: str, task: str) -> Products:
    model = language_model(NETWORKS[network])
    blocks, hidden, heads, cached = model.blocks, model.hidden, model.heads, model.kv_width
    feed_forward, gated = model.inner, int(model.gated)
    queries = 1 if task == "generation" else CONTEXT
    linear = (
        (blocks * 2, hidden, hidden),
        (blocks * 2, hidden, cached),
        (blocks * (1 + gated), hidden, feed_forward),
        (blocks, feed_forward, hidden),
        (1, hidden, model.vocabulary),
    )
    rows = [(times, wide, channels, queries, wide) for times, wide, channels in linear]
    rows.append((blocks, hidden, queries, heads * queries, cached))
    rows.append((blocks, CONTEXT, heads * queries, queries, cached))
    times, reduction, channels, tokens, width = np.array(rows, dtype=np.int64).T
    return Products(times, reduction, channels, tokens, width, np.arange(len(rows)) >= len(linear))


def _dram_bytes(products: Products, weight_bits: float) -> IntArray:
    """Return the bytes of each product from and to DRAM.

    Where neither operand fits its buffer, the one that costs less is fetched again for every buffer full of the other.
    """
    bits = np.where(products.attention, ACTIVATION_BITS, weight_bits)
    weights = np.ceil(products.reduction * bits / 8).astype(np.int64) * products.channels
    inputs = products.input_width * (ACTIVATION_BITS // 8) * products.tokens
    outputs = products.channels * (ACTIVATION_BITS // 8) * products.tokens
    inputs_again = weights + inputs * _ceil(weights, BUFFER_BYTES)
    weights_again = inputs + weights * _ceil(inputs, BUFFER_BYTES)
    fits = (weights <= BUFFER_BYTES) | (inputs <= BUFFER_BYTES)
    moved: IntArray = np.where(fits, weights + inputs, np.minimum(inputs_again, weights_again)) + outputs
    return moved


def _ceil(numerator: IntArray, denominator: int) -> IntArray:
    return -(-numerator // denominator)
