"""Floating-point elements: emulation against the definition, Verilog against the emulation, parts against both."""

import numpy as np
import pytest

from codesign.errors import ModelInputError
from codesign.models.pe.element import Configuration, Rtl
from codesign.models.pe.elements.floating import ELEMENTS, operand_bias, operand_format, sum_format
from codesign.models.pe.emulation.float_arithmetic import (
    BF16,
    FP8_E4M3,
    FP8_E5M2,
    FP16,
    FP32,
    add,
    decode,
    encode,
    flushed,
    multiply,
    split,
)
from codesign.models.pe.emulation.floating import EMULATIONS, dequantised, product
from codesign.models.pe.emulation.operands import Encoded
from tests.models.pe.elements_floating.operands import random_integers, random_operand, values
from tests.models.pe.elements_floating.simulator import simulate

FORMS = (FP32, FP16, BF16, FP8_E4M3, FP8_E5M2)
ELEMENT = {element.name: element for element in ELEMENTS}
EMULATION = {emulation.element: emulation for emulation in EMULATIONS}
PRECISION = {FP32: 24, FP16: 11, BF16: 8}
SUMS = [(form, bits) for form in FORMS for bits in ((32,) if form is FP32 else (32, 16))]
named = pytest.mark.parametrize("name", ELEMENT)
summed = pytest.mark.parametrize(("form", "sum_bits"), SUMS, ids=[f"{form.name}-{bits}" for form, bits in SUMS])


def pairs():
    return [(name, pair) for name, element in ELEMENT.items() for pair in element.operands]


class TestEmulation:
    @pytest.mark.parametrize(("name", "pair"), pairs())
    @pytest.mark.parametrize("sum_bits", [32, 16])
    def test_stays_within_its_stated_bound_of_the_exact_product(self, name, pair, sum_bits):
        if name == "fp32" and sum_bits == 16:
            pytest.skip("FP32 has no 16-bit sum")
        element, rng, length = ELEMENT[name], np.random.default_rng(5), 64
        weight_bits, activation_bits = pair
        chosen = Configuration(weight_bits, activation_bits, sum_bits, group=32)
        activations = random_operand(rng, element.activation_format[activation_bits], activation_bits, (length, 6))
        weights = random_operand(rng, element.weight_formats[weight_bits], weight_bits, (length, 5), 32)
        ours = EMULATION[name].multiply(activations, weights, chosen)
        used = values(weights)
        if weight_bits < activation_bits:  # rounded before the array
            form = {"fp16": FP16, "bf16": BF16}[name]
            used = decode(dequantised(weights, form), form)
        exact = values(activations).T @ used
        size = np.abs(values(activations)).T @ np.abs(used)
        total = sum_format(next(form for form in FORMS if form.name == name), chosen)
        assert (np.abs(ours - exact) <= length * 2.0 ** -PRECISION[total] * size).all()
        assert np.abs(ours - exact).max() > 0

    def test_small_integers_are_multiplied_exactly(self):
        rng = np.random.default_rng(6)
        a, w = rng.integers(-8, 9, (32, 4)).astype(float), rng.integers(-8, 9, (32, 3)).astype(float)
        for name in ("fp32", "fp16", "bf16"):
            form = next(form for form in FORMS if form.name == name)
            bits = form.bits
            operands = [Encoded(name, bits, encode(x, form), 32, np.ones((1, x.shape[1]))) for x in (a, w)]
            assert np.array_equal(EMULATION[name].multiply(*operands, Configuration(bits, bits)), a.T @ w)

    def test_scales_of_groups_are_applied_to_the_sums_of_the_groups(self):
        ones = Encoded("fp8-e4m3", 8, encode(np.ones((4, 1)), FP8_E4M3), 4, np.array([[0.5]]))
        weights = Encoded("fp8-e4m3", 8, encode(np.ones((4, 1)), FP8_E4M3), 2, np.array([[1.0], [8.0]]))
        assert EMULATION["fp8-e4m3"].multiply(ones, weights, Configuration(8, 8, group=2)).tolist() == [[9.0]]

    def test_subnormals_of_fp8_count(self):
        tiny = Encoded("fp8-e4m3", 8, np.array([[1]]), 1, np.ones((1, 1)))
        assert EMULATION["fp8-e4m3"].multiply(tiny, tiny, Configuration(8, 8)).tolist() == [[2.0**-18]]

    def test_fp8_activations_with_scales_along_the_reduction_are_refused(self):
        a = Encoded("fp8-e5m2", 8, np.zeros((4, 1), dtype=np.int64), 2, np.ones((2, 1)))
        with pytest.raises(ValueError, match="fp8-e5m2 activations have one scale per row, found 2"):
            EMULATION["fp8-e5m2"].multiply(a, a, Configuration(8, 8, group=2))


