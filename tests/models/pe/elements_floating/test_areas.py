"""Areas of the compositions against synthesis that was done before them, and of each part against none at all."""

import csv

import pytest

from codesign.models.pe.array.prices import part_sum
from codesign.models.pe.element import Configuration
from codesign.models.pe.elements.approximate import ELEMENTS as APPROXIMATE
from codesign.models.pe.elements.floating import ELEMENTS as FLOATING
from codesign.models.pe.elements.lut import ELEMENTS as LUTS

ELEMENT = {element.name: element for element in (*FLOATING, *APPROXIMATE, *LUTS)}
SYNTHESISED = {
    "mac_fp16": ("fp16", Configuration(16, 16, 16)),
    "mac_fp16_32": ("fp16", Configuration(16, 16, 32)),
    "lutunit": ("lut-k4", Configuration(4, 8)),
}


def area(name, chosen, library="nangate45"):
    return part_sum(ELEMENT[name].structure(chosen).element, library).area_um2


@pytest.mark.shared
@pytest.mark.parametrize("library", ["nangate45", "sky130hd"])
@pytest.mark.parametrize("block", SYNTHESISED)
def test_areas_are_within_a_tenth_of_synthesis(shared, library, block):
    with (shared / "reference" / "synthesis" / "area.csv").open() as stream:
        rows = [row for row in csv.DictReader(stream) if (row["library"], row["block"]) == (library, block)]
    target = "1000" if library == "nangate45" else ""
    synthesised = next(float(row["area_um2"]) for row in rows if row["target_ps"] == target)
    assert area(*SYNTHESISED[block], library) == pytest.approx(synthesised, rel=0.1)


def test_wider_formats_and_wider_sums_cost_more():
    wide = [area(name, Configuration(bits, bits)) for name, bits in (("fp32", 32), ("fp16", 16), ("fp8-e4m3", 8))]
    assert wide == sorted(wide, reverse=True)
    for name, bits in (("fp16", 16), ("bf16", 16), ("fp8-e4m3", 8), ("fp8-e5m2", 8)):
        assert area(name, Configuration(bits, bits, 16)) < area(name, Configuration(bits, bits, 32))


def test_bf16_is_cheaper_than_fp16_and_cheaper_still_when_normalised_approximately():
    fp16, bf16 = (area(name, Configuration(16, 16)) for name in ("fp16", "bf16"))
    assert area("bf16-approx", Configuration(16, 16)) < bf16 < fp16


def test_larger_lookup_groups_cost_more_per_element_and_less_per_multiplication():
    areas = {group: area("lut-k4", Configuration(2, 8, group=0, lut_group=group)) for group in (2, 3, 4, 5)}
    assert list(areas.values()) == sorted(areas.values())
    assert areas[2] / 2 > areas[3] / 3 > areas[4] / 4


@pytest.mark.parametrize("name", ELEMENT)
def test_every_part_has_a_price_a_share_of_the_cycles_and_a_name(name):
    element = ELEMENT[name]
    for weight_bits, activation_bits in element.operands:
        structure = element.structure(Configuration(weight_bits, activation_bits))
        for part in (*structure.element, *structure.row, *structure.column, *structure.array):
            assert part_sum((part,), "nangate45").area_um2 > 0
            assert 0 <= part.activity <= 1
            assert part.name
        assert structure.path
