"""Weight-stationary elements that were synthesised and measured, as compositions of units.

Each has a register for the activation, one with enable for the weight and one for the partial sum, all inside; the
lookup-table unit has its accumulator only, its table lies outside. Energy was measured with random activations and
weights, partial sums extended from 16 bits.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from codesign.models.pe.array.prices import PartSum, part_sum
from codesign.models.pe.element import Part
from codesign.technology.units import (
    adder,
    and_row,
    barrel_shifter,
    float_add,
    float_multiply,
    multiplexer,
    multiplier,
    multiply_add,
    negate,
    or_reduce,
    register,
    register_enable,
    shift_add,
)

BASELINE = ("mac_int", 8, 8, 32)
"""Multiply-add of 8 by 8 bits into 32: the element that area ratios are to."""


@dataclass(frozen=True)
class ReferenceElement:
    """One synthesised element on one library.

    Attributes:
        library: name.
        block: ``mac_int`` (multiply-add), ``mac_sh`` (shift-and-add, then an adder), ``mac_fp16``, ``mac_fp16_32``
            (FP16 product, FP16 or FP32 sum), ``lutunit`` (8-entry table, sign, shift, accumulator).
        a_bits, b_bits, sum_bits: of activation, weight, sum; 0 where the block has no such parameter.
        area_um2: of all cells.
        energy_fj: of a busy cycle; None where it wasn't measured.
        source: of both.
    """

    library: str
    block: str
    a_bits: int
    b_bits: int
    sum_bits: int
    area_um2: float
    energy_fj: float | None
    source: str

    @property
    def key(self) -> tuple[str, int, int, int]:
        """Block and sizes."""
        return self.block, self.a_bits, self.b_bits, self.sum_bits

    def __str__(self) -> str:
        sizes = "x".join(str(bits) for bits in (self.a_bits, self.b_bits, self.sum_bits) if bits)
        return f"{self.block} {sizes}".strip()


@cache
def reference_elements() -> tuple[ReferenceElement, ...]:
    """Return the rows of ``data/reference_elements.csv``."""
    return tuple(_rows())


def _rows() -> Iterator[ReferenceElement]:
    with files("codesign.models.pe").joinpath("data", "reference_elements.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            yield ReferenceElement(
                row["library"],
                row["block"],
                _size(row, "a_bits"),
                _size(row, "b_bits"),
                _size(row, "sum_bits"),
                float(row["area_um2"]),
                float(row["energy_fj"]) if row["energy_fj"] else None,
                row["source"],
            )


def _size(row: Mapping[str, str], name: str) -> int:
    return int(row[name] or 0)


def reference_parts(block: str, a_bits: int, b_bits: int, sum_bits: int) -> tuple[Part, ...]:
    """Return the units of a reference element.

    The FP16 product with an FP32 sum is exact: significands multiplied, exponents added and biased anew, normalised by
    one place, zero where an operand is.
    """
    if block == "mac_int":
        return Part(multiply_add(a_bits, b_bits, sum_bits)), *_registers(a_bits, b_bits, sum_bits)
    if block == "mac_sh":
        return Part(shift_add(a_bits, b_bits)), Part(adder(sum_bits)), *_registers(a_bits, b_bits, sum_bits)
    if block == "mac_fp16":
        return Part(float_multiply(5, 10)), Part(float_add(5, 10)), *_registers(16, 16, 16)
    if block == "mac_fp16_32":
        return (
            Part(multiplier(11, 11)),
            Part(adder(8), 2),
            Part(multiplexer(2, 22)),
            Part(or_reduce(5), 2),
            Part(and_row(31)),
            Part(float_add(8, 23)),
            *_registers(16, 16, 32),
        )
    return (
        Part(multiplexer(8, 8)),
        Part(negate(9)),
        Part(barrel_shifter(12, 2)),
        Part(adder(sum_bits)),
        Part(and_row(sum_bits)),
        Part(register(sum_bits)),
    )


PATHS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "mac_int": ("multiply_add",),
        "mac_sh": ("shift_add", "adder"),
        "mac_fp16": ("float_multiply", "float_add"),
        "mac_fp16_32": ("multiplier", "multiplexer", "float_add"),
        "lutunit": ("multiplexer", "negate", "barrel_shifter", "adder"),
    }
)
"""Block -> kinds of the units on its longest path."""


def reference_sum(key: tuple[str, int, int, int], library: str) -> PartSum:
    """Return our price of a reference element."""
    parts = reference_parts(*key)
    path = tuple(part.unit for part in parts if part.unit.kind in PATHS[key[0]])
    return part_sum(parts, library, path)


def _registers(a_bits: int, b_bits: int, sum_bits: int) -> tuple[Part, ...]:
    return Part(register(a_bits)), Part(register_enable(b_bits)), Part(register(sum_bits))
