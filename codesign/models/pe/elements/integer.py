"""Plain integer elements, and the parts that elements with integer sums share."""

from __future__ import annotations

from functools import partial

from codesign.errors import ModelInputError
from codesign.models.pe.element import Configuration, Part, ProcessingElement, Rtl, Structure
from codesign.technology.units import (
    Unit,
    adder,
    and_row,
    barrel_shifter,
    float_add,
    leading_zeros,
    multiplier,
    multiply_add,
    negate,
    or_reduce,
    register,
    register_enable,
    xor_row,
)

SCALE_BITS = 16
"""An FP16 scale."""
SIGNIFICAND_BITS = 11
"""Of an FP16 scale, hidden one included."""
FP32_BITS = 32
SHORTEST_SCALED_BITS = 15
"""Of a sum that the scale unit takes: with the significand of the scale one bit more than FP32 keeps and rounds by."""


def carries_above(bits: int, earlier_bits: int) -> Unit:
    """Return what an adder adds to a path behind another adder: the carries above the earlier one's bits.

    Sums come lowest bit first, so that the carries of chained adders run together.

    Raises:
        ModelInputError: the later adder isn't wider.
    """
    if bits <= earlier_bits:
        raise ModelInputError(f"a sum of {bits} bits can't hold a product of {earlier_bits} bits and more")
    return adder(bits - earlier_bits)


def operand_registers(activation_bits: int, weight_bits: int, sum_bits: int) -> tuple[Part, ...]:
    """Return the registers at an element's border: activation, weight with enable, partial sum."""
    return (
        Part(register(activation_bits), name="activation"),
        Part(register_enable(weight_bits), name="weight"),
        Part(register(sum_bits), name="sum"),
    )


def multiply_accumulate(activation_bits: int, weight_bits: int, sum_bits: int) -> tuple[Part, ...]:
    """Return an integer multiply-accumulate element."""
    return (
        Part(multiply_add(activation_bits, weight_bits, sum_bits), name="multiply and add"),
        *operand_registers(activation_bits, weight_bits, sum_bits),
    )


def scale_unit(sum_bits: int) -> tuple[Part, ...]:
    """Return what turns a column's group sums into FP32: total + scale * sum.

    The magnitude of the sum times the significand of the FP16 scale, normalised, rounded once, added in FP32. The
    totals of outputs whose groups aren't finished wait in the output buffer.

    Raises:
        ModelInputError: the product with the scale isn't longer than FP32's significand and its rounding bit.
    """
    if sum_bits < SHORTEST_SCALED_BITS:
        raise ModelInputError(f"the scale unit takes sums of {SHORTEST_SCALED_BITS} bits or more, found {sum_bits}")
    product_bits = sum_bits + SIGNIFICAND_BITS
    return (
        Part(register(sum_bits), name="sum of the group"),
        Part(register_enable(SCALE_BITS), name="scale"),
        Part(negate(sum_bits), name="magnitude"),
        Part(multiplier(sum_bits, SIGNIFICAND_BITS), name="times the scale"),
        Part(leading_zeros(product_bits), name="place of the first one"),
        Part(barrel_shifter(product_bits, product_bits.bit_length()), name="normalise"),
        Part(or_reduce(product_bits - 25), name="sticky"),
        Part(adder(8), count=2, name="exponent"),
        Part(and_row(1), count=31, name="carries of rounding"),
        Part(xor_row(31), name="round"),
        Part(and_row(31), name="zero"),
        Part(register(FP32_BITS), name="scaled sum"),
        Part(float_add(8, 23), name="add to the total"),
        Part(register(FP32_BITS), name="total"),
    )


def _structure(bits: int, default_sum_bits: int, chosen: Configuration) -> Structure:
    sum_bits = chosen.accumulator_bits or default_sum_bits
    product_bits = chosen.weight_bits + chosen.activation_bits
    if sum_bits < product_bits:
        raise ModelInputError(f"a sum of {sum_bits} bits can't hold a product of {product_bits} bits")
    return Structure(
        element=multiply_accumulate(bits, bits, sum_bits),
        path=(multiply_add(bits, bits, sum_bits),),
        cut_bits=2 * bits + sum_bits,
        weight_bits_stored=chosen.weight_bits,
        group_bits=SCALE_BITS,
        activation_bits_stored=chosen.activation_bits,
        output_bits=sum_bits,
    )


def _rtl(bits: int, default_sum_bits: int, chosen: Configuration) -> Rtl:
    sum_bits = chosen.accumulator_bits or default_sum_bits
    return Rtl(
        ("units.v", "integer.v"),
        "pe_integer",
        {"ACTIVATION_BITS": bits, "WEIGHT_BITS": bits, "SUM_BITS": sum_bits},
    )


def _engine(
    bits: int, sum_bits: int, weights: tuple[int, ...], weight_formats: dict[int, str], notes: str
) -> ProcessingElement:
    return ProcessingElement(
        name=f"int{bits}",
        title=f"INT{bits} multiply-accumulate, {sum_bits}-bit sum",
        sources=("TPU arXiv:1704.04760",) if bits == 8 else ("Atom arXiv:2310.19102",),
        operands=tuple((width, bits) for width in weights),
        default=Configuration(bits, bits, group=0),
        structure=partial(_structure, bits, sum_bits),
        weight_formats=weight_formats,
        activation_format={bits: "int-sym"},
        cached_bits=(bits,),
        groups=False,
        rtl=partial(_rtl, bits, sum_bits),
        notes=notes,
    )


ELEMENTS = (
    _engine(
        8,
        32,
        (8, 4, 2),
        {8: "int-sym", 4: "int-sym", 2: "ternary"},
        "Weights of 4 and 2 bits are stored packed and sign-extended on their way into the array; the multiplier "
        "stays 8 x 8. The sum wraps. One scale per output channel is applied after the array.",
    ),
    _engine(4, 24, (4,), {4: "int-sym"}, "The sum wraps. One scale per output channel is applied after the array."),
)
