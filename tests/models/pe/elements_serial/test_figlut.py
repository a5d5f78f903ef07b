"""Specification of FIGLUT: tables, bit-serial lookup, the zero point, and their Verilog."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.errors import ModelInputError
from codesign.models.pe.element import Configuration
from codesign.models.pe.elements.figlut import ELEMENTS
from codesign.models.pe.emulation import figlut, figna
from codesign.models.pe.emulation.float_arithmetic import FP16, decode, encode
from codesign.models.pe.emulation.lut import integer_sum, stored_indices, table_sums
from codesign.models.pe.emulation.operands import Encoded
from tests.models.pe.elements_serial.simulation import needs_iverilog, pack, signed, simulate

SOURCES = ("units.v", "figlut.v")
MULTIPLY = {emulation.element: emulation.multiply for emulation in figlut.EMULATIONS}
ROW_SUM_BITS, ZERO_BITS = 23, 10


def _activations(rng: np.random.Generator, name: str, length: int) -> Encoded:
    form = figlut.FORMATS[name]
    values = rng.standard_normal((length, 2)) * np.exp2(rng.normal(0, 2, (length, 2)))
    return Encoded(form.name, 16, encode(values, form), length, np.ones((1, 2)))


@pytest.mark.parametrize("name", list(figlut.FORMATS))
@given(seed=st.integers(0, 2**32 - 1), bits=st.sampled_from([1, 2, 3, 4, 8]))
@settings(max_examples=20, deadline=None)
def test_lookup_equals_multiplication_of_the_aligned_activations(name: str, seed: int, bits: int) -> None:
    rng, form = np.random.default_rng(seed), figlut.FORMATS[name]
    activations = _activations(rng, name, 64)
    codes = rng.integers(0, 1 << bits, (64, 3))
    scales = rng.uniform(0.01, 1.0, (2, 3)).astype(np.float16).astype(np.float64)
    zeros = rng.integers(0, 1 << bits, (2, 3)) if 1 < bits < 8 else None
    number_format = {1: "binary", 8: "int-sym"}.get(bits, "int-asym")
    weights = Encoded(number_format, bits, codes, 32, scales, zeros=zeros)
    if bits == 1:
        integers = 2 * codes - 1
    elif zeros is None:
        integers = np.where(codes >> 7, codes - 256, codes)
    else:
        integers = codes - np.repeat(zeros, 32, axis=0)
    sums, exponents = [], []
    for start in (0, 32):
        mantissas, exponent = figna.aligned(activations.codes[start : start + 32], form)
        sums.append(mantissas.T @ integers[start : start + 32])
        exponents.append(exponent)
    expected = figna.scaled_sum(np.stack(sums), np.stack(exponents), scales, figna.unit_place(form))
    assert np.array_equal(MULTIPLY[name](activations, weights, Configuration(bits, 16)), expected)


@needs_iverilog
def test_verilog_of_the_table_equals_the_emulation(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    activations = rng.integers(-(1 << 15), 1 << 15, (100, 4))
    activations = np.maximum(activations, 1 - (1 << 15))
    activations[:3] = [[1 - (1 << 15)] * 4, [(1 << 15) - 1] * 4, [0] * 4]
    inputs = {"load": (1, [1] * 101), "activations": (64, [*(pack(row.tolist(), 16) for row in activations), 0])}
    found = simulate(tmp_path, SOURCES, "figlut_table", {"ACTIVATION_BITS": 16}, inputs, {"table_words": 144})
    for word, row in zip(found["table_words"][1:], activations, strict=True):
        expected = table_sums(row.astype(np.float64)[:, None], 4)[0, :, 0].astype(np.int64).tolist()
        assert [signed(word >> (18 * entry) & 0x3FFFF, 18) for entry in range(8)] == expected


@needs_iverilog
@pytest.mark.parametrize("bits", [1, 3, 4, 8])
def test_verilog_of_the_element_equals_the_emulation(bits: int, tmp_path: Path) -> None:
    rng, steps = np.random.default_rng(bits), 40
    mantissas = rng.integers(-(1 << 15) + 1, 1 << 15, (4 * steps, 1))
    codes = rng.integers(0, 1 << bits, (4 * steps, 1))
    tables = table_sums(mantissas.astype(np.float64), 4).astype(np.int64)
    indices = stored_indices(codes, bits, 4)
    rtl = ELEMENTS[0].rtl(Configuration(bits, 16))
    cycles = steps * bits
    words = [pack(tables[step, :, 0].tolist(), 18) for step in range(steps) for _ in range(bits)]
    inputs = {
        "clear": (1, [1, 1, *[0] * cycles]),
        "index_in": (4, [*indices[:, :, 0].ravel().tolist(), 0, 0]),
        "table_words": (144, [0, *words, 0]),
        "place": (3, [0, *list(range(bits)) * steps, 0]),
    }
    found = simulate(tmp_path, SOURCES, rtl.top, rtl.parameters, inputs, {"sum": 32})
    assert signed(found["sum"][-1], 32) == int(integer_sum(tables, indices, 32)[0, 0])


@needs_iverilog
def test_verilog_takes_the_zero_point_off(tmp_path: Path) -> None:
    rng, count = np.random.default_rng(9), 200
    sums, rows = rng.integers(-(1 << 30), 1 << 30, count), rng.integers(-(1 << 22), 1 << 22, count)
    zeros = rng.integers(-256, 512, count)
    inputs = {"sum": (32, sums.tolist()), "row_sum": (ROW_SUM_BITS, rows.tolist()), "zero": (ZERO_BITS, zeros.tolist())}
    found = simulate(tmp_path, SOURCES, "figlut_zero_point", {}, inputs, {"difference": 32}, clocked=False)
    expected = (sums - rows * zeros) & 0xFFFFFFFF
    assert found["difference"] == expected.tolist()


@pytest.mark.parametrize("element", ELEMENTS, ids=lambda element: element.name)
def test_narrower_weights_take_fewer_cycles_on_the_same_hardware(element) -> None:  # type: ignore[no-untyped-def]
    structures = {bits: element.structure(Configuration(bits, 16)) for bits in (1, 2, 3, 4, 8)}
    assert {bits: one.step_cycles for bits, one in structures.items()} == {bits: bits for bits in structures}
    assert all(one.element == structures[8].element for one in structures.values())


def test_a_group_that_tables_do_not_divide_is_refused() -> None:
    with pytest.raises(ModelInputError, match="tables are of 4 activations, found a group of 30 weights"):
        ELEMENTS[0].structure(Configuration(4, 16, group=30))


def test_the_largest_sums_fit_the_zero_points_sizes() -> None:
    largest = decode(np.array([FP16.largest_code]), FP16)
    mantissas, _ = figna.aligned(encode(np.repeat(largest, 128)[:, None], FP16), FP16)
    assert int(mantissas.sum()) < 1 << (ROW_SUM_BITS - 1)
