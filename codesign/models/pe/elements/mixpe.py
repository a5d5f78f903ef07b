"""MixPE: shift-and-add by low-bit weights, scales and zero points once per group."""

from __future__ import annotations

from codesign.errors import ModelInputError
from codesign.models.pe.element import Configuration, Part, ProcessingElement, Rtl, Structure
from codesign.models.pe.elements.integer import FP32_BITS, SCALE_BITS, carries_above, operand_registers, scale_unit
from codesign.technology.units import (
    adder,
    and_row,
    barrel_shifter,
    float_add,
    float_multiply,
    leading_zeros,
    multiplier,
    or_reduce,
    register,
    register_enable,
    shift_add,
)

SOURCES = ("MixPE arXiv:2411.16158", "github.com/yuzhang712/mixpe_simulator")
SUM_BITS = 24
SIGNIFICAND_BITS = 11
"""Of an FP16 activation, hidden one included."""


def row_sum_bits(chosen: Configuration) -> int:
    """Return the bits of a group's sum of INT8 activations; without groups, those of the partial sum."""
    if not chosen.group:
        return chosen.accumulator_bits or SUM_BITS
    return chosen.activation_bits + (chosen.group - 1).bit_length()


def _w4a8(chosen: Configuration) -> Structure:
    """out = sum_g s_g * (sum a q - z_g * sum a); the bracket is integer, sum a is shared by all columns."""
    sum_bits = chosen.accumulator_bits or SUM_BITS
    row_bits = row_sum_bits(chosen)
    product = shift_add(chosen.activation_bits, chosen.weight_bits)
    product_bits = chosen.activation_bits + chosen.weight_bits
    carries = carries_above(sum_bits, product_bits)
    return Structure(
        element=(
            Part(product, name="shift and add"),
            Part(adder(sum_bits), name="accumulate"),
            *operand_registers(chosen.activation_bits, chosen.weight_bits, sum_bits),
        ),
        row=(Part(adder(row_bits), name="sum of activations"), Part(register(row_bits), name="sum of activations")),
        scale=(
            Part(register_enable(chosen.weight_bits), name="zero point"),
            Part(shift_add(row_bits, chosen.weight_bits), name="zero point times sum of activations"),
            Part(adder(sum_bits), name="subtract it"),
            *scale_unit(sum_bits),
        )
        if chosen.group
        else (),
        path=(product, carries),
        cut_bits=product_bits + sum_bits,
        scale_cycles=1 if chosen.group else 0,
        weight_bits_stored=chosen.weight_bits,
        group_bits=SCALE_BITS + chosen.weight_bits,
        activation_bits_stored=chosen.activation_bits,
        output_bits=FP32_BITS,
    )


def _w4a8_rtl(chosen: Configuration) -> Rtl:
    sum_bits = chosen.accumulator_bits or SUM_BITS
    sizes = {"ACTIVATION_BITS": chosen.activation_bits, "WEIGHT_BITS": chosen.weight_bits, "SUM_BITS": sum_bits}
    return Rtl(("units.v", "mixpe_w4a8.v"), "pe_mixpe_w4a8", sizes)


def _w4a16(chosen: Configuration) -> Structure:
    """The terms a * 2^i have one mantissa and known distances: their sum is a shift-and-add of it, then normalised."""
    if chosen.accumulator_bits not in (0, FP32_BITS):
        raise ModelInputError(f"mixpe-w4a16 sums have 32 bits, found accumulator_bits={chosen.accumulator_bits}")
    product = multiplier(SIGNIFICAND_BITS, chosen.weight_bits)
    product_bits = SIGNIFICAND_BITS + chosen.weight_bits
    count = leading_zeros(chosen.weight_bits + 1)
    normalise = barrel_shifter(product_bits, (chosen.weight_bits + 1).bit_length())
    accumulate = float_add(8, 23)
    return Structure(
        element=(
            Part(product, name="shift and add of the significand"),
            Part(count, name="place of the first one"),
            Part(normalise, name="normalise"),
            Part(adder(8), count=2, name="exponent"),
            Part(or_reduce(5), name="zero?"),
            Part(and_row(product_bits + 7), name="zero"),
            Part(accumulate, name="accumulate"),
            *operand_registers(chosen.activation_bits, chosen.weight_bits, FP32_BITS),
        ),
        row=(Part(float_add(8, 23), name="sum of activations"), Part(register(FP32_BITS), name="sum of activations")),
        scale=(
            Part(register_enable(chosen.weight_bits + SCALE_BITS), name="zero point, scale"),
            Part(float_multiply(8, 23), count=2, name="times zero point, times scale"),
            Part(float_add(8, 23), count=2, name="subtract, add to the total"),
            Part(register(FP32_BITS), count=4, name="stages, total"),
        )
        if chosen.group
        else (),
        path=(product, normalise, accumulate),
        cut_bits=product_bits + FP32_BITS,
        scale_cycles=1 if chosen.group else 0,
        weight_bits_stored=chosen.weight_bits,
        group_bits=SCALE_BITS + chosen.weight_bits,
        activation_bits_stored=chosen.activation_bits,
        output_bits=FP32_BITS,
    )


def _w4a16_rtl(chosen: Configuration) -> Rtl:
    return Rtl(("units.v", "mixpe_w4a16.v"), "pe_mixpe_w4a16", {"WEIGHT_BITS": chosen.weight_bits})


_FORMATS = {4: "int-asym", 3: "int-asym", 2: "int-asym"}

ELEMENTS = (
    ProcessingElement(
        name="mixpe-w4a8",
        title="MixPE for INT8 activations: shift-and-add, scales once per group",
        sources=SOURCES,
        operands=((4, 8), (3, 8), (2, 8)),
        default=Configuration(4, 8),
        structure=_w4a8,
        weight_formats=_FORMATS,
        activation_format={8: "int-sym"},
        cached_bits=(4,),
        rtl=_w4a8_rtl,
        notes="The sum and its correction wrap at the sum's width. Narrower weights make a narrower element. A column "
        "has one scale unit, which takes one output of one group a cycle; totals wait in the output buffer.",
    ),
    ProcessingElement(
        name="mixpe-w4a16",
        title="MixPE for FP16 activations: shift-and-add, scales once per group",
        sources=SOURCES,
        operands=((4, 16), (3, 16), (2, 16)),
        default=Configuration(4, 16),
        structure=_w4a16,
        weight_formats=_FORMATS,
        activation_format={16: "fp16"},
        cached_bits=(4,),
        rtl=_w4a16_rtl,
        notes="Assumed, as the organisation isn't published: the shifted terms of one activation are added before "
        "they are normalised (their distances are wires, so the sum is exact), and sums are FP32, because integer "
        "weights times activations leave FP16's range within a group. Subnormal activations and scales are zeros.",
    ),
)
