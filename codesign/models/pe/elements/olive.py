"""OliVe: the element of ANT behind decoders of outlier-victim pairs."""

from __future__ import annotations

from codesign.models.pe.element import Configuration, Part, ProcessingElement, Rtl, Structure
from codesign.models.pe.elements.ant import (
    BASE_BITS,
    EXPONENT_BITS,
    EXPONENT_INTEGER,
    SHIFTED_BITS,
    exponent_integer_element,
    step_cycles,
)
from codesign.models.pe.elements.integer import FP32_BITS, SCALE_BITS, carries_above, scale_unit
from codesign.models.pe.emulation.olive import sum_bits as chosen_sum_bits
from codesign.technology.units import adder, and_row, multiplexer, negate, or_reduce, register

CODE_BITS = 4


def decoder() -> tuple[Part, ...]:
    """Return the decoder of one code, which sees its partner to tell outliers and victims."""
    return (
        Part(register(CODE_BITS), name="partner"),
        Part(or_reduce(CODE_BITS), count=2, name="victim? outlier?"),
        Part(negate(3), name="sign of an outlier"),
        Part(adder(EXPONENT_BITS), name="bias of an outlier"),
        Part(and_row(BASE_BITS), name="zero of a victim"),
        Part(multiplexer(2, BASE_BITS + EXPONENT_BITS), name="outlier or integer"),
    )


def _structure(chosen: Configuration) -> Structure:
    sum_bits = chosen_sum_bits(chosen)
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
    return Rtl(("units.v", "ant.v"), "pe_exponent_integer", {"SUM_BITS": chosen_sum_bits(chosen)})


ELEMENTS = (
    ProcessingElement(
        name="olive",
        title="OliVe: outlier-victim pairs as base and exponent",
        sources=("OliVe arXiv:2304.07493", "github.com/clevercool/ANT-Quantization"),
        operands=((4, 4), (4, 8), (8, 8)),
        default=Configuration(4, 4),
        structure=_structure,
        weight_formats={4: "abfloat", 8: "int-sym"},
        activation_format={4: "abfloat", 8: "int-sym"},
        cached_bits=(4, 8),
        rtl=_rtl,
        notes="The element is ANT's (SPARK, HPCA 2024, Table VII gives both the same area). Operands of 8 bits are "
        "plain integers in two halves: paper and repository differ on 8-bit outliers. Width of the sum and scales per "
        "group are ours. The sum wraps.",
    ),
)
