"""LUT Tensor Core's ablation and compute densities (arXiv 2408.06003), beside ours.

The ablation starts from the table lookup of UNPU and takes away, one after the other, what the paper's changes make
needless. Each step is a list of parts here, so that what it removes can be read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from codesign.models.checks import Check
from codesign.models.pe.array.prices import PartSum, part_sum
from codesign.models.pe.element import Configuration, Part
from codesign.models.pe.elements.lut import LUT
from codesign.technology.units import (
    adder,
    barrel_shifter,
    float_add,
    float_multiply,
    multiplexer,
    negate,
    register,
    register_enable,
    xor_row,
)

PAPER = "LUT Tensor Core, arXiv:2408.06003, ablation on a W2A8 array of 512 MNK (TSMC 28 nm)"
DENSITY = "LUT Tensor Core, arXiv:2408.06003, compute density of 4-element dot products (TSMC 28 nm, 1 GHz)"
LIBRARY = "nangate45"
ROWS, COLUMNS, GROUP = 2, 64, 4
WEIGHT_BITS, ENTRY_BITS = 2, 8
SUM_BITS = 24
EXACT_BITS = ENTRY_BITS + 2
"""Of a sum of four 8-bit activations before it is stored."""
STEPS = ("UNPU", "weight reinterpretation", "no index negation", "tables made outside")
PUBLISHED: Mapping[str, tuple[float, float]] = MappingProxyType(
    {STEPS[1]: (1.317, 1.301), STEPS[2]: (1.351, 1.347), STEPS[3]: (1.440, 1.442)}
)
"""Step -> area and power of the UNPU array over those of the step."""
_LOAD = 1.0 / WEIGHT_BITS

_ABLATION = (
    "the width of the sum isn't published: 24 bits here; lookups are multiplexers of two-input cells, which weigh more"
    " against adders than in the paper's synthesis"
)


def ablation(step: str, sum_bits: int = SUM_BITS) -> tuple[Part, ...]:
    """Return the parts of the whole array of 2 x 64 units after a step of ``STEPS``.

    - UNPU: 2^K entries of the sums of the activations whose bit is 1; the place of the sign bit is subtracted.
    - weight reinterpretation: bits mean -1 and +1, half the entries; the last bit negates the entry and inverts the
      rest of the index, K - 1 gates a column.
    - no index negation: memory holds the index inverted already.
    - tables made outside: an operator before the array makes the tables, and the array gets them as inputs, as the
      published Verilog does.
    """
    done = STEPS.index(step)
    entries = 1 << (GROUP if done == 0 else GROUP - 1)
    additions = entries - GROUP - 1 if done == 0 else entries + GROUP - 2
    units = ROWS * COLUMNS
    invert = (Part(xor_row(GROUP - 1), COLUMNS, name="invert the index"),)
    tables = (
        Part(adder(EXACT_BITS), ROWS * additions, _LOAD, "make the tables"),
        Part(register_enable(entries * ENTRY_BITS), ROWS, _LOAD, "tables"),
    )
    return (
        Part(multiplexer(entries, ENTRY_BITS), units, name="look up"),
        Part(negate(ENTRY_BITS), units, name="sign"),
        Part(barrel_shifter(ENTRY_BITS + WEIGHT_BITS - 1, 1), units, name="place of the bit"),
        Part(adder(sum_bits), units, name="add"),
        Part(multiplexer(2, sum_bits), units, name="own sum or the one handed in"),
        Part(register(sum_bits), units, name="sum"),
        Part(multiplexer(WEIGHT_BITS, GROUP), COLUMNS, name="bits of this cycle"),
        *(invert if done == 1 else ()),
        *(tables if done < 3 else ()),
    )


def array_price(step: str, sum_bits: int = SUM_BITS) -> PartSum:
    """Return area and energy of the array after a step."""
    return part_sum(ablation(step, sum_bits), LIBRARY)


def lut_tensor_core() -> list[Check]:
    """Return the ablation's ratios and the compute densities against multiplying and adding."""
    base = array_price(STEPS[0])
    checks = []
    for step, (area, power) in PUBLISHED.items():
        ours = array_price(step)
        item = f"LUT Tensor Core ablation, UNPU over '{step}':"
        checks += [
            Check(f"{item} area", area, base.area_um2 / ours.area_um2, "1", 0.1, PAPER, _ABLATION),
            Check(f"{item} power", power, base.busy_fj / ours.busy_fj, "1", 0.1, PAPER, _ABLATION),
        ]
    return [*checks, *_densities(), *_crossings(), _equal_performance()]


