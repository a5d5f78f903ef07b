"""Simulate a memory controller and its DRAM on a trace: one design in full, or a table of many designs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.errors import WorkloadError
from codesign.models.dram.addresses import decode, pack
from codesign.models.dram.encoding import blank_channels, config_table
from codesign.models.dram.energy import PARTS, energy_parts_pj
from codesign.models.dram.kernel import OUTPUTS, compiled
from codesign.models.dram.settings import ControllerSettings
from codesign.models.dram.state import BINS, COMMANDS, INITIATOR, LOG_FULL, SLOT
from codesign.technology.dram_devices import DramDevice
from codesign.workloads.memory.trace import MemoryTrace

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
PART_OF_A_TRACE = 1 << 18
"""Requests decoded at a time when a trace is long or comes in parts."""
LOG_LINES = 1 << 16


@dataclass(frozen=True)
class Simulation:
    """What one controller did with one trace.

    Attributes:
        time_us: from time 0 of the trace to the last answer at the initiator.
        bandwidth_gbs: bytes read and written per nanosecond of ``time_us``.
        read_latency_ns: mean of the reads, from the initiator sending the request to its answer.
        read_latency_p50_ns, read_latency_p95_ns, read_latency_p99_ns, read_latency_most_ns: of the same (smallest
            latency that this share of the reads do not exceed; exact below 4,096 clocks, 0.05 % above).
        row_hits, row_misses, row_conflicts: accesses to a row open already, to a bank without an open row, to a bank
            where another row had to be closed for them.
        commands: name -> how many were sent.
        energy_pj: part -> pJ; empty where the currents of the device aren't public.
        command_log: on request, one row per command: ``clock``, ``command``, ``channel``, ``rank``, ``group``, ``bank``
            (within its group; -1 for commands to a rank), ``row`` (-1 where none is named).
        reads, writes: requests answered. Posted writes that still wait at the last answer are not sent, and so are not
            in ``commands`` nor in the energy.
    """

    time_us: float
    bandwidth_gbs: float
    read_latency_ns: float
    read_latency_p50_ns: float
    read_latency_p95_ns: float
    read_latency_p99_ns: float
    read_latency_most_ns: float
    row_hits: int
    row_misses: int
    row_conflicts: int
    commands: Mapping[str, int]
    energy_pj: Mapping[str, float]
    reads: int
    writes: int
    command_log: pd.DataFrame | None = None

    @property
    def row_hit_rate(self) -> float:
        """Share of accesses that found their row open; NaN where none was sent."""
        sent = self.row_hits + self.row_misses + self.row_conflicts
        return self.row_hits / sent if sent else float("nan")

    @property
    def total_energy_pj(self) -> float:
        """Sum of the parts; NaN where the currents aren't public."""
        return sum(self.energy_pj.values()) if self.energy_pj else float("nan")

    @property
    def power_w(self) -> float:
        """Average power over ``time_us``."""
        return self.total_energy_pj * 1e-6 / self.time_us


class _Memory:
    """Working arrays of the compiled simulator for one memory, and calls of it."""

    def __init__(self, configs: npt.NDArray[np.void], device: DramDevice, ranks: int, channels: int, log: bool) -> None:
        window = int(configs["window"].max())
        self.configs = configs
        self.blank = blank_channels(device, ranks, channels)
        self.channels = self.blank.copy()
        self.slots = np.zeros(window, dtype=SLOT)
        self.ring = np.full(window, -1, dtype=np.int64)
        self.waits = np.full((channels, window), -1, dtype=np.int64)
        self.initiator = np.zeros(1, dtype=INITIATOR)
        self.log = np.zeros((LOG_LINES if log else 1, 6), dtype=np.int64)
        self.latencies = np.zeros(BINS, dtype=np.int64)
        self.out = np.zeros((len(configs), len(OUTPUTS)), dtype=np.float64)

    def run(self, arrivals: IntArray, places: IntArray, last: bool, fresh: bool) -> int:
        """Simulate on; return why it stopped."""
        return compiled()(
            self.configs,
            self.channels,
            self.channels.view(np.int64).reshape(-1),
            self.blank.view(np.int64).reshape(-1),
            self.slots,
            self.ring,
            self.waits,
            self.initiator,
            self.initiator.view(np.int64).reshape(-1),
            self.log,
            self.latencies,
            arrivals,
            places,
            last,
            fresh,
            self.out,
        )

    def take_log(self) -> IntArray:
        """Return the lines of the log so far and begin it anew."""
        lines = self.log[: int(self.initiator["log_count"][0])].copy()
        self.initiator["log_count"] = 0
        return lines


