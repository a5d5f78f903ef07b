"""LPDDR4 beside DRAMSys: what can be met is met, and what differs says why."""

import numpy as np
import pytest

from codesign.models.dram import validate_lpddr4
from codesign.technology.dram_devices import dram_device


def test_comparison_traces_are_the_described_ones():
    device = dram_device(validate_lpddr4.DEVICE)
    trace = validate_lpddr4.comparison_trace("random_rw_g32", device)
    assert len(trace) == 100_000
    assert trace.write.sum() == 33_333
    assert trace.address.max() < device.rank_bytes
    assert not (trace.address % 32).any()
    assert set(np.diff(trace.cycle).tolist()) == {4 * device.burst_clocks}
    stream = validate_lpddr4.comparison_trace("stream_r_g0", device)
    assert set(np.diff(stream.address).tolist()) == {32}
    assert not stream.write.any()
    assert not stream.cycle.any()


@pytest.fixture(scope="module")
def checks():
    return validate_lpddr4.lpddr4()


@pytest.mark.slow
def test_all_bank_refresh_agrees_in_time_latency_and_energy(checks):
    rows = [check for check in checks if "AllBank" in check.item]
    assert len(rows) == 3 * 13
    assert [check.item for check in rows if check.verdict != "match"] == []


@pytest.mark.slow
def test_energy_without_per_bank_refreshes_agrees(checks):
    rows = [check for check in checks if check.item.endswith("without refreshes")]
    assert len(rows) == 8
    assert all(abs(check.difference) < 0.01 for check in rows)


@pytest.mark.slow
def test_what_differs_is_per_bank_refresh_and_says_why(checks):
    assert all("PerBank" in check.item and check.note for check in checks if check.verdict != "match")
    assert all(check.source and check.unit for check in checks)
    assert len({check.item for check in checks}) == len(checks) == 3 * 21 + 8
