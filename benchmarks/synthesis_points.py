"""Which sizes of each kind of unit, and which configurations of each element, are synthesised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from codesign.models.pe.element import Configuration, ProcessingElement, Rtl
from codesign.models.pe.elements import elements
from codesign.models.pe.synthesis import unit_rtl
from codesign.technology.units import Unit

UNIT_COLUMNS = ("sizes",)
ELEMENT_COLUMNS = ("weight_bits", "activation_bits", "accumulator_bits", "lut_group", "table_bits")
ACCUMULATOR_BITS = (24, 32)
FLOATING_ACCUMULATOR_BITS = (16, 32)
LUT_GROUPS = (2, 3, 5)
GROUP_OF_TABLES = 120
"""Every number of ``LUT_GROUPS`` divides it."""

UNIT_SIZES: Mapping[str, str] = {
    "multiplier": "2x2 3x3 4x2 4x4 5x5 6x4 6x6 7x7 8x2 8x3 8x4 8x8 9x9 10x10 11x2 11x4 11x8 11x11 12x5 12x12 14x14 16x4"
    " 16x8 16x16 20x20 24x8 24x11 24x24",
    "signed_multiplier": "2x2 3x3 4x4 5x3 6x6 8x2 8x3 8x4 8x6 8x8 10x10 12x4 12x8 12x12 16x4 16x8 16x16 24x8 24x24",
    "multiply_add": "4x4x16 4x4x24 4x4x32 6x6x20 8x2x24 8x4x20 8x4x24 8x4x32 8x8x20 8x8x24 8x8x32 12x4x24 12x8x32"
    " 12x12x32 16x4x32 16x8x32 16x16x32 16x16x40",
    "shift_add": "4x2 4x4 8x2 8x3 8x4 8x6 8x8 11x4 12x3 12x8 16x2 16x4 16x8 16x16",
    "power_of_two_multiplier": "4x2 8x2 8x3 8x4 12x3 16x2 16x3 16x4",
    "adder": "4 6 8 10 12 14 16 20 24 28 32 40 48",
    "adder_tree": "3x8 3x16 3x24 4x4 4x8 4x12 4x16 4x24 6x12 8x4 8x8 8x16 16x8 16x16",
    "negate": "4 8 12 16 24 32",
    "barrel_shifter": "8x2 8x3 12x3 14x4 16x2 16x3 16x4 16x5 24x2 24x3 24x4 24x5 28x5 32x3 32x5 40x5 48x4 48x5 48x6",
    "leading_zeros": "6 8 12 14 16 20 24 28 32 40 48",
    "multiplexer": "2x4 2x8 2x16 2x32 3x8 3x16 4x8 4x16 4x24 6x8 8x4 8x8 8x12 8x16 16x4 16x8 16x16 32x8",
    "maximum": "4 5 8 12 16 24 32",
    "and_row": "4 8 11 16 32",
    "xor_row": "4 8 11 16 32",
    "or_reduce": "4 8 16 24 32 48",
    "constant_table": "2x2 3x3 3x8 4x2 4x4 4x8 5x5 5x8 6x4 6x6 6x8 7x8 8x8",
    "register": "1 4 8 16 32",
    "register_enable": "1 4 8 16 32",
    "float_multiply": "2x1 3x2 4x3 5x2 5x6 6x5 8x7 5x10 8x10 8x16 8x23",
    "float_add": "3x2 4x3 5x2 5x6 6x5 8x7 5x10 8x10 8x16 8x23",
}
"""Kind -> sizes, in the order of ``codesign.technology.units.KINDS``."""


def unit_points() -> Iterator[tuple[dict[str, str], Rtl]]:
    """Yield what names each unit in the data file, and its Verilog."""
    for kind, listed in UNIT_SIZES.items():
        for sizes in listed.split():
            unit = Unit(kind, tuple(int(size) for size in sizes.split("x")))
            yield {"kind": kind, "sizes": sizes}, unit_rtl(unit)


def element_points() -> Iterator[tuple[dict[str, str], Rtl]]:
    """Yield what names each element and configuration in the data file, and its Verilog; equal Verilog once."""
    for element in elements().values():
        seen = set()
        for chosen in _configurations(element):
            rtl = element.rtl(chosen)
            if rtl is None or (key := (rtl.top, *sorted(rtl.parameters.items()))) in seen:
                continue
            seen.add(key)
            yield {"element": element.name} | {name: str(getattr(chosen, name)) for name in ELEMENT_COLUMNS}, rtl


def _configurations(element: ProcessingElement) -> Iterator[Configuration]:
    """Yield the default, then other operands, other sums and other tables; allowed ones only."""
    default = element.default
    pairs = [
        replace(default, weight_bits=weight, activation_bits=activation) for weight, activation in element.operands
    ]
    floating = element.name.startswith(("fp", "bf"))
    sums = [
        replace(default, accumulator_bits=bits)
        for bits in (FLOATING_ACCUMULATOR_BITS if floating else ACCUMULATOR_BITS)
    ]
    tables = [replace(default, lut_group=size, group=GROUP_OF_TABLES) for size in LUT_GROUPS] if element.groups else []
    yield from (chosen for chosen in (default, *pairs, *sums, *tables) if not element.refusal(chosen))
