"""The rules of the public MixPE simulator (a descendant of BitFusion's) in closed form over all tilings at once.

A layer is batch * side^2 rows (image pixels, or tokens) of kernel^2 * inner words by outputs columns, all operands of
one width. An array of rows a, columns c and precisions high/low splits each element in both directions for narrow
operands: factor p = floor(high / max(bits, low)). It holds one output an element:

    compute = tiles * ceil(tile rows / (a p)) * ceil(tile outputs / (c p)) * kernel^2 * tile inner
    total   = compute + max(0, ceil(middle bits / 1024) - compute) + ceil(first bits / 1024) + ceil(last bits / 1024)

Tiles are powers of two (or the whole) in batch, side, inner and outputs, and their loops come in any order; the fewest
cycles win, then the least energy. ``first`` are the bits that are fetched before the first tile can start, ``last``
those written after the last one, ``middle`` all others. A buffer holds what it may over the inner loops until half of
it, as it is double-buffered, is full; from then on each further loop fetches it again.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import permutations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

DRAM_BITS_PER_CYCLE = 1024.0
CLOCK_HZ = 500e6
OUTPUT_BITS = 16
WEIGHT_BUFFER_BITS = 128 * 1024 * 8
ACTIVATION_BUFFER_BITS = 256 * 1024 * 8
OUTPUT_BUFFER_BITS = 128 * 1024 * 8


def data_rows(name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of ``data/mixpe_<name>.csv``."""
    with files("codesign.models.pe").joinpath(f"data/mixpe_{name}.csv").open(encoding="utf-8") as stream:
        yield from csv.DictReader(stream)


_CONSTANTS = {row["name"]: float(row["value"]) for row in data_rows("constants")}
BUFFER_LEAKAGE_MW = (
    32 * _CONSTANTS["weight_leakage"] + 32 * _CONSTANTS["activation_leakage"] + 1024 * _CONSTANTS["output_leakage"]
)
"""Of all banks."""


@dataclass(frozen=True)
class AccessEnergy:
    """Energy in nJ of a bit read and of a bit written."""

    read_nj: float
    write_nj: float


def _access(name: str, bits: int) -> AccessEnergy:
    return AccessEnergy(_CONSTANTS[f"{name}_read"] / bits, _CONSTANTS[f"{name}_write"] / bits)


WEIGHT_BUFFER, ACTIVATION_BUFFER, OUTPUT_BUFFER = (
    _access("weight", 512),
    _access("activation", 512),
    _access("output", 32),
)
REPORTED_DRAM, CHOOSING_DRAM = _access("reported_dram", 1024), _access("choosing_dram", 1024)
"""With which energies are reported, and with which a tiling is chosen among those of equal cycles."""
REPORTED_DRAM_STATIC_NJ, CHOOSING_DRAM_STATIC_NJ = (
    _CONSTANTS[f"{name}_dram_static"] * 1e6 / CLOCK_HZ for name in ("reported", "choosing")
)
"""Of the memory, per cycle."""


@dataclass(frozen=True)
class Array:
    """An array: its sides, the widest and the narrowest operand that an element takes, and its power.

    ``leakage_nw`` and ``dynamic_nw`` are of one element.
    """

    rows: int
    columns: int
    high_bits: int
    low_bits: int
    leakage_nw: float
    dynamic_nw: float

    def split(self, bits: int) -> int:
        """Return into how many parts an element splits in either direction."""
        return self.high_bits // max(bits, self.low_bits)

    @property
    def leakage_nj(self) -> float:
        """Of the array, per cycle."""
        return self.rows * self.columns * self.leakage_nw / CLOCK_HZ

    @property
    def dynamic_nj(self) -> float:
        """Of the array, per busy cycle."""
        return self.rows * self.columns * self.dynamic_nw / CLOCK_HZ


@dataclass(frozen=True)
class SimulatedLayer:
    """A layer: ``side`` and ``kernel`` are 1 for matrix products; ``bits`` of both operands."""

    batch: int
    side: int
    kernel: int
    inner: int
    outputs: int
    bits: int


