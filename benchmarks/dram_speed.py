"""Requests simulated in a CPU second, beside what other simulators took on the same traces and memory."""

from __future__ import annotations

import sys
import time

import pandas as pd

from codesign.models.dram.settings import ControllerSettings
from codesign.models.dram.simulator import simulate
from codesign.models.dram.validate import comparison_trace
from codesign.technology.dram_devices import dram_device

DEVICE, RANKS = "ddr4-2400-8gb-x8", 2
OTHERS = {
    "stream_r_g0": {"DRAMsim3": 214e3, "Ramulator 2.1": 161e3, "DRAMSys v4.0": 299e3},
    "stream_r_g16": {"DRAMsim3": 182e3, "Ramulator 2.1": 652e3, "DRAMSys v4.0": 337e3},
    "random_r_g0": {"DRAMsim3": 147e3, "Ramulator 2.1": 212e3, "DRAMSys v4.0": 89e3},
    "random_r_g16": {"DRAMsim3": 172e3, "Ramulator 2.1": 477e3, "DRAMSys v4.0": 167e3},
    "stream_rw_g16": {"DRAMsim3": 194e3, "Ramulator 2.1": 816e3},
    "random_rw_g0": {"DRAMsim3": 147e3, "Ramulator 2.1": 206e3, "DRAMSys v4.0": 85e3},
}
"""Requests a CPU second on an AMD EPYC: 100,000 requests; DRAMsim3 2981759, Ramulator c5b1c3a, DRAMSys v4.0."""
SETTINGS = ControllerSettings(
    scheduler_buffer="Shared",
    request_buffer_size=40,
    arbiter="Simple",
    refresh_max_postponed=0,
    refresh_max_pulledin=0,
    command_order="ColumnsFirst",
    address_mapping="row-rank-bank-group-column",
)
RUNS = 5


def speed() -> pd.DataFrame:
    """Return requests a CPU second, ours (the middle of five runs) and theirs, and the ratio to the fastest of them."""
    device = dram_device(DEVICE)
    rows = []
    for name, others in OTHERS.items():
        trace = comparison_trace(name, device, RANKS)
        simulate(trace, device, SETTINGS, ranks=RANKS)
        times = []
        for _ in range(RUNS):
            started = time.process_time()
            simulate(trace, device, SETTINGS, ranks=RANKS)
            times.append(time.process_time() - started)
        ours = len(trace) / sorted(times)[RUNS // 2]
        rows.append({"trace": name, "ours": ours, **others, "ratio": ours / max(others.values())})
        print(f"dram {name}: {ours / 1e6:.2f} M requests a CPU second", file=sys.stderr)
    return pd.DataFrame(rows)