class TestStructure:
    @pytest.mark.parametrize(("name", "pair"), pairs())
    def test_registers_hold_both_operands_and_the_sum(self, name, pair):
        structure = ELEMENT[name].structure(Configuration(*pair))
        held = sum(part.count * part.unit.sizes[0] for part in structure.element if "register" in part.unit.kind)
        operand = pair[1] + (1 if pair[1] == 8 else 0)
        assert held == 2 * operand + 32
        assert (structure.step_macs, structure.step_cycles) == (1, 1)
        assert structure.weight_bits_stored == pair[0]
        assert structure.activation_bits_stored == pair[1]

    def test_integer_weights_bring_a_dequantiser_and_a_scale(self):
        plain, integer = (ELEMENT["fp16"].structure(Configuration(bits, 16)) for bits in (16, 4))
        assert plain.element == integer.element
        assert (plain.column, plain.group_bits) == ((), 0)
        assert {part.unit.kind for part in integer.column} >= {"multiplier", "leading_zeros", "barrel_shifter"}
        assert integer.group_bits == 16 + 4
        assert ELEMENT["fp16"].structure(Configuration(8, 16)).group_bits == 16

    def test_fp8_scales_groups_at_the_foot_of_the_column(self):
        with_groups, without = (ELEMENT["fp8-e4m3"].structure(Configuration(8, 8, group=g)) for g in (128, 0))
        assert (with_groups.scale_cycles, without.scale_cycles) == (1, 0)
        assert with_groups.scale
        assert not without.scale

    def test_a_sum_as_narrow_as_the_operands_rounds_its_products(self):
        kinds = [part.unit.kind for part in ELEMENT["fp16"].structure(Configuration(16, 16, 16)).element]
        assert kinds[:2] == ["float_multiply", "float_add"]

    @named
    def test_other_sums_are_refused(self, name):
        bits = ELEMENT[name].default.weight_bits
        with pytest.raises(ModelInputError, match=rf"{name} sums have .*, found accumulator_bits=24"):
            ELEMENT[name].structure(Configuration(bits, bits, 24))

    @named
    def test_other_operands_are_refused_by_name(self, name):
        assert "can't multiply W5A5" in ELEMENT[name].refusal(Configuration(5, 5))


def edge_codes(form):
    """Both zeros, ones, the extremes of the normal range, and all ones in the mantissa."""
    smallest, one = 1 << form.mantissa_bits, encode(np.array([1.0]), form)[0]
    positive = [0, smallest, smallest * 2 - 1, one, one + 1, one - 1, form.largest_code]
    return np.array(positive + [code | form.sign_bit for code in positive])


def normal_codes(form, rng, count):
    """Random codes that a unit without special numbers gets: no subnormals, nothing beyond the finite."""
    codes = rng.integers(0, 1 << form.bits, count)
    exponent = split(codes, form)[1]
    unusable = (exponent == 0) | ((codes & (form.sign_bit - 1)) > form.largest_code)
    return np.where(unusable, codes & form.sign_bit, codes)


def normalised(codes, form):
    """FP8 codes as they are inside the array."""
    inside = operand_format(form)
    sign, _, _ = split(codes, form)
    magnitude = np.abs(decode(codes, form))
    power = np.floor(np.log2(np.where(magnitude > 0, magnitude, 1.0)))
    fraction = np.ldexp(magnitude, (form.mantissa_bits - power).astype(int)).astype(int) - (1 << form.mantissa_bits)
    number = ((power + operand_bias(form)).astype(int) << form.mantissa_bits) + fraction
    return (sign << (inside.bits - 1)) | np.where(magnitude > 0, number, 0)


