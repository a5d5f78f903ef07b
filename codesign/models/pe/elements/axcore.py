"""AxCore: a tile of four by four products, each one addition of codes, summed per column without normalisation."""

from __future__ import annotations

from functools import partial

from codesign.models.pe.element import Configuration, Part, ProcessingElement, Rtl, Structure
from codesign.models.pe.emulation.axcore import (
    EXPONENT_OFFSET,
    FORMATS,
    GUARD_BITS,
    LANES,
    PRODUCT_COMPENSATION,
    SCALE_COMPENSATION,
    WEIGHT_FORMATS,
    integer_bits,
)
from codesign.models.pe.emulation.float_arithmetic import FP32, FloatFormat
from codesign.technology.units import (
    adder,
    adder_tree,
    and_row,
    barrel_shifter,
    constant_table,
    float_add,
    leading_zeros,
    maximum,
    negate,
    or_reduce,
    register,
    register_enable,
    xor_row,
)

COLUMNS = 4
"""Columns of a tile, which share the registers of the activations."""


def sum_bits(form: FloatFormat, chosen: Configuration) -> int:
    """Return the bits of a partial sum's mantissa in two's complement; its exponent comes on top."""
    return 1 + integer_bits(form, chosen) + form.mantissa_bits + GUARD_BITS


def _products(form: FloatFormat, weight: FloatFormat) -> tuple[Part, ...]:
    products, exponent = LANES * COLUMNS, form.exponent_bits + 1
    guard = Part(constant_table(3, 4), products, name="subnormal weights") if weight.mantissa_bits > 1 else None
    return (
        Part(register(LANES * (exponent + form.mantissa_bits + 2)), name="activations"),
        Part(register_enable(products * weight.bits), activity=0.0, name="weights"),
        *((guard,) if guard else ()),
        Part(or_reduce(weight.bits - 1), products, name="is a weight zero"),
        Part(adder(exponent + weight.mantissa_bits), products, name="product"),
        Part(and_row(exponent), products, name="zero"),
        Part(xor_row(1), products, name="sign"),
    )


def _column_adder(form: FloatFormat, bits: int) -> tuple[Part, ...]:
    exponent, kept = form.exponent_bits + 1, form.mantissa_bits + 1 + GUARD_BITS
    lanes = LANES * COLUMNS
    return (
        Part(maximum(exponent), lanes, name="largest exponent"),
        Part(adder(exponent), lanes + COLUMNS, name="distance"),
        Part(and_row(form.mantissa_bits + 1), lanes, name="zero or too far"),
        Part(barrel_shifter(kept, kept.bit_length()), lanes, name="align products"),
        Part(negate(kept + 1), lanes, name="sign of a product"),
        Part(xor_row(bits), 2 * COLUMNS, name="arithmetic shift of the sum"),
        Part(barrel_shifter(bits, bits.bit_length()), COLUMNS, name="align the sum"),
        Part(and_row(bits), COLUMNS, name="too far"),
        Part(adder_tree(LANES, kept + 1), COLUMNS, name="sum of products"),
        Part(adder(bits), COLUMNS, name="partial sum"),
        Part(register(bits + exponent), COLUMNS, name="partial sum"),
    )


def _preadd(form: FloatFormat) -> tuple[Part, ...]:
    """The adders of a row. One operand is constant, so they are half adders, as those of a negation are."""
    width = form.exponent_bits + form.mantissa_bits
    return (
        Part(negate(width + 1), LANES, name="bias and compensation"),
        Part(or_reduce(form.exponent_bits), LANES, name="is it zero"),
        Part(register(width + 3), LANES, name="advanced activation"),
    )


def _scale_unit(form: FloatFormat, bits: int) -> tuple[Part, ...]:
    """Norm and AxScale of one output column. Rounding, and adding a constant, takes half adders."""
    width = 10 + form.mantissa_bits
    return (
        Part(negate(width), 1, 0.0, "scale, bias and compensation"),
        Part(register_enable(width + 1), 1, 0.0, "scale"),
        Part(negate(bits), name="magnitude"),
        Part(leading_zeros(bits), name="normalise"),
        Part(barrel_shifter(bits, bits.bit_length()), name="normalise"),
        Part(or_reduce(bits), 2, name="zero, sticky"),
        Part(adder(10), name="exponent"),
        Part(negate(width), name="round"),
        Part(register(width + 2), name="normalised sum"),
        Part(adder(width), name="times the scale"),
        Part(and_row(form.mantissa_bits + 8), name="zero"),
        Part(register(form.mantissa_bits + 9), name="scaled sum"),
        Part(float_add(FP32.exponent_bits, FP32.mantissa_bits), name="add to the total"),
        Part(register(FP32.bits), name="total"),
    )