def _ratio(clock_mhz: float, device: DramDevice) -> float:
    """Controller clocks per clock of the initiator; clocks within 0.1 % are the same (data sheets round tCK)."""
    ratio = 1000.0 / (device.tck_ns * clock_mhz)
    return 1.0 if abs(ratio - 1.0) < 1e-3 else ratio


def _clocks_of(trace: MemoryTrace, ratio: float) -> IntArray:
    """Controller clock at or after each request's time."""
    if ratio == 1.0:
        return trace.cycle
    clocks: IntArray = np.ceil(trace.cycle * ratio - 1e-9).astype(np.int64)
    return clocks


def _requests(
    trace: MemoryTrace, device: DramDevice, mapping: str, ranks: int, channels: int
) -> tuple[IntArray, IntArray]:
    parts = decode(trace.address, device, mapping, ranks, channels)
    return _clocks_of(trace, _ratio(trace.clock_mhz, device)), pack(parts, trace.write, device)


def _pieces(trace: MemoryTrace | Iterable[MemoryTrace]) -> Iterator[tuple[MemoryTrace, bool]]:
    """Yield pieces of bounded length and whether each is the last."""
    whole = [trace] if isinstance(trace, MemoryTrace) else trace
    pieces = chain.from_iterable(part.parts(PART_OF_A_TRACE) for part in whole)
    held: MemoryTrace | None = None
    for piece in pieces:
        if held is not None:
            if piece.clock_mhz != held.clock_mhz or piece.cycle[0] < held.cycle[-1]:
                raise WorkloadError(f"trace {piece.name!r}: its parts must have one clock, and times that never fall")
            yield held, False
        held = piece
    if held is None:
        raise WorkloadError("a trace without parts has no request")
    yield held, True


def _metrics(out: FloatArray, device: DramDevice, ranks: int) -> dict[str, FloatArray]:
    """Results of the compiled simulator as metrics with units, (designs,) each."""
    raw = {name: out[:, column] for column, name in enumerate(OUTPUTS)}
    time_ns = raw["clocks"] * device.tck_ns
    done = raw["reads"] + raw["writes"]
    sent = raw["hits"] + raw["misses"] + raw["conflicts"]
    metrics = {
        "time_us": time_ns * 1e-3,
        "bandwidth_gbs": done * device.burst_bytes / time_ns,
        "read_latency_ns": raw["read_latency_mean"] * device.tck_ns,
        "read_latency_p50_ns": raw["read_latency_p50"] * device.tck_ns,
        "read_latency_p95_ns": raw["read_latency_p95"] * device.tck_ns,
        "read_latency_p99_ns": raw["read_latency_p99"] * device.tck_ns,
        "read_latency_most_ns": raw["read_latency_most"] * device.tck_ns,
        "row_hits": raw["hits"],
        "row_misses": raw["misses"],
        "row_conflicts": raw["conflicts"],
        "row_hit_rate": raw["hits"] / np.where(sent > 0, sent, np.nan),
    }
    if device.supplies:
        parts = energy_parts_pj(raw, device, ranks)
        metrics |= {f"{part}_energy_pj": parts[part] for part in PARTS}
        metrics["energy_pj"] = np.add.accumulate([parts[part] for part in PARTS])[-1]
        metrics["power_w"] = metrics["energy_pj"] / time_ns * 1e-3
    return metrics


