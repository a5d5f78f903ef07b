"""ANT: products of (base, exponent) pairs, which decoders at the array's edge make of flint and of integers."""

from __future__ import annotations

from codesign.models.pe.element import Configuration, Part, ProcessingElement, Rtl, Structure
from codesign.models.pe.elements.integer import FP32_BITS, SCALE_BITS, carries_above, operand_registers, scale_unit
from codesign.models.pe.emulation.ant import SUM_BITS
from codesign.technology.units import adder, barrel_shifter, constant_table, multiplexer, negate, signed_multiplier

BASE_BITS = 5
"""Sign and four bits: the lower half of an 8-bit integer has no sign."""
EXPONENT_BITS = 3
SHIFTED_BITS = 16
"""Of a shifted product: the largest is that of two upper halves, 8 * 8 * 2^8."""

EXPONENT_INTEGER = signed_multiplier(BASE_BITS, BASE_BITS), barrel_shifter(SHIFTED_BITS, EXPONENT_BITS + 1)
"""Product of the bases, shift by the sum of the exponents."""


def exponent_integer_element(sum_bits: int) -> tuple[Part, ...]:
    """Return an element that adds (base_a * base_w) << (exponent_a + exponent_w)."""
    product, shift = EXPONENT_INTEGER
    return (
        Part(product, name="bases"),
        Part(adder(EXPONENT_BITS + 1), name="exponents"),
        Part(shift, name="shift"),
        Part(adder(sum_bits), name="accumulate"),
        *operand_registers(BASE_BITS + EXPONENT_BITS, BASE_BITS + EXPONENT_BITS, sum_bits),
    )


def decoder() -> tuple[Part, ...]:
    """Return the decoder of one 4-bit code: flint, or a signed or unsigned half of an integer."""
    return (
        Part(constant_table(3, 5), name="base and exponent of a magnitude"),
        Part(negate(4), name="sign"),
        Part(multiplexer(2, BASE_BITS + EXPONENT_BITS), name="flint or integer"),
    )


def step_cycles(chosen: Configuration) -> int:
    """Return the cycles of a product: one for each pair of 4-bit halves."""
    return (chosen.weight_bits // 4) * (chosen.activation_bits // 4)


def _structure(chosen: Configuration) -> Structure:
    sum_bits = chosen.accumulator_bits or SUM_BITS
    return Structure(
        element=exponent_integer_element(sum_bits),
        row=decoder(),
        column=decoder(),
        scale=scale_unit(sum_bits) if chosen.group else (),
        path=(*EXPONENT_INTEGER, carries_above(sum_bits, SHIFTED_BITS)),
        cut_bits=SHIFTED_BITS + sum_bits,
        step_cycles=step_cycles(chosen),
        scale_cycles=1 if chosen.group else 0,
        weight_bits_stored=chosen.weight_bits,
        group_bits=SCALE_BITS,
        activation_bits_stored=chosen.activation_bits,
        output_bits=FP32_BITS,
    )


def _rtl(chosen: Configuration) -> Rtl:
    return Rtl(("units.v", "ant.v"), "pe_exponent_integer", {"SUM_BITS": chosen.accumulator_bits or SUM_BITS})


ELEMENTS = (
    ProcessingElement(
        name="ant",
        title="ANT: flint or integer operands as base and exponent",
        sources=("ANT arXiv:2208.14286", "github.com/clevercool/ANT-Quantization"),
        operands=((4, 4), (4, 8), (8, 8)),
        default=Configuration(4, 4),
        structure=_structure,
        weight_formats={4: "flint", 8: "int-sym"},
        activation_format={4: "flint", 8: "int-sym"},
        cached_bits=(4, 8),
        rtl=_rtl,
        notes="An 8-bit product takes one element four cycles (4 x 8 bits: two) where the paper joins four elements "
        "for one: the same rate. Bases have a fifth bit, for the unsigned lower half of an 8-bit integer. The sum "
        "wraps. Width of the sum and scales per group are ours.",
    ),
)
