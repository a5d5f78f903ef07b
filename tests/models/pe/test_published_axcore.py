"""Specification of the AxCore comparison."""

from __future__ import annotations

import pytest

from codesign.models.pe.emulation.float_arithmetic import BF16, FP16, FP32, FloatFormat
from codesign.models.pe.published.axcore import TOLERANCE, axcore, core


def test_every_published_figure_has_a_row_with_a_reason() -> None:
    checks = axcore()
    assert len(checks) == 4 * 6 + 6
    assert all(check.note and check.tolerance == TOLERANCE for check in checks)
    assert all(check.reference and check.ours for check in checks)


def test_published_ratios_are_those_of_the_table() -> None:
    ratios = {check.item: check.reference for check in axcore()}
    assert ratios["AxCore / FPC energy W4 FP16"] == pytest.approx(0.113 / 0.691, rel=0.01)
    assert ratios["FIGLUT / FPC energy W8 BF16"] == pytest.approx(0.270 / 0.513, rel=0.01)


@pytest.mark.parametrize("form", [FP16, BF16, FP32], ids=lambda form: form.name)
def test_the_order_at_four_bits_is_the_published_one(form: FloatFormat) -> None:
    energy = {design: core(design, 4, form).energy_fj for design in ("FPC", "FPMA", "FIGNA", "AxCore")}
    assert sorted(energy, key=energy.__getitem__) == ["AxCore", "FIGNA", "FPMA", "FPC"]


def test_a_multiply_accumulate_of_a_bit_serial_core_costs_as_many_cycles_as_bits() -> None:
    assert core("FIGLUT", 8, FP16).energy_fj == pytest.approx(2 * core("FIGLUT", 4, FP16).energy_fj)