@dataclass(frozen=True)
class Counts:
    """What tilings cost, in cycles and bits; arrays over (orders x) tilings, or single numbers."""

    cycles: FloatArray
    stall_cycles: FloatArray
    weight_read: FloatArray
    weight_written: FloatArray
    activation_read: FloatArray
    activation_written: FloatArray
    output_read: FloatArray
    output_written: FloatArray
    dram_read: FloatArray
    dram_written: FloatArray

    @property
    def buffer_nj(self) -> FloatArray:
        """Energy of the buffers without leakage."""
        return (
            self.weight_read * WEIGHT_BUFFER.read_nj
            + self.weight_written * WEIGHT_BUFFER.write_nj
            + self.activation_read * ACTIVATION_BUFFER.read_nj
            + self.activation_written * ACTIVATION_BUFFER.write_nj
            + self.output_read * OUTPUT_BUFFER.read_nj
            + self.output_written * OUTPUT_BUFFER.write_nj
        )

    def dram_nj(self, energy: AccessEnergy) -> FloatArray:
        """Energy of the transfers, in bits read and written."""
        return self.dram_read * energy.read_nj + self.dram_written * energy.write_nj

    def core_nj(self, array: Array) -> FloatArray:
        """Energy of the array: leakage in every cycle, the rest in those without a stall."""
        return self.cycles * array.leakage_nj + (self.cycles - self.stall_cycles) * array.dynamic_nj


@dataclass(frozen=True)
class _Tilings:
    """Tile sizes and numbers of tiles in the loops batch, row, column, inner, outputs; arrays over tilings."""

    batch: FloatArray
    side: FloatArray
    inner: FloatArray
    outputs: FloatArray
    numbers: FloatArray

    def kept(self, keep: npt.NDArray[np.bool_]) -> _Tilings:
        return _Tilings(self.batch[keep], self.side[keep], self.inner[keep], self.outputs[keep], self.numbers[:, keep])


_ACTIVATION_LOOPS = np.array([True, True, True, True, False])
_WEIGHT_LOOPS = np.array([False, False, False, True, True])
_OUTPUT_LOOPS = np.array([True, True, True, False, True])
"""Which of the loops batch, row, column, inner, outputs a buffer's contents depend on."""


def _powers(size: int) -> list[int]:
    return [*(1 << i for i in range((size - 1).bit_length())), size]


def _tilings(layer: SimulatedLayer) -> _Tilings:
    sizes = np.meshgrid(
        *(np.array(_powers(size), dtype=np.float64) for size in (layer.batch, layer.side, layer.inner, layer.outputs)),
        indexing="ij",
    )
    batch, side, inner, outputs = (size.ravel() for size in sizes)
    along_side = np.ceil(layer.side / side)
    numbers = np.stack(
        [
            np.ceil(layer.batch / batch),
            along_side,
            along_side,
            np.ceil(layer.inner / inner),
            np.ceil(layer.outputs / outputs),
        ]
    )
    return _Tilings(batch, side, inner, outputs, numbers)


def _orders(layer: SimulatedLayer) -> npt.NDArray[np.int64]:
    """Return the loop orders, innermost first; loops over one row and one column do the same at any place."""
    loops = permutations(range(5))
    return np.array([order for order in loops if layer.side > 1 or order.index(2) == order.index(1) + 1])


def _moved(
    tile_bits: FloatArray,
    numbers: FloatArray,
    orders: npt.NDArray[np.int64],
    depends: npt.NDArray[np.bool_],
    half_bits: float,
) -> tuple[FloatArray, FloatArray, npt.NDArray[np.bool_]]:
    """Return the bits moved in all, the largest part that stayed in the half buffer, and whether any loop fitted.

    Arrays of orders x tilings. From inside out: a loop on which the contents depend multiplies them while they fit;
    once they don't, every loop does.
    """
    shape = (len(orders), tile_bits.size)
    bits = np.broadcast_to(tile_bits, shape).copy()
    held = bits.copy()
    fits, any_fitted = np.ones(shape, dtype=bool), np.zeros(shape, dtype=bool)
    for place in range(orders.shape[1]):
        loop = orders[:, place]
        dependent = depends[loop][:, np.newaxis]
        bits *= np.where(dependent | ~fits, numbers[loop], 1.0)
        fits &= ~dependent | (bits <= half_bits)
        now = fits & dependent
        held = np.where(now, bits, held)
        any_fitted |= now
    return bits, held, any_fitted


