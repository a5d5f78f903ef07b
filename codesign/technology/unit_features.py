"""What a unit is made of, counted from its sizes: the features that its area and its delay are fitted on.

Gates are counted in the unit-gate model of Zimmermann (Binary Adder Architectures for Cell-Based VLSI and their
Synthesis, thesis, ETH Zurich, 1998): a two-input AND or OR is one gate and one delay, an XOR two and two, a half adder
three and two, a full adder seven and four, a two-way multiplexer three and two.
Structures are those that synthesis makes of the operators (Yosys: sums of products become one carry-save array with a
Brent-Kung adder behind it, shifts become rows of multiplexers), before technology mapping, which the coefficients of
the fit stand for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType

from codesign.technology.carry_save import CarrySave, compress, product_rows, word_row
from codesign.technology.prefix_adder import adder_gates, prefix_nodes
from codesign.technology.units import Unit

Features = Mapping[str, float]
"""Feature -> how many, or how long."""

FULL_ADDER_DELAYS = 4
RELAXED_BITS = 32
"""Longest adder that synthesis needn't speed up for 1 ns on NanGate45 (0.97 ns at minimum area)."""
EXTRA_PLACES = 4
"""Places of an aligned significand besides the stored mantissa: hidden one, guard, round, sticky."""


def _array_area(array: CarrySave) -> Features:
    """AND gates; gates of the compressors, 7 FA + 3 HA; gates of the last adder."""
    return {
        "partial_products": array.partial_products,
        "compressor_gates": array.compressor_gates,
        "carry_gates": adder_gates(array.final_columns),
    }


def _array_delay(array: CarrySave) -> Features:
    """Delays of the compressor rows, 4 each; of the last adder, logarithm and ripple (see ``_bits_delay``)."""
    return {
        "one": 1.0,
        "compressor_delays": FULL_ADDER_DELAYS * array.levels,
        "log2_final_bits": math.log2(max(array.final_bits, 1)),
        "final_bits": array.final_bits,
    }


@cache
def _product(a_bits: int, b_bits: int, width: int, a_signed: bool, b_signed: bool, sum_bits: int) -> CarrySave:
    rows = product_rows(a_bits, b_bits, width, a_signed=a_signed, b_signed=b_signed)
    if sum_bits:
        rows.append(word_row(sum_bits, width, _above(rows), signed=True))
    return compress(rows, width, a_bits * b_bits)


@cache
def _shift_add(a_bits: int, b_bits: int) -> CarrySave:
    rows = product_rows(a_bits, b_bits, a_bits + b_bits, a_signed=True, b_signed=False, rows_from_b=True)
    return compress(rows, a_bits + b_bits, a_bits * b_bits)


@cache
def _adder_tree(inputs: int, bits: int) -> CarrySave:
    width = bits + math.ceil(math.log2(inputs))
    return compress([word_row(bits, width, i * bits, signed=True) for i in range(inputs)], width, 0)


def _above(rows: list[dict[int, int]]) -> int:
    return 1 + max(signal for row in rows for signal in row.values())


def _array(unit: Unit) -> CarrySave:
    """The carry-save array of the kinds that are one.

    multiplier, signed_multiplier: the product at full width. multiply_add: the sum is one row more, and every row is
    as wide as the sum, signs extended. shift_add: a row for each bit of b, signs of a extended. adder_tree: rows are
    the words, signs extended.
    """
    sizes = unit.sizes
    if unit.kind == "multiply_add":
        return _product(sizes[0], sizes[1], sizes[2], True, True, sizes[2])
    if unit.kind == "shift_add":
        return _shift_add(*sizes)
    if unit.kind == "adder_tree":
        return _adder_tree(*sizes)
    signed = unit.kind == "signed_multiplier"
    return _product(sizes[0], sizes[1], sum(sizes), signed, signed, 0)


def _array_kind_area(unit: Unit) -> Features:
    return _array_area(_array(unit))


def _sum_area(unit: Unit) -> Features:
    """As a product, with AND gates and compressors together: where sums are wide they grow in step."""
    array = _array_area(_array(unit))
    gates = array["partial_products"] + array["compressor_gates"]
    return {"array_gates": gates, "carry_gates": array["carry_gates"]}


def _array_kind_delay(unit: Unit) -> Features:
    return _array_delay(_array(unit))


