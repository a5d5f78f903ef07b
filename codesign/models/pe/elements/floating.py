"""Floating-point multiply-accumulate elements: FP32, FP16, BF16 and both FP8, summed in FP32 or in 16 bits.

Each has the boundary of a systolic array: registers for the activation, the weight and the partial sum. The product of
two short significands is exact in a wider sum, so that it needs no rounding; only the adder rounds. FP16 and BF16 also
take integer weights: a unit at the head of each column turns them into floating point before the array (weight-only
quantisation on an engine without integer weights).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from codesign.errors import ModelInputError
from codesign.models.pe.element import Configuration, Part, ProcessingElement, Rtl, Structure
from codesign.models.pe.emulation.float_arithmetic import BF16, FP8_E4M3, FP8_E5M2, FP16, FP32, FloatFormat
from codesign.technology.units import (
    Unit,
    adder,
    and_row,
    barrel_shifter,
    constant_table,
    float_add,
    float_multiply,
    leading_zeros,
    multiplexer,
    multiplier,
    negate,
    or_reduce,
    register,
    register_enable,
    xor_row,
)

SCALE_BITS = 16
"""Of the scale of integer weights: FP16, or BF16 for a BF16 element."""
FP8_SCALE_BITS = 32
"""Of the scale of FP8 weights: FP32 (P. Micikevicius et al., FP8 formats for deep learning, arXiv:2209.05433)."""

SUBNORMAL_PLACES: Mapping[str, int] = MappingProxyType({"fp8-e4m3": 3, "fp8-e5m2": 2})
"""Places by which the exponent of a format grows when its subnormals are normalised at the edge of the array."""


def sum_format(form: FloatFormat, chosen: Configuration) -> FloatFormat:
    """Return the format of the partial sums: FP32, or the 16-bit format of the operands (FP16 for FP8) where chosen."""
    narrow = BF16 if form is BF16 else FP16
    formats = {0: FP32, 32: FP32} if form is FP32 else {0: FP32, 32: FP32, 16: narrow}
    if chosen.accumulator_bits not in formats:
        allowed = ", ".join(str(bits) for bits in formats if bits)
        raise ModelInputError(f"{form.name} sums have {allowed} bits, found accumulator_bits={chosen.accumulator_bits}")
    return formats[chosen.accumulator_bits]


def operand_format(form: FloatFormat) -> FloatFormat:
    """Return the format inside the array: FP8 with one more exponent bit, because its subnormals are normalised."""
    return replace(form, exponent_bits=form.exponent_bits + 1) if form.name in SUBNORMAL_PLACES else form


def operand_bias(form: FloatFormat) -> int:
    """Return the bias of the exponents inside the array."""
    return form.bias + SUBNORMAL_PLACES.get(form.name, 0)


def product_can_leave(form: FloatFormat, total: FloatFormat) -> bool:
    """Return whether a product may lie outside the normal range of the sum."""
    offset = total.bias - 2 * operand_bias(form)
    highest = 2 * ((1 << operand_format(form).exponent_bits) - 1) + 1
    return 2 + offset < 1 or highest + offset > (1 << total.exponent_bits) - 2


def exact_product(form: FloatFormat, total: FloatFormat) -> tuple[Part, ...]:
    """Return the parts of a multiplier whose product is exact in the format of the sum."""
    inside = operand_format(form)
    significand, fraction = inside.mantissa_bits + 1, 2 * inside.mantissa_bits + 1
    leaves = product_can_leave(form, total)
    exponent = max(inside.exponent_bits, total.exponent_bits) + (2 if leaves else 0)
    limits = (Part(and_row(total.exponent_bits + fraction), name="infinity where the exponent is too large"),)
    return (
        Part(multiplier(significand, significand), name="product of the significands"),
        Part(adder(inside.exponent_bits + 1), name="sum of the exponents"),
        Part(adder(exponent), name="less the bias, plus the carry"),
        Part(multiplexer(2, fraction), name="normalise"),
        Part(or_reduce(inside.exponent_bits), 2, name="is an operand zero"),
        Part(and_row(total.exponent_bits + fraction), name="zero"),
        Part(xor_row(1), name="sign"),
        *(limits if leaves else ()),
    )


def add_short(total: FloatFormat, fraction: int) -> tuple[Part, ...]:
    """Return the parts of a floating-point adder (``float_add``) one of whose operands has few fraction bits.

    Where it has none, the comparison is with zero and the exchange of the operands needs no multiplexers.
    """
    exponent, significand = total.exponent_bits, total.mantissa_bits + 4
    none = total.mantissa_bits - fraction
    missing = (
        Part(or_reduce(none), name="compare where the short one has no bits"),
        Part(and_row(none), 2, name="exchange where the short one has no bits"),
    )
    return (
        Part(adder(exponent + fraction), name="compare"),
        Part(multiplexer(2, exponent + fraction), 2, name="exchange"),
        *(missing if none else ()),
        Part(adder(exponent), name="distance"),
        Part(barrel_shifter(significand, significand.bit_length()), name="align"),
        Part(and_row(significand), name="too far to count"),
        Part(or_reduce(significand), name="sticky bit"),
        Part(xor_row(significand), name="subtract"),
        Part(adder(significand + 1), name="add"),
        Part(leading_zeros(significand + 1), name="count"),
        Part(barrel_shifter(significand + 1, (significand + 1).bit_length()), name="normalise the sum"),
        Part(adder(exponent + 2), 2, name="exponent of the sum"),
        Part(adder(total.mantissa_bits + 1), name="round"),
        Part(and_row(exponent + total.mantissa_bits), 2, name="zero or infinity"),
    )


def multiply_short(form: FloatFormat, significand: int) -> tuple[Part, ...]:
    """Return the parts of a rounding multiplier (``float_multiply``) one of whose significands has few bits."""
    exponent, mantissa = form.exponent_bits, form.mantissa_bits
    return (
        Part(multiplier(significand, mantissa + 1), name="product of the significands"),
        Part(adder(exponent + 2), 2, name="exponent of the product"),
        Part(multiplexer(2, mantissa + 2), name="normalise the product"),
        Part(or_reduce(significand), name="sticky bit"),
        Part(adder(mantissa + 1), name="round"),
        Part(or_reduce(exponent), 2, name="is a factor zero"),
        Part(and_row(exponent + mantissa), 2, name="zero or infinity"),
    )


def dequantiser(form: FloatFormat, weight_bits: int) -> tuple[Part, ...]:
    """Return the parts that turn one integer weight a cycle into floating point: scale * (code - zero)."""
    stages = max(1, (weight_bits - 1).bit_length())
    return (
        Part(adder(weight_bits + 1), name="less the zero point"),
        Part(negate(weight_bits + 1), name="magnitude"),
        Part(leading_zeros(weight_bits), name="exponent of the integer"),
        Part(barrel_shifter(weight_bits, stages), name="significand of the integer"),
        Part(adder(form.exponent_bits), name="biased exponent of the integer"),
        *multiply_short(form, weight_bits),
        Part(register_enable(SCALE_BITS + weight_bits), activity=0.0, name="scale and zero point of the group"),
    )


def scale_unit(total: FloatFormat) -> tuple[Part, ...]:
    """Return the parts that add a group's sum times its scale to the output, in FP32."""
    widen = () if total is FP32 else (Part(adder(FP32.exponent_bits), name="widen to FP32"),)
    return (
        *widen,
        Part(float_multiply(FP32.exponent_bits, FP32.mantissa_bits), name="times the scale"),
        Part(float_add(FP32.exponent_bits, FP32.mantissa_bits), name="plus the other groups"),
        Part(register_enable(FP8_SCALE_BITS), activity=0.0, name="scale of the group"),
        Part(register(FP32.bits), name="scaled sum"),
    )


