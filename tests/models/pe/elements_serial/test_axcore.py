"""Specification of AxCore: approximate products, partial sums, scaling, and their Verilog."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.errors import ModelInputError
from codesign.models.pe.element import Configuration
from codesign.models.pe.elements.axcore import ELEMENTS, preadd_rise, scale_rise
from codesign.models.pe.emulation import axcore
from codesign.models.pe.emulation.float_arithmetic import (
    FP4_E2M1,
    FP8_E4M3,
    FP16,
    FP32,
    accumulate,
    decode,
    encode,
)
from codesign.models.pe.emulation.operands import Encoded
from tests.models.pe.elements_serial.simulation import needs_iverilog, pack, simulate

SOURCES = ("units.v", "axcore.v")
MULTIPLY = {emulation.element: emulation.multiply for emulation in axcore.EMULATIONS}
BOTH = pytest.mark.parametrize("name", list(axcore.FORMATS))
WIDTHS = pytest.mark.parametrize("bits", [4, 8])


def _values(found: axcore.Products, form) -> np.ndarray:  # type: ignore[no-untyped-def]
    power = found.exponent - form.bias - axcore.EXPONENT_OFFSET
    magnitude = np.ldexp(1.0 + found.mantissa / (1 << form.mantissa_bits), power) * found.valid
    return np.where(found.negative == 1, -magnitude, magnitude)


def _activations(rng: np.random.Generator, form, shape: tuple[int, ...]) -> np.ndarray:  # type: ignore[no-untyped-def]
    return encode(rng.standard_normal(shape) * np.exp2(rng.integers(-6, 6, shape)), form)


@BOTH
@pytest.mark.parametrize("weight_form", [FP4_E2M1, FP8_E4M3], ids=lambda form: form.name)
def test_products_of_all_normal_weights_lie_within_mitchells_bound(name: str, weight_form) -> None:  # type: ignore[no-untyped-def]
    form = axcore.FORMATS[name]
    weights = np.array([code for code in range(1 << weight_form.bits) if code >> weight_form.mantissa_bits & 3])
    weights = weights[~np.isnan(decode(weights, weight_form))]
    activations = _activations(np.random.default_rng(0), form, (500, 1))
    exact = decode(activations, form) * decode(weights, weight_form)
    ratio = _values(axcore.products(activations, weights[None, :], form, weight_form), form) / exact
    compensation = axcore.PRODUCT_COMPENSATION[form.name] / (1 << form.mantissa_bits)
    assert ratio.min() >= 8 / 9
    assert ratio.max() <= 1 + compensation
    assert ratio.min() < 0.95


def test_a_power_of_two_is_off_by_the_compensation_only() -> None:
    found = axcore.products(encode(np.array([1.0, 1.5]), FP16), encode(np.array([2.0, -4.0]), FP4_E2M1), FP16, FP4_E2M1)
    assert _values(found, FP16).tolist() == [2.0 * (1 + 43 / 1024), -4.0 * (1.5 + 43 / 1024)]


def test_zeros_and_subnormal_activations_give_zero() -> None:
    activations = np.array([0, 0x8000, 0x03FF, encode(np.array([3.0]), FP16)[0]])
    weights = encode(np.array([2.0, 2.0, 2.0, 0.0]), FP4_E2M1)
    assert _values(axcore.products(activations, weights, FP16, FP4_E2M1), FP16).tolist() == [0.0, -0.0, 0.0, 0.0]


def test_half_of_e2m1_is_exact() -> None:
    magnitude, nonzero = axcore.guarded_weights(encode(np.array([0.5]), FP4_E2M1), FP4_E2M1, np.array([0]))
    assert (magnitude.tolist(), nonzero.tolist()) == ([0], [1])


def test_subnormals_of_e4m3_become_the_nearest_number_with_a_hidden_one() -> None:
    codes, zeros = np.arange(8), np.zeros(8, dtype=np.int64)
    for random_bit, second in ((0, 0.0), (1, 4.0)):
        magnitude, nonzero = axcore.guarded_weights(codes, FP8_E4M3, zeros + random_bit)
        assert (4 * (1 + magnitude / 8) * nonzero).tolist() == [0.0, 0.0, second, 4.0, 4.0, 5.0, 6.0, 7.0]


@BOTH
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_products_stay_within_the_documented_error(name: str, seed: int) -> None:
    form, rng = axcore.FORMATS[name], np.random.default_rng(seed)
    activations = Encoded(form.name, 16, _activations(rng, form, (64, 2)), 64, np.ones((1, 2)))
    codes = rng.integers(0, 16, (64, 3))
    scales = decode(encode(rng.uniform(0.01, 1.0, (2, 3)), form), form)
    weights = Encoded("fp4-e2m1", 4, codes, 32, scales)
    inputs, values = decode(activations.codes, form), decode(codes, FP4_E2M1)
    magnitude = np.abs(inputs).T @ np.abs(values * np.repeat(scales, 32, axis=0))
    # Alignment: 64 products each lose less than 2^-2 of the last place of the largest.
    place = 2.0 ** -(form.mantissa_bits + 1)
    blocks = np.abs(inputs).max(axis=0)[:, None] * 6 * scales.max() * 64 * 2 * place
    ours = MULTIPLY[name](activations, weights, Configuration(4, 16))
    exact = inputs.T @ (values * np.repeat(scales, 32, axis=0))
    # (8/9)^2 and (1 + compensation)^2 both lie within 0.22 of 1.
    assert np.all(np.abs(ours - exact) <= 0.22 * magnitude + blocks)


def test_sums_that_grow_too_long_wrap() -> None:
    ones = Encoded("fp16", 16, encode(np.ones((64, 1)), FP16), 64, np.ones((1, 1)))
    weights = Encoded("fp4-e2m1", 4, encode(np.ones((64, 1)), FP4_E2M1), 64, np.ones((1, 1)))
    assert MULTIPLY["axcore"](ones, weights, Configuration(4, 16))[0, 0] < 16
    assert 60 < MULTIPLY["axcore"](ones, weights, Configuration(4, 16, accumulator_bits=20))[0, 0] < 75


def test_a_sum_without_whole_bits_is_refused() -> None:
    with pytest.raises(ModelInputError, match="AxCore's sums have at least 14 bits, found 12"):
        ELEMENTS[0].structure(Configuration(4, 16, accumulator_bits=12))


@needs_iverilog
@BOTH
@WIDTHS
def test_verilog_of_preadd_and_tile_equals_the_emulation(name: str, bits: int, tmp_path: Path) -> None:
    form, weight_form = axcore.FORMATS[name], axcore.WEIGHT_FORMATS[bits]
    element = next(element for element in ELEMENTS if element.name == name)
    configuration = Configuration(bits, 16)
    rtl, steps, columns = element.rtl(configuration), 60, 4
    rng = np.random.default_rng(bits)
    activations = _activations(rng, form, (steps, 4))
    activations[rng.random((steps, 4)) < 0.1] &= form.sign_bit
    codes = rng.integers(0, 1 << bits, (4, columns))
    if bits == 8:
        codes[0] = [1, 2, 3, 0x85]
    rise = {"RISE": preadd_rise(form, weight_form)}
    row_sizes = {"EXPONENT_BITS": form.exponent_bits, "MANTISSA_BITS": form.mantissa_bits, **rise}
    width = form.bits + 1
    flat = [*activations.ravel().tolist(), 0]
    found = simulate(
        tmp_path, SOURCES, "axcore_preadd", row_sizes, {"activation": (16, flat)}, {"advanced": width, "valid": 1}
    )
    words = [v << width | a for v, a in zip(found["valid"][1:], found["advanced"][1:], strict=True)]
    tile_words = [pack(words[4 * step : 4 * step + 4], width + 1) for step in range(steps)]

    whole = axcore.integer_bits(form, configuration)
    mantissa_bits = 1 + whole + form.mantissa_bits + axcore.GUARD_BITS
    sum_bits = mantissa_bits + form.exponent_bits + 1
    totals = rng.integers(-(1 << (mantissa_bits - 3)), 1 << (mantissa_bits - 3), (steps, columns))
    exponents = rng.integers(form.bias, form.bias + 20, (steps, columns))
    sums = [
        pack([e << mantissa_bits | t & ((1 << mantissa_bits) - 1) for e, t in zip(*row, strict=True)], sum_bits)
        for row in zip(exponents.tolist(), totals.tolist(), strict=True)
    ]
    inputs = {
        "load_weight": (1, [1] * (steps + 2)),
        "advanced_in": (4 * (width + 1), [*tile_words, 0, 0]),
        "weight_in": (16 * bits, [pack(codes.T.ravel().tolist(), bits)] * (steps + 2)),
        "sum_in": (columns * sum_bits, [0, *sums, 0]),
    }
    got = simulate(tmp_path, SOURCES, rtl.top, rtl.parameters, inputs, {"sum": columns * sum_bits})["sum"][2:]
    for step, word in enumerate(got):
        product = axcore.products(activations[step][:, None], codes, form, weight_form)
        total, exponent = axcore.add_products(totals[step], exponents[step], product, form, whole)
        expected = pack(
            [
                e << mantissa_bits | t & ((1 << mantissa_bits) - 1)
                for e, t in zip(exponent.tolist(), total.tolist(), strict=True)
            ],
            sum_bits,
        )
        assert word == expected


@needs_iverilog
@BOTH
def test_verilog_of_the_scale_unit_equals_the_emulation(name: str, tmp_path: Path) -> None:
    form, count = axcore.FORMATS[name], 300
    configuration = Configuration(4, 16)
    whole = axcore.integer_bits(form, configuration)
    bits = 1 + whole + form.mantissa_bits + axcore.GUARD_BITS
    rng = np.random.default_rng(2)
    totals = rng.integers(-(1 << (bits - 1)), 1 << (bits - 1), count) >> rng.integers(0, bits, count)
    totals[:5] = [0, 1, -1, (1 << (bits - 1)) - 1, -(1 << (bits - 1))]
    exponents = rng.integers(form.bias - 4, form.bias + 20, count)
    scales = encode(rng.uniform(0.0, 2.0, count), form)
    scales[5] = 0
    before = encode(rng.standard_normal(count), FP32)
    before[::3] = 0
    scaled = axcore.scaled(totals, exponents, decode(scales, form), form)
    expected = accumulate([before, scaled], FP32, (count,))
    words = [e << bits | t & ((1 << bits) - 1) for e, t in zip(exponents.tolist(), totals.tolist(), strict=True)]
    inputs = {
        "load_scale": (1, [1] * (count + 3)),
        "scale": (16, [0, *scales.tolist(), 0, 0]),
        "sum": (bits + form.exponent_bits + 1, [0, *words, 0, 0]),
        "total_in": (32, [0, 0, 0, *before.tolist()]),
    }
    sizes = {
        "EXPONENT_BITS": form.exponent_bits,
        "MANTISSA_BITS": form.mantissa_bits,
        "INTEGER_BITS": whole,
        "RISE": scale_rise(form, configuration) & 0xFFFFFFF,
    }
    inputs = {port: (width, [*values, 0]) for port, (width, values) in inputs.items()}
    # The factor is held one cycle after the scale: it meets the normalised sum of the same cycle's word.
    found = simulate(tmp_path, SOURCES, "axcore_scale_unit", sizes, inputs, {"total": 32})
    assert found["total"][4:] == expected.tolist()


@WIDTHS
def test_a_tile_is_four_products_of_four_columns(bits: int) -> None:
    structure = ELEMENTS[0].structure(Configuration(bits, 16))
    assert (structure.step_macs, structure.fused_columns, structure.step_cycles) == (4, 4, 1)
    assert sum(part.count for part in structure.element if part.name == "product") == 16
