"""Bit Fusion: sixteen 2-bit products join to any pair of 2, 4 and 8 bits."""

import numpy as np
import pytest

from codesign.errors import ModelInputError
from codesign.models.pe.element import Configuration
from codesign.models.pe.elements.composable import BRICKS, ELEMENTS
from codesign.models.pe.emulation.composable import EMULATIONS, brick_sums, bricks
from tests.models.pe.elements_integer.operands import encoded, exact_products, random_codes, signed, wrap

(BITFUSION,) = ELEMENTS
(EMULATION,) = EMULATIONS


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_every_code_is_the_sum_of_its_parts(bits):
    codes = np.arange(1 << bits)
    parts = bricks(codes, bits)
    assert len(parts) == bits // 2
    assert sum(part << (2 * place) for place, part in enumerate(parts)).tolist() == [signed(c, bits) for c in codes]


@pytest.mark.parametrize(("weight_bits", "activation_bits"), BITFUSION.operands)
def test_products_of_all_widths_equal_python_integers(weight_bits, activation_bits):
    rng = np.random.default_rng(weight_bits * 10 + activation_bits)
    a, w = random_codes(rng, activation_bits, (40, 4)), random_codes(rng, weight_bits, (40, 5))
    found = EMULATION.multiply(
        encoded(a, "int-sym", activation_bits),
        encoded(w, "int-sym", weight_bits),
        Configuration(weight_bits, activation_bits, group=0),
    )
    assert found.tolist() == exact_products(
        [[signed(code, activation_bits) for code in row] for row in a.tolist()],
        [[signed(code, weight_bits) for code in row] for row in w.tolist()],
    )


def test_every_pair_of_8_bit_codes():
    codes = np.arange(256)
    found = brick_sums(bricks(codes[None, :], 8), bricks(codes[None, :], 8), 1)[0]
    values = np.array([signed(code, 8) for code in codes])
    assert (found == values[:, None] * values[None, :]).all()


def test_a_narrow_sum_wraps():
    a, w = encoded(np.full((9, 1), 0x80), "int-sym", 8), encoded(np.full((9, 1), 0x80), "int-sym", 8)
    found = EMULATION.multiply(a, w, Configuration(8, 8, accumulator_bits=16, group=0))
    assert found.tolist() == [[wrap(9 * 2**14, 16)]]


@pytest.mark.parametrize(
    ("weight_bits", "activation_bits", "products"), [(8, 8, 1), (4, 8, 2), (4, 4, 4), (2, 4, 8), (2, 2, 16)]
)
def test_all_bricks_work_at_every_width(weight_bits, activation_bits, products):
    structure = BITFUSION.structure(Configuration(weight_bits, activation_bits, group=0))
    assert structure.step_macs == products
    assert products * (weight_bits // 2) * (activation_bits // 2) == BRICKS


def test_the_hardware_is_the_same_at_every_width():
    structures = [BITFUSION.structure(Configuration(w, a, group=0)) for w, a in BITFUSION.operands]
    assert {structure.element for structure in structures} == {structures[0].element}


def test_widths_between_are_refused():
    with pytest.raises(ModelInputError, match="2, 4 or 8 bits, found 3"):
        bricks(np.zeros(4, dtype=np.int64), 3)
    assert "can't multiply W3A8" in BITFUSION.refusal(Configuration(3, 8, group=0))
