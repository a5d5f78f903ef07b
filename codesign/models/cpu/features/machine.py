"""A core as the numbers that the recurrence reads."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.encoding import MOVES, operation_unit
from codesign.models.cpu.machine.layout import UNITS
from codesign.workloads.instructions.trace import OPERATIONS

(
    WIDTH,
    ISSUE_WIDTH,
    COMMIT_WIDTH,
    LOAD_PORTS,
    STORE_PORTS,
    FRONT_END_PLACES,
    ROB,
    SCHEDULER_SIZE,
    LOAD_QUEUE,
    STORE_QUEUE,
    REGISTER_COUNT,
    PENALTY,
    CODE_HIT,
    STLB,
    L1,
    L2,
    LLC,
    MSHRS,
    FORWARD,
    DRAM_HIT,
    DRAM_CLOSED,
    DRAM_CONFLICT,
    DRAM_BURST,
    DRAM_REFRESH,
    PREFETCH_DEGREE,
) = range(25)
UNIT_COUNTS = 25
LATENCIES, OCCUPIED, UNIT_OF, LOADED = (UNIT_COUNTS + len(UNITS) + place * len(OPERATIONS) for place in range(4))
"""Where a machine's numbers stand. Behind the single ones: units of each kind; then, per class of instructions,
latency, cycles that a unit is held, the unit, and the cycles added to a load's data."""
DRAM_OVERHEAD = 5
"""Core cycles between last-level cache and DRAM controller, both ways together."""
BURST_CLOCKS = 4
LEAST_SPARE_REGISTERS = 8
FIRST_LEVEL_TLB_CYCLES = 2
OUTSIDE_L1D_CYCLES = 2
"""Of a load that hits: from execution to the cache, and from the cache to the registers."""
MOST_MISSES = 512
"""More than this never are outstanding."""


def machine(core: CoreSettings, trace_registers: int) -> npt.NDArray[np.int64]:
    """Return the numbers of a core; ``trace_registers``: architectural registers that the program uses."""
    ratio = core.frequency_mhz / (core.dram_data_rate_mts / 2)
    values = {
        WIDTH: min(core.fetch_width, core.decode_width, core.dispatch_width),
        ISSUE_WIDTH: core.issue_width,
        COMMIT_WIDTH: core.commit_width,
        LOAD_PORTS: core.load_ports,
        STORE_PORTS: core.store_ports,
        FRONT_END_PLACES: core.fetch_buffer + core.decode_buffer + core.dispatch_buffer,
        ROB: core.rob,
        SCHEDULER_SIZE: core.scheduler,
        LOAD_QUEUE: core.load_queue,
        STORE_QUEUE: core.store_queue,
        REGISTER_COUNT: max(core.physical_registers - trace_registers, LEAST_SPARE_REGISTERS),
        PENALTY: core.mispredict_penalty,
        CODE_HIT: core.l1i_latency,
        STLB: core.stlb_latency + FIRST_LEVEL_TLB_CYCLES,
        L1: core.l1d_latency - OUTSIDE_L1D_CYCLES,
        L2: core.l2_latency,
        LLC: core.llc_latency,
        MSHRS: min(core.l1d_mshrs, MOST_MISSES),
        FORWARD: core.forward_latency,
        DRAM_HIT: round(core.dram_tcas * ratio) + DRAM_OVERHEAD,
        DRAM_CLOSED: round((core.dram_trcd + core.dram_tcas) * ratio) + DRAM_OVERHEAD,
        DRAM_CONFLICT: round((core.dram_trp + core.dram_trcd + core.dram_tcas) * ratio) + DRAM_OVERHEAD,
        DRAM_BURST: max(round(BURST_CLOCKS * ratio), 1),
        DRAM_REFRESH: round(core.dram_refresh_interval_ns * core.frequency_mhz * 1e-3),
        PREFETCH_DEGREE: core.prefetch_degree,
    }
    counts = {
        "alu": core.alu_units,
        "multiply": core.multiply_units,
        "divide": core.divide_units,
        "fp": core.fp_units,
        "fp_divide": core.fp_divide_units,
        "branch": core.branch_units,
        "memory": core.issue_width,
    }
    served = [operation_unit(core, operation) for operation in OPERATIONS]
    return np.array(
        [values[place] for place in range(UNIT_COUNTS)]
        + [counts[unit] for unit in UNITS]
        + [latency for _, latency in served]
        + [latency if unit in ("divide", "fp_divide") else 1 for unit, latency in served]
        + [UNITS.index(unit) for unit, _ in served]
        + [0 if operation in MOVES else latency for operation, (_, latency) in zip(OPERATIONS, served, strict=True)],
        dtype=np.int64,
    )
