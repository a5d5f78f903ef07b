"""DRAM types: published energies, peaks that follow from pins and rate, refusals."""

import pytest

from codesign.errors import UnknownNameError
from codesign.technology.dram_interfaces import dram_interface, dram_interfaces
from codesign.technology.energy import data_rows


def test_published_energies():
    energies = {name: interface.energy_pj_per_bit for name, interface in dram_interfaces().items()}
    assert energies["ddr4"] == 1200 / 64
    assert energies["hbm2"] == 3.92
    assert energies["gddr6"] == (350 + 480) / 2 / 64
    assert energies["lpddr4"] == 14.0


def test_peak_bandwidth_is_pins_times_rate():
    peaks = {name: interface.bandwidth_gbs for name, interface in dram_interfaces().items()}
    assert peaks == {"ddr4": 25.6, "lpddr4": 6.4, "hbm2": 256.0, "gddr6": 64.0, "lpddr5": 12.8}


@pytest.mark.parametrize("name", dram_interfaces())
def test_every_type_has_its_sources(name):
    interface = dram_interface(name)
    low, high = interface.energy_range
    assert low <= interface.energy_pj_per_bit <= high
    assert interface.source
    assert interface.rate_source
    assert interface.includes
    assert 2010 < interface.year < 2030


def test_every_row_has_its_unit():
    assert all("pJ/bit" in row["unit"] for row in data_rows("dram_interfaces.csv"))


def test_an_unknown_type_is_refused_with_the_nearest_name():
    with pytest.raises(UnknownNameError, match=r"unknown DRAM type 'hbm3' \(did you mean 'hbm2'\?\); known: ddr4"):
        dram_interface("hbm3")
