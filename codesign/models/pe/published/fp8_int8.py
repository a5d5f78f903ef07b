"""Gates of FP8 against INT8 multiply-accumulators (arXiv 2303.17951), beside ours."""

from __future__ import annotations

from codesign.models.checks import Check
from codesign.models.pe.array.prices import part_sum
from codesign.models.pe.element import Configuration, Part
from codesign.models.pe.elements.floating import ELEMENTS
from codesign.technology.units import adder, signed_multiplier

PAPER = "FP8 versus INT8 for efficient deep learning inference, arXiv:2303.17951"
LIBRARY = "nangate45"
INTEGER = (Part(signed_multiplier(8, 8), name="multiply"), Part(adder(32), name="add to the 32-bit sum"))
"""INT8; apart these two are smaller than the carry-save array that synthesis makes of both."""
_GATES = (
    "logic only, without registers, against an INT8 multiplier and a 32-bit adder; theirs are counts of 2-input gates"
    " of units that aren't described in what could be had; ours flush subnormal sums and don't tell infinities apart"
)
_UNSEEN = f"the paper gives a figure, which couldn't be seen; {_GATES}"


def fp8_versus_int8() -> list[Check]:
    """Return how many times the gates of INT8 a multiply-accumulator of FP8 E4M3 has, by its accumulator."""
    item = "gates of FP8 E4M3 over INT8,"
    return [
        Check(f"{item} FP32 accumulator", 2.83, gate_ratio("fp8-e4m3", 32), "1", 0.1, PAPER, _GATES),
        Check(f"{item} FP16 accumulator", None, gate_ratio("fp8-e4m3", 16), "1", 0.1, PAPER, _UNSEEN),
    ]


def gate_ratio(name: str, accumulator_bits: int) -> float:
    """Return the area of the logic of an FP8 element over that of INT8, its edge parts left out."""
    element = next(element for element in ELEMENTS if element.name == name)
    parts = element.structure(Configuration(8, 8, accumulator_bits, group=0)).element
    logic = [part for part in parts if "register" not in part.unit.kind]
    return part_sum(logic, LIBRARY).area_um2 / part_sum(INTEGER, LIBRARY).area_um2
