"""Areas of the compositions against synthesis of the Verilog, which no price was fitted to."""

import pytest

from codesign.models.pe.array.prices import part_sum
from codesign.models.pe.element import Configuration
from codesign.models.pe.elements import ant, composable, integer, mixpe, olive
from codesign.models.pe.reference_elements import reference_elements

ELEMENTS = {element.name: element for family in (integer, mixpe, composable, ant, olive) for element in family.ELEMENTS}
SYNTHESISED_UM2 = {
    # Yosys 0.70; NanGate45 at a target of 1 ns, sky130hd without one; the middle of three draws.
    ("int8", 8, 8, 0): (1274.9, 5999.5),
    ("int4", 4, 4, 0): (611.3, 2791.4),
    ("mixpe-w4a8", 4, 8, 128): (544.8, 2399.8),
    ("mixpe-w4a8", 3, 8, 128): (445.3, 2047.0),
    ("mixpe-w4a8", 2, 8, 128): (348.5, 1696.6),
    ("mixpe-w4a16", 4, 16, 128): (2004.8, 9711.8),
    ("mixpe-w4a16", 2, 16, 128): (1930.4, 9093.7),
    ("bitfusion", 8, 8, 0): (2344.5, 10864.2),
    ("ant", 4, 4, 128): (689.2, 3134.3),
    ("olive", 4, 4, 0): (776.7, 3646.0),
}


def area(parts, library="nangate45"):
    return part_sum(parts, library).area_um2


@pytest.mark.parametrize("key", SYNTHESISED_UM2)
@pytest.mark.parametrize("library", ["nangate45", "sky130hd"])
def test_areas_are_within_a_tenth_of_the_synthesised_verilog(key, library):
    name, weight_bits, activation_bits, group = key
    parts = ELEMENTS[name].structure(Configuration(weight_bits, activation_bits, group=group)).element
    theirs = SYNTHESISED_UM2[key][library == "sky130hd"]
    assert area(parts, library) == pytest.approx(theirs, rel=0.10)


@pytest.mark.parametrize(
    "one",
    [one for one in reference_elements() if one.block == "mac_int"],
    ids=lambda one: f"{one.library}-{one.a_bits}-{one.b_bits}-{one.sum_bits}",
)
def test_multiply_accumulate_is_within_a_tenth_of_the_reference(one):
    parts = integer.multiply_accumulate(one.a_bits, one.b_bits, one.sum_bits)
    assert area(parts, one.library) == pytest.approx(one.area_um2, rel=0.10)


@pytest.mark.parametrize(
    ("parts", "theirs"),
    [(integer.scale_unit(24), 4211.8), (mixpe.ELEMENTS[0].structure(Configuration(4, 8)).column, 4598.1)],
    ids=["scale unit", "foot of a MixPE column"],
)
def test_edge_units_are_within_a_tenth_of_the_synthesised_verilog(parts, theirs):
    assert area(parts) == pytest.approx(theirs, rel=0.10)


def test_late_scales_and_short_weights_make_an_element_small():
    """MixPE's claim: fewer gates than INT8; and the price of composability: more than INT8."""
    int8, w4a8, w2a8 = (
        area(ELEMENTS[name].structure(Configuration(bits, 8, group=group)).element)
        for name, bits, group in (("int8", 8, 0), ("mixpe-w4a8", 4, 128), ("mixpe-w4a8", 2, 128))
    )
    assert w2a8 < w4a8 < 0.5 * int8
    assert area(ELEMENTS["bitfusion"].structure(Configuration(8, 8, group=0)).element) > int8


@pytest.mark.parametrize("name", ELEMENTS)
def test_every_part_has_a_price_a_share_of_the_cycles_and_a_name(name):
    element = ELEMENTS[name]
    for weight_bits, activation_bits in element.operands:
        structure = element.structure(Configuration(weight_bits, activation_bits))
        for part in (*structure.element, *structure.row, *structure.column):
            assert area((part,)) > 0
            assert 0 <= part.activity <= 1
            assert part.name
        assert all(unit in {part.unit for part in structure.element} for unit in structure.path)
        assert weight_bits in element.weight_formats
        assert activation_bits in element.activation_format
        assert structure.weight_bits_stored == weight_bits
        assert structure.activation_bits_stored == activation_bits


@pytest.mark.parametrize("name", ELEMENTS)
def test_the_default_can_be_built(name):
    assert not ELEMENTS[name].refusal(ELEMENTS[name].default)
