"""Names, units and numbers as people read them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.report.labels import label, significant


@pytest.mark.parametrize(
    ("name", "unit", "expected"),
    [
        ("latency_ms", "ms", "Latency (ms)"),
        ("energy_pj_per_mac", "pJ/MAC", "Energy (pJ/MAC)"),
        ("area_mm2", "mm2", "Area (mm²)"),
        ("time_us", "us", "Time (µs)"),
        ("power_density_w_per_mm2", "W/mm2", "Power density (W/mm²)"),
        ("bandwidth_gbs", "GB/s", "Bandwidth (GB/s)"),
        ("utilisation", "1", "Utilisation"),
        ("gap", "", "Gap"),
        ("ipc", "instructions/cycle", "IPC (instructions/cycle)"),
        ("dram_reads", "accesses", "DRAM reads (accesses)"),
        ("clock_mhz", "", "Clock (MHz)"),
        ("weight_bits", "", "Weight bits"),
        ("pe", "", "PE"),
        ("ms", "ms", "Ms (ms)"),
    ],
)
def test_a_name_and_its_unit(name, unit, expected):
    assert str(label(name, unit)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0"),
        (3.0, "3"),
        (8192.0, "8,192"),
        (12345.678, "12,350"),
        (9.9996, "10.00"),
        (99996.0, "100,000"),
        (0.00123456, "0.001235"),
        (1.23e-5, "1.230e-05"),
        (12345678.9, "1.235e+07"),
        (-0.5, "-0.5000"),
        (math.inf, "inf"),
        (math.nan, ""),
    ],
)
def test_four_significant_digits(value, expected):
    assert significant(value) == expected


@given(st.floats(-1e300, 1e300), st.integers(2, 8))
def test_a_number_shown_is_near_the_number(value, digits):
    shown = float(significant(value, digits, grouped=False))
    assert shown == pytest.approx(value, rel=0.51 * 10 ** (1 - digits), abs=5e-324)
