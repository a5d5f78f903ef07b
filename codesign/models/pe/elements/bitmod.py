"""BitMoD: four small-float or integer weights, one term of each in a cycle, times FP16 activations."""

from __future__ import annotations

from codesign.errors import ModelInputError
from codesign.models.pe.element import Configuration, Part, ProcessingElement, Rtl, Structure
from codesign.models.pe.emulation.bitmod import GUARD_BITS, LANES, PARTIAL_BITS, SCALE_BITS, SUM_BITS, TERMS
from codesign.technology import units

TILE_ROWS = 8
"""Elements of a column that share one adder of scaled groups: the rows of a published tile."""
SELECTOR_BITS = 2
EXPONENT_BITS = 7
"""Of a sum."""
FLOAT_BITS = 32
"""Of the sum over groups."""


def _partial_sum() -> tuple[Part, ...]:
    """Stages 1 and 2: exponents of four terms, alignment to the largest, their sum."""
    kept = 11 + GUARD_BITS
    return (
        Part(units.or_reduce(5), LANES, name="hidden bit"),
        Part(units.adder(6), LANES, name="exponent of a term"),
        Part(units.and_row(17), LANES, name="mantissa of a term"),
        Part(units.maximum(6), LANES - 1, name="largest exponent"),
        Part(units.xor_row(LANES), name="sign"),
        Part(units.adder(6), LANES, name="distance"),
        Part(units.and_row(11), LANES, name="too far"),
        Part(units.register(16 * LANES + 10), name="stage 1"),
        Part(units.barrel_shifter(kept, 4), LANES, name="alignment"),
        Part(units.negate(kept + 1), LANES, name="sign of a term"),
        Part(units.adder_tree(LANES, kept + 1), name="sum of terms"),
        Part(units.adder(6), name="significance"),
        Part(units.register(PARTIAL_BITS + 7), name="stage 2"),
    )


def _group_sum(bits: int) -> tuple[Part, ...]:
    """Stage 3: align, add, normalise."""
    return (
        Part(units.and_row(bits + EXPONENT_BITS), 1.0, name="restart"),
        Part(units.adder(8), name="distance"),
        Part(units.negate(7), name="distance"),
        Part(units.multiplexer(2, EXPONENT_BITS), name="larger exponent"),
        Part(units.multiplexer(2, bits), 2, name="swap"),
        Part(units.xor_row(bits), 2, name="arithmetic shift"),
        Part(units.barrel_shifter(bits, 5), name="alignment"),
        Part(units.and_row(bits), name="too far"),
        Part(units.adder(bits + 1), name="sum"),
        Part(units.xor_row(bits), name="copies of the sign"),
        Part(units.leading_zeros(bits - 1), name="copies of the sign"),
        Part(units.barrel_shifter(bits, (bits - 1).bit_length()), name="normalisation"),
        Part(units.multiplexer(2, bits), name="overflow"),
        Part(units.or_reduce(bits + 1), name="zero"),
        Part(units.adder(7), name="exponent"),
        Part(units.and_row(EXPONENT_BITS), name="zero"),
        Part(units.register(bits + EXPONENT_BITS), name="sum of the group"),
    )


def _scale(bits: int, once: float) -> tuple[Part, ...]:
    """Stage 4 and an element's share of the tile's adder; ``once`` is one over the cycles of a group."""
    serial = min(1.0, SCALE_BITS * once)
    product = bits + SCALE_BITS
    shared = 1.0 / TILE_ROWS
    tile = min(1.0, TILE_ROWS * once)
    return (
        Part(units.register_enable(bits + EXPONENT_BITS), 1.0, once, "finished sum"),
        Part(units.and_row(bits), 2, serial, "digit"),
        Part(units.adder(bits + 1), 1.0, serial, "shift and add"),
        Part(units.register_enable(product), 1.0, serial, "scaled sum"),
        Part(units.negate(product), shared, tile, "magnitude"),
        Part(units.leading_zeros(product), shared, tile, "to FP32"),
        Part(units.barrel_shifter(product, (product - 1).bit_length()), shared, tile, "to FP32"),
        Part(units.adder(25), shared, tile, "rounding"),
        Part(units.adder(8), 2 * shared, tile, "exponent"),
        Part(units.register(FLOAT_BITS), shared, tile, "stage"),
        Part(units.float_add(8, 23), shared, tile, "sum of groups"),
    )


