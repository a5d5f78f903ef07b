"""FPGA parts with the memory of a board: what they hold, and how much of it a design may take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from codesign.errors import UnknownNameError, UserError, nearest
from codesign.technology.energy import data_rows


@dataclass(frozen=True, slots=True)
class Budget:
    """What a design may take of a device.

    Attributes:
        lut: look-up tables of six inputs.
        dsp: DSP slices.
        bram18: block memories of 18 Kibit.
        uram: UltraRAM blocks of 288 Kibit.
        dram_gbs: DRAM bandwidth in 10^9 bytes/s.
    """

    lut: int
    dsp: int
    bram18: int
    uram: int
    dram_gbs: float


@dataclass(frozen=True, slots=True)
class Fractions:
    """The share of each resource of a device that a design may take, from 0 to 1.

    The defaults of logic and memory are those within which FINN plans (Xilinx/finn 39f0c9a, util/platforms.py,
    DEFAULT_RES_LIMITS: beyond them routing at a high clock becomes hard), but DSP slices may all be taken, as CoDeNet's
    bitstream takes all 360 of the ZU3EG.

    Raises:
        UserError: a share isn't in 0 ... 1.
    """

    lut: float = 0.7
    dsp: float = 1.0
    bram18: float = 0.8
    uram: float = 0.8
    dram: float = 1.0

    def __post_init__(self) -> None:
        for name in self.__slots__:
            share = getattr(self, name)
            if not 0.0 <= share <= 1.0:
                raise UserError(f"share of {name} must be from 0 to 1, found {share!r}")


WHOLE_DEVICE = Fractions(1.0, 1.0, 1.0, 1.0, 1.0)
PLANNED = Fractions()


@dataclass(frozen=True, slots=True)
class FpgaDevice:
    """A part on its usual board.

    Attributes:
        name: as in designs.
        title: part and board.
        lut: look-up tables of six inputs.
        flip_flops: of the logic blocks.
        bram18: block memories of 18 Kibit, two in each BRAM36.
        uram: UltraRAM blocks of 288 Kibit.
        dsp: DSP slices.
        dsp_kind: DSP48E1 (25 x 18 multiplier), DSP48E2 (27 x 18) or DSP58 (27 x 24, or three 9 x 8 in a dot product).
        dram_gbs: peak of the board's memory in 10^9 bytes/s.
        port_bits: of a port from the logic to that memory; a design reads over one and writes over another.
        clock_mhz: typical of accelerators on it.
        year: of the newest source.
        source: of the resources.
        dram_source: of the memory.
        port_source: of the port.
        clock_source: of the clock.
    """

    name: str
    title: str
    lut: int
    flip_flops: int
    bram18: int
    uram: int
    dsp: int
    dsp_kind: str
    dram_gbs: float
    port_bits: int
    clock_mhz: float
    year: int
    source: str
    dram_source: str
    port_source: str
    clock_source: str

    def budget(self, shares: Fractions = PLANNED) -> Budget:
        """Return what a design may take: floor(share x resource), and share x bandwidth."""
        return Budget(
            lut=int(shares.lut * self.lut),
            dsp=int(shares.dsp * self.dsp),
            bram18=int(shares.bram18 * self.bram18),
            uram=int(shares.uram * self.uram),
            dram_gbs=shares.dram * self.dram_gbs,
        )


@cache
def fpga_devices() -> Mapping[str, FpgaDevice]:
    """Return every device by name, in the order of the data file."""
    found = (
        FpgaDevice(
            name=row["name"],
            title=row["title"],
            lut=int(row["lut"]),
            flip_flops=int(row["flip_flops"]),
            bram18=int(row["bram18"]),
            uram=int(row["uram"]),
            dsp=int(row["dsp"]),
            dsp_kind=row["dsp_kind"],
            dram_gbs=float(row["dram_gbs"]),
            port_bits=int(row["port_bits"]),
            clock_mhz=float(row["clock_mhz"]),
            year=int(row["year"]),
            source=row["source"],
            dram_source=row["dram_source"],
            port_source=row["port_source"],
            clock_source=row["clock_source"],
        )
        for row in data_rows("fpga_devices.csv")
    )
    return MappingProxyType({device.name: device for device in found})


def fpga_device(name: str) -> FpgaDevice:
    """Return the device of that name.

    Raises:
        UnknownNameError: there is none.
    """
    known = fpga_devices()
    if name not in known:
        raise UnknownNameError(f"unknown FPGA device {name!r}{nearest(name, known)}; known: {', '.join(known)}")
    return known[name]
