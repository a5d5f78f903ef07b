"""Instructions that the core simulator takes in a CPU second, beside ChampSim.

ChampSim is run beside it where ``CHAMPSIM`` names its program (see ``benchmarks.cpu_champsim``); otherwise the ratio is
to the figure stated there, and the column ``champsim`` says so.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import pandas as pd

from benchmarks.cpu_champsim import STATED_K_PER_S, measured_k_per_s
from benchmarks.timing import median_seconds
from codesign.models.cpu.core_file import core_named
from codesign.models.cpu.simulator import simulate
from codesign.workloads.instructions.catalogue import instruction_trace

PROGRAMS = ("awk", "bfs", "bzip2", "cc1", "fft", "grep", "gzip", "hashjoin", "perl", "python-json", "queens", "triad")
CORE = "mid"
WARMUP, INSTRUCTIONS = 100_000, 800_000
MODES = {"compatible with ChampSim": "champsim", "own": None}


def speed() -> pd.DataFrame:
    """Return millions of instructions a CPU second on one thread: the whole call, the middle of five, per program."""
    core, rows = core_named(CORE), []
    for program in PROGRAMS:
        trace = instruction_trace(program)
        theirs = measured_k_per_s(trace, WARMUP, INSTRUCTIONS)
        for mode, compatibility in MODES.items():
            call = partial(simulate, trace, core, warmup=WARMUP, instructions=INSTRUCTIONS, compatibility=compatibility)
            ours = (WARMUP + INSTRUCTIONS) / median_seconds(call) / 1e6
            rows.append(
                {
                    "program": program,
                    "mode": mode,
                    "m_instructions_per_cpu_s": ours,
                    "champsim_k_instructions_per_cpu_s": STATED_K_PER_S if theirs is None else theirs,
                    "champsim": "stated" if theirs is None else "measured",
                }
            )
            print(f"cpu {program}, {mode}: {ours:.1f} M instructions a CPU second", file=sys.stderr)
    table = pd.DataFrame(rows)
    table["ratio"] = 1e3 * table["m_instructions_per_cpu_s"] / table["champsim_k_instructions_per_cpu_s"]
    return table


def run(out: Path) -> None:
    """Measure, print the middle of each mode, and write ``cpu-speed.csv``."""
    table = speed()
    table.to_csv(out / "cpu-speed.csv", index=False)
    columns = ["m_instructions_per_cpu_s", "champsim_k_instructions_per_cpu_s", "ratio"]
    print(f"\ncpu, middle of {len(PROGRAMS)} programs\n{table.groupby('mode')[columns].median().round(1).to_string()}")
