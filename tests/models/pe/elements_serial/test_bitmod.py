"""Specification of BitMoD's number formats, terms, emulation and Verilog."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.errors import ModelInputError
from codesign.models.pe.element import Configuration
from codesign.models.pe.elements.bitmod import ELEMENTS
from codesign.models.pe.emulation import bitmod
from codesign.models.pe.emulation.float_arithmetic import FP16, decode, encode
from codesign.models.pe.emulation.operands import Encoded
from tests.models.pe.elements_serial.simulation import needs_iverilog, pack, signed, simulate

SOURCES = ("units.v", "bitmod.v", "bitmod_edge.v")


def test_grids_hold_the_published_values() -> None:
    assert sorted(bitmod.bitmod_grid(3, 0)) == [-4, -2, -1, 0, 1, 2, 3, 4]
    assert sorted(bitmod.bitmod_grid(3, 3)) == [-6, -4, -2, -1, 0, 1, 2, 4]
    assert sorted(bitmod.bitmod_grid(4, 1)) == [-12, -10, -8, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 8, 12]
    assert sorted(bitmod.bitmod_grid(4, 2)) == [-12, -8, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 8, 12, 16]


def test_code_of_minus_zero_is_the_special_value() -> None:
    assert [bitmod.bitmod_grid(4, selector)[8] for selector in range(4)] == [10, -10, 16, -16]


@pytest.mark.parametrize(("bits", "count"), [(3, 2), (4, 2), (6, 3), (8, 4)])
def test_terms_add_up_to_every_weight(bits: int, count: int) -> None:
    codes = np.arange(1 << bits)
    for selector in range(4):
        values = bitmod.decode_bitmod(codes, np.int64(selector), bits)
        serial = bitmod.terms(values, bits)
        assert len(serial.significance) == count
        assert serial.exponent.max() <= 3
        assert np.array_equal(serial.values(), values)


def test_encoding_picks_the_special_value_that_a_group_needs() -> None:
    groups = np.array([[3.0, 1, 2, 4, -4, -2], [6.0, -4, 1, 2, 0, 4], [-3.0, 4, -4, 1, 2, 0], [-6.0, 4, -4, 1, 2, 0]])
    codes, scales, selectors = bitmod.encode_bitmod(groups, 3)
    assert selectors.tolist() == [0, 2, 1, 3]
    assert np.array_equal(bitmod.decode_bitmod(codes, selectors[:, None], 3) * scales[:, None], groups)


def test_a_group_of_zeros_stays_zero() -> None:
    codes, scales, _ = bitmod.encode_bitmod(np.zeros((1, 4)), 4)
    assert codes.tolist() == [[0, 0, 0, 0]]
    assert scales.tolist() == [1.0]


@given(st.integers(0, 2**32 - 1), st.sampled_from([3, 4]))
@settings(max_examples=20, deadline=None)
def test_encoding_is_the_best_of_the_four_grids(seed: int, bits: int) -> None:
    group = np.random.default_rng(seed).standard_normal((1, 16))
    codes, scales, selectors = bitmod.encode_bitmod(group, bits)
    error = np.square(bitmod.decode_bitmod(codes, selectors[:, None], bits) * scales[:, None] - group).sum()
    for selector in range(4):
        grid = bitmod.bitmod_grid(bits, selector)
        scale = np.abs(group).max() / np.abs(grid).max()
        nearest = grid[np.abs(group[0, :, None] / scale - grid).argmin(axis=1)] * scale
        assert error <= np.square(nearest - group).sum() + 1e-12


def test_second_level_scales_of_the_largest_group_are_exact() -> None:
    integers, factors = bitmod.second_level_scales(np.array([[2.0, 1.0], [1.0, 4.0]]))
    assert integers.tolist() == [[255, 64], [128, 255]]
    assert factors.tolist() == [2.0 / 255, 4.0 / 255]


def _operands(seed: int, bits: int, length: int, group: int, spread: float) -> tuple[Encoded, Encoded]:
    rng = np.random.default_rng(seed)
    activations = encode(
        rng.standard_normal((length, 3)) * np.exp2(rng.normal(0, spread, (length, 3))), FP16, saturate=True
    )
    codes = rng.integers(0, 1 << bits, (length, 2))
    scales = rng.uniform(0.5, 1.0, (length // group, 2))
    selectors = rng.integers(0, 4, scales.shape)
    weights = Encoded("bitmod", bits, codes, group, scales, selectors=selectors)
    return Encoded("fp16", 16, activations, length, np.ones((1, 3))), weights


@given(st.integers(0, 2**32 - 1), st.sampled_from([3, 4, 6, 8]), st.sampled_from([0.0, 2.0, 6.0]))
@settings(max_examples=30, deadline=None)
def test_products_stay_within_the_documented_error(seed: int, bits: int, spread: float) -> None:
    activations, weights = _operands(seed, bits, 64, 32, spread)
    ours = bitmod.multiply(activations, weights, Configuration(bits, 16))
    assert weights.selectors is not None
    values = bitmod.decode_bitmod(weights.codes, np.repeat(weights.selectors, 32, axis=0), bits)
    integers, factors = bitmod.second_level_scales(weights.scales)
    scaled = values * np.repeat(integers, 32, axis=0) * factors
    inputs = decode(activations.codes, FP16)
    # Every term is at most twice its weight (Booth) or the weight; each loses at most 3/8 of a place in 1024, and
    # every one of the additions at most 2^-22 of what has been added so far.
    magnitude = np.abs(inputs).T @ np.maximum(np.abs(scaled), np.repeat(integers, 32, axis=0) * factors)
    terms = bitmod.TERMS[bits]
    assert np.all(np.abs(ours - inputs.T @ scaled) <= magnitude * 2 * (3 / 8 / 1024 * terms + 16 * terms * 2.0**-22))


def test_products_of_single_weights_are_exact() -> None:
    codes = np.zeros((4, 4), dtype=np.int64)
    codes[0] = [1, 3, 8, 15]
    weights = Encoded("bitmod", 4, codes, 4, np.full((1, 4), 255.0), selectors=np.array([[0, 1, 3, 0]]))
    activations = Encoded(
        "fp16", 16, encode(np.array([[1.0009765625], [5.0], [0.0], [-7.0]]), FP16), 4, np.ones((1, 1))
    )
    assert bitmod.multiply(activations, weights, Configuration(4, 16)).tolist() == [
        [255 * 1.0009765625 * value for value in (1, 3, -16, -12)]
    ]


def _element_vectors(seed: int, bits: int) -> tuple[dict[str, tuple[int, list[int]]], list[int], list[int]]:
    """Return inputs of one element over three groups of 32 weights, the scaled sums, and when they are read."""
    rng = np.random.default_rng(seed)
    exponents = rng.integers(0, 31, (24, 4))
    activations = rng.integers(0, 2, (24, 4)) << 15 | exponents << 10 | rng.integers(0, 1024, (24, 4))
    activations[rng.random((24, 4)) < 0.1] = 0
    codes, scales = rng.integers(0, 1 << bits, (24, 4)), rng.integers(1, 256, 3)
    serial = bitmod.terms(bitmod.decode_bitmod(codes, np.int64(2), bits), bits)
    count = len(serial.significance)
    group, idle = 8 * count, 16
    names = {"activations": 64, "negative": 4, "mantissa": 4, "exponent": 8, "significance": 3}
    controls = ("first", "close", "start", "run", "scale_bit")
    total_cycles = 3 * group + idle
    columns: dict[str, list[int]] = {name: [0] * total_cycles for name in (*names, *controls)}
    expected, read = [], []
    for number in range(3):
        total, exponent = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
        start = number * group
        for step in range(group):
            lane, cycle = number * 8 + step // count, step % count
            term = tuple(field[cycle, lane][:, None] for field in (serial.negative, serial.mantissa, serial.exponent))
            addend, reached = bitmod.partial_sums(activations[lane][:, None], term)
            total, exponent = bitmod.accumulate(total, exponent, addend, reached + serial.significance[cycle])
            columns["activations"][start + step] = pack(activations[lane].tolist(), 16)
            columns["negative"][start + step] = pack(term[0][:, 0].tolist(), 1)
            columns["mantissa"][start + step] = pack(term[1][:, 0].tolist(), 1)
            columns["exponent"][start + step] = pack(term[2][:, 0].tolist(), 2)
            columns["significance"][start + step] = serial.significance[cycle]
            columns["first"][start + step] = int(step == 0)
        closed = start + group + 2
        columns["close"][closed] = 1
        for bit in range(8):
            columns["run"][closed + 1 + bit] = 1
            columns["start"][closed + 1 + bit] = int(bit == 0)
            columns["scale_bit"][closed + 1 + bit] = int(scales[number]) >> bit & 1
        read.append(closed + 9)
        expected += [int(total[0]) * int(scales[number]), int(exponent[0])]
    widths = {**names, **dict.fromkeys(controls, 1)}
    return {name: (widths[name], values) for name, values in columns.items()}, expected, read


@needs_iverilog
@pytest.mark.parametrize("bits", [3, 4, 6, 8])
def test_verilog_of_the_element_equals_the_emulation(bits: int, tmp_path: Path) -> None:
    for seed in range(10):
        inputs, expected, read = _element_vectors(1000 * bits + seed, bits)
        outputs = {"product": 32, "product_exponent": 7}
        found = simulate(tmp_path, SOURCES[:2], "pe_bitmod", {}, inputs, outputs)
        got = [
            value for cycle in read for value in (signed(found["product"][cycle], 32), found["product_exponent"][cycle])
        ]
        assert got == expected


@needs_iverilog
def test_verilog_of_the_term_generator_equals_the_emulation(tmp_path: Path) -> None:
    rows: list[tuple[int, int, int, int]] = []
    expected = []
    for mode, bits in enumerate((3, 4, 6, 8)):
        for selector in range(4 if bits < 6 else 1):
            special = bitmod.SPECIAL_VALUES[bits][selector] if bits < 6 else 0
            serial = bitmod.terms(bitmod.decode_bitmod(np.arange(1 << bits), np.int64(selector), bits), bits)
            for code in range(1 << bits):
                for cycle in range(len(serial.significance)):
                    rows.append((code, mode, cycle, int(special < 0) << 5 | abs(special)))
                    expected.append(
                        (serial.negative[cycle, code], serial.mantissa[cycle, code], serial.exponent[cycle, code])
                    )
    inputs = {
        name: (width, [row[place] for row in rows])
        for place, (name, width) in enumerate((("code", 8), ("mode", 2), ("cycle", 2), ("special", 6)))
    }
    outputs = {"negative": 1, "mantissa": 1, "exponent": 2}
    found = simulate(tmp_path, (SOURCES[0], SOURCES[2]), "bitmod_terms", {}, inputs, outputs, clocked=False)
    assert list(zip(found["negative"], found["mantissa"], found["exponent"], strict=True)) == expected


@needs_iverilog
def test_verilog_of_the_accumulator_equals_the_emulation(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    totals = rng.integers(-(1 << 23), 1 << 23, 400)
    totals[:6] = [0, 1, -1, (1 << 23) - 1, -(1 << 23), 1 << 22]
    exponents, scales = rng.integers(9, 80, 400), rng.integers(1, 256, 400)
    before = (rng.standard_normal(400) * np.exp2(rng.integers(-30, 30, 400))).astype(np.float32)
    before[::7] = 0.0
    expected = before + bitmod.scaled_group(totals, exponents, scales)
    products = [*(totals * scales).tolist(), 0]
    sums = [0, *before.view(np.uint32).tolist()]
    inputs = {"product": (32, products), "exponent": (7, [*exponents.tolist(), 0]), "sum_in": (32, sums)}
    found = simulate(tmp_path, (SOURCES[0], SOURCES[2]), "bitmod_accumulator", {}, inputs, {"sum_out": 32})
    assert found["sum_out"][1:] == expected.view(np.uint32).tolist()


@pytest.mark.parametrize(("bits", "cycles", "group_bits"), [(3, 2, 10), (4, 2, 10), (6, 3, 8), (8, 4, 8)])
def test_structure_follows_the_terms(bits: int, cycles: int, group_bits: int) -> None:
    structure = ELEMENTS[0].structure(Configuration(bits, 16))
    assert (structure.step_macs, structure.step_cycles) == (4, cycles)
    assert (structure.weight_bits_stored, structure.group_bits) == (bits, group_bits)


def test_the_hardware_is_the_same_for_all_weights() -> None:
    units = [[(p.unit, p.count) for p in ELEMENTS[0].structure(Configuration(bits, 16)).element] for bits in (3, 8)]
    assert units[0] == units[1]


def test_scales_are_busy_less_often_in_longer_groups() -> None:
    busy = [
        next(p.activity for p in ELEMENTS[0].structure(Configuration(4, 16, group=group)).element if p.name == "digit")
        for group in (0, 256, 128, 16)
    ]
    assert busy == [0.0, 8 / 128, 8 / 64, 1.0]


def test_other_weight_formats_are_refused() -> None:
    activations, weights = _operands(0, 4, 64, 32, 0.0)
    other = Encoded("int-asym", 4, weights.codes, 32, weights.scales)
    with pytest.raises(ModelInputError, match="bitmod reads weights as bitmod or int-sym, found int-asym"):
        bitmod.multiply(activations, other, Configuration(4, 16))
