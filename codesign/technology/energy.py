"""Energy of one operation or one word moved, by table: every constant has its unit, source and year in ``data/``."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from codesign.errors import UnknownNameError, nearest
from codesign.technology.sram import SramCurve

LEVELS = ("mac", "register", "array", "sram", "dram")
"""What a table may have a constant for, from the arithmetic outwards."""


@dataclass(frozen=True)
class EnergyTable:
    """Energy of one multiply-accumulate and of one word moved at each level of the memory hierarchy.

    Attributes:
        name: of the table.
        unit: ``pJ``, or ``MAC`` where the source gives energies relative to one multiply-accumulate only.
        per_word: (level, word width in bits) -> energy in ``unit``. A pair that isn't there is not tabulated.
        sram_curve: energy over capacity, where the table has one instead of a single number for ``sram``.
        static_mw: power drawn whatever is done, in mW; 0 where the source gives none.
        sources: where the numbers come from.
    """

    name: str
    unit: str
    per_word: Mapping[tuple[str, int], float]
    sram_curve: SramCurve | None
    static_mw: float
    sources: tuple[str, ...]

    @property
    def word_bits(self) -> tuple[int, ...]:
        """Word widths for which the table has a multiply-accumulate."""
        return tuple(sorted(bits for level, bits in self.per_word if level == "mac"))

    def word_energy(self, level: str, word_bits: int) -> float:
        """Return the energy of one word (or one multiply-accumulate) in ``unit``; NaN where none is tabulated.

        A level tabulated for one width of access only (DRAM of 64 bits) is scaled by the number of bits.
        """
        found = self.per_word.get((level, word_bits))
        if found is not None:
            return found
        wider = [(bits, energy) for (name, bits), energy in self.per_word.items() if name == level == "dram"]
        return wider[0][1] * word_bits / wider[0][0] if wider else math.nan

    def sram_word_energy(self, capacity_kib: float, word_bits: int) -> float:
        """Return the energy of one word of an SRAM of that capacity, in ``unit``."""
        if self.sram_curve is None:
            return self.word_energy("sram", word_bits)
        return self.sram_curve.energy(capacity_kib) * word_bits / self.sram_curve.access_bits

    def sram_in_range(self, capacity_kib: float) -> bool:
        """Whether an SRAM of that capacity lies between tabulated ones (always, where capacity doesn't matter)."""
        return self.sram_curve is None or self.sram_curve.in_range(capacity_kib)


def data_rows(file: str) -> Iterator[dict[str, str]]:
    """Yield the rows of one of this package's data files."""
    with files("codesign.technology").joinpath("data", file).open(encoding="utf-8") as stream:
        yield from csv.DictReader(stream)


def _sram_curves() -> dict[str, SramCurve]:
    points: dict[str, list[tuple[float, float]]] = {}
    bits: dict[str, int] = {}
    for row in data_rows("sram_energy.csv"):
        points.setdefault(row["table"], []).append((float(row["capacity_kib"]), float(row["value"])))
        bits[row["table"]] = int(row["access_bits"])
    return {name: SramCurve(tuple(found), bits[name]) for name, found in points.items()}


@cache
def energy_tables() -> Mapping[str, EnergyTable]:
    """Return every energy table by name, in the order of the data file."""
    constants: dict[str, dict[tuple[str, int], float]] = {}
    static: dict[str, float] = {}
    units: dict[str, str] = {}
    sources: dict[str, list[str]] = {}
    for row in data_rows("access_energy.csv"):
        name = row["table"]
        sources.setdefault(name, []).append(row["source"])
        if row["quantity"] == "static":
            static[name] = float(row["value"])
            continue
        constants.setdefault(name, {})[row["quantity"], int(row["word_bits"])] = float(row["value"])
        units[name] = row["unit"]
    curves = _sram_curves()
    return MappingProxyType(
        {
            name: EnergyTable(
                name=name,
                unit=units[name],
                per_word=MappingProxyType(constants[name]),
                sram_curve=curves.get(name),
                static_mw=static.get(name, 0.0),
                sources=tuple(sources[name]),
            )
            for name in constants
        }
    )


def energy_table(name: str) -> EnergyTable:
    """Return the energy table of that name.

    Raises:
        UnknownNameError: there is none.
    """
    tables = energy_tables()
    if name not in tables:
        raise UnknownNameError(f"unknown energy table {name!r}{nearest(name, tables)}; known: {', '.join(tables)}")
    return tables[name]