TERM_GENERATOR = (
    Part(units.constant_table(4, 5), LANES, name="small float to fixed point"),
    Part(units.multiplexer(2, 6), LANES, name="special value"),
    Part(units.leading_zeros(4), LANES, name="first one"),
    Part(units.multiplexer(2, 4), 2 * LANES, name="term"),
    Part(units.multiplexer(4, 3), LANES, name="Booth digit"),
    Part(units.constant_table(3, 4), LANES, name="Booth term"),
)
"""What turns codes into terms at the top of a column."""


def _sum_bits(configuration: Configuration) -> int:
    """Return the bits of a group's sum: 24, or more, which are emulated as 24."""
    bits = configuration.accumulator_bits or SUM_BITS
    if bits < SUM_BITS:
        raise ModelInputError(f"bitmod's sums have at least {SUM_BITS} bits, found accumulator_bits={bits}")
    return bits


def _structure(configuration: Configuration) -> Structure:
    bits = _sum_bits(configuration)
    terms = TERMS[configuration.weight_bits]
    if 0 < configuration.group * terms < SCALE_BITS * LANES:
        raise ModelInputError(
            f"a group's scale takes bitmod {SCALE_BITS} cycles, longer than the {configuration.group * terms / LANES:g}"
            f" of a group of {configuration.group}"
        )
    once = LANES / (configuration.group * terms) if configuration.group else 0.0
    small_float = configuration.weight_bits in (3, 4)
    return Structure(
        element=(*_partial_sum(), *_group_sum(bits), *_scale(bits, once)),
        path=(
            units.adder(8),
            units.negate(7),
            units.barrel_shifter(bits, 5),
            units.adder(bits + 1),
            units.leading_zeros(bits - 1),
            units.barrel_shifter(bits, 5),
        ),
        cut_bits=bits + EXPONENT_BITS,
        row=(Part(units.register(16 * LANES), 1.0, 1.0 / terms, "activations"),),
        column=(
            *TERM_GENERATOR,
            Part(units.register_enable(8 * LANES + 6), 1.0, 1.0 / terms, "codes and special value"),
            Part(units.register(4 * LANES + 3), name="terms"),
        ),
        step_macs=LANES,
        step_cycles=terms,
        weight_bits_stored=configuration.weight_bits,
        group_bits=(SCALE_BITS + SELECTOR_BITS * small_float) if configuration.group else 16.0,
        activation_bits_stored=16.0,
    )


def _rtl(configuration: Configuration) -> Rtl:
    return Rtl(("units.v", "bitmod.v"), "pe_bitmod", {"SUM_BITS": _sum_bits(configuration)})


ELEMENTS = (
    ProcessingElement(
        name="bitmod",
        title="BitMoD: bit-serial terms of four weights times FP16 activations",
        sources=("Chen et al., BitMoD, HPCA 2025, arXiv 2411.11745", "github.com/yc2367/BitMoD-HPCA-25"),
        operands=tuple((bits, 16) for bits in TERMS),
        default=Configuration(weight_bits=4, activation_bits=16),
        structure=_structure,
        weight_formats={3: "bitmod", 4: "bitmod", 6: "int-sym", 8: "int-sym"},
        activation_format={16: "fp16"},
        cached_bits=(8,),
        rtl=_rtl,
        notes=(
            "The paper gives the stages, the guard bits and the serial scale; assumed are a group's sum of 24 bits in"
            " two's complement, the significance added to the exponent instead of shifted, zero"
            " terms that don't take part in the alignment, and FP32 for the sum over groups, whose adder serves the"
            " eight elements of a tile's column. A group takes at least 8 cycles, so that its scale is hidden. Operands"
            " are broadcast: their registers stand at the edges. The channel's own FP16 scale isn't counted."
        ),
    ),
)