def _structure(form: FloatFormat, chosen: Configuration) -> Structure:
    total, inside = sum_format(form, chosen), operand_format(form)
    rounded = total.bits == form.bits
    multiply = Part(float_multiply(form.exponent_bits, form.mantissa_bits), name="multiply")
    whole = float_add(total.exponent_bits, total.mantissa_bits)
    add = (Part(whole, name="add"),) if rounded else add_short(total, 2 * inside.mantissa_bits + 1)
    product = (multiply,) if rounded else exact_product(form, total)
    registers = (
        Part(register(inside.bits), name="activation"),
        Part(register_enable(inside.bits), name="weight"),
        Part(register(total.bits), name="partial sum"),
    )
    integer = chosen.weight_bits < form.bits
    scaled = bool(chosen.group) and form.bits == 8
    edge = _normaliser(form) if form.name in SUBNORMAL_PLACES else ()
    column = dequantiser(form, chosen.weight_bits) if integer else edge
    path: tuple[Unit, ...] = (product[0].unit, *(() if rounded else (product[3].unit,)), whole)
    return Structure(
        element=(*product, *add, *registers),
        path=path,
        cut_bits=total.bits + (total.bits if rounded else 1 + total.exponent_bits + 2 * inside.mantissa_bits + 1),
        row=edge,
        column=column,
        scale=scale_unit(total) if scaled else (),
        scale_cycles=1 if scaled else 0,
        weight_bits_stored=chosen.weight_bits,
        group_bits=_group_bits(form, chosen.weight_bits),
        activation_bits_stored=form.bits,
        output_bits=32 if form is FP32 else 16,
    )


