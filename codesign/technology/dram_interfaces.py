"""Energy per bit and bandwidth of DRAM types: published figures, each with its source and year in ``data/``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from codesign.errors import UnknownNameError, nearest
from codesign.technology.energy import data_rows

BITS_PER_BYTE = 8


@dataclass(frozen=True, slots=True)
class DramInterface:
    """One channel (ddr4, lpddr), device (gddr6) or stack (hbm2) of a type of DRAM.

    Attributes:
        name: as in designs.
        title: one line, saying what one of it is.
        energy_pj_per_bit: of a bit read or written.
        energy_range: (low, high) in pJ/bit where the source gives a range; equal to the energy where it doesn't.
        channel_bits: data pins.
        data_rate_gbps: Gbit/s a pin.
        includes: what the energy contains, as far as the source says.
        year: of the energy's source.
        source: of the energy.
        rate_source: of pins and rate.
    """

    name: str
    title: str
    energy_pj_per_bit: float
    energy_range: tuple[float, float]
    channel_bits: int
    data_rate_gbps: float
    includes: str
    year: int
    source: str
    rate_source: str

    @property
    def bandwidth_gbs(self) -> float:
        """Peak in 10^9 bytes/s: pins times rate / 8. Refresh and turnarounds leave less."""
        return self.channel_bits * self.data_rate_gbps / BITS_PER_BYTE


@cache
def dram_interfaces() -> Mapping[str, DramInterface]:
    """Return every type of DRAM by name, in the order of the data file."""
    found = (
        DramInterface(
            name=row["name"],
            title=row["title"],
            energy_pj_per_bit=float(row["energy_pj_per_bit"]),
            energy_range=(
                float(row["energy_low"] or row["energy_pj_per_bit"]),
                float(row["energy_high"] or row["energy_pj_per_bit"]),
            ),
            channel_bits=int(row["channel_bits"]),
            data_rate_gbps=float(row["data_rate_gbps"]),
            includes=row["includes"],
            year=int(row["year"]),
            source=row["source"],
            rate_source=row["rate_source"],
        )
        for row in data_rows("dram_interfaces.csv")
    )
    return MappingProxyType({interface.name: interface for interface in found})


def dram_interface(name: str) -> DramInterface:
    """Return the type of DRAM of that name.

    Raises:
        UnknownNameError: there is none.
    """
    known = dram_interfaces()
    if name not in known:
        raise UnknownNameError(f"unknown DRAM type {name!r}{nearest(name, known)}; known: {', '.join(known)}")
    return known[name]
