"""LUT Tensor Core (arXiv 2408.06003): sums of activations are looked up by the bits of the weights, not multiplied.

The weights, q' = 2 q - (2^b - 1) after reinterpretation, have bits that mean -1 and +1. K activations have 2^K signed
sums, half of which are the other half negated, so a row of the array holds a table of 2^(K-1) sums. Each element of the
row picks one by K - 1 weight bits, negates it by the last one, shifts it by the place of the bit and adds it to its
output: K multiply-accumulates in b cycles.
"""

from __future__ import annotations

from types import MappingProxyType

from codesign.errors import ModelInputError
from codesign.models.pe.element import Configuration, Part, ProcessingElement, Rtl, Structure
from codesign.models.pe.elements.floating import add_short
from codesign.models.pe.emulation.float_arithmetic import FP16, FP32, FloatFormat
from codesign.technology.units import (
    Unit,
    adder,
    and_row,
    barrel_shifter,
    float_add,
    float_multiply,
    leading_zeros,
    multiplexer,
    negate,
    or_reduce,
    register,
    register_enable,
    xor_row,
)

GROUPS = (2, 3, 4, 5)
SCALE_BITS = 16
WEIGHT_FORMATS = MappingProxyType({1: "binary", 2: "int-asym", 3: "int-asym", 4: "int-asym", 8: "int-sym"})


def table_bits(chosen: Configuration) -> int:
    """Return the width of a table entry: 8 is an integer, 16 is FP16; by default that of the activations."""
    bits = chosen.table_bits or chosen.activation_bits
    if bits not in (8, 16):
        raise ModelInputError(f"a lookup table has entries of 8 or 16 bits, found table_bits={bits}")
    return bits


def lut_group(chosen: Configuration) -> int:
    """Return the activations per table, which divide a group of weights."""
    if chosen.lut_group not in GROUPS:
        raise ModelInputError(f"a lookup table is of 2 to 5 activations, found lut_group={chosen.lut_group}")
    if chosen.group % chosen.lut_group:
        raise ModelInputError(f"lut_group={chosen.lut_group} doesn't divide the group of {chosen.group} weights")
    return chosen.lut_group


def integer_sum_bits(chosen: Configuration) -> int:
    """Return the width of a sum of integer entries: 24 bits, for 8-bit weights 32."""
    bits = chosen.accumulator_bits or (24 if chosen.weight_bits <= 4 else 32)
    least = 8 + chosen.weight_bits
    if not least <= bits <= 32:
        raise ModelInputError(f"sums of 8-bit entries have {least} to 32 bits here, found accumulator_bits={bits}")
    return bits


def sum_format(chosen: Configuration) -> FloatFormat:
    """Return the format of a sum of FP16 entries: FP32, or FP16 where chosen."""
    formats = {0: FP32, 32: FP32, 16: FP16}
    if chosen.accumulator_bits not in formats:
        raise ModelInputError(
            f"sums of FP16 entries have 16 or 32 bits, found accumulator_bits={chosen.accumulator_bits}"
        )
    return formats[chosen.accumulator_bits]


def shift_stages(weight_bits: int) -> int:
    """Return the bits of a weight bit's place; 0 for one-bit weights."""
    return (weight_bits - 1).bit_length()


def integer_unit(chosen: Configuration) -> tuple[Part, ...]:
    """Return the parts of an element with tables of 8-bit integers."""
    total, stages = integer_sum_bits(chosen), shift_stages(chosen.weight_bits)
    shift = (Part(barrel_shifter(8 + chosen.weight_bits - 1, stages), name="place of the bit"),) if stages else ()
    return (
        Part(multiplexer(1 << (lut_group(chosen) - 1), 8), name="look up"),
        Part(negate(8), name="sign"),
        *shift,
        Part(adder(total), name="add to the sum"),
        Part(and_row(total), name="clear"),
        Part(register(total), name="sum"),
    )


def floating_unit(chosen: Configuration) -> tuple[Part, ...]:
    """Return the parts of an element with tables of FP16 numbers."""
    total = sum_format(chosen)
    exponent = total.exponent_bits if total is FP32 else total.exponent_bits + 1
    limit = () if total is FP32 else (Part(and_row(FP16.exponent_bits), name="largest exponent"),)
    return (
        Part(multiplexer(1 << (lut_group(chosen) - 1), 16), name="look up"),
        Part(xor_row(1), name="sign"),
        Part(adder(exponent), name="place of the bit"),
        *limit,
        Part(or_reduce(FP16.exponent_bits), name="is it zero"),
        Part(and_row(total.exponent_bits + FP16.mantissa_bits), name="zero"),
        *(add_short(total, FP16.mantissa_bits) if total is FP32 else (Part(float_add(5, 10), name="add to the sum"),)),
        Part(and_row(total.bits), name="clear"),
        Part(register(total.bits), name="sum"),
    )


def to_floating(bits: int, name: str) -> tuple[Part, ...]:
    """Return the parts that turn a two's complement integer of ``bits`` into FP32."""
    return (
        Part(negate(bits), name=f"magnitude of the {name}"),
        Part(leading_zeros(bits), name=f"exponent of the {name}"),
        Part(barrel_shifter(bits, bits.bit_length()), name=f"significand of the {name}"),
    )


