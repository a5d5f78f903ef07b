"""BF16 multiply-add with approximate normalisation (arXiv 2408.11997).

The partial sum travels down the column as sign, exponent and 24 significand bits, not rounded and not fully normalised.
An element shifts a sum to the left by 0, k or k + l places only, by whether its first k, and then its next l, bits are
zeros; leading zeros that remain cost the next alignment that many of its last places. The foot of the column
normalises. An exact normaliser anticipates the leading zeros of the sum and has a full shifter.
"""

from __future__ import annotations

from types import MappingProxyType

from codesign.errors import ModelInputError
from codesign.models.pe.element import Configuration, Part, ProcessingElement, Rtl, Structure
from codesign.technology.units import (
    adder,
    and_row,
    barrel_shifter,
    leading_zeros,
    multiplexer,
    multiplier,
    negate,
    or_reduce,
    register,
    register_enable,
    xor_row,
)

SIGNIFICAND = 24
"""Bits of the travelling sum, the leading one not hidden: those of FP32."""
EXPONENT = 8
SHIFT_STAGES = 5
FIRST, NEXT = 1, 2
"""k and l of the element, named as in the paper's settings (k, lambda)."""


def coarse_normaliser(first: int, following: int) -> tuple[Part, ...]:
    """Return the parts that shift by 0, ``first`` or ``first + following`` places."""
    return (
        Part(or_reduce(first), name="a one among the first bits"),
        Part(or_reduce(following), name="a one among the next bits"),
        Part(multiplexer(2, SIGNIFICAND), 2, name="shift by nothing, k or k + l"),
    )


def exact_normaliser() -> tuple[Part, ...]:
    """Return the parts that anticipate the leading zeros beside the addition, count them, shift, and mend by one."""
    return (
        Part(xor_row(SIGNIFICAND), name="anticipate: where the operands differ"),
        Part(and_row(SIGNIFICAND), 2, name="anticipate: where a leading one can be"),
        Part(leading_zeros(SIGNIFICAND), name="count"),
        Part(barrel_shifter(SIGNIFICAND, SHIFT_STAGES), name="shift"),
        Part(multiplexer(2, SIGNIFICAND), name="mend the anticipation by one place"),
    )


def multiply_add(normaliser: tuple[Part, ...]) -> tuple[Part, ...]:
    """Return the parts of an element with that normaliser."""
    return (
        Part(multiplier(8, 8), name="product of the significands"),
        Part(adder(EXPONENT + 2), name="sum of the exponents"),
        Part(adder(EXPONENT + 2), name="less the bias"),
        Part(or_reduce(EXPONENT), 2, name="is an operand zero"),
        Part(and_row(EXPONENT + 16), name="zero product"),
        Part(xor_row(1), 2, name="signs"),
        Part(adder(EXPONENT + 1), name="difference of the exponents"),
        Part(negate(EXPONENT), name="distance"),
        Part(multiplexer(2, EXPONENT), name="larger exponent"),
        Part(multiplexer(2, SIGNIFICAND), 2, name="which operand is shifted"),
        Part(barrel_shifter(SIGNIFICAND, SHIFT_STAGES), name="align"),
        Part(and_row(SIGNIFICAND), name="too far to count"),
        Part(xor_row(SIGNIFICAND), name="subtract"),
        Part(adder(SIGNIFICAND + 1), name="add"),
        Part(negate(SIGNIFICAND), name="magnitude of a negative difference"),
        Part(multiplexer(2, SIGNIFICAND), name="one place back after a carry"),
        *normaliser,
        Part(adder(EXPONENT + 1), name="exponent of the sum"),
        Part(or_reduce(SIGNIFICAND), name="is the sum zero"),
        Part(and_row(EXPONENT + SIGNIFICAND), name="zero sum"),
        Part(register(16), name="activation"),
        Part(register_enable(16), name="weight"),
        Part(register(1 + EXPONENT + SIGNIFICAND), name="partial sum"),
    )


def _structure(chosen: Configuration) -> Structure:
    if chosen.accumulator_bits not in (0, 32):
        raise ModelInputError(f"bf16-approx sums are FP32, found accumulator_bits={chosen.accumulator_bits}")
    element = multiply_add(coarse_normaliser(FIRST, NEXT))
    chain = ("product of the significands", "align", "add", "magnitude of a negative difference")
    return Structure(
        element=element,
        path=(*(part.unit for part in element if part.name in chain), *(2 * (multiplexer(2, SIGNIFICAND),))),
        cut_bits=(1 + EXPONENT + 16) + (1 + EXPONENT + SIGNIFICAND),
        column=(
            Part(leading_zeros(SIGNIFICAND), name="count"),
            Part(barrel_shifter(SIGNIFICAND, SHIFT_STAGES), name="normalise"),
            Part(adder(EXPONENT), name="exponent"),
        ),
        weight_bits_stored=16,
        activation_bits_stored=16,
    )


def _rtl(chosen: Configuration) -> Rtl:
    return Rtl(("units.v", "approximate.v"), "pe_bf16_unnormalised", {"FIRST": FIRST, "FOLLOWING": NEXT, "EXACT": 0})


ELEMENTS = (
    ProcessingElement(
        name="bf16-approx",
        title="BF16 multiply-add with approximate normalisation, the sum normalised at the foot of the column",
        sources=(
            "Floating-point multiply-add with approximate normalization for low-cost matrix engines, arXiv:2408.11997",
        ),
        operands=((16, 16),),
        default=Configuration(weight_bits=16, activation_bits=16, group=0),
        structure=_structure,
        weight_formats=MappingProxyType({16: "bf16"}),
        activation_format=MappingProxyType({16: "bf16"}),
        cached_bits=(16,),
        arithmetic="approximate-normalisation",
        rtl=_rtl,
        notes=(
            "Only the paper's abstract and figures were to be had: that sums have the 24 significand bits of FP32, that"
            " alignment truncates, that rounding is left to the foot of the column and that a product isn't normalised"
            " before the addition are ours. k = 1, lambda = 2. Subnormal operands are zero."
        ),
    ),
)
