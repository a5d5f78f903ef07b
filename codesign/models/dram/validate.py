"""Comparison with other simulators on traces that can be made again: DRAMSys, DRAMsim3, Ramulator; energy by hand."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from importlib.resources import files
from typing import Any

import numpy as np

from codesign.models.checks import Check
from codesign.models.dram.energy import background_mw, command_energy_pj
from codesign.models.dram.settings import ControllerSettings
from codesign.models.dram.simulator import Simulation, simulate
from codesign.technology.dram_devices import DramDevice, dram_device
from codesign.workloads.memory.trace import MemoryTrace

REQUESTS = 100_000
RANDOM_BYTES = 8 << 30
HOT_BYTES = 1 << 20
HOT_SHARE = 0.9
STRIDE_LINES = 65
WRITE_EVERY = {"rw": 3, "w2": 2, "w10": 10}
"""Part of a trace's name -> which accesses write: every third, second, tenth."""
TIME_TOLERANCE = 0.05
DRAMSYS_TOLERANCE = 0.03
HAND_TOLERANCE = 0.001

PUBLISHED_NAMES = {
    "PagePolicy": "page_policy",
    "Scheduler": "scheduler",
    "SchedulerBuffer": "scheduler_buffer",
    "RequestBufferSize": "request_buffer_size",
    "RespQueue": "response_queue",
    "RefreshPolicy": "refresh_policy",
    "RefreshMaxPostponed": "refresh_max_postponed",
    "RefreshMaxPulledin": "refresh_max_pulledin",
    "Arbiter": "arbiter",
    "MaxActiveTransactions": "max_active_transactions",
}
"""Parameters of the published design space -> settings."""
BASE = ControllerSettings(max_active_transactions=64)
"""The design that the one-at-a-time sweep starts from."""


@dataclass(frozen=True)
class _Peer:
    """How one simulator is set up, said with ours."""

    device: str
    ranks: int
    settings: ControllerSettings
    note: str


_BUFFERED = ControllerSettings(
    scheduler="FirstReady",
    scheduler_buffer="ReadWrite",
    request_buffer_size=32,
    write_buffer_size=32,
    posted_writes=True,
    arbiter="Simple",
    refresh_max_postponed=0,
    refresh_max_pulledin=0,
)
_DRAMSIM3 = replace(
    _BUFFERED,
    bank_queue_size=8,
    row_hit_cap=4,
    command_order="RoundRobin",
    write_drain="Batch",
    write_low_watermark=8,
    write_high_watermark=31,
)
_RAMULATOR = replace(
    _BUFFERED,
    active_buffer=True,
    refresh_staggered=False,
    write_drain="Watermarks",
    write_low_watermark=6,
    write_high_watermark=25,
    address_mapping="row-bank-group-rank-column-channel",
)
OUR_TURNAROUNDS = ", our turnarounds"
"""Ends the name of a simulator whose spacings on the data bus were changed to ours."""
_DRAMSIM3_NOTE = (
    "DRAMsim3 leaves no clock between the writes of two ranks, and one between a read and a write; ours tRTRS, and two"
    " (JESD79-4). With these in DRAMsim3 the rows with our turnarounds agree"
)
_RAMULATOR_NOTE = (
    "Ramulator allows a write of another rank 6 clocks after a read, when their data meet on the bus, and no gap"
    " between the writes of two ranks. With our spacings in it the rows with our turnarounds agree"
)
_PEERS = {
    "DRAMsim3 rochrababgco": _Peer(
        "ddr4-2400-8gb-x8", 2, replace(_DRAMSIM3, address_mapping="row-rank-bank-group-column"), _DRAMSIM3_NOTE
    ),
    "DRAMsim3 rochracobabg": _Peer(
        "ddr4-2400-8gb-x8", 2, replace(_DRAMSIM3, address_mapping="row-rank-column-bank-group"), _DRAMSIM3_NOTE
    ),
    "Ramulator": _Peer("ddr4-2400u-8gb-x8", 2, _RAMULATOR, _RAMULATOR_NOTE),
    "DRAMSys": _Peer("ddr4-2400-4gb-x8", 1, ControllerSettings(arbiter="Simple"), ""),
}


def _rows(file: str) -> Iterator[dict[str, str]]:
    with files("codesign.models.dram").joinpath("data", file).open(encoding="utf-8") as stream:
        yield from csv.DictReader(stream)