def structure(form: FloatFormat, chosen: Configuration) -> Structure:
    """Return the element for activations of a format."""
    weight, bits, exponent = WEIGHT_FORMATS[chosen.weight_bits], sum_bits(form, chosen), form.exponent_bits + 1
    kept = form.mantissa_bits + 1 + GUARD_BITS
    scale = tuple(Part(part.unit, part.count * COLUMNS, part.activity, part.name) for part in _scale_unit(form, bits))
    return Structure(
        element=(*_products(form, weight), *_column_adder(form, bits)),
        path=(
            adder(exponent + weight.mantissa_bits),
            maximum(exponent),
            maximum(exponent),
            maximum(exponent),
            adder(exponent),
            barrel_shifter(kept, kept.bit_length()),
            adder_tree(LANES, kept + 1),
            adder(bits),
        ),
        cut_bits=COLUMNS * (LANES * (exponent + form.mantissa_bits + 2) + bits + exponent),
        row=_preadd(form),
        scale=scale,
        step_macs=LANES,
        fused_columns=COLUMNS,
        scale_cycles=1,
        weight_bits_stored=chosen.weight_bits,
        group_bits=form.bits,
        activation_bits_stored=form.bits,
        output_bits=FP32.bits,
    )


def _rtl(form: FloatFormat, chosen: Configuration) -> Rtl:
    weight = WEIGHT_FORMATS[chosen.weight_bits]
    sizes = {
        "EXPONENT_BITS": form.exponent_bits,
        "MANTISSA_BITS": form.mantissa_bits,
        "WEIGHT_EXPONENT_BITS": weight.exponent_bits,
        "WEIGHT_MANTISSA_BITS": weight.mantissa_bits,
        "INTEGER_BITS": integer_bits(form, chosen),
        "COLUMNS": COLUMNS,
    }
    return Rtl(("units.v", "axcore.v"), "pe_axcore", sizes)


def preadd_rise(form: FloatFormat, weight: FloatFormat) -> int:
    """Return the constant that a row's PreAdd adds, for the parameter RISE of its Verilog."""
    return ((EXPONENT_OFFSET - weight.bias) << form.mantissa_bits) + PRODUCT_COMPENSATION[form.name]


def scale_rise(form: FloatFormat, chosen: Configuration) -> int:
    """Return the constant that a column's scale unit adds, for the parameter RISE of its Verilog."""
    exponent = FP32.bias - 2 * form.bias - EXPONENT_OFFSET + integer_bits(form, chosen)
    return (exponent << form.mantissa_bits) + SCALE_COMPENSATION[form.name]


ELEMENTS = tuple(
    ProcessingElement(
        name=name,
        title=f"AxCore: tile of 4 x 4 approximate {form.name.upper()} products with FP4 or FP8 weights",
        sources=("AxCore, MICRO 2025, doi 10.5281/zenodo.16735520", "github.com/CLab-HKUST-GZ/micro58-axcore-ae"),
        operands=tuple((bits, 16) for bits in WEIGHT_FORMATS),
        default=Configuration(weight_bits=4, activation_bits=16),
        structure=partial(structure, form),
        weight_formats={bits: weight.name for bits, weight in WEIGHT_FORMATS.items()},
        activation_format={16: form.name},
        arithmetic="axcore",
        rtl=partial(_rtl, form),
        notes=(
            "An element is a tile: four products of a reduction for each of four output columns, as in the authors'"
            " SpinalHDL, so an array of rows x columns elements has 16 times as many multipliers. Of their three FP4"
            " formats only E2M1 is built. Unlike theirs: a product's exponent has one bit more and an offset of 8, so"
            " that it never wraps; zero products add nothing; products are aligned as magnitudes; scaled sums take"
            " FP32's exponents and are added in FP32. accumulator_bits is the mantissa of a partial sum, sign included."
        ),
    )
    for name, form in FORMATS.items()
)
