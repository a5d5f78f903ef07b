"""Comparison of LPDDR4 with DRAMSys v4.0: time, latency of reads, and energy by DRAMPower, on traces made here."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import numpy as np

from codesign.models.checks import Check
from codesign.models.dram.settings import ControllerSettings
from codesign.models.dram.simulator import simulate
from codesign.technology.dram_devices import DramDevice, dram_device
from codesign.workloads.memory.trace import IntArray, MemoryTrace

DEVICE = "lpddr4-3200-8gb-x16"
FILE = "dramsys_lpddr4.csv"
REQUESTS = 100_000
TOLERANCE = 0.03
PJ_PER_UJ = 1e6
_ORDER = "events of the same instant come in another order in DRAMSys's simulation kernel"
_BANK_REFRESH = (
    "energy of refreshes per bank: DRAMPower takes V IDD5pb tRFCpb, background included, where IDD5pb is a mean over"
    " tREFI / 8 (JESD209-4, remembered); ours V (IDD5pb - IDD2N) tREFI / 8. All else agrees within 0.01 %"
)


@cache
def _lines(kind: str, lines: int) -> IntArray:
    """Return which access of the memory each request of a trace is for; of random ones uniform, seed 1."""
    if kind == "stream":
        return np.arange(REQUESTS, dtype=np.int64)
    draw = random.Random(1)
    return np.array([draw.randrange(lines) for _ in range(REQUESTS)], dtype=np.int64)


def comparison_trace(name: str, device: DramDevice) -> MemoryTrace:
    """Return the trace of a comparison, e.g. ``random_rw_g32``.

    100,000 accesses of one burst: ``stream`` one after another, ``random`` uniform over one rank (Python's generator,
    seed 1); ``r`` reads, ``rw`` every third a write; ``g0`` as fast as taken, ``g32`` one in 32 controller clocks: a
    quarter of what the data bus can move.
    """
    kind, direction, gap = name.split("_")
    index = np.arange(REQUESTS, dtype=np.int64)
    address = _lines(kind, device.rank_bytes // device.burst_bytes) * device.burst_bytes
    write = (index % 3 == 2) & (direction == "rw")
    return MemoryTrace(name, device.clock_mhz, index * int(gap[1:]), address, write)


def lpddr4() -> list[Check]:
    """Return our times, latencies and energies of LPDDR4-3200 beside those of DRAMSys v4.0 and DRAMPower.

    DRAMSys v4.0 analyses no power of LPDDR4: DRAMPower was given its commands, once with the voltage and currents of
    each supply. Where refresh is per bank, its energy without that of these refreshes is compared too.
    """
    with files("codesign.models.dram").joinpath("data", FILE).open(encoding="utf-8") as stream:
        return [check for row in csv.DictReader(stream) for check in _checks(row)]


def _checks(row: dict[str, str]) -> Iterator[Check]:
    device = dram_device(DEVICE)
    settings = ControllerSettings(
        arbiter="Simple",
        page_policy=row["page_policy"],
        scheduler=row["scheduler"],
        refresh_policy=row["refresh_policy"],
    )
    ours = simulate(comparison_trace(row["trace"], device), device, settings)
    energy_uj = ours.total_energy_pj / PJ_PER_UJ
    chosen = (row["page_policy"], row["scheduler"], row["refresh_policy"], row["trace"])
    item = " ".join(("LPDDR4-3200 DRAMSys", *chosen))
    per_bank = row["refresh_policy"] == "PerBank"
    compared = [
        ("time", row["time_us"], ours.time_us, "us", _ORDER),
        ("read latency", row["read_latency_ns"], ours.read_latency_ns, "ns", _ORDER),
        ("energy", row["energy_uj"], energy_uj, "uJ", _BANK_REFRESH if per_bank else _ORDER),
    ]
    if per_bank:
        theirs = float(row["energy_uj"]) - float(row["bank_refresh_energy_uj"])
        other_uj = energy_uj - ours.energy_pj["refresh"] / PJ_PER_UJ
        compared.append(("energy without refreshes", str(theirs), other_uj, "uJ", _ORDER))
    for quantity, reference, value, unit, note in compared:
        yield Check(f"{item} {quantity}", float(reference), value, unit, TOLERANCE, row["source"], note)
