"""FIGNA: floating-point activations aligned at the edge of the array, integer multiply-accumulate inside."""

from __future__ import annotations

from functools import partial

from codesign.models.pe.element import Configuration, Part, ProcessingElement, Rtl, Structure
from codesign.models.pe.elements.integer import FP32_BITS, SCALE_BITS, multiply_accumulate, scale_unit
from codesign.models.pe.emulation.figna import EXTRA_BITS, FORMATS, aligned_bits
from codesign.models.pe.emulation.float_arithmetic import FloatFormat
from codesign.technology.units import (
    adder,
    and_row,
    barrel_shifter,
    maximum,
    multiply_add,
    negate,
    or_reduce,
    register,
    register_enable,
)

LONGEST_REDUCTION = 4096
"""That a sum holds where scales have no groups."""


def group_sum_bits(form: FloatFormat, chosen: Configuration) -> int:
    """Return the bits that hold every sum of a group of aligned activations times weights."""
    growth = ((chosen.group or LONGEST_REDUCTION) - 1).bit_length()
    return chosen.accumulator_bits or aligned_bits(form) + chosen.weight_bits - 1 + growth


def alignment(form: FloatFormat) -> tuple[Part, ...]:
    """Return the unit that aligns a row's activations, one a cycle, while it looks for the next block's exponent."""
    exponent, significand = form.exponent_bits, form.mantissa_bits + 1 + EXTRA_BITS
    return (
        Part(or_reduce(exponent), 2, name="hidden bit"),
        Part(and_row(exponent), name="restart"),
        Part(maximum(exponent), name="largest exponent"),
        Part(register(exponent), name="largest exponent so far"),
        Part(register_enable(exponent), activity=0.0, name="exponent of the block"),
        Part(adder(exponent), name="distance"),
        Part(barrel_shifter(significand, significand.bit_length()), name="align"),
        Part(and_row(significand), name="too far"),
        Part(negate(significand + 1), name="sign"),
        Part(register(significand + 1), name="aligned activation"),
    )


def block_scale_unit(form: FloatFormat, sum_bits: int) -> tuple[Part, ...]:
    """Return the unit at the foot of a column: total + scale * 2^exponent * sum in FP32."""
    exponent = (
        Part(adder(10), name="exponent of the block"),
        Part(register(form.exponent_bits), name="exponent of the block"),
    )
    return (*scale_unit(sum_bits), *exponent)


def structure(form: FloatFormat, chosen: Configuration) -> Structure:
    """Return the element for activations of a format."""
    width, sum_bits = aligned_bits(form), group_sum_bits(form, chosen)
    return Structure(
        element=multiply_accumulate(width, chosen.weight_bits, sum_bits),
        path=(multiply_add(width, chosen.weight_bits, sum_bits),),
        cut_bits=width + chosen.weight_bits + sum_bits,
        row=alignment(form),
        scale=block_scale_unit(form, sum_bits),
        scale_cycles=1,
        weight_bits_stored=chosen.weight_bits,
        group_bits=SCALE_BITS,
        activation_bits_stored=form.bits,
        output_bits=FP32_BITS,
    )


def _rtl(form: FloatFormat, chosen: Configuration) -> Rtl:
    sizes = {
        "ACTIVATION_BITS": aligned_bits(form),
        "WEIGHT_BITS": chosen.weight_bits,
        "SUM_BITS": group_sum_bits(form, chosen),
    }
    return Rtl(("units.v", "figna.v"), "pe_figna", sizes)


ELEMENTS = tuple(
    ProcessingElement(
        name=name,
        title=f"FIGNA: aligned {form.name.upper()} activations times integer weights",
        sources=("Jang et al., FIGNA, HPCA 2024, doi 10.1109/HPCA57654.2024.00064",),
        operands=((4, 16), (8, 16)),
        default=Configuration(weight_bits=4, activation_bits=16),
        structure=partial(structure, form),
        weight_formats={4: "int-sym", 8: "int-sym"},
        activation_format={16: form.name},
        arithmetic="figna",
        rtl=partial(_rtl, form),
        notes=(
            f"The paper's text isn't public: the width of an aligned activation, sign and significand and {EXTRA_BITS}"
            " places more, is assumed, as are two's complement weights, sums wide enough never to overflow"
            f" (accumulator_bits; {LONGEST_REDUCTION} weights without groups), a block that is the group of the"
            " weights, activations that are read twice, once for the block's exponent, and FP32 for the sum over"
            " groups. The multiplier is as wide as the weights, so an 8-bit cache isn't multiplied in the array."
        ),
    )
    for name, form in FORMATS.items()
)