def _counts(array: Array, layer: SimulatedLayer) -> Counts:
    """Return the counts of every order and every tiling that fits the buffers; the rest of the time in stalls."""
    split, taps = array.split(layer.bits), float(layer.kernel**2)
    tilings = _tilings(layer)
    high, wide = array.rows * split, array.columns * split
    weight_tile = np.ceil(taps * tilings.inner / high) * high * tilings.outputs * layer.bits
    pixels = tilings.batch * tilings.side**2
    activation_tile = np.ceil(taps * tilings.inner / wide) * wide * pixels * layer.bits
    keep = (weight_tile <= WEIGHT_BUFFER_BITS / 2) & (activation_tile <= ACTIVATION_BUFFER_BITS / 2)
    tilings, pixels = tilings.kept(keep), pixels[keep]
    orders = _orders(layer)
    weights, weights_held, _ = _moved(weight_tile[keep], tilings.numbers, orders, _WEIGHT_LOOPS, WEIGHT_BUFFER_BITS / 2)
    activations, activations_held, _ = _moved(
        activation_tile[keep], tilings.numbers, orders, _ACTIVATION_LOOPS, ACTIVATION_BUFFER_BITS / 2
    )
    output_tile = pixels * tilings.outputs * OUTPUT_BITS
    outputs, _, output_fits = _moved(output_tile, tilings.numbers, orders, _OUTPUT_LOOPS, OUTPUT_BUFFER_BITS / 2)
    tiles = tilings.numbers.prod(axis=0)
    compute = tiles * np.ceil(pixels / high) * np.ceil(tilings.outputs / wide) * taps * tilings.inner
    first = weights_held + activations_held
    last = np.where(output_fits, 0.0, output_tile)
    edges = np.ceil(first / DRAM_BITS_PER_CYCLE) + np.ceil(last / DRAM_BITS_PER_CYCLE)
    middle = np.ceil((weights + activations + outputs - first - last) / DRAM_BITS_PER_CYCLE)
    stalls = np.maximum(0.0, middle - compute) + edges
    macs = tiles * tilings.outputs * pixels * taps * tilings.inner
    stored = tiles * tilings.outputs * pixels * OUTPUT_BITS
    return Counts(
        cycles=compute + stalls,
        stall_cycles=stalls,
        weight_read=np.broadcast_to(macs * layer.bits, stalls.shape),
        weight_written=weights,
        activation_read=np.broadcast_to(macs * layer.bits, stalls.shape),
        activation_written=activations,
        output_read=outputs + stored,
        output_written=np.broadcast_to(stored, stalls.shape),
        dram_read=weights + activations,
        dram_written=outputs,
    )


@lru_cache(maxsize=1024)
def simulate(array: Array, layer: SimulatedLayer) -> Counts:
    """Return the counts of the order and tiling with the fewest cycles, among equal ones of the least energy."""
    counts = _counts(array, layer)
    energy = (
        counts.cycles * (array.leakage_nj + BUFFER_LEAKAGE_MW * 1e6 / CLOCK_HZ + CHOOSING_DRAM_STATIC_NJ)
        + (counts.cycles - counts.stall_cycles) * array.dynamic_nj
        + counts.buffer_nj
        + counts.dram_nj(CHOOSING_DRAM)
    )
    fewest = counts.cycles == counts.cycles.min()
    best = np.unravel_index(np.argmin(np.where(fewest, energy, np.inf)), energy.shape)
    return Counts(*(np.array(getattr(counts, name)[best]) for name in Counts.__dataclass_fields__))
