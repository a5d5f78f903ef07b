"""FPGA devices: published resources, budgets as shares, refusals."""

import pytest

from codesign.errors import UnknownNameError, UserError
from codesign.technology.energy import data_rows
from codesign.technology.fpga_devices import WHOLE_DEVICE, Fractions, fpga_device, fpga_devices


def test_the_zu3eg_is_the_device_of_codenets_slide():
    """34,144 LUT are 48.4 %, 41,827 flip-flops 29.6 %, 216 BRAM36 and 360 DSP all of it."""
    device = fpga_device("zu3eg")
    assert round(100 * 34_144 / device.lut, 1) == 48.4
    assert round(100 * 41_827 / device.flip_flops, 1) == 29.6
    assert (device.bram18, device.dsp, device.uram) == (2 * 216, 360, 0)


def test_resources_by_hand():
    found = {d.name: (d.lut, d.bram18, d.uram, d.dsp, d.dsp_kind) for d in fpga_devices().values()}
    assert found == {
        "z7020": (53_200, 280, 0, 220, "DSP48E1"),
        "zu3eg": (70_560, 432, 0, 360, "DSP48E2"),
        "zu9eg": (274_080, 1_824, 0, 2_520, "DSP48E2"),
        "u280": (1_303_680, 4_032, 960, 9_024, "DSP48E2"),
        "vck190": (899_840, 1_934, 463, 1_968, "DSP58"),
    }


def test_dram_peaks_follow_from_pins_and_rate():
    peaks = {d.name: d.dram_gbs for d in fpga_devices().values()}
    pins = {"z7020": 16 * 1.05, "zu3eg": 32 * 1.066, "zu9eg": 64 * 2.133, "u280": 32 * 14.375 * 8, "vck190": 64 * 3.2}
    assert peaks == pytest.approx({name: bits / 8 for name, bits in pins.items()})


@pytest.mark.parametrize("name", fpga_devices())
def test_every_figure_has_its_source(name):
    device = fpga_device(name)
    assert min(map(len, (device.source, device.dram_source, device.port_source, device.clock_source))) > 10
    assert 2010 < device.year < 2030
    assert device.clock_mhz > 0
    assert device.flip_flops == 2 * device.lut


def test_every_row_has_its_units():
    assert {row["unit"] for row in data_rows("fpga_devices.csv")} == {"dram: GB/s; port: bits; clock: MHz"}


def test_a_budget_is_the_whole_part_of_a_share():
    budget = fpga_device("zu3eg").budget(Fractions(lut=0.5, dsp=0.333, bram18=0.25, uram=1.0, dram=0.5))
    assert (budget.lut, budget.dsp, budget.bram18, budget.uram) == (35_280, 119, 108, 0)
    assert budget.dram_gbs == pytest.approx(2.132)


def test_the_whole_device_and_what_is_planned_with():
    device = fpga_device("zu9eg")
    whole, planned = device.budget(WHOLE_DEVICE), device.budget()
    assert (whole.lut, whole.dsp, whole.bram18) == (device.lut, device.dsp, device.bram18)
    assert (planned.lut, planned.dsp, planned.bram18) == (191_856, 2_520, 1_459)


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_a_share_beyond_the_device_is_refused(share):
    with pytest.raises(UserError, match="share of dsp must be from 0 to 1, found"):
        Fractions(dsp=share)


def test_an_unknown_device_is_refused_with_the_nearest_name():
    with pytest.raises(UnknownNameError, match=r"unknown FPGA device 'zu3' \(did you mean 'zu3eg'\?\); known: z7020"):
        fpga_device("zu3")