def _adder_area(unit: Unit) -> Features:
    """Bits (propagate, generate, sum) and Brent-Kung nodes; and the nodes of long adders once more.

    Up to ``RELAXED_BITS`` an adder of minimum area meets 1 ns on the slowest library fitted with a target; beyond,
    synthesis pays for speed.
    """
    (bits,) = unit.sizes
    nodes = prefix_nodes(bits)
    return {"bits": bits, "prefix_nodes": nodes, "hurried_nodes": nodes if bits > RELAXED_BITS else 0}


def _negate_area(unit: Unit) -> Features:
    """Bits (an XOR and a multiplexer) and the AND tree of the carries."""
    (bits,) = unit.sizes
    return {"bits": bits, "prefix_nodes": prefix_nodes(bits)}


def _bits_delay(unit: Unit) -> Features:
    """Logarithm and ripple: with slack against the clock synthesis takes the slower, smaller carries."""
    bits = unit.sizes[-1]
    return {"log2_bits": math.log2(max(bits, 2)), "bits": bits}


def _shifter_gates(bits: int, stages: int) -> tuple[int, int]:
    """Multiplexers and AND gates of a shifter: stage k fills min(2^k, bits) places with zeros."""
    filled = sum(min(2**k, bits) for k in range(stages))
    return bits * stages - filled, filled


def _shifter_area(unit: Unit) -> Features:
    bits, stages = unit.sizes
    multiplexers, gates = _shifter_gates(bits, stages)
    return {"multiplexers": multiplexers, "and_gates": gates}


def _stages_delay(unit: Unit) -> Features:
    """One multiplexer a stage, and a select line that drives all bits."""
    bits, stages = unit.sizes
    return {"stages": stages, "log2_bits": math.log2(max(bits, 2))}


def _power_of_two_area(unit: Unit) -> Features:
    """Shifter over a word whose sign is extended, then a conditional negation.

    Stage k has a + 2^(k+1) - 2 places in which its two inputs differ; together s (a - 2) + 2 (2^s - 1). The negation
    works on the a + 2^s - 1 distinct places: an XOR and an incrementer.
    """
    a_bits, stages = unit.sizes
    return {"multiplexers": stages * (a_bits - 2) + 2 * (2**stages - 1), "negated_bits": a_bits + 2**stages - 1}


def _power_of_two_delay(unit: Unit) -> Features:
    a_bits, stages = unit.sizes
    return {"stages": stages, "negated_bits": a_bits + 2**stages - 1}


def _leading_zeros_area(unit: Unit) -> Features:
    """A priority chain over all bits, and the bits of the count, ceil(log2(n + 1))."""
    (bits,) = unit.sizes
    return {"bits": bits, "count_bits": bits.bit_length(), "bits_log2_bits": bits * math.log2(max(bits, 2))}


def _multiplexer_area(unit: Unit) -> Features:
    """A tree of four-way multiplexers a bit, which some libraries have as a cell, or an AND-OR of all words.

    What is left of four words takes two-way multiplexers; a word left alone is masked by an AND.
    """
    inputs, bits = unit.sizes
    four_way = two_way = masked = 0
    words = inputs
    while words > 1:
        left = words % 4
        four_way += words // 4
        two_way += left // 2 + (left == 3)
        masked += left % 2
        words = words // 4 + (left > 0)
    return {
        "four_way": four_way * bits,
        "two_way": two_way * bits,
        "and_gates": masked * bits,
        "word_bits": inputs * bits,
    }


def _multiplexer_delay(unit: Unit) -> Features:
    inputs, bits = unit.sizes
    return {"log2_inputs": math.log2(max(inputs, 2)), "log2_bits": math.log2(max(bits, 2))}


def _maximum_area(unit: Unit) -> Features:
    """A comparator (a prefix tree without the sums) and a multiplexer a bit."""
    (bits,) = unit.sizes
    return {"bits": bits, "prefix_nodes": prefix_nodes(bits)}


def _row_area(unit: Unit) -> Features:
    """A gate, or a flip-flop, a bit."""
    return {"bits": unit.sizes[-1]}


def _constant_delay(unit: Unit) -> Features:
    """One gate, and a line that drives all bits."""
    return {"one": 1.0, "log2_bits": math.log2(max(unit.sizes[-1], 2))}


def _reduce_area(unit: Unit) -> Features:
    """A tree of bits - 1 gates."""
    return {"gates": max(unit.sizes[0] - 1, 1)}


def _reduce_delay(unit: Unit) -> Features:
    return {"one": 1.0, "log2_bits": math.log2(max(unit.sizes[0], 2))}


