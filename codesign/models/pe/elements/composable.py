"""Bit Fusion: sixteen 2-bit multipliers that join into one product of 8 bits or several narrower ones."""

from __future__ import annotations

from codesign.models.pe.element import Configuration, Part, ProcessingElement, Rtl, Structure
from codesign.models.pe.elements.integer import SCALE_BITS, carries_above, operand_registers
from codesign.technology.units import adder, and_row, multiplexer, signed_multiplier

BRICKS = 16
BRICK_BITS = 2
SUM_BITS = 32
TREE = ((8, 7), (4, 9), (2, 13), (1, 17))
"""Nodes of each level and bits of their sums: weights and activations join to 4 bits, then to 8."""
OPERAND_BITS = BRICKS * BRICK_BITS
"""Of activations, and of weights, that an element holds: 32, so that sixteen 2-bit products have their own."""


def products(chosen: Configuration) -> int:
    """Return the products of a cycle, all of one output: 16 bricks over (weight bits / 2) * (activation bits / 2)."""
    return BRICKS * BRICK_BITS**2 // (chosen.weight_bits * chosen.activation_bits)


def _structure(chosen: Configuration) -> Structure:
    sum_bits = chosen.accumulator_bits or SUM_BITS
    brick = signed_multiplier(BRICK_BITS + 1, BRICK_BITS + 1)
    nodes = [(multiplexer(2, bits), adder(bits), count) for count, bits in TREE]
    return Structure(
        element=(
            Part(and_row(1), count=2 * BRICKS, name="sign or zero above a brick's operands"),
            Part(brick, count=BRICKS, name="bricks"),
            *(Part(shift, count=count, name="shift or not") for shift, _, count in nodes),
            *(Part(add, count=count, name="add") for _, add, count in nodes),
            Part(adder(sum_bits), name="accumulate"),
            *operand_registers(OPERAND_BITS, OPERAND_BITS, sum_bits),
        ),
        path=(brick, *(shift for shift, _, _ in nodes), adder(TREE[-1][1]), carries_above(sum_bits, TREE[-1][1])),
        cut_bits=TREE[-1][1] + sum_bits,
        step_macs=products(chosen),
        weight_bits_stored=chosen.weight_bits,
        group_bits=SCALE_BITS,
        activation_bits_stored=chosen.activation_bits,
        output_bits=sum_bits,
    )


def _rtl(chosen: Configuration) -> Rtl:
    return Rtl(("units.v", "composable.v"), "pe_composable", {"SUM_BITS": chosen.accumulator_bits or SUM_BITS})


ELEMENTS = (
    ProcessingElement(
        name="bitfusion",
        title="Bit Fusion: sixteen 2-bit multipliers, fused to 8, 4 or 2 bits",
        sources=("Bit Fusion arXiv:1712.01507", "github.com/hsharma35/bitfusion"),
        operands=tuple((weight, activation) for weight in (8, 4, 2) for activation in (8, 4, 2)),
        default=Configuration(8, 8, group=0),
        structure=_structure,
        weight_formats={8: "int-sym", 4: "int-sym", 2: "ternary"},
        activation_format={8: "int-sym", 4: "int-sym", 2: "int-sym"},
        cached_bits=(8, 4),
        groups=False,
        rtl=_rtl,
        notes="All products of a cycle belong to one output, as in the authors' simulator, whose factor is on the "
        "reduction; the simulators of ANT and MixPE, which descend from it, give a 4-bit layer twice the rows and "
        "twice the columns instead, which is the same peak. The array's edge copies operands to the bricks, so an "
        "element holds 32 bits of each. The sum wraps.",
    ),
)