class TestVerilog:
    @summed
    def test_an_element_multiplies_and_adds_as_the_emulation(self, form, sum_bits, tmp_path):
        rng, count = np.random.default_rng(7), 2000
        chosen = Configuration(form.bits, form.bits, sum_bits)
        total, inside = sum_format(form, chosen), operand_format(form)
        edges = np.arange(1 << 8) if form.bits == 8 else edge_codes(form)
        edges = edges[(edges & (form.sign_bit - 1)) <= form.largest_code]
        a, w = (side.ravel() for side in np.meshgrid(edges[:40], edges[-40:]))
        a, w = (np.concatenate([part, normal_codes(form, rng, count)]) for part in (a, w))
        products = product(a, w, form, total)
        near = products ^ total.sign_bit ^ rng.integers(0, 8, a.size)  # cancels most of the product
        anything = normal_codes(total, rng, a.size)
        addend = np.where(rng.random(a.size) < 0.5, near, anything)
        addend = np.where(split(addend, total)[1] == 0, 0, addend)
        addend[:50] = 0
        if form.bits == 8:
            a, w = normalised(a, form), normalised(w, form)
        found = simulate(
            ELEMENT[form.name].rtl(chosen),
            {
                "load_weight": (1, np.ones_like(a)),
                "activation_in": (inside.bits, a),
                "weight_in": (inside.bits, w),
                "sum_in": (total.bits, addend),
            },
            {"sum": total.bits, "activation": inside.bits, "weight": inside.bits},
            tmp_path,
            edges=2,
        )
        assert np.array_equal(found["sum"], add(products, addend, total))
        assert np.array_equal(found["activation"], a)
        assert np.array_equal(found["weight"], w)

    @pytest.mark.parametrize("form", [FP8_E4M3, FP8_E5M2], ids=lambda form: form.name)
    def test_every_fp8_number_is_normalised(self, form, tmp_path):
        codes = np.arange(256)
        codes = codes[(codes & 127) <= form.largest_code]
        sizes = {"EXPONENT_BITS": form.exponent_bits, "MANTISSA_BITS": form.mantissa_bits}
        rtl = Rtl(("units.v", "floating.v"), "float_normalise_subnormals", sizes)
        found = simulate(rtl, {"code": (8, codes)}, {"number": 9}, tmp_path, edges=0)
        assert np.array_equal(found["number"], normalised(codes, form))

    @pytest.mark.parametrize("form", [FP16, BF16], ids=lambda form: form.name)
    @pytest.mark.parametrize("bits", [3, 4, 8])
    def test_integer_weights_are_dequantised_as_in_the_emulation(self, form, bits, tmp_path):
        rng, count = np.random.default_rng(8), 1000
        weights = random_integers(rng, "int-asym", bits, (1, count), 1)
        weights.zeros[0, :10] = weights.codes[0, :10]  # differences of zero
        weights.codes[0, 10:20], weights.zeros[0, 10:20] = 0, (1 << bits) - 1
        scales = encode(weights.scales[0], form)
        sizes = {
            "WEIGHT_BITS": bits,
            "EXPONENT_BITS": form.exponent_bits,
            "MANTISSA_BITS": form.mantissa_bits,
        }
        found = simulate(
            Rtl(("units.v", "floating.v"), "float_dequantiser", sizes),
            {"code": (bits, weights.codes[0]), "zero": (bits, weights.zeros[0]), "scale": (16, scales)},
            {"weight": 16},
            tmp_path,
            edges=0,
        )
        expected = dequantised(weights, form)[0]
        assert np.array_equal(found["weight"] & 0x7FFF, expected & 0x7FFF)
        nonzero = expected & 0x7FFF != 0
        assert np.array_equal(found["weight"][nonzero], expected[nonzero])


def test_the_reading_of_operands_flushes_subnormals():
    assert multiply(np.array([1]), np.array([1 << 14]), FP16).tolist() == [0]
    assert flushed(np.array([1]), FP32).tolist() == [0.0]