def _scale_unit(chosen: Configuration, integer: bool) -> tuple[Part, ...]:
    """One FP32 multiply-add: times the tables' scale, less the zero point's share, times the weights' scale."""
    return (
        *(to_floating(integer_sum_bits(chosen), "sum") if integer else ()),
        *to_floating(chosen.weight_bits + 1, "zero point"),
        Part(multiplexer(4 if integer else 2, 32), 2, name="factors"),
        Part(float_multiply(8, 23), name="multiply"),
        Part(float_add(8, 23), name="add"),
        Part(register(32), 2, name="scaled sum and output"),
        Part(register_enable(SCALE_BITS + chosen.weight_bits), activity=0.0, name="scale and zero point of the group"),
    )


def _column(chosen: Configuration) -> tuple[Part, ...]:
    group, bits = lut_group(chosen), chosen.weight_bits
    pick = (Part(multiplexer(bits, group), name="bits of this cycle"),) if bits > 1 else ()
    weights = Part(register_enable(group * bits), activity=1.0 / bits, name="weights")
    return (weights, *pick)


def _structure(chosen: Configuration) -> Structure:
    group, bits, stages = lut_group(chosen), chosen.weight_bits, shift_stages(chosen.weight_bits)
    integer = table_bits(chosen) == 8
    entries, total = 1 << (group - 1), integer_sum_bits(chosen) if integer else sum_format(chosen).bits
    element = integer_unit(chosen) if integer else floating_unit(chosen)
    counter = (Part(register(stages), name="place of the bit"), Part(adder(stages), name="next")) if stages else ()
    row = Part(register_enable(32), 2 if integer else 1, activity=0.0, name="scale of the tables, sum of activations")
    return Structure(
        element=element,
        path=_integer_path(element) if integer else _floating_path(chosen),
        cut_bits=(8 + bits - 1 if integer else total) + total,
        row=(row,),
        column=_column(chosen),
        scale=_scale_unit(chosen, integer) if chosen.group else (),
        array=counter,
        step_macs=group,
        step_cycles=bits,
        scale_cycles=(3 if integer else 2) if chosen.group else 0,
        weight_bits_stored=bits,
        group_bits=SCALE_BITS + (bits if WEIGHT_FORMATS[bits] == "int-asym" else 0),
        activation_bits_stored=chosen.activation_bits,
        table_additions=(entries + group - 2) / group,
        table_bits_per_row=entries * table_bits(chosen),
    )


def _integer_path(element: tuple[Part, ...]) -> tuple[Unit, ...]:
    chain = ("multiplexer", "negate", "barrel_shifter", "adder")
    return tuple(part.unit for part in element if part.unit.kind in chain)


def _floating_path(chosen: Configuration) -> tuple[Unit, ...]:
    total = sum_format(chosen)
    whole = float_add(total.exponent_bits, total.mantissa_bits)
    return (multiplexer(1 << (lut_group(chosen) - 1), 16), adder(total.exponent_bits), whole)


def _rtl(chosen: Configuration) -> Rtl:
    parameters = {"GROUP": lut_group(chosen), "WEIGHT_BITS": chosen.weight_bits}
    if table_bits(chosen) == 8:
        return Rtl(("units.v", "lut.v"), "pe_lut_integer", parameters | {"SUM_BITS": integer_sum_bits(chosen)})
    total = sum_format(chosen)
    sizes = {"SUM_EXPONENT_BITS": total.exponent_bits, "SUM_MANTISSA_BITS": total.mantissa_bits}
    return Rtl(("units.v", "lut.v"), "pe_lut_floating", parameters | sizes)


LUT = ProcessingElement(
    name="lut-k4",
    title="LUT Tensor Core: bit-serial table lookup of sums of K activations",
    sources=(
        "LUT Tensor Core, arXiv:2408.06003 (ISCA 2025)",
        "its Verilog: github.com/microsoft/T-MAC, branch LUTTensorCore_ISCA25",
    ),
    operands=tuple((weight, activation) for activation in (8, 16) for weight in WEIGHT_FORMATS),
    default=Configuration(weight_bits=2, activation_bits=8),
    structure=_structure,
    weight_formats=WEIGHT_FORMATS,
    activation_format=MappingProxyType({8: "int-sym", 16: "fp16"}),
    rtl=_rtl,
    notes=(
        "Tables are made outside the array, fused into the operator before it: K - 1 additions for the first entry and"
        " one for each other; unfused, the tables would also be written and read. Integer tables share a scale per row"
        " and group of weights, so that a group's sum stays an integer; the paper has a scale per K activations and"
        " doesn't say where it is applied. One multiply-add unit per column, outside the paper's array, takes 3 cycles"
        " for each output of a group: times the tables' scale (integer tables), less zero point times the sum of the"
        " activations, times the weights' scale. The complement of the index of a negated entry is stored in memory."
    ),
)

ELEMENTS = (LUT,)