def _group_bits(form: FloatFormat, weight_bits: int) -> int:
    scale = {"int-sym": SCALE_BITS, "int-asym": SCALE_BITS + weight_bits, "fp8-e4m3": FP8_SCALE_BITS}
    scale["fp8-e5m2"] = FP8_SCALE_BITS
    return scale.get(_weight_formats(form)[weight_bits], 0)


def _normaliser(form: FloatFormat) -> tuple[Part, ...]:
    places = SUBNORMAL_PLACES[form.name]
    return (
        Part(constant_table(form.exponent_bits, form.exponent_bits + 1), name="exponent with room for subnormals"),
        Part(constant_table(form.mantissa_bits, form.mantissa_bits + places.bit_length()), name="normalise subnormals"),
        Part(multiplexer(2, form.mantissa_bits + form.exponent_bits + 1), name="normal or subnormal"),
        Part(or_reduce(form.exponent_bits), name="is it subnormal"),
    )


def _weight_formats(form: FloatFormat) -> Mapping[int, str]:
    integers = {3: "int-asym", 4: "int-asym", 8: "int-sym"} if form in (FP16, BF16) else {}
    return MappingProxyType({**integers, form.bits: form.name})


def _rtl(form: FloatFormat, chosen: Configuration) -> Rtl:
    total, inside = sum_format(form, chosen), operand_format(form)
    parameters = {
        "EXPONENT_BITS": inside.exponent_bits,
        "MANTISSA_BITS": inside.mantissa_bits,
        "BIAS": operand_bias(form),
        "SUM_EXPONENT_BITS": total.exponent_bits,
        "SUM_MANTISSA_BITS": total.mantissa_bits,
    }
    return Rtl(("units.v", "floating.v"), "pe_floating", parameters)


def _element(form: FloatFormat, title: str, notes: str, sources: tuple[str, ...]) -> ProcessingElement:
    formats = _weight_formats(form)
    return ProcessingElement(
        name=form.name,
        title=title,
        sources=sources,
        operands=tuple((bits, form.bits) for bits in sorted(formats, reverse=True)),
        default=Configuration(weight_bits=form.bits, activation_bits=form.bits, group=0),
        structure=partial(_structure, form),
        weight_formats=formats,
        activation_format=MappingProxyType({form.bits: form.name}),
        cached_bits=(form.bits,),
        rtl=partial(_rtl, form),
        notes=notes,
    )


_FLUSHED = "Subnormal operands and results are zero; rounding is to nearest even; infinities are not told apart."
_INTEGERS = (
    f"{_FLUSHED} Integer weights are dequantised at the head of the column, one a cycle, rounded to the operand format."
)
_NORMALISED = (
    "Subnormal operands are normalised at the edge of the array into one more exponent bit, so none is lost; partial"
    " sums flush theirs. Scales of groups are applied to the partial sums in FP32 at the foot of the column."
)
_OCP = ("OCP 8-bit floating-point specification, revision 1.0, 2023",)
_IEEE = ("IEEE Std 754-2019",)

ELEMENTS = (
    _element(FP32, "FP32 multiply, FP32 sum", _FLUSHED, _IEEE),
    _element(FP16, "FP16 multiply, FP32 (or FP16) sum; integer weights dequantised before the array", _INTEGERS, _IEEE),
    _element(BF16, "BF16 multiply, FP32 (or BF16) sum; integer weights dequantised before the array", _INTEGERS, _IEEE),
    _element(FP8_E4M3, "FP8 E4M3 multiply, FP32 (or FP16) sum", _NORMALISED, _OCP),
    _element(FP8_E5M2, "FP8 E5M2 multiply, FP32 (or FP16) sum", _NORMALISED, _OCP),
)