def _log_table(lines: list[IntArray], device: DramDevice) -> pd.DataFrame:
    log = np.concatenate(lines)
    bank = np.where(log[:, 4] < 0, -1, log[:, 4] % device.banks)
    return pd.DataFrame(
        {
            "clock": log[:, 0],
            "command": np.array(COMMANDS)[log[:, 1]],
            "channel": log[:, 2],
            "rank": log[:, 3],
            "group": np.where(bank < 0, -1, bank // device.banks_per_group),
            "bank": np.where(bank < 0, -1, bank % device.banks_per_group),
            "row": log[:, 5],
        }
    )


def _simulation(memory: _Memory, device: DramDevice, ranks: int, lines: list[IntArray] | None) -> Simulation:
    metrics = {name: float(values[0]) for name, values in _metrics(memory.out, device, ranks).items()}
    raw = dict(zip(OUTPUTS, memory.out[0].tolist(), strict=True))
    energy = {part: metrics[f"{part}_energy_pj"] for part in PARTS} if device.supplies else {}
    return Simulation(
        **{name: metrics[name] for name in metrics if name.endswith(("_ns", "_us", "_gbs"))},
        row_hits=int(raw["hits"]),
        row_misses=int(raw["misses"]),
        row_conflicts=int(raw["conflicts"]),
        commands={name: int(raw[name]) for name in COMMANDS},
        energy_pj=energy,
        reads=int(raw["reads"]),
        writes=int(raw["writes"]),
        command_log=None if lines is None else _log_table(lines, device),
    )


def simulate(
    trace: MemoryTrace | Iterable[MemoryTrace],
    device: DramDevice,
    settings: ControllerSettings,
    *,
    ranks: int = 1,
    channels: int | None = None,
    log: bool = False,
) -> Simulation:
    """Simulate one controller (per channel) on a trace.

    Args:
        trace: whole, or in parts one after another (for traces that don't fit into memory).
        device: one rank of one channel.
        settings: of the controllers and the arbiter before them.
        ranks: of each channel, a power of 2.
        channels: a power of 2; as many as the device has where not given.
        log: whether to return every command (for short traces: about 60 bytes a command).

    Returns:
        Time, latency, counts, energy by part.

    Raises:
        ModelInputError: settings without a meaning, an address outside the memory.
        WorkloadError: parts of a trace that don't follow each other.
    """
    channels = device.channels if channels is None else channels
    mapping = settings.address_mapping or device.default_mapping
    memory: _Memory | None = None
    lines: list[IntArray] = []
    for piece, last in _pieces(trace):
        arrivals, places = _requests(piece, device, mapping, ranks, channels)
        fresh = memory is None
        if memory is None:
            ratio = _ratio(piece.clock_mhz, device)
            configs = config_table([settings], device, ranks, channels, ratio)
            configs["logging"] = log
            memory = _Memory(configs, device, ranks, channels, log)
        code = memory.run(arrivals, places, last, fresh)
        while code == LOG_FULL:
            lines.append(memory.take_log())
            code = memory.run(arrivals, places, last, False)
        memory.initiator["next"] = 0
    assert memory is not None
    if log:
        lines.append(memory.take_log())
    return _simulation(memory, device, ranks * channels, lines if log else None)


def simulate_many(
    trace: MemoryTrace,
    device: DramDevice,
    settings: Sequence[ControllerSettings],
    *,
    ranks: int = 1,
    channels: int | None = None,
    threads: int = 1,
) -> pd.DataFrame:
    """Simulate many controllers on one trace: one row per controller, in their order.

    Addresses are taken apart once per mapping; the simulation runs without the interpreter's lock, in ``threads``
    threads. A row doesn't depend on the others nor on the number of threads.

    Returns:
        The numbers of ``Simulation`` with ``row_hit_rate`` and, where the currents of the device are public,
        ``<part>_energy_pj``, ``energy_pj``, ``power_w``.

    Raises:
        ModelInputError: see ``simulate``.
    """
    channels = device.channels if channels is None else channels
    ratio = _ratio(trace.clock_mhz, device)
    configs = config_table(settings, device, ranks, channels, ratio)
    out = np.zeros((len(settings), len(OUTPUTS)))
    mappings = np.array([one.address_mapping or device.default_mapping for one in settings], dtype=object)

    def part(rows: IntArray, arrivals: IntArray, places: IntArray) -> None:
        memory = _Memory(configs[rows], device, ranks, channels, False)
        memory.run(arrivals, places, True, True)
        out[rows] = memory.out

    with ThreadPoolExecutor(threads) as pool:
        tasks = []
        for mapping in dict.fromkeys(mappings):
            arrivals, places = _requests(trace, device, mapping, ranks, channels)
            for rows in np.array_split(np.flatnonzero(mappings == mapping), threads):
                if rows.size:
                    tasks.append(pool.submit(part, rows, arrivals, places))
        for task in tasks:
            task.result()
    return pd.DataFrame(_metrics(out, device, ranks * channels))