def _table_area(unit: Unit) -> Features:
    """Entries of the truth tables, less the n + 1 of an output that an affine function has; minterms, shared."""
    in_bits, out_bits = unit.sizes
    return {"free_entries": out_bits * (2**in_bits - in_bits - 1), "minterms": 2**in_bits}


def _table_delay(unit: Unit) -> Features:
    """A level of logic for each input beyond two, and a first one."""
    return {"one": 1.0, "levels": max(unit.sizes[0] - 2, 0)}


def _register_delay(unit: Unit) -> Features:
    """None: paths are counted from register to register."""
    return {}


def _significand(mantissa_bits: int) -> CarrySave:
    return _product(mantissa_bits + 1, mantissa_bits + 1, 2 * mantissa_bits + 2, False, False, 0)


def _float_multiply_area(unit: Unit) -> Features:
    """The array of the significands, which rounding grows with; adding the exponents; and a rise for short mantissas.

    A product of two mantissas of two bits is rewritten as a whole, rounding included; from five bits on the unit misses
    1 ns and is sized for speed. Between, normalising and rounding come in bit by bit.
    """
    exponent_bits, mantissa_bits = unit.sizes
    array = _array_area(_significand(mantissa_bits))
    return {
        "array_gates": sum(array.values()),
        "exponent_bits": exponent_bits,
        "short_mantissa_bits": min(max(mantissa_bits - 2, 0), 3),
    }


def _float_multiply_delay(unit: Unit) -> Features:
    """The array, then rounding and the exponent behind it, whose carries ripple over both words."""
    exponent_bits, mantissa_bits = unit.sizes
    return {
        "one": 1.0,
        "compressor_delays": FULL_ADDER_DELAYS * _significand(mantissa_bits).levels,
        "bits": exponent_bits + mantissa_bits,
    }


def _float_add_area(unit: Unit) -> Features:
    """Shifters that align, mask and normalise, (m + 4) log2(m + 4) multiplexers each; exponents; the rest."""
    exponent_bits, mantissa_bits = unit.sizes
    places = mantissa_bits + EXTRA_PLACES
    return {
        "shifter_multiplexers": places * math.log2(places),
        "exponent_bits": exponent_bits,
        "one": 1.0,
    }


def _float_add_delay(unit: Unit) -> Features:
    exponent_bits, mantissa_bits = unit.sizes
    return {"log2_places": math.log2(mantissa_bits + EXTRA_PLACES), "bits": exponent_bits + mantissa_bits}


_PRODUCTS = ("multiplier", "signed_multiplier", "shift_add")
_ARRAYS = (*_PRODUCTS, "multiply_add", "adder_tree")

AREA_FEATURES: Mapping[str, Callable[[Unit], Features]] = MappingProxyType(
    dict.fromkeys(_PRODUCTS, _array_kind_area)
    | dict.fromkeys(("multiply_add", "adder_tree"), _sum_area)
    | {
        "power_of_two_multiplier": _power_of_two_area,
        "adder": _adder_area,
        "negate": _negate_area,
        "barrel_shifter": _shifter_area,
        "leading_zeros": _leading_zeros_area,
        "multiplexer": _multiplexer_area,
        "maximum": _maximum_area,
        "and_row": _row_area,
        "xor_row": _row_area,
        "or_reduce": _reduce_area,
        "constant_table": _table_area,
        "register": _row_area,
        "register_enable": _row_area,
        "float_multiply": _float_multiply_area,
        "float_add": _float_add_area,
    }
)
"""Kind -> features of its area."""

DELAY_FEATURES: Mapping[str, Callable[[Unit], Features]] = MappingProxyType(
    dict.fromkeys(_ARRAYS, _array_kind_delay)
    | {
        "power_of_two_multiplier": _power_of_two_delay,
        "adder": _bits_delay,
        "negate": _bits_delay,
        "barrel_shifter": _stages_delay,
        "leading_zeros": _bits_delay,
        "multiplexer": _multiplexer_delay,
        "maximum": _bits_delay,
        "and_row": _constant_delay,
        "xor_row": _constant_delay,
        "or_reduce": _reduce_delay,
        "constant_table": _table_delay,
        "register": _register_delay,
        "register_enable": _register_delay,
        "float_multiply": _float_multiply_delay,
        "float_add": _float_add_delay,
    }
)
"""Kind -> features of its delay."""
