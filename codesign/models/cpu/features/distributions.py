"""What a program lets any core do, resource by resource, in windows of 400 instructions.

Throughput of a window under one limit alone, everything else without bounds (Concorde, arXiv 2503.23076): places in
the reorder buffer, loads and stores in flight. Limits that a class of instructions sets are shares; the core's units
turn them into cycles (``predictor/bounds.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from numba import njit

from codesign.models.compiled import OPTIONS, source_stamp
from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.encoding import operation_unit
from codesign.models.cpu.features.cache_walk import IN_DRAM, IN_LLC
from codesign.models.cpu.features.memory_view import SLOTS, MemoryView
from codesign.models.cpu.features.sample import Sample
from codesign.models.cpu.machine.layout import PLAIN, SYSTEM, UNITS
from codesign.workloads.instructions.trace import OPERATIONS, REGISTERS

WINDOW = 400
PERCENTILES = (10, 50, 90)
SPREAD = ("dependences", "rob_128")
"""Limits of which the percentiles are kept beside the throughput of all windows."""
ROB_SIZES = (16, 32, 64, 128, 192, 256, 384, 512)
QUEUE_SIZES = (8, 16, 32, 64, 128, 256)
UNLIMITED = 1 << 14


def throughputs(ends: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return instructions per cycle of each window from the cycles in which the windows end, shape (windows,)."""
    cycles = np.diff(ends, prepend=0)
    return WINDOW / np.maximum(cycles, 1)


def harmonic_mean(values: npt.NDArray[np.float64]) -> float:
    """Return the throughput of all windows together."""
    return float(len(values) / np.sum(1.0 / values))