def dot_product(kind: str, accumulate: bool, entries: int = 1 << (GROUP - 1)) -> tuple[Part, ...]:
    """Return the parts of a dot product of four FP16 activations.

    Args:
        kind: ``multiply`` (by FP16 weights, all bits at once), ``add`` or ``look up`` (by one bit of the weights).
        accumulate: whether an adder and a register for the sum over bits and steps are part of it.
        entries: of the table, in the way ``look up``.
    """
    tree = Part(float_add(5, 10), GROUP - 1, name="sum of the products")
    ways = {
        "multiply": (Part(float_multiply(5, 10), GROUP, name="products"), tree),
        "add": (Part(xor_row(1), GROUP, name="signs"), tree),
        "look up": (Part(multiplexer(entries, 16), name="look up"), Part(xor_row(1), name="sign")),
    }
    total = (Part(float_add(5, 10), name="add"), Part(register(16), name="sum")) if accumulate else ()
    return (*ways[kind], *total)


def _area(kind: str, accumulate: bool, entries: int = 1 << (GROUP - 1)) -> float:
    return part_sum(dot_product(kind, accumulate, entries), LIBRARY).area_um2


def _densities() -> list[Check]:
    note = (
        "their lookup takes 130 um2, less than an FP16 adder: it is a table's multiplexer alone, against multipliers"
        " and an adder tree"
    )
    item = "LUT Tensor Core compute density, 1-bit weights looked up over FP16 multiplied"
    published = 61.55 / 3.39
    bare = _area("multiply", False) / _area("look up", False)
    register_um2 = part_sum((Part(register(16)),), LIBRARY).area_um2
    held = (_area("multiply", False) + register_um2) / (_area("look up", False) + register_um2)
    return [
        Check(f"{item}, logic only", published, bare, "1", 0.1, DENSITY, note),
        Check(f"{item}, with a register for the result", published, held, "1", 0.1, DENSITY, note),
    ]


def break_even_bits(kind: str) -> float:
    """Return the weight bits at which a bit-serial way is as dense as multiplying: the ratio of the areas.

    Both have an adder and a register for the sum; the bit-serial way takes a cycle a bit.
    """
    return _area("multiply", True) / _area(kind, True)


def _crossings() -> list[Check]:
    """Return the widest weights for which a bit-serial way is denser than multiplying."""
    item = "LUT Tensor Core, FP16 activations: weight bits up to which"
    ways = (("adding", "add", 2.0), ("looking up in half a table", "look up", 6.0))
    unknown = "whether tables and the additions that make them count isn't said in what could be had of the paper"
    return [
        *(
            Check(
                f"{item} {name} is denser than multiplying",
                published,
                math.ceil(break_even_bits(kind)) - 1.0,
                "bit",
                0.0,
                DENSITY,
                f"ours breaks even at {break_even_bits(kind):.2f} bits; FP16 sums",
            )
            for name, kind, published in ways
        ),
        Check(f"{item} looking up in a whole table is", 2.0, None, "bit", 0.0, DENSITY, unknown),
    ]


def _equal_performance() -> Check:
    """Area of W1A16 lookup units, with their share of the tables, over FP16 dot products of the same pace."""
    structure = LUT.structure(Configuration(1, 16, 16))
    tables = part_sum((Part(register_enable(1), structure.table_bits_per_row / COLUMNS),), LIBRARY).area_um2
    unit = part_sum(structure.element, LIBRARY).area_um2 + tables
    item = "LUT Tensor Core W1A16 area at the performance of FP16 multiplying"
    note = "FP16 sums on both sides; tables shared by 64 columns, their making and the scale units left out"
    return Check(item, 14.3, 100.0 * unit / _area("multiply", True), "%", 0.1, DENSITY, note)
