"""Specification of FIGNA: alignment, exact group sums, scaling, and their Verilog."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.errors import ModelInputError
from codesign.models.pe.element import Configuration
from codesign.models.pe.elements.figna import ELEMENTS
from codesign.models.pe.emulation import figna
from codesign.models.pe.emulation.float_arithmetic import BF16, FP16, FP32, FloatFormat, decode, encode
from codesign.models.pe.emulation.operands import Encoded
from tests.models.pe.elements_serial.simulation import needs_iverilog, signed, simulate

SOURCES = ("units.v", "figna.v")
MULTIPLY = {emulation.element: emulation.multiply for emulation in figna.EMULATIONS}
BOTH = pytest.mark.parametrize("name", list(figna.FORMATS))


def _codes(rng: np.random.Generator, form: FloatFormat, shape: tuple[int, ...], spread: int) -> np.ndarray:
    """Return finite codes over 2^spread, some of them zeros, subnormals and the largest exponent of the band."""
    middle = form.bias
    exponent = rng.integers(max(0, middle - spread), min(middle + spread, (1 << form.exponent_bits) - 2) + 1, shape)
    exponent[rng.random(shape) < 0.05] = 0
    return (
        rng.integers(0, 2, shape) << (form.bits - 1)
        | exponent << form.mantissa_bits
        | rng.integers(0, 1 << form.mantissa_bits, shape)
    )


def _weights(rng: np.random.Generator, bits: int, length: int, group: int) -> Encoded:
    codes = rng.integers(0, 1 << bits, (length, 3))
    scales = rng.uniform(0.001, 2.0, (length // group, 3)).astype(np.float16).astype(np.float64)
    return Encoded("int-sym", bits, codes, group, scales)


def test_the_largest_of_a_block_keeps_its_significand() -> None:
    mantissas, exponent = figna.aligned(encode(np.array([[1.5], [-0.25], [2.0**-14], [0.0]]), FP16), FP16)
    assert mantissas[:, 0].tolist() == [1536 << 4, -256 << 4, 1, 0]
    assert exponent.tolist() == [15]


def test_what_lies_too_far_below_the_block_is_lost() -> None:
    mantissas, _ = figna.aligned(encode(np.array([[1024.0], [2.0**-5]]), FP16), FP16)
    assert mantissas[:, 0].tolist() == [1 << 14, 0]


@BOTH
@given(seed=st.integers(0, 2**32 - 1), bits=st.sampled_from([4, 8]))
@settings(max_examples=20, deadline=None)
def test_a_block_of_one_exponent_is_exact(name: str, seed: int, bits: int) -> None:
    form, rng = figna.FORMATS[name], np.random.default_rng(seed)
    activations = Encoded(form.name, 16, encode(rng.uniform(1.0, 1.99, (64, 2)), form), 64, np.ones((1, 2)))
    weights = _weights(rng, bits, 64, 64)
    integers = np.where(weights.codes >> (bits - 1), weights.codes - (1 << bits), weights.codes)
    exact = decode(activations.codes, form).T @ integers * weights.scales
    assert np.array_equal(MULTIPLY[name](activations, weights, Configuration(bits, 16)), exact.astype(np.float32))


@BOTH
@given(seed=st.integers(0, 2**32 - 1), bits=st.sampled_from([4, 8]), spread=st.sampled_from([1, 6, 14]))
@settings(max_examples=30, deadline=None)
def test_products_stay_within_the_documented_error(name: str, seed: int, bits: int, spread: int) -> None:
    form, rng = figna.FORMATS[name], np.random.default_rng(seed)
    activations = Encoded(form.name, 16, _codes(rng, form, (64, 2), spread), 64, np.ones((1, 2)))
    weights = _weights(rng, bits, 64, 32)
    integers = np.where(weights.codes >> (bits - 1), weights.codes - (1 << bits), weights.codes)
    scaled = integers * np.repeat(weights.scales, 32, axis=0)
    values = decode(activations.codes, form)
    blocks = np.repeat(np.abs(values).reshape(2, 32, 2).max(axis=1), 32, axis=0)
    place = 2.0 ** -(form.mantissa_bits + figna.EXTRA_BITS)
    bound = (blocks.T * place) @ np.abs(scaled) + np.abs(values).T @ np.abs(scaled) * 4 * 2.0**-24
    error = np.abs(MULTIPLY[name](activations, weights, Configuration(bits, 16)) - values.T @ scaled)
    assert np.all(error <= bound)


def test_other_weight_formats_are_refused() -> None:
    one = Encoded("fp16", 16, np.zeros((4, 1), dtype=np.int64), 4, np.ones((1, 1)))
    other = Encoded("int-asym", 4, np.zeros((4, 1), dtype=np.int64), 4, np.ones((1, 1)))
    with pytest.raises(ModelInputError, match="figna reads weights as int-sym, found int-asym"):
        MULTIPLY["figna"](one, other, Configuration(4, 16))


@pytest.mark.parametrize("element", ELEMENTS, ids=lambda element: element.name)
@pytest.mark.parametrize(("bits", "group"), [(4, 128), (8, 128), (8, 64)])
def test_sums_hold_every_group(element, bits: int, group: int) -> None:  # type: ignore[no-untyped-def]
    width = figna.aligned_bits(figna.FORMATS[element.name])
    rtl = element.rtl(Configuration(bits, 16, group=group))
    largest = ((1 << (width - 1)) - 1) * (1 << (bits - 1)) * group
    assert largest < 1 << (rtl.parameters["SUM_BITS"] - 1) <= 2 * largest


@needs_iverilog
@pytest.mark.parametrize("bits", [4, 8])
def test_verilog_of_the_element_equals_the_emulation(bits: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(bits)
    rtl = ELEMENTS[0].rtl(Configuration(bits, 16))
    mantissas, _ = figna.aligned(_codes(rng, FP16, (200, 1), 15), FP16)
    mantissas[:2, 0] = [(1 << 15) - 1, -(1 << 15) + 1]
    weights = rng.integers(0, 1 << bits, 200)
    weights[:2] = 1 << (bits - 1)
    sums = rng.integers(-(1 << 20), 1 << 20, 200)
    inputs = {
        "load_weight": (1, [1] * 201),
        "activation_in": (16, [0, *mantissas[:, 0].tolist()]),
        "weight_in": (bits, [*weights.tolist(), 0]),
        "sum_in": (rtl.parameters["SUM_BITS"], [0, *sums.tolist()]),
    }
    found = simulate(tmp_path, SOURCES, rtl.top, rtl.parameters, inputs, {"sum": rtl.parameters["SUM_BITS"]})
    integers = np.where(weights >> (bits - 1), weights - (1 << bits), weights)
    expected = sums + mantissas[:, 0] * integers
    assert [signed(word, rtl.parameters["SUM_BITS"]) for word in found["sum"][2:]] == expected[:-1].tolist()


@needs_iverilog
@BOTH
def test_verilog_of_the_alignment_equals_the_emulation(name: str, tmp_path: Path) -> None:
    form, rng, group = figna.FORMATS[name], np.random.default_rng(7), 16
    blocks = np.stack([_codes(rng, form, (group, 1), spread) for spread in (0, 3, 9, 14, 14, 14, 14, 14)])
    count = len(blocks)
    following = np.concatenate([blocks[:, :, 0].ravel(), np.zeros(group, dtype=np.int64)])
    current = np.concatenate([np.zeros(group, dtype=np.int64), blocks[:, :, 0].ravel()])
    place = np.arange((count + 1) * group) % group
    inputs = {
        "first": (1, [*(place == 0).tolist(), 0]),
        "take": (1, [*(place == group - 1).tolist(), 0]),
        "next_activation": (form.bits, [*following.tolist(), 0]),
        "activation": (form.bits, [*current.tolist(), 0]),
    }
    width = figna.aligned_bits(form)
    sizes = {"EXPONENT_BITS": form.exponent_bits, "MANTISSA_BITS": form.mantissa_bits, "EXTRA_BITS": figna.EXTRA_BITS}
    outputs = {"aligned": width, "exponent": form.exponent_bits}
    found = simulate(tmp_path, SOURCES, "figna_align", sizes, inputs, outputs)
    for number, block in enumerate(blocks):
        mantissas, exponent = figna.aligned(block, form)
        start = (number + 1) * group
        assert found["exponent"][start : start + group] == [int(exponent[0])] * group
        words = [signed(word, width) for word in found["aligned"][start + 1 : start + 1 + group]]
        assert words == mantissas[:, 0].tolist()


@needs_iverilog
@BOTH
def test_verilog_of_the_scale_unit_equals_the_emulation(name: str, tmp_path: Path) -> None:
    form, rng, count, bits = figna.FORMATS[name], np.random.default_rng(11), 300, 26
    sums = rng.integers(-(1 << 25), 1 << 25, count) >> rng.integers(0, 26, count)
    sums[:5] = [0, 1, -1, (1 << 25) - 1, -(1 << 25)]
    exponents = rng.integers(1, (1 << form.exponent_bits) - 40 if form is BF16 else 31, count)
    scales = encode(rng.uniform(2.0**-20, 4.0, count), FP16)
    before = encode(rng.standard_normal(count) * np.exp2(rng.integers(-20, 20, count)), FP32)
    before[::5] = 0
    place = figna.unit_place(form)
    one = np.ones((1, 1))
    expected = []
    for total, exponent, scale, start in zip(sums, exponents, scales, before, strict=True):
        term = figna.scaled_sum(np.array([[[total]]]), np.array([[exponent]]), one * decode(scale, FP16), place)
        expected.append(int(figna.accumulate([np.array([start]), encode(term[0], FP32)], FP32, (1,))[0]))
    idle = [0, 0, 0]
    inputs = {
        "load_scale": (1, [1] * (count + 3)),
        "sum_in": (bits, [*sums.tolist(), *idle]),
        "exponent_in": (form.exponent_bits, [*exponents.tolist(), *idle]),
        "scale_in": (16, [*scales.tolist(), *idle]),
        "total_in": (32, [0, 0, *before.tolist(), 0]),
    }
    sizes = {"EXPONENT_BITS": form.exponent_bits, "SUM_BITS": bits, "PLACE": place}
    found = simulate(tmp_path, SOURCES, "figna_scale_unit", sizes, inputs, {"total": 32})
    assert found["total"][3:] == expected