def window_ends(
    part: Sample,
    memory_cycles: npt.NDArray[np.int64],
    rob: int = UNLIMITED,
    loads: int = UNLIMITED,
    stores: int = UNLIMITED,
) -> npt.NDArray[np.int64]:
    """Return the cycles in which windows of a sample end on a core that only a buffer limits.

    a(i) = c(i - rob), for loads also c of the load ``loads`` earlier, likewise stores; s(i) = max(a(i), finish of
    producers); f(i) = s(i) + latency; c(i) = max(f(i), c(i-1)).

    Args:
        part: the sample.
        memory_cycles: per operand of the counted instructions, cycles of a load; shape (operands,).
        rob, loads, stores: entries.
    """
    trace = part.encoded
    start = int(trace.ends[part.warmup - 1]) if part.warmup else 0
    latencies = np.array([operation_unit(CoreSettings(), name)[1] for name in OPERATIONS], dtype=np.int64)
    ends = np.zeros(part.instructions // WINDOW, dtype=np.int64)
    _loop()(
        trace.operations, latencies, trace.sources, trace.destinations, trace.which, trace.ends, trace.written,
        memory_cycles, part.warmup, start, rob, loads, stores, np.zeros((3, 2 * UNLIMITED), dtype=np.int64),
        np.zeros(REGISTERS, dtype=np.int64), ends,
    )  # fmt: skip
    return ends


@cache
def _loop() -> Callable[..., int]:
    stamp = source_stamp(Path(__file__).parent)

    @njit(nogil=True, cache=True, **OPTIONS)
    def run(operations, latencies, sources, destinations, which, ends, written, memory_cycles, warmup, start, rob, loads, stores, left, known, window_ends):  # type: ignore[no-untyped-def]  # fmt: skip  # noqa: E501
        mask = left.shape[1] - 1
        first, loads_seen, stores_seen, committed = start, 0, 0, 0
        for i in range(warmup, len(which)):
            n, now, last = i - warmup, which[i], ends[i]
            time = left[0, (n - rob) & mask]
            own_loads, own_stores, longest = 0, 0, 0
            for k in range(first, last):
                if written[k]:
                    own_stores += 1
                else:
                    own_loads += 1
                    longest = max(longest, memory_cycles[k - start])
            if own_loads:
                time = max(time, left[1, (loads_seen + own_loads - 1 - loads) & mask])
            if own_stores:
                time = max(time, left[2, (stores_seen + own_stores - 1 - stores) & mask])
            for k in range(sources.shape[1]):
                if sources[now, k] == 0:
                    break
                time = max(time, known[sources[now, k]])
            time += max(latencies[operations[now]], longest)
            for k in range(destinations.shape[1]):
                if destinations[now, k] == 0:
                    break
                known[destinations[now, k]] = time
            committed = max(committed, time)
            left[0, n & mask] = committed
            for _ in range(own_loads):
                left[1, loads_seen & mask] = committed
                loads_seen += 1
            for _ in range(own_stores):
                left[2, stores_seen & mask] = committed
                stores_seen += 1
            first = last
            if (n + 1) % WINDOW == 0:
                window_ends[n // WINDOW] = committed
        return stamp

    return run  # type: ignore[no-any-return]


def memory_cycles(view: MemoryView, core: CoreSettings) -> npt.NDArray[np.int64]:
    """Return cycles of each operand when levels answer with their latencies and nothing is in flight, (operands,)."""
    clocks = core.dram_trcd + core.dram_tcas + 4
    own = view.origins == np.arange(len(view.origins)) * SLOTS
    cycles = np.full(len(own), core.l1d_latency, dtype=np.int64)
    cycles[own] += core.l2_latency
    cycles[own & (view.levels >= IN_LLC)] += core.llc_latency
    cycles[own & (view.levels == IN_DRAM)] += round(clocks * core.frequency_mhz / (core.dram_data_rate_mts / 2))
    return cycles


def counted(part: Sample) -> dict[str, float]:
    """Return shares of what any core has to do, per counted instruction: classes of units, operands, branches.

    ``<unit>_most``: the 90th percentile over windows. ``writes``: registers written per instruction; ``registers``: how
    many the program uses.
    """
    trace = part.encoded
    which = trace.which[part.warmup :]
    unit = np.array([UNITS.index(operation_unit(CoreSettings(), name)[0]) for name in OPERATIONS])[
        trace.operations[which]
    ]
    kinds = trace.kinds[which]
    branch = (kinds != PLAIN) & (kinds != SYSTEM)
    flags = {name: unit == place for place, name in enumerate(UNITS)} | {
        "loads": part.trace.loads[part.warmup :].astype(np.float64),
        "stores": part.trace.stores[part.warmup :].astype(np.float64),
        "taken": branch & trace.taken[part.warmup :],
    }
    written = (trace.destinations[which] > 0).sum(axis=1) - (trace.folds[which] > 0)
    found = {"writes": float(written.mean()), "registers": float(trace.registers)}
    full = len(which) // WINDOW * WINDOW
    for name, values in flags.items():
        found[name] = float(np.mean(values))
        if full:
            found[f"{name}_most"] = float(np.percentile(values[:full].reshape(-1, WINDOW).mean(axis=1), 90))
    return found


def resource_features(part: Sample, near: MemoryView, core: CoreSettings) -> Mapping[str, float]:
    """Return throughput under each buffer alone: ``<buffer>_<size>_all``, of ``SPREAD`` ``_p<percent>`` too.

    Args:
        part: the sample.
        near: what the caches of ``core`` do.
        core: whose latencies count.
    """
    cycles = memory_cycles(near, core)
    hits = np.full_like(cycles, core.l1d_latency)
    runs: dict[str, npt.NDArray[np.int64]] = {"dependences": window_ends(part, hits)}
    runs |= {f"rob_{size}": window_ends(part, cycles, rob=size) for size in ROB_SIZES}
    runs |= {f"loads_{size}": window_ends(part, cycles, loads=size) for size in QUEUE_SIZES}
    runs |= {f"stores_{size}": window_ends(part, cycles, stores=size) for size in QUEUE_SIZES}
    values = {name: throughputs(ends) for name, ends in runs.items()}
    spread = {
        f"{name}_p{percent}": float(np.percentile(values[name], percent)) for name in SPREAD for percent in PERCENTILES
    }
    return {f"{name}_all": harmonic_mean(found) for name, found in values.items()} | spread