def comparison_trace(name: str, device: DramDevice, ranks: int) -> MemoryTrace:
    """Return the trace of a comparison, e.g. ``random_rw_g16``.

    100,000 accesses of 64 bytes: ``stream`` one after another, ``strided`` 65 lines apart, ``random`` uniform over
    8 GiB, ``hot`` nine of ten uniform over the first MiB and the others over 8 GiB (Python's generator, seed 1);
    wrapped at the memory's end. ``r`` reads, ``rw`` every third a write, ``w2`` every second, ``w10`` every tenth;
    ``g0`` as fast as taken, ``g16`` one in 16 controller clocks.
    """
    kind, direction, gap = name.split("_")
    index = np.arange(REQUESTS, dtype=np.int64)
    draw = random.Random(1)
    if kind == "random":
        line = np.array([draw.randrange(RANDOM_BYTES // 64) for _ in range(REQUESTS)], dtype=np.int64)
    elif kind == "hot":
        spans = [HOT_BYTES if draw.random() < HOT_SHARE else RANDOM_BYTES for _ in range(REQUESTS)]
        line = np.array([draw.randrange(span // 64) for span in spans], dtype=np.int64)
    else:
        line = index * (STRIDE_LINES if kind == "strided" else 1)
    every = WRITE_EVERY.get(direction, REQUESTS + 1)
    write = index % every == every - 1
    address = line * 64 % (device.rank_bytes * ranks)
    return MemoryTrace(name, device.clock_mhz, index * int(gap[1:]), address, write)


def _compared(item: str, row: dict[str, str], ours: Simulation, tolerance: float, note: str) -> Iterator[Check]:
    """Yield a check for each figure that the row has."""
    for column, unit, value in (
        ("bandwidth_gbs", "GB/s", ours.bandwidth_gbs),
        ("read_latency_ns", "ns", ours.read_latency_ns),
        ("energy_uj", "uJ", ours.total_energy_pj * 1e-6),
    ):
        if row[column]:
            name = column.rsplit("_", 1)[0].replace("_", " ")
            yield Check(f"{item} {name}", float(row[column]), value, unit, tolerance, row["source"], note)


def _ddr4_simulators() -> Iterator[Check]:
    for row in _rows("ddr4_simulators.csv"):
        peer = _PEERS[row["simulator"].removesuffix(OUR_TURNAROUNDS)]
        device = dram_device(peer.device)
        trace = comparison_trace(row["trace"], device, peer.ranks)
        ours = simulate(trace, device, peer.settings, ranks=peer.ranks)
        writes = "_r_" not in row["trace"] and not row["simulator"].endswith(OUR_TURNAROUNDS)
        tolerance = DRAMSYS_TOLERANCE if row["simulator"] == "DRAMSys" else TIME_TOLERANCE
        item = f"DDR4-2400 {row['simulator']} {row['trace']}"
        yield from _compared(item, row, ours, tolerance, peer.note if writes else "")


def _other_devices() -> Iterator[Check]:
    """Reads of one channel of other devices, beside DRAMsim3."""
    for row in _rows("other_simulators.csv"):
        device = dram_device(row["device"])
        ours = simulate(comparison_trace(row["trace"], device, 1), device, _DRAMSIM3, channels=1)
        yield from _compared(f"{row['device']} DRAMsim3 {row['trace']}", row, ours, TIME_TOLERANCE, "")


def published_settings(values: dict[str, str], base: ControllerSettings = BASE) -> ControllerSettings:
    """Return ``base`` with parameters of the published space, by their published names, set to ``values``."""
    counts = {field.name for field in fields(ControllerSettings) if isinstance(field.default, int)}
    known = {PUBLISHED_NAMES[name]: value for name, value in values.items()}
    changed: dict[str, Any] = {name: int(value) if name in counts else value for name, value in known.items()}
    return replace(base, **changed)


def _ddr3_stream() -> Iterator[Check]:
    device = dram_device("ddr3-1600-1gb-x8")
    index = np.arange(10_000, dtype=np.int64)
    trace = MemoryTrace("stream", 800.0, index, index * 64, np.zeros(len(index), dtype=np.bool_))
    for row in _rows("dramsys_ddr3_stream.csv"):
        changed = {} if row["parameter"] == "base" else {row["parameter"]: row["value"]}
        ours = simulate(trace, device, published_settings(changed))
        item = f"DDR3-1600 DRAMSys stream, {row['parameter']} {row['value']}".rstrip()
        yield Check(f"{item} time", float(row["time_us"]), ours.time_us, "us", DRAMSYS_TOLERANCE, row["source"])
        energy = ours.total_energy_pj * 1e-6
        yield Check(f"{item} energy", float(row["energy_uj"]), energy, "uJ", DRAMSYS_TOLERANCE, row["source"])


def _command_energy() -> Iterator[Check]:
    device = dram_device("ddr4-2400-8gb-x8")
    one = {name: value * 1e-3 for name, value in command_energy_pj(device).items()}
    ours = one | {
        "activate and precharge": one["activate"] + one["precharge"],
        "active standby": background_mw(device, "idd3n"),
        "precharged standby": background_mw(device, "idd2n"),
    }
    for row in _rows("ddr4_command_energy.csv"):
        item = f"DDR4-2400 8 Gb x8, {row['quantity']}"
        yield Check(item, float(row["value"]), ours[row["quantity"]], row["unit"], HAND_TOLERANCE, row["source"])


def dram() -> list[Check]:
    """Return our times, latencies and energies beside those of DRAMSys v4.0, DRAMsim3 and Ramulator 2.1.

    The traces are made here (streams; uniform random addresses), so every row can be computed anywhere.
    """
    return [*_ddr3_stream(), *_ddr4_simulators(), *_other_devices(), *_command_energy()]
