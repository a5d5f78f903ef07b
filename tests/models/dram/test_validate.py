"""The comparisons with other simulators: every row can be computed, and those that can be met are met."""

import re

import pytest

from codesign.models.dram import validate
from codesign.models.dram.settings import ControllerSettings
from codesign.technology.dram_devices import dram_device

WRITES = re.compile("_(rw|w2|w10)_")


@pytest.fixture(scope="module")
def checks():
    return validate.dram()


def test_reads_agree_with_every_simulator(checks):
    reads = [check for check in checks if not WRITES.search(check.item)]
    assert len(reads) > 60
    assert [check.item for check in reads if check.verdict != "match"] == []


def test_writes_agree_where_the_data_bus_has_the_same_rules(checks):
    writes = [check for check in checks if WRITES.search(check.item)]
    same = [check for check in writes if validate.OUR_TURNAROUNDS in check.item or "DRAMSys" in check.item]
    assert len(same) > 20
    assert [check.item for check in same if check.verdict != "match"] == []


def test_what_differs_are_writes_at_a_high_load_and_says_why(checks):
    differing = [check for check in checks if check.verdict != "match"]
    assert all(WRITES.search(check.item) and check.note for check in differing)
    assert not any("_g16 " in check.item or "_g32 " in check.item for check in differing)


def test_sources_and_units_are_given(checks):
    assert all(check.source and check.unit for check in checks)
    assert len({check.item for check in checks}) == len(checks)


def test_published_names_are_read():
    read = validate.published_settings({"RequestBufferSize": "16", "Arbiter": "Simple"}, ControllerSettings())
    assert (read.request_buffer_size, read.arbiter) == (16, "Simple")


def test_comparison_traces_are_the_described_ones():
    device = dram_device("ddr4-2400-4gb-x8")
    trace = validate.comparison_trace("random_rw_g16", device, 1)
    assert len(trace) == 100_000
    assert trace.write.sum() == 33_333
    assert trace.address.max() < device.rank_bytes
    assert set(trace.cycle[1:] - trace.cycle[:-1]) == {16}


def test_comparison_traces_beyond_the_first_ones_are_the_described_ones():
    device = dram_device("ddr4-2400-8gb-x8")
    strided = validate.comparison_trace("strided_w2_g8", device, 2)
    assert set(strided.address[1:] - strided.address[:-1]) == {65 * 64}
    assert strided.write.tolist()[:4] == [False, True, False, True]
    hot = validate.comparison_trace("hot_w10_g0", device, 2)
    assert (hot.address < 1 << 20).mean() == pytest.approx(0.9, abs=0.005)
    assert hot.write.sum() == 10_000
    assert not validate.comparison_trace("stream_r_g0", device, 2).write.any()
