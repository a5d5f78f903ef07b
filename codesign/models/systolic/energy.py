"""Energy of counted events: number of events at a level times the table's energy of one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.models.systolic.layers import FloatArray
from codesign.technology import LEVELS, EnergyTable, energy_tables

UNSET = np.nan
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class UnitEnergies:
    """Energy of one event for each design; arrays of shape ``designs`` or of length 1.

    Attributes:
        mac, register, array, dram: of one operation or word, in the table's unit; NaN where the table has none.
        sram: of one word of the ifmap, filter and ofmap SRAM.
        static_mw: power in mW.
        picojoules: 1 where the table's unit is pJ, NaN otherwise.
        in_range: whether the SRAMs' capacities lie between tabulated ones.
    """

    mac: FloatArray
    register: FloatArray
    array: FloatArray
    dram: FloatArray
    sram: tuple[FloatArray, FloatArray, FloatArray]
    static_mw: FloatArray
    picojoules: FloatArray
    in_range: FloatArray


def _distinct(pair: IntArray, capacity_kib: FloatArray) -> tuple[list[tuple[int, float]], IntArray]:
    """Return the distinct (pair, capacity) and for each design which it is (length 1 where all are equal)."""
    codes, capacities = pd.factorize(capacity_kib)
    keys, distinct = pd.factorize(codes * (int(pair.max()) + 1) + pair)
    radix = int(pair.max()) + 1
    return [(int(key) % radix, float(capacities[int(key) // radix])) for key in distinct], keys


class EnergyLookup:
    """Constants of every table as arrays over (table, word width), to be picked by design."""

    def __init__(self, table_names: tuple[str, ...], word_bits: tuple[int, ...]) -> None:
        tables = [energy_tables().get(name) for name in table_names]
        self.tables = tables
        self.word_bits = word_bits
        pairs = [(table, bits) for table in tables for bits in word_bits]
        self.levels = {level: np.array([_word(t, level, b) for t, b in pairs]) for level in LEVELS}
        self.static_mw = np.array([t.static_mw if t and t.unit == "pJ" else 0.0 for t, _ in pairs])
        self.picojoules = np.array([1.0 if t and t.unit == "pJ" else UNSET for t, _ in pairs])
        self.has_curve = np.array([t is not None and t.sram_curve is not None for t, _ in pairs])

    def pair(self, table: IntArray, word_bits: FloatArray) -> IntArray:
        """Return the position of (table, width) in the arrays."""
        width = np.searchsorted(np.array(self.word_bits, dtype=np.float64), word_bits)
        return np.asarray(table * len(self.word_bits) + width)

    def sram(self, pair: IntArray, capacity_kib: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the energy of one SRAM word, and 1.0 where the capacity lies in the table's range.

        Capacities are looked up one by one for tables with a curve, each distinct one once.
        """
        if not self.has_curve[pair].any():
            return self.levels["sram"][pair], np.ones(1)
        rows, which = _distinct(pair, capacity_kib)
        energies, inside = np.empty(len(rows)), np.ones(len(rows))
        for i, (where, capacity) in enumerate(rows):
            table = self.tables[where // len(self.word_bits)]
            bits = self.word_bits[where % len(self.word_bits)]
            energies[i] = UNSET if table is None else table.sram_word_energy(capacity, bits)
            inside[i] = 1.0 if table is None else float(table.sram_in_range(capacity))
        return energies[which], inside[which]

    def units(
        self,
        pair: IntArray,
        capacities_kib: tuple[FloatArray, FloatArray, FloatArray],
        shared: npt.NDArray[np.bool_],
    ) -> UnitEnergies:
        """Return the energies for each design; ``shared`` designs have one memory of the three capacities together."""
        whole = (capacities_kib[0] + capacities_kib[1]) + capacities_kib[2]
        found = [self.sram(pair, np.where(shared, whole, one)) for one in capacities_kib]
        return UnitEnergies(
            mac=self.levels["mac"][pair],
            register=self.levels["register"][pair],
            array=self.levels["array"][pair],
            dram=self.levels["dram"][pair],
            sram=(found[0][0], found[1][0], found[2][0]),
            static_mw=self.static_mw[pair],
            picojoules=self.picojoules[pair],
            in_range=found[0][1] * found[1][1] * found[2][1],
        )


def _word(table: EnergyTable | None, level: str, word_bits: int) -> float:
    return UNSET if table is None else table.word_energy(level, word_bits)
